"""Challenges: random, kept here as keyed hashes, good for five minutes and one answer, in the
browser that was asked, for what it was asked for."""

import hmac
import json
import secrets
from datetime import timedelta
from enum import StrEnum

from django.conf import settings
from django.middleware.csrf import get_token
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Challenge, User
from accounts.passkeys import ceremonies
from accounts.requests import PersonRequest
from tenancy.transactions import delete_in_steps
from web.errors import PortalError


class Purpose(StrEnum):
    """What a passkey is shown for: an answer to one is none to another."""

    SIGN_IN = "sign-in"
    SECOND_STEP = "second-step"
    PROOF = "proof"
    NEW = "new"


class ChallengeOver(PortalError):
    """It is too old, was answered, or was put to another browser or for something else."""

    code = "CHALLENGE_OVER"
    status = 403
    text = _("That took too long, or was sent twice. Use the passkey once more.")


def make(request: PersonRequest, purpose: Purpose, person: User | None = None) -> bytes:
    """A new challenge for this browser and, where it is known, this person."""
    challenge = secrets.token_bytes(32)
    ends_at = timezone.now() + timedelta(seconds=ceremonies.LASTS)
    Challenge.objects.create(key=_key(request, purpose, person, challenge), ends_at=ends_at)
    return challenge


def spend(request: PersonRequest, purpose: Purpose, person: User | None, challenge: bytes) -> None:
    """Uses the challenge up, whatever becomes of its answer. Of many answers at once one gets
    through: one DELETE decides. Raises ChallengeOver. To be called outside of any transaction that
    may be undone."""
    # SECURITY: tests/accounts/test_passkeys.py.
    key = _key(request, purpose, person, challenge)
    if not Challenge.objects.filter(key=key, ends_at__gt=timezone.now()).delete()[0]:
        raise ChallengeOver


def _key(request: PersonRequest, purpose: Purpose, person: User | None, challenge: bytes) -> str:
    get_token(request)  # the browser's secret against forged forms is there from now on
    browser = request.META["CSRF_COOKIE"]
    asked = [purpose.value, request.get_host(), browser, str(person.pk) if person else ""]
    message = json.dumps([*asked, challenge.hex()])
    return hmac.digest(settings.SECRET_KEY.encode(), message.encode(), "sha256").hex()


def clean_up() -> str:
    """The daily chore (jobs/chores.py)."""
    over = Challenge.objects.filter(ends_at__lte=timezone.now())
    return f"Deleted {delete_in_steps(over)} challenges that nobody has answered."
