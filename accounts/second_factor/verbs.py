"""Setting up a second factor, using it, and taking it off. Runs in the person's scope, or among
operators.

Whoever gets as far as typing a code has shown the password, or is signed in: so nobody is kept out
by strangers who try codes.
"""

from collections.abc import Iterator

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import RecoveryCode, SecondFactor, User, among_operators
from accounts.second_factor import codes
from accounts.second_factor.telling import tell
from accounts.verbs import sessions
from accounts.verbs.passwords import check_password
from audit import trail
from tenancy.door import inside
from tenancy.encryption import encryption
from tenancy.hosts import Site
from tenancy.table import every_vendor
from tenancy.transactions import in_steps
from web import limits
from web.errors import PortalError
from web.once import count_once

RECOVERY_CODES = 10


class WrongCode(PortalError):
    """No code of the app's now, or one that was used."""

    code = "WRONG_CODE"
    status = 403
    text = _("This code is wrong or was used before. Wait until the app shows another one.")


class WrongRecoveryCode(WrongCode):
    """None of the person's recovery codes, or one that was used."""

    text = _("This is none of your recovery codes, or it was used before.")


class FactorIsOn(PortalError):
    """There is one already; it has to be switched off before there is another."""

    code = "SECOND_FACTOR_IS_ON"
    text = _("The second factor is on already. Switch it off to set it up on another phone.")


class NoFactor(PortalError):
    """There is none."""

    code = "NO_SECOND_FACTOR"
    text = _("There is no second factor.")


# --- Using it -----------------------------------------------------------------------------------


def take_try(user: User) -> None:
    """Counts that somebody types a code; raises TooManyAttempts. To be called outside of any
    transaction, before the code is looked at."""
    limits.take(limits.SECOND_FACTOR_PER_USER, str(user.pk))


def give_back_try(user: User) -> None:
    """The code was right."""
    limits.give_back(limits.SECOND_FACTOR_PER_USER, str(user.pk))


def use_code(user: User, code: str) -> None:
    """Uses a code of the app's up. Of many who come at once with one code, one gets through: one
    conditional UPDATE decides, after which neither this code nor one before it counts. Raises
    WrongCode, also for who has no second factor."""
    factor = SecondFactor.of_scope.filter(user=user).first()
    step = factor and _matching(_secret_of(factor), code)
    if factor is None or step is None:
        raise WrongCode
    unused = SecondFactor.of_scope.filter(pk=factor.pk, last_step__lt=step)
    if not unused.update(last_step=step):
        raise WrongCode


def use_recovery_code(user: User, code: str) -> None:
    """Uses a recovery code up, and tells the person how many are left. Of many who come at once
    with one code, one gets through. Raises WrongRecoveryCode."""
    unused = RecoveryCode.of_scope.filter(user=user, used_at=None)
    salt = unused.values_list("salt", flat=True).first()
    if salt is None:
        raise WrongRecoveryCode
    _use_up(user, codes.digest(str(user.pk), code, salt))


@transaction.atomic
def _use_up(user: User, digest: str) -> None:
    unused = RecoveryCode.of_scope.filter(user=user, digest=digest, used_at=None)
    if not unused.update(used_at=timezone.now()):
        raise WrongRecoveryCode
    left = codes_left(user)
    _record("recovery-code-used", user, left=left)
    tell("recovery-code-used", user, left=left)


def codes_left(user: User) -> int:
    """How many recovery codes the person has not used."""
    return RecoveryCode.of_scope.filter(user=user, used_at=None).count()


def _matching(secret: bytes, code: str) -> int | None:
    return codes.matching(secret, code, timezone.now().timestamp())


def _secret_of(factor: SecondFactor) -> bytes:
    return encryption().decrypt(factor.encrypted_secret.encode())


# --- On and off ---------------------------------------------------------------------------------


def set_up(
    user: User, *, secret: bytes, code: str, site: Site, browser: str, is_kept: bool = False
) -> tuple[str, list[str]]:
    """Asks the person for codes of this secret from now on, of which the first one is given; the
    token of the session with which this browser goes on, and the recovery codes, which are kept
    nowhere. Every session of before ends.

    Raises TooManyAttempts, WrongCode or FactorIsOn, and changes nothing then.
    """
    take_try(user)
    step = _matching(secret, code)
    if step is None:
        raise WrongCode
    encrypted = encryption().encrypt(secret).decode()
    made, kept = _new_codes(user)
    with transaction.atomic():
        _add(SecondFactor(vendor_id=user.vendor_id, user=user, encrypted_secret=encrypted,
                          last_step=step))  # fmt: skip
        _keep(user, kept)
        _switched(user, on=True)
        _record("second-factor-added", user)
        tell("second-factor-added", user)
        token = sessions.begin(user, site=site, browser=browser, is_kept=is_kept)
    give_back_try(user)
    return token, made


