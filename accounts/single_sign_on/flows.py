"""What a browser keeps while somebody signs in elsewhere, and while an account is being connected.

Each is encrypted, in a cookie of the very host on which it was begun, for this browser alone; no
row has it. An answer of a provider counts for the browser that asked, once.
"""

import json
import secrets
from dataclasses import asdict, dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Self

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.single_sign_on.errors import SingleSignOnRefused, Why
from tenancy.encryption import encryption
from web import limits

BESIDE_COOKIE = 300  # bytes of a cookie's name and attributes
LARGEST_COOKIE = 4096 - BESIDE_COOKIE


@dataclass(frozen=True, slots=True)
class Kept:
    """What is in a cookie."""

    @classmethod
    def cookie(cls) -> tuple[str, int, str]:
        """Its name, for how many seconds it counts, and its path."""
        raise NotImplementedError

    def keep(self, response: HttpResponse) -> bool:
        """Gives the browser the cookie; False, and nothing, if it is larger than browsers keep."""
        name, lasts, path = self.cookie()
        said = json.dumps([type(self).__name__, asdict(self)])
        value = encryption().encrypt(said.encode()).decode()
        if len(value) > LARGEST_COOKIE:
            return False
        response.set_cookie(
            name,
            value,
            max_age=lasts,
            path=path,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",  # the answer comes from another site, by a link
        )
        return True

    @classmethod
    def read(cls, request: HttpRequest) -> Self:
        """What the browser has. Raises SingleSignOnRefused."""
        name, lasts, _path = cls.cookie()
        try:
            said = encryption().decrypt(request.COOKIES.get(name, "").encode(), ttl=lasts)
        except InvalidToken as error:
            raise SingleSignOnRefused(Why.LOST) from error
        kind, fields = json.loads(said)
        if kind != cls.__name__:
            raise SingleSignOnRefused(Why.LOST)
        return cls(**fields)

    @classmethod
    def forget(cls, response: HttpResponse) -> None:
        name, _lasts, path = cls.cookie()
        response.delete_cookie(name, path=path, samesite="Lax")


@dataclass(frozen=True, slots=True)
class Flow(Kept):
    """Somebody is at the provider; `again`, to prove who is signed in here already."""

    vendor: str
    provider: str
    issuer: str
    state: str
    nonce: str
    verifier: str
    goes_on: str
    again: bool = False

    @classmethod
    def cookie(cls) -> tuple[str, int, str]:
        return settings.FLOW_COOKIE_NAME, 10 * 60, "/"

    @classmethod
    def begin(
        cls, *, vendor: str, provider: str, issuer: str, goes_on: str, again: bool = False
    ) -> Self:
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(vendor, provider, issuer, state, nonce, verifier, goes_on, again)

    def is_state(self, said: str) -> bool:
        return compare_digest(self.state.encode(), said.encode())

    def use_up(self) -> None:
        """The answer counts now and never again. Raises SingleSignOnRefused. One row decides among
        many that come at once (web/limits.py)."""
        try:
            limits.take(limits.FLOW_ONCE, self.state)
        except limits.TooManyAttempts as error:
            raise SingleSignOnRefused(Why.LOST) from error


@dataclass(frozen=True, slots=True)
class Connecting(Kept):
    """The provider has said who it is, and there is an account, whose owner has to agree."""

    vendor: str
    provider: str
    issuer: str
    user: str
    claimed: dict[str, Any]
    goes_on: str

    @classmethod
    def cookie(cls) -> tuple[str, int, str]:
        return settings.CONNECTING_COOKIE_NAME, 60 * 60, "/"

    @property
    def mark(self) -> str:
        """What the e-mailed link has of it: it counts for this provider's word alone."""
        said = [self.provider, self.issuer, self.claimed["subject"], self.user]
        return sha256("\x1f".join(said).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class AtProvider(Kept):
    """By whose word the browser is signed in, and where that provider signs people out."""

    user: str
    name: str
    address: str

    @classmethod
    def cookie(cls) -> tuple[str, int, str]:
        return settings.PROVIDER_COOKIE_NAME, settings.SESSION_COOKIE_AGE, "/logout/"

    @classmethod
    def remember(cls, response: HttpResponse, person: Any, name: str, *addresses: str) -> None:
        """Keeps the first of the addresses that fits in a cookie, if there are any."""
        for address in addresses:
            if cls(str(person.pk), name, address).keep(response):
                return
