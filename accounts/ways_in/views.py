"""The pages of who has lost the way in, or has none yet, at portals alone: staff have passwords and
colleagues."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.forms import NewPasswordForm
from accounts.links import LinkRefused, Purpose
from accounts.models import User
from accounts.requests import PersonRequest
from accounts.second_factor.views import after_password
from accounts.sessions import SignInRefused, sign_in_invited
from accounts.ways_in.entering import read_link, sign_in_by_link
from accounts.ways_in.forms import AddressForm, RegistrationForm
from accounts.ways_in.mailed import BY_NAME, Mailed
from accounts.ways_in.verbs import asking, registering
from tenancy.models import Vendor
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
        return _refused(request, Purpose.SIGN_IN.value)
    return render(request, "accounts/ways_in/by_link.html", {"account": account})


def _refused(request: PersonRequest, purpose: str) -> HttpResponse:
    """The page that says so; whom the link has signed in, and who sends it once more, goes on."""
    if request.method != "POST" or not request.user.is_authenticated:
        told = {"purpose": purpose}
        return render(request, "accounts/link_refused.html", told, status=410)
    text = _("You have sent this before. It counts once: you are signed in as %(email)s.")
    messages.info(request, text % {"email": request.user.email})
    return redirect("home")


# --- Registering --------------------------------------------------------------------------------


def _registers(request: PersonRequest) -> None:
    """Raises Http404 where the vendor lets nobody register."""
    if request.vendor.registration == Vendor.Registration.OFF:
        raise Http404


@form_methods
@login_not_required
def register(request: PersonRequest) -> HttpResponse:
    """Takes an address and a name and has a link sent that makes a customer of them; never says
    whether somebody has the address."""
    _registers(request)
    form = RegistrationForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            registering.ask(
                vendor=request.vendor,
                email=form.cleaned_data["email"],
                names=form.names,
                ip=client_ip(request),
            )
            return redirect("register_sent")
        except registering.DomainNotLetIn as error:
            form.add_error("email", error.sentence)
    return render(request, "accounts/ways_in/register.html", {"form": form})


@require_safe
@login_not_required
def register_sent(request: PersonRequest) -> HttpResponse:
    """What to expect after that."""
    _registers(request)
    return render(request, "accounts/ways_in/sent.html", {"what": "registration"})


@form_methods
@login_not_required
@keeps_its_address
@sensitive_post_parameters()
def register_confirm(request: PersonRequest, token: str) -> HttpResponse:
    """Confirms an address with an e-mailed link and asks for the first password: GET opens, POST
    makes the customer and signs her in."""
    try:
        row = registering.read_token(request.vendor, token)
        person = registering.person_of(row)
        form = NewPasswordForm(request.POST if request.method == "POST" else None, user=person)
        if request.method == "POST":
            registering.take_try(row)
            if form.is_valid():
                person = registering.confirm(row, form.cleaned_data["new_password"])
                return _let_in(request, person)
    except LinkRefused:
        return _refused(request, "registration")
    context = {"form": form, "account": person, "invited": True}
    return render(request, "accounts/set_password.html", context)


def _let_in(request: PersonRequest, person: User) -> HttpResponse:
    try:
        sign_in_invited(request, person, site=request.address.site)
    except SignInRefused:
        return redirect("login")
    messages.success(request, _("Your account is there, and you are signed in."))
    return redirect("home")
