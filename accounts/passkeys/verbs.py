"""Adding passkeys, using them, giving them another name and deleting them. Runs in the person's
scope, or among operators."""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Passkey, User
from accounts.passkeys.ceremonies import Made, Place, Unfit, Use
from accounts.second_factor.telling import tell
from accounts.verbs import sessions
from audit import trail
from tenancy.hosts import Site
from web.errors import PortalError
from web.once import count_once

MOST = 20  # of a person


class PasskeyRefused(PortalError):
    """No passkey of an account that may enter here, or not by its rules; never says why."""

    code = "PASSKEY_REFUSED"
    status = 403
    text = _("This passkey does not belong to an account here. Sign in in another way.")


class PasskeyCloned(PasskeyRefused):
    """Its counter has gone back: somebody may have a copy of it."""

    code = "PASSKEY_CLONED"
    text = _(
        "This passkey was not accepted, since there may be a copy of it. Sign in in another way, "
        "delete it and make a new one."
    )


class PasskeyUnfit(PortalError):
    """What the browser has made is no passkey for here."""

    code = "PASSKEY_UNFIT"
    text = _(
        "Your browser has made no passkey that can be used here. Try it once more, or with another "
        "device."
    )


class PasskeyKnown(PortalError):
    """It is there already."""

    code = "PASSKEY_KNOWN"
    text = _("This passkey is there already.")


class TooManyPasskeys(PortalError):
    """The person has as many as anybody may have."""

    code = "TOO_MANY_PASSKEYS"
    text = _("You have as many passkeys as one may have. Delete one that you don't use.")


class NoPasskey(PortalError):
    """It was deleted meanwhile."""

    code = "NO_PASSKEY"
    status = 404
    text = _("This passkey is not there any more.")


class LastWayIn(PortalError):
    """Who has no password would not get in without it."""

    code = "LAST_WAY_IN"
    text = _(
        "This is your only way to sign in. Set a password or add another passkey, then delete it."
    )


def passkeys_of(user: User) -> QuerySet[Passkey]:
    """The person's passkeys, oldest first."""
    return Passkey.of_scope.filter(user=user).order_by("created_at", "id")


def usable(user: User, place: Place) -> QuerySet[Passkey]:
    """Those that are bound to this host, and can be used here."""
    return passkeys_of(user).filter(rp_id=place.rp_id)


# --- Using them ---------------------------------------------------------------------------------


def use(passkey: Passkey, answer: Use, place: Place) -> None:
    """Makes sure that the passkey has signed the answer, here, and notes its use. Of many who come
    at once with one counter one gets through: one conditional UPDATE decides. Raises
    PasskeyRefused, and PasskeyCloned for a counter that has not gone on."""
    # SECURITY: tests/accounts/test_passkeys.py.
    if passkey.rp_id != place.rp_id:
        raise PasskeyRefused
    try:
        used = answer.check(place, passkey.public_key)
    except Unfit as error:
        raise PasskeyRefused(error) from error
    # Many authenticators, and all that synchronise passkeys, don't count and always say 0.
    before = Q(sign_count__lt=used.sign_count) if used.sign_count else Q(sign_count=0)
    same = Passkey.of_scope.filter(pk=passkey.pk)
    if not same.filter(before).update(
        sign_count=used.sign_count, is_backed_up=used.is_backed_up, last_used_at=timezone.now()
    ):
        raise PasskeyCloned if same.exists() else PasskeyRefused


@transaction.atomic
def note_cloned(passkey: Passkey) -> None:
    """Writes down that a passkey was refused because of its counter, and tells its person."""
    _record("passkey-refused", passkey)
    tell("passkey-refused", passkey.user, passkey=passkey.name)


# --- Adding and deleting them -------------------------------------------------------------------


@transaction.atomic
def add(
    user: User,
    made: Made,
    *,
    name: str,
    place: Place,
    site: Site,
    browser: str,
    is_kept: bool = False,
) -> str:
    """Lets the person in by this passkey from now on; the token of the session with which this
    browser goes on. Every session of before ends. Raises PasskeyKnown and TooManyPasskeys."""
    _lock(user)
    if passkeys_of(user).count() >= MOST:
        raise TooManyPasskeys
    passkey = Passkey(
        vendor_id=user.vendor_id,
        user=user,
        rp_id=place.rp_id,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        transports=made.transports,
        is_backed_up=made.is_backed_up,
        name=name,
    )
    try:
        with transaction.atomic():
            passkey.save(force_insert=True)
    except IntegrityError as error:
        raise PasskeyKnown from error
    _record("passkey-added", passkey)
    tell("passkey-added", user, passkey=name)
    return _begin_anew(user, site, browser, is_kept)


@transaction.atomic
def rename(passkey: Passkey, name: str) -> None:
    """Gives it another name. One that is called so stays as it is, and so does one that was deleted
    meanwhile."""
    found = Passkey.of_scope.filter(pk=passkey.pk).exclude(name=name)
    if found.update(name=name):
        passkey.name = name
        _record("passkey-renamed", passkey)


@transaction.atomic
def delete(
    passkey: Passkey, *, place: Place, site: Site, browser: str, is_kept: bool = False
) -> str:
    """Deletes it; the token of the session with which this browser goes on. Every session of before
    ends. Raises NoPasskey and LastWayIn."""
    # Of two who delete the last two at once, one waits for the other.
    user = _lock(passkey.user)
    if is_last_way_in(user, passkey.pk, place):
        raise LastWayIn
    if not Passkey.of_scope.filter(pk=passkey.pk).delete()[0]:
        raise NoPasskey
    _record("passkey-removed", passkey)
    tell("passkey-removed", passkey.user, passkey=passkey.name)
    return _begin_anew(passkey.user, site, browser, is_kept)


@transaction.atomic
def take_off_all(user: User, *, reason: str) -> None:
    """Deletes the passkeys of somebody who has lost them, for a reason, and tells the person, whose
    sessions all end. Raises NoPasskey. Who may do that for whom is the caller's question
    (accounts/second_factor/admin.py)."""
    _lock(user)
    if not Passkey.of_scope.filter(user=user).delete()[0]:
        raise NoPasskey
    sessions.end_all(user)
    trail.record("passkeys-taken-off", user, details={"reason": reason}, visible=True)
    tell("passkeys-taken-off", user, reason=reason)


def is_last_way_in(user: User, passkey_id: UUID, place: Place) -> bool:
    """Whether who has no password would have no passkey left that can be used here."""
    return not (user.has_usable_password() or usable(user, place).exclude(pk=passkey_id).exists())


def _lock(user: User) -> User:
    """The person as it is now and stays until the transaction ends."""
    people = User.people.select_for_update(of=("self",), no_key=True)
    locked = people.filter(pk=user.pk).first()
    if locked is None:
        raise NoPasskey
    return locked


def _begin_anew(user: User, site: Site, browser: str, is_kept: bool) -> str:
    sessions.end_all(user)
    return sessions.begin(user, site=site, browser=browser, is_kept=is_kept)


def _record(action: str, passkey: Passkey) -> None:
    """Operators have no trail; their form counts once all the same."""
    if passkey.vendor_id:
        trail.record(action, passkey.user, details={"passkey": passkey.name}, visible=True)
    else:
        count_once()
