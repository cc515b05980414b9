"""A fresh proof: whoever changes what somebody signs in with has shown within ten minutes to be
that person, by the password, or by a code of the second factor.

A session begins proved; one by single sign-on only if the provider says when the person signed in
there, and from then on. Forms that ask for the password themselves prove it, too (`note_proof`).
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.requests import PersonRequest
from accounts.verbs import sessions
from web.requests import page_of_form

LASTS = timedelta(minutes=10)


def is_fresh(request: PersonRequest) -> bool:
    """Whether who is signed in has shown it lately."""
    return is_recent(request.session.proved_at if request.session else None)


def is_recent(proved_at: datetime | None) -> bool:
    """Whether what was shown then still counts."""
    return proved_at is not None and timezone.now() - proved_at < LASTS


def note_proof(request: PersonRequest) -> None:
    """Notes that whoever is signed in has just shown to be that person."""
    if request.session:
        sessions.prove(request.session)


def asks_proof(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Leads to the page that asks for a proof where there is no fresh one, and back from there; to
    the page of the form, if one was sent, with what was typed (static/js/forms.js). Support, who
    views as a customer, has nothing to prove here."""

    @wraps(view)
    def wrapped(request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.view_as:
            raise PermissionDenied(
                _("You are only viewing: how somebody signs in is for the customer alone.")
            )
        if is_fresh(request):
            return view(request, *args, **kwargs)
        back, unsaved = request.get_full_path(), {}
        if request.method == "POST":
            back, unsaved = page_of_form(request, back), {"unsaved": "yes"}
        return redirect(reverse("prove", query={"next": back, **unsaved}))

    return wrapped
