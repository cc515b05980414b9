"""The cookie that carries a session; who it stands for is said by accounts/sessions.py."""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.db import Error
from django.http import HttpResponse

from accounts.models import Session
from accounts.requests import PersonRequest
from accounts.sessions import find_session, people_of
from accounts.verbs.sessions import note_seen
from portal import errors
from tenancy.hosts import Site
from tenancy.waiting import passes


class SessionMiddleware:
    """Sets request.session where `TenancyMiddleware`, which asks for it with the host, has not, and
    gives the browser the cookie that signing in or out leaves in request.session_token."""

    def __init__(self, get_response: Callable[[PersonRequest], HttpResponse]) -> None:
        self.get_response = get_response

    @errors.or_unavailable
    def __call__(self, request: PersonRequest) -> HttpResponse:
        request.session_token = request.view_as = None
        if request.address.site is Site.BACKOFFICE:
            request.session = find_session(request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""))
        request.stays_signed_in = request.session is not None and request.session.is_kept
        response = self.get_response(request)
        # Support that looks at the portal is not who the browser's own session stands for.
        if request.session and not request.view_as:
            _note_seen(request.session)
        # What broke has not signed anybody in, whatever it began.
        if response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            _hand_over(response, request.session_token, stays=request.stays_signed_in)
        return response


def _note_seen(session: Session) -> None:
    """Whoever has waited for the page gets it, also where somebody else keeps that from being
    written down; the next page tries again."""
    try:
        with people_of(session.user.vendor):
            note_seen(session)
    except Error as error:
        if not passes(error):
            raise


def _hand_over(response: HttpResponse, token: str | None, *, stays: bool) -> None:
    if token:
        response.set_cookie(
            settings.SESSION_COOKIE_NAME,
            token,
            max_age=settings.SESSION_COOKIE_AGE if stays else None,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    elif token is not None:
        response.delete_cookie(settings.SESSION_COOKIE_NAME, samesite="Lax")
