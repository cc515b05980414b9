"""Whom a bearer token of the Web API stands for.

It is a personal access token, or the access token of a sign-in, which is a session on the site
`api`. Both begin with whose they are, so that they are looked for at that vendor alone.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import Session, User
from accounts.models.roles import claims_of
from accounts.sessions import counting, may_enter
from accounts.tokens.models import PersonalAccessToken
from accounts.tokens.scopes import covers
from accounts.tokens.verbs import MARK, note_used
from accounts.verbs import sessions
from tenancy.door import inside
from tenancy.hosts import Site
from tenancy.models import Vendor


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who comes with a token, and for what: with `scopes` None for all that the person may do."""

    user: User
    vendor: Vendor
    digest: str
    scopes: Collection[str] | None = None
    # When the person has last shown to be that person; a token by itself shows nothing.
    proved_at: datetime | None = None

    def covers(self, scope: str) -> bool:
        return self.scopes is None or covers(self.scopes, scope)


def find(token: str) -> Bearer | None:
    """Who comes with the token; None where it does not count, whyever."""
    try:
        vendor_id = sessions.vendor_of(token.removeprefix(MARK))
    except ValueError:
        return None
    if vendor_id is None:
        return None
    with inside(vendor_id):
        return _with_token(token) if token.startswith(MARK) else _signed_in(token)


def _with_token(token: str) -> Bearer | None:
    found = PersonalAccessToken.objects.select_related("user", "vendor").filter(
        digest=sessions.digest(token)
    )
    row: Any = found.annotate(claims=claims_of("user__")).first()
    if row is None or not row.counts or not may_enter(row.user, Site.API, row.vendor):
        return None
    row.user.vendor, row.user.claims = row.vendor, row.claims
    note_used(row)
    return Bearer(row.user, row.vendor, row.digest, frozenset(row.scopes))


def _signed_in(token: str) -> Bearer | None:
    found = Session.objects.select_related("user", "vendor").filter(
        digest=sessions.digest(token), site=Site.API, ends_at__gt=timezone.now()
    )
    rows = list(found.annotate(claims=claims_of("user__")))
    for session in rows:
        vendor = session.vendor
        if vendor and counting([session], Site.API, vendor):
            return Bearer(session.user, vendor, session.digest, proved_at=session.proved_at)
    return None