def _add(factor: SecondFactor) -> None:
    try:
        with transaction.atomic():
            factor.save(force_insert=True)
    except IntegrityError as error:
        raise FactorIsOn from error


def make_recovery_codes(user: User) -> list[str]:
    """Ten new recovery codes, which are kept nowhere; those of before are void. Raises NoFactor."""
    made, kept = _new_codes(user)
    with transaction.atomic():
        if not SecondFactor.of_scope.select_for_update(of=("self",)).filter(user=user).first():
            raise NoFactor
        _keep(user, kept)
        _record("recovery-codes-made", user)
        tell("recovery-codes-made", user)
    return made


def _new_codes(user: User) -> tuple[list[str], list[RecoveryCode]]:
    """Codes and as what they are kept; outside of any transaction, since hashing takes long."""
    salt = codes.new_salt()
    made = [codes.new_recovery_code() for _number in range(RECOVERY_CODES)]
    read = [codes.read_recovery_code(code) for code in made]
    kept = [
        RecoveryCode(
            vendor_id=user.vendor_id,
            user=user,
            digest=codes.digest(str(user.pk), code, salt),
            salt=salt,
        )
        for code in read
    ]
    return made, kept


def _keep(user: User, made: list[RecoveryCode]) -> None:
    RecoveryCode.of_scope.filter(user=user).delete()
    RecoveryCode.of_scope.bulk_create(made)


def switch_off(
    user: User, *, password: str, site: Site, browser: str, is_kept: bool = False
) -> str:
    """Takes the person's own second factor off; the token of the session with which this browser
    goes on. Every session of before ends. Raises TooManyAttempts, WrongPassword or NoFactor."""
    check_password(user, password)
    with transaction.atomic():
        _take_off(user)
        _record("second-factor-removed", user)
        tell("second-factor-removed", user)
        return sessions.begin(user, site=site, browser=browser, is_kept=is_kept)


@transaction.atomic
def take_off(user: User, *, reason: str) -> None:
    """Takes off the second factor of somebody who has lost the phone, for a reason, and tells the
    person. Every session of the person ends. Raises NoFactor. Who may do that for whom is the
    caller's question (admin.py)."""
    _take_off(user)
    _record("second-factor-taken-off", user, reason=reason)
    tell("second-factor-taken-off", user, reason=reason)


def _take_off(user: User) -> None:
    # Of two at once one does it, and the other is told that there is none.
    found = SecondFactor.of_scope.filter(user=user).delete()[0]
    if not found:
        raise NoFactor
    RecoveryCode.of_scope.filter(user=user).delete()
    _switched(user, on=False)


def _switched(user: User, *, on: bool) -> None:
    now = timezone.now()
    user.second_factor_since = now if on else None
    User.people.filter(pk=user.pk).update(
        second_factor_since=user.second_factor_since, updated_at=now
    )
    sessions.end_all(user)


def _record(action: str, user: User, **details: object) -> None:
    """Operators have no trail; their form counts once all the same."""
    if user.vendor_id:
        trail.record(action, user, details=details, visible=True)
    else:
        count_once()


# --- The key that encrypts ----------------------------------------------------------------------


def encrypted_anew() -> list[tuple[SecondFactor, str]]:
    """Every secret, of all vendors' people and operators, encrypted under the first key. Raises
    cryptography.fernet.InvalidToken if one fits no key."""
    return [
        (factor, encryption().rotate(factor.encrypted_secret.encode()).decode())
        for factor in _every_factor()
    ]


def store_encrypted_anew(found: list[tuple[SecondFactor, str]]) -> int:
    """Keeps them so; how many there are. One that was taken off or set up anew meanwhile stays as
    it is: that was done with the first key."""
    in_steps(found, lambda each: _store(*each))
    return len(found)


def _store(factor: SecondFactor, encrypted: str) -> None:
    with inside(factor.vendor_id) if factor.vendor_id else among_operators():
        as_read = {"pk": factor.pk, "encrypted_secret": factor.encrypted_secret}
        SecondFactor.of_scope.filter(**as_read).update(encrypted_secret=encrypted)


def _every_factor() -> Iterator[SecondFactor]:
    for vendor in every_vendor():
        with inside(vendor):
            found = list(SecondFactor.of_scope.order_by("pk"))
        yield from found
    with among_operators():
        found = list(SecondFactor.of_scope.order_by("pk"))
    yield from found
