"""The pages of who has lost the way in, at portals alone: staff have passwords and colleagues."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.links import LinkRefused, Purpose
from accounts.requests import PersonRequest
from accounts.second_factor.views import after_password
from accounts.ways_in.entering import read_link, sign_in_by_link
from accounts.ways_in.forms import AddressForm
from accounts.ways_in.mailed import BY_NAME, Mailed
from accounts.ways_in.verbs import asking
from web.pages import render
from web.policy import keeps_its_address
from web.requests import client_ip

form_methods = require_http_methods(["GET", "HEAD", "POST"])


def _allowed(request: PersonRequest, what: str) -> Mailed:
    """Raises Http404 where the vendor does not allow it."""
    mailed = BY_NAME[what]
    if not mailed.is_allowed_at(request.vendor):
        raise Http404
    return mailed


@form_methods
@login_not_required
def ask(request: PersonRequest, what: str) -> HttpResponse:
    """Takes an address and has what was asked for sent to it, if a customer here has it; never
    says whether."""
    mailed = _allowed(request, what)
    form = AddressForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        address, ip = form.cleaned_data["email"], client_ip(request)
        asking.ask(mailed, vendor=request.vendor, email=address, ip=ip)
        return redirect(f"mailed_{what}_sent")
    return render(request, "accounts/ways_in/ask.html", {"form": form, "what": what})


@require_safe
@login_not_required
def sent(request: PersonRequest, what: str) -> HttpResponse:
    """What to expect after it was asked for."""
    _allowed(request, what)
    return render(request, "accounts/ways_in/sent.html", {"what": what})


@form_methods
@login_not_required
@keeps_its_address
def by_link(request: PersonRequest, token: str) -> HttpResponse:
    """Signs in with an e-mailed link: GET asks, since mail scanners follow links; POST does it."""
    try:
        if request.method == "POST":
            user, is_in = sign_in_by_link(request, token)
            return after_password(request, user, is_in=is_in)
        account = read_link(request.vendor, token)
    except LinkRefused:
        if request.method == "POST" and request.user.is_authenticated:
            return _go_on(request)
        purpose = {"purpose": Purpose.SIGN_IN.value}
        return render(request, "accounts/link_refused.html", purpose, status=410)
    return render(request, "accounts/ways_in/by_link.html", {"account": account})


def _go_on(request: PersonRequest) -> HttpResponse:
    """Whom the link has signed in, and who sends it once more."""
    text = _("You have sent this before. It counts once: you are signed in as %(email)s.")
    messages.info(request, text % {"email": request.user.email})
    return redirect("home")
