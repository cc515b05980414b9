"""The two ceremonies of WebAuthn by an authenticator in software: what is taken, and what is
refused. Without a database."""

import json
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from webauthn.helpers import bytes_to_base64url

from accounts.passkeys import ceremonies
from accounts.passkeys.ceremonies import Made, Place, Unfit, Used
from tests.accounts.authenticators import (
    BACKED_UP,
    HAS_KEY,
    MAY_BE_BACKED_UP,
    PRESENT,
    USUAL,
    VERIFIED,
    Authenticator,
)

VENDOR, PERSON = UUID(int=1), UUID(int=2)
RP_ID = "acme.portal.example"
PLACE = Place(RP_ID, "https://acme.portal.example")
DOMAIN = Place(RP_ID, "https://licenses.acme.example")
CHALLENGE = bytes(range(32))


def to_make(**changes: Any) -> str:
    asked = {
        "rp_id": RP_ID,
        "rp_name": "Acme",
        "challenge": CHALLENGE,
        "handle": ceremonies.handle_of(VENDOR, PERSON),
        "email": "ada@example.com",
        "name": "Ada",
        "known": [],
    }
    return ceremonies.asked_to_make(**asked | changes)  # type: ignore[arg-type]


def to_use(**changes: Any) -> str:
    asked = {"rp_id": RP_ID, "challenge": CHALLENGE, "known": []}
    return ceremonies.asked_to_use(**asked | changes)  # type: ignore[arg-type]


def make(device: Authenticator, place: Place = PLACE, **lies: Any) -> Made:
    new = ceremonies.read_new(device.make(to_make(), place.origin, **lies))
    assert new.challenge == CHALLENGE
    return new.check(place)


def use(device: Authenticator, public_key: str, place: Place = PLACE, **lies: Any) -> Used:
    return ceremonies.read_use(device.use(to_use(), place.origin, **lies)).check(place, public_key)


# --- What is asked --------------------------------------------------------------------------------


