"""Whoever has to set up a second factor does so before anything else (accounts/second_factor/)."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User
from accounts.requests import PersonRequest
from accounts.second_factor.asked import is_overdue

# What leads there, and belongs to it.
STEPS = frozenset({"second_factor", "second_factor_set_up", "prove", "prove_passkey", "logout"})


class SecondFactorMiddleware:
    """Leads every page there; pages that are open to all stay open, and a program that comes with
    a licence's key is let in by that alone. Support's view of a customer is nobody's session. Whose
    identity provider has asked for a second factor needs none here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], *_: Any
    ) -> HttpResponse | None:
        asked = cast(PersonRequest, request)
        session = asked.session
        if session and session.factor_elsewhere:
            return None
        if asked.view_as or not isinstance(asked.user, User) or not is_overdue(asked.user):
            return None
        by_program = getattr(view, "by_program", None)
        if by_program and by_program(request):
            asked.user = AnonymousUser()  # type: ignore[assignment]
            return None
        is_open = not getattr(view, "login_required", True) and not by_program
        if is_open or (request.resolver_match and request.resolver_match.url_name in STEPS):
            return None
        back = request.get_full_path() if request.method == "GET" else ""
        return redirect(reverse("second_factor", query={"next": back} if back else None))
