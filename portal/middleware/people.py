"""Whom a request comes from."""

from contextlib import AbstractContextManager, nullcontext
from typing import cast

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse

from accounts.models import User
from accounts.requests import PersonRequest
from accounts.sessions import current_user, people_of
from accounts.tokens.arriving import find
from api.requests import ApiRequest
from audit.acting import Actor, Source, acting
from portal import errors
from tenancy.door import inside
from tenancy.hosts import Site
from web.requests import client_ip

SOURCES = {Site.BACKOFFICE: Source.BACKOFFICE, Site.API: Source.API}


def _actor_of(request: PersonRequest) -> Actor:
    """What the audit trail writes down beside what this request changes."""

    def who() -> User | None:
        return request.user if request.user.is_authenticated else None

    source = SOURCES.get(request.address.site, Source.PORTAL)
    return Actor(source=source, ip=client_ip(request), who=who)


def _working(user: User | AnonymousUser) -> AbstractContextManager[None]:
    """Staff work inside their vendor's scope. An operator works inside none, so that a query on any
    vendor's rows fails loudly; and a visitor reaches nobody."""
    return people_of(user.vendor) if isinstance(user, User) else nullcontext()


class PeopleMiddleware(AuthenticationMiddleware):
    """Sets request.user: whoever the session stands for, if the session counts on this host.

    It takes the place of Django's own middleware, which would trust any session.
    """

    @errors.or_unavailable
    def __call__(self, request: PersonRequest) -> HttpResponse:
        with acting(_actor_of(request)):
            return self._answer(request)

    def _answer(self, request: PersonRequest) -> HttpResponse:
        if request.address.site is Site.API:
            return self._answer_program(cast(ApiRequest, request))
        user = request.user = current_user(request)  # type: ignore[assignment]
        if request.address.site is not Site.BACKOFFICE:
            return cast(HttpResponse, self.get_response(request))
        with _working(user):
            return cast(HttpResponse, self.get_response(request))

    def _answer_program(self, request: ApiRequest) -> HttpResponse:
        """Whoever comes with a token that counts works inside that person's vendor's scope. There
        is no session and no cookie."""
        bearer = find(token) if (token := _token_of(request)) else None
        request.bearer = bearer
        request.user = bearer.user if bearer else AnonymousUser()  # type: ignore[assignment]
        if bearer is None:
            return cast(HttpResponse, self.get_response(request))
        request.vendor = bearer.vendor
        with inside(bearer.vendor):
            return cast(HttpResponse, self.get_response(request))


def _token_of(request: HttpRequest) -> str:
    """What stands behind `Authorization: Bearer` (RFC 6750); empty without it."""
    scheme, _blank, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