def test_what_a_browser_is_asked_for_a_new_one() -> None:
    known = [("AQID", ["internal", "somehow"])]
    asked = json.loads(to_make(known=known))
    assert asked["rp"] == {"id": RP_ID, "name": "Acme"}
    assert asked["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    assert [each["alg"] for each in asked["pubKeyCredParams"]] == [-8, -7, -257]
    assert asked["attestation"] == "none"
    assert asked["excludeCredentials"] == [
        {"id": "AQID", "type": "public-key", "transports": ["internal", "somehow"]}
    ]
    assert asked["timeout"] == 300_000
    assert "ada" not in bytes(asked["user"]["id"], "ascii").decode().lower()


def test_what_a_browser_is_asked_to_sign() -> None:
    asked = json.loads(to_use(known=[("AQID", ["usb"])]))
    assert asked["userVerification"] == "required"
    assert asked["allowCredentials"] == [
        {"id": "AQID", "type": "public-key", "transports": ["usb"]}
    ]
    assert json.loads(to_use())["allowCredentials"] == []


@pytest.mark.parametrize("vendor", [VENDOR, None])
def test_whose_it_is_is_read_back(vendor: UUID | None) -> None:
    assert ceremonies.read_handle(ceremonies.handle_of(vendor, PERSON)) == (vendor, PERSON)


@pytest.mark.parametrize("handle", [b"", b"ada", bytes(15), bytes(17), bytes(64)])
def test_what_is_no_handle_names_nobody(handle: bytes) -> None:
    assert ceremonies.read_handle(handle) is None


# --- What is taken --------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", [-8, -7, -257], ids=["Ed25519", "ES256", "RS256"])
@pytest.mark.parametrize("place", [PLACE, DOMAIN], ids=["own host", "custom domain"])
def test_a_passkey_is_made_and_used(algorithm: int, place: Place) -> None:
    """At both hosts, since it is bound to the one of our zone."""
    device = Authenticator(algorithm)
    made = make(device, place)
    assert made.credential_id == bytes_to_base64url(device.credential_id)
    assert made.transports == ["internal", "hybrid"]
    assert (made.sign_count, made.is_backed_up) == (0, False)
    for where in (PLACE, DOMAIN):
        assert use(device, made.public_key, where, count=7) == Used(7, False)
    answer = ceremonies.read_use(device.use(to_use(), place.origin))
    assert (answer.whose, answer.credential_id) == ((VENDOR, PERSON), made.credential_id)


def test_one_that_is_synchronised_says_so() -> None:
    device, backed_up = Authenticator(), MAY_BE_BACKED_UP | BACKED_UP
    made = make(device, flags=USUAL | HAS_KEY | backed_up)
    assert made.is_backed_up
    assert use(device, made.public_key, flags=USUAL | backed_up).is_backed_up
    assert not use(device, made.public_key, flags=USUAL | MAY_BE_BACKED_UP).is_backed_up


# --- What is refused ------------------------------------------------------------------------------

LIES: dict[str, dict[str, Any]] = {
    "nobody verified": {"flags": PRESENT},
    "nobody present": {"flags": VERIFIED},
    "another relying party": {"rp_id": "globex.portal.example"},
    "the zone above": {"rp_id": "portal.example"},
    "staff's relying party": {"rp_id": "app.portal.example"},
    "the page of another": {"client_data": {"origin": "https://globex.portal.example"}},
    "the domain of the vendor": {"client_data": {"origin": DOMAIN.origin}},
    "a page that looks like it": {"client_data": {"origin": f"{PLACE.origin}.evil.example"}},
    "http": {"client_data": {"origin": "http://acme.portal.example"}},
    "another port": {"client_data": {"origin": f"{PLACE.origin}:444"}},
    "no origin": {"client_data": {"origin": None}},
    "several origins": {"client_data": {"origin": [PLACE.origin]}},
    "a frame elsewhere": {"client_data": {"crossOrigin": True}},
    "another kind": {"kind": "password"},
    "backed up, which it can't be": {"flags": USUAL | BACKED_UP},
    "another id inside": {"credential_id": b""},
}
MAKING = {
    **{name: lie | ({"flags": lie["flags"] | HAS_KEY} if "flags" in lie else {})
       for name, lie in LIES.items()},
    "an answer to the other ceremony": {"type": "webauthn.get"},
    "no key in it": {"flags": USUAL},
    "a payment": {"type": "payment.get"},
    "an attestation of no kind": {"format": "homemade"},
    "an attestation that is empty": {"format": "packed"},
    "an attestation that is made up": {"format": "packed", "statement": {"alg": -7, "sig": b"x"}},
    "none, and yet something": {"statement": {"sig": b"x"}},
}  # fmt: skip
USING = {
    **LIES,
    "an answer to the other ceremony": {"type": "webauthn.create"},
    "a payment": {"type": "payment.get"},
    "signed something else": {"signed": b"{}"},
}
del USING["another id inside"]


@pytest.mark.parametrize("lie", MAKING)
def test_no_passkey_is_made_with(lie: str) -> None:
    with pytest.raises(Unfit):
        make(Authenticator(), **MAKING[lie])


@pytest.mark.parametrize("lie", USING)
def test_no_passkey_is_used_with(lie: str) -> None:
    device = Authenticator()
    made = make(device)
    use(device, made.public_key)
    with pytest.raises(Unfit):
        use(device, made.public_key, **USING[lie])


@pytest.mark.parametrize("algorithm", [-65535, -257, -8, 0, -47])
def test_a_weaker_or_other_algorithm_is_refused(algorithm: int) -> None:
    """A downgrade: RS1 rests on SHA-1, and a key of one kind is none of another."""
    device = Authenticator(-7)
    device.algorithm = algorithm
    if algorithm == -65535:
        device = Authenticator(algorithm)
    with pytest.raises(Unfit):
        made = make(device)
        use(device, made.public_key)


def test_another_key_signs_nothing() -> None:
    device, other = Authenticator(), Authenticator()
    made = make(device)
    make(other)
    with pytest.raises(Unfit):
        use(other, made.public_key)


MADE_UP = [
    "", "{}", "[]", "null", "1", '"a"', "{", "[" * 30_000, '{"id":' * 9_000, "\ud800",
    '{"id": "AQ", "rawId": "AQ", "type": "public-key", "response": {}}',
    '{"id": "AQ", "rawId": "AQ", "type": "public-key", "response": {"clientDataJSON": "W10",'
    ' "authenticatorData": "", "signature": "", "attestationObject": ""}}',
    '{"id": "é", "rawId": "é", "type": [], "response": {"clientDataJSON": "é"}}',
    '{"id": "AQ", "rawId": "AQ", "type": "public-key", "response": {"clientDataJSON": "/w",'
    ' "authenticatorData": "AA", "signature": "AA", "attestationObject": "AA"}}',
]  # fmt: skip


@pytest.mark.parametrize("text", MADE_UP, ids=range(len(MADE_UP)))
def test_what_is_no_answer_is_refused(text: str) -> None:
    for read in (ceremonies.read_new, ceremonies.read_use):
        with pytest.raises(Unfit):
            read(text)


@pytest.mark.parametrize("ceremony", ["make", "use"])
def test_whatever_is_changed_in_an_answer_breaks_nothing(ceremony: str) -> None:
    """Bytes that are changed, cut off or added, at every place of every part. What no signature
    covers, such as whose it is, may be taken."""
    dice, device = Random(uuid4().int), Authenticator()
    public_key, refused = make(device).public_key, 0
    for _turn in range(1000):
        try:
            if ceremony == "make":
                text = _changed(device.make(to_make(), PLACE.origin), dice)
                ceremonies.read_new(text).check(PLACE)
            else:
                text = _changed(device.use(to_use(), PLACE.origin, count=1), dice)
                ceremonies.read_use(text).check(PLACE, public_key)
        except Unfit:
            refused += 1
    assert refused > 400


def _changed(answer: str, dice: Random) -> str:
    said = json.loads(answer)
    name = dice.choice(sorted(said["response"]))
    value = said["response"][name]
    if not isinstance(value, str):
        said["response"][name] = dice.choice([None, {}, "internal", [1], [[]]])
        return json.dumps(said)
    at = dice.randrange(len(value))
    new = dice.choice(["", "A", "_", value[at:] * 2, "é", "9999"])
    said["response"][name] = value[:at] + new + value[at + 1 :]
    return json.dumps(said)
