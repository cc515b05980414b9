"""Where somebody is signed in, and ending that: at portals and in the back office alike."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.devices import verbs
from accounts.models import Session
from accounts.proof import asks_proof
from accounts.requests import PersonRequest
from accounts.words import browser_text
from tenancy.hosts import Site
from web.moments import moment
from web.pages import render

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
    """The browser and its system in words."""
    return browser_text(session.browser) or _("Unknown browser")


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


def _ask_and_end(
    request: PersonRequest, act: Callable[[], None], *, done: str, **context: Any
) -> HttpResponse:
    if request.method != "POST":
        return render(request, "accounts/devices/end.html", context)
    act()
    messages.success(request, done)
    return redirect("sessions")
