"""Making, revoking and deleting personal access tokens. Runs in the person's scope."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.second_factor.telling import tell
from accounts.tokens.models import PersonalAccessToken
from accounts.tokens.scopes import known_as
from accounts.verbs import sessions
from accounts.verbs.people import lock_person
from audit import rows
from tenancy.door import current_vendor
from web.errors import PortalError

MARK = "pat_"  # by which a token is known wherever it lies around
MOST = 50  # of a person
USED_AGAIN_AFTER = timedelta(minutes=5)


class TooManyTokens(PortalError):
    """The person has as many as anybody may have."""

    code = "TOO_MANY_TOKENS"
    text = _("You have as many tokens as anybody may have. Delete one that nothing uses any more.")


@transaction.atomic
def make(
    user: User, *, name: str, scopes: Sequence[str], expires_at: datetime | None = None
) -> tuple[PersonalAccessToken, str]:
    """A new token of the person's, who is told: its row, and the token itself, which is kept
    nowhere.

    Raises TooManyTokens, PersonIsGone, and ValidationError for a name, scopes or an end that can't
    be.
    """
    row, token = write(user, name=name, scopes=scopes, expires_at=expires_at)
    tell("token-made", user, program=name)
    return row, token


@transaction.atomic
def write(
    user: User, *, name: str, scopes: Sequence[str], expires_at: datetime | None = None
) -> tuple[PersonalAccessToken, str]:
    """The same, without any word of it to the person."""
    if expires_at is not None and expires_at <= timezone.now():
        raise ValidationError({"expires_at": _("This is over already.")})
    # Of many that are made at once each waits for the one before, and counts that one, too.
    lock_person(user)
    if PersonalAccessToken.objects.filter(user=user).count() >= MOST:
        raise TooManyTokens
    token = MARK + sessions.new_token(user.vendor_id)
    row = PersonalAccessToken(
        vendor=current_vendor(),
        user=user,
        name=name,
        digest=sessions.digest(token),
        scopes=list(dict.fromkeys(map(known_as, scopes))),
        expires_at=expires_at,
    )
    row.full_clean()
    return rows.create(row), token


def set_revoked(token: PersonalAccessToken, *, revoked: bool) -> PersonalAccessToken:
    """Has the token let nobody in any more, or again."""
    token.revoked = revoked
    return rows.change(token, fields=["revoked"])


@transaction.atomic
def revoke(token: PersonalAccessToken) -> None:
    """Revokes somebody else's token, and tells its person. One that is revoked stays so."""
    if not token.revoked:
        set_revoked(token, revoked=True)
        tell("token-revoked", token.user, program=token.name)


def tokens_of(user: User) -> QuerySet[PersonalAccessToken]:
    """The person's tokens, the newest first; whoever is viewed has them, too. Operators, who belong
    to no vendor, have none."""
    return PersonalAccessToken.objects.filter(user=user)


def delete(token: PersonalAccessToken) -> None:
    """Deletes the token, which lets nobody in from then on."""
    rows.delete(token)


def note_used(token: PersonalAccessToken) -> None:
    """Moves when the token was last used, every five minutes at most: a call should not cost a
    write."""
    before, now = token.last_used_at, timezone.now()
    if before is None or now - before >= USED_AGAIN_AFTER:
        same = PersonalAccessToken.objects.filter(pk=token.pk, last_used_at=before)
        same.update(last_used_at=now)
