"""Where somebody is signed in, and ending that: at portals and in the back office alike."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.devices import verbs
from accounts.links import LinkRefused
from accounts.models import Session, User
from accounts.models.sessions import REFRESH
from accounts.proof import asks_proof
from accounts.requests import PersonRequest
from accounts.words import browser_text, device_in_words
from tenancy.hosts import Site
from web.moments import moment
from web.pages import render
from web.policy import keeps_its_address

form_methods = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def sessions(request: PersonRequest) -> HttpResponse:
    """The person's sessions, this one first."""
    own = _own(request)
    now = timezone.now()
    found = sorted(verbs.own_sessions(request.user), key=lambda each: each.pk != own.pk)
    context = {
        "rows": [_row(each, own, now) for each in found],
        "others": len(found) > 1,
        "back": reverse("profile" if request.address.site is Site.CUSTOMER else "admin:index"),
    }
    return render(request, "accounts/devices/sessions.html", context)


def _own(request: PersonRequest) -> Session:
    """The session of this browser; support that views as a customer has none of the customer's."""
    # SECURITY: tests/portal/test_view_as.py.
    if request.view_as or request.session is None:
        raise PermissionDenied(
            _("You are only viewing: where somebody is signed in is for the customer alone.")
        )
    return request.session


def _row(session: Session, own: Session, now: datetime) -> dict[str, Any]:
    return {
        "id": session.pk,
        "device": device_text(session),
        "begun": moment(session.begun_at, now),
        "seen": moment(session.seen_at, now),
        "stays": session.is_kept,
        "is_own": session.pk == own.pk,
    }


def device_text(session: Session) -> str:
    """The browser and its system in words, or that it is a program, and by which name; and where it
    is if that is known."""
    if session.site in {Site.API, REFRESH}:
        name = browser_text(session.browser) or session.browser.partition(" ")[0]
        device = _("Web API: %(program)s") % {"program": name} if name else _("Web API")
    else:
        device = browser_text(session.browser) or _("Unknown browser")
    return device_in_words(device, session.place)


@asks_proof
@form_methods
def end_session(request: PersonRequest, session_id: int) -> HttpResponse:
    """Asks whether another of the person's sessions is to end, and ends it."""
    others = verbs.own_sessions(request.user).exclude(pk=_own(request).pk)
    session = others.filter(pk=session_id).first()
    if session is None and request.method == "POST":
        return redirect("sessions")  # it has ended meanwhile
    if session is None:
        raise Http404
    device = device_text(session)
    return _ask_and_end(
        request,
        lambda: verbs.end_one(session),
        done=_("Signed out: %(device)s.") % {"device": device},
        device=device,
        since=moment(session.begun_at, timezone.now()),
    )


@asks_proof
@form_methods
def end_other_sessions(request: PersonRequest) -> HttpResponse:
    """Asks whether all of the person's other sessions are to end, and ends them."""
    own = _own(request)
    return _ask_and_end(
        request,
        lambda: verbs.end_others(request.user, but=own),
        done=_("All other devices are signed out."),
        device="",
    )


@form_methods
@login_not_required
@keeps_its_address
def end_everywhere(request: PersonRequest, token: str) -> HttpResponse:
    """Ends all of a person's sessions by a link that was e-mailed: GET asks, since mail scanners
    follow links; POST does it, and leads to where a new password is asked for."""
    vendor = request.vendor if request.address.site is Site.CUSTOMER else None
    try:
        user = verbs.read_end_link(vendor, token)
        if request.method == "POST":
            verbs.end_everywhere(user)
            return _on_to_new_password(request, user)
    except LinkRefused:
        return render(
            request, "accounts/link_refused.html", {"purpose": "end-sessions"}, status=410
        )
    return render(request, "accounts/devices/end_everywhere.html", {"account": user})


def _on_to_new_password(request: PersonRequest, user: User) -> HttpResponse:
    if request.session and request.session.user_id == user.pk:
        request.session, request.session_token = None, ""
    text = _("All devices are signed out. Now have a link sent to you, to set a new password.")
    messages.success(request, text)
    in_office = user.vendor and request.address.site is Site.BACKOFFICE
    known = {"company_id": user.vendor.company_id} if user.vendor and in_office else None
    return redirect(reverse("password_reset", query=known))


def _ask_and_end(
    request: PersonRequest, act: Callable[[], None], *, done: str, **context: Any
) -> HttpResponse:
    if request.method != "POST":
        return render(request, "accounts/devices/end.html", context)
    act()
    messages.success(request, done)
    return redirect("sessions")
