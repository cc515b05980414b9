"""What a page with a button for passkeys tells the script (static/js/passkeys.js)."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from accounts.devices import staying
from accounts.models import Passkey, User
from accounts.passkeys import ceremonies, challenges, verbs
from accounts.passkeys.challenges import Purpose
from accounts.passkeys.places import place_of
from accounts.requests import PersonRequest
from accounts.sessions import people_of


@dataclass(frozen=True, slots=True)
class Button:
    """Where the answer goes, to which host the passkeys are bound, and what the browser is asked,
    as JSON; or, on a page that anybody opens, where that is to be had when it is wanted."""

    action: str
    rp_id: str
    options: str = ""
    options_at: str = ""


def to_sign_in(request: PersonRequest) -> Button:
    """The one on the sign-in page, which asks for whatever passkey the browser has."""
    rp_id = place_of(request).rp_id
    return Button(reverse("sign_in_passkey"), rp_id, options_at=reverse("passkey_options"))


def sign_in_options(request: PersonRequest) -> str:
    """What the browser is then asked."""
    challenge = challenges.make(request, Purpose.SIGN_IN)
    return ceremonies.asked_to_use(rp_id=place_of(request).rp_id, challenge=challenge, known=[])


def for_second_step(request: PersonRequest, user: User) -> Button | None:
    """The one for who has shown the password; None for who has no passkey for here."""
    with people_of(user.vendor):
        return _of_person(request, user, Purpose.SECOND_STEP, "sign_in_code_passkey")


def for_proof(request: PersonRequest) -> Button | None:
    """The one for who is signed in; none for support that looks at the portal as a customer."""
    if request.view_as:
        return None
    return _of_person(request, request.user, Purpose.PROOF, "prove_passkey")


def _of_person(request: PersonRequest, user: User, purpose: Purpose, action: str) -> Button | None:
    place = place_of(request)
    known = _known(verbs.usable(user, place))
    if not known:
        return None
    options = ceremonies.asked_to_use(
        rp_id=place.rp_id, challenge=challenges.make(request, purpose, user), known=known
    )
    stays = {staying.NAME: "on"} if staying.is_wanted(request) else {}
    return Button(reverse(action, query=stays), place.rp_id, options)


def to_add(request: PersonRequest) -> Button:
    """The one that makes a new passkey for who is signed in."""
    user, place = request.user, place_of(request)
    options = ceremonies.asked_to_make(
        rp_id=place.rp_id,
        rp_name=user.vendor.name if user.vendor else place.rp_id,
        challenge=challenges.make(request, Purpose.NEW, user),
        handle=ceremonies.handle_of(user.vendor_id, user.pk),
        email=user.email,
        name=user.full_name,
        known=_known(verbs.usable(user, place)),
    )
    return Button(reverse("passkey_add"), place.rp_id, options)


def _known(passkeys: Iterable[Passkey]) -> list[tuple[str, list[str]]]:
    return [(each.credential_id, each.transports) for each in passkeys]
