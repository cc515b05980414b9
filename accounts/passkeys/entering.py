"""Signing in with a passkey: in the place of e-mail and password, or of the code in the second
step; and showing with one, while signed in, to be still the same person."""

from django.db import transaction

from accounts.models import Passkey, Refusal, User
from accounts.passkeys import challenges, verbs
from accounts.passkeys.ceremonies import Unfit, Use, read_use
from accounts.passkeys.challenges import Purpose
from accounts.passkeys.places import place_of
from accounts.passkeys.verbs import PasskeyCloned, PasskeyRefused
from accounts.proof import note_proof
from accounts.requests import PersonRequest
from accounts.sessions import enter, hand_over, may_enter, note_refusal, people_of
from audit.acting import acting_as
from tenancy.hosts import Site
from tenancy.models import Vendor
from tenancy.table import vendor_by_id
from web import limits
from web.requests import client_ip


def sign_in(request: PersonRequest, text: str) -> User:
    """Begins the session of the person whose passkey has signed the answer of the browser. It
    counts as both factors: nothing more is asked.

    Raises TooManyAttempts before anything is computed; ChallengeOver, PasskeyRefused, and
    SignInRefused for who was switched off meanwhile.
    """
    ip = client_ip(request)
    limits.take_from(limits.SIGN_IN_PER_IP, ip)
    answer = _answer(request, text, Purpose.SIGN_IN, None)
    vendor, passkey = _find(request, answer)
    with people_of(vendor):
        if passkey is None:
            note_refusal(request, vendor, None, Refusal.WhyNotIn.WRONG_PASSKEY)
            raise PasskeyRefused
    passkey.user.vendor = vendor
    _enter(request, passkey, answer)
    limits.give_back_to(limits.SIGN_IN_PER_IP, ip)
    return passkey.user


def second_step(request: PersonRequest, user: User, text: str) -> None:
    """Begins the session of who has shown the password, if the answer is signed by a passkey of
    this person. Raises as `sign_in`."""
    answer = _answer(request, text, Purpose.SECOND_STEP, user)
    with people_of(user.vendor):
        passkey = _own(user, answer)
        if passkey is None:
            note_refusal(request, user.vendor, user, Refusal.WhyNotIn.WRONG_PASSKEY)
            raise PasskeyRefused
    passkey.user = user
    _enter(request, passkey, answer)


def prove(request: PersonRequest, text: str) -> None:
    """Takes a passkey of who is signed in as a fresh proof (accounts/proof.py). Raises
    ChallengeOver and PasskeyRefused."""
    answer = _answer(request, text, Purpose.PROOF, request.user)
    passkey = _own(request.user, answer)
    if passkey is None:
        raise PasskeyRefused
    try:
        verbs.use(passkey, answer, place_of(request))
    except PasskeyCloned:
        verbs.note_cloned(passkey)
        raise
    note_proof(request)


def _answer(request: PersonRequest, text: str, purpose: Purpose, person: User | None) -> Use:
    """The browser's answer, by which its challenge is used up; not believed yet."""
    try:
        answer = read_use(text)
    except Unfit as error:
        raise PasskeyRefused(error) from error
    challenges.spend(request, purpose, person, answer.challenge)
    return answer


def _find(request: PersonRequest, answer: Use) -> tuple[Vendor | None, Passkey | None]:
    """The host's vendor and the passkey; in the back office, which serves all, those that the
    answer names. Whose a passkey is, is what its row says: the answer has to agree."""
    vendor_id, user_id = answer.whose or (None, None)
    vendor = _vendor(request, vendor_id)
    # SECURITY: tests/accounts/test_passkeys.py. Another vendor's is looked for nowhere.
    if user_id is None or vendor_id != (vendor.pk if vendor else None):
        return vendor, None
    with people_of(vendor):
        found = Passkey.of_scope.select_related("user").filter(
            credential_id=answer.credential_id, user_id=user_id
        )
        return vendor, found.first()


def _vendor(request: PersonRequest, vendor_id: object) -> Vendor | None:
    if request.address.site is Site.CUSTOMER:
        return request.vendor
    return vendor_by_id(str(vendor_id)) if vendor_id else None


def _own(user: User, answer: Use) -> Passkey | None:
    """The person's passkey that the answer names."""
    found = verbs.passkeys_of(user).filter(credential_id=answer.credential_id).first()
    if found is not None:
        found.user = user
    return found


def _enter(request: PersonRequest, passkey: Passkey, answer: Use) -> None:
    user, place = passkey.user, place_of(request)
    with people_of(user.vendor), acting_as(user):
        if not may_enter(user, request.address.site, user.vendor):
            why = Refusal.WhyNotIn.NOT_HERE if user.is_active else Refusal.WhyNotIn.SWITCHED_OFF
            note_refusal(request, user.vendor, user, why)
            raise PasskeyRefused
        try:
            with transaction.atomic():
                token = enter(request, user, lambda: verbs.use(passkey, answer, place))
        except PasskeyCloned:
            verbs.note_cloned(passkey)
            note_refusal(request, user.vendor, user, Refusal.WhyNotIn.CLONED_PASSKEY)
            raise
        except PasskeyRefused:
            note_refusal(request, user.vendor, user, Refusal.WhyNotIn.WRONG_PASSKEY)
            raise
    hand_over(request, token)
