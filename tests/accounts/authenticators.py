"""An authenticator in software: makes passkeys and signs with them, as a browser would hand that on,
and lies where a test wants it to."""

import json
import re
from dataclasses import dataclass, field
from hashlib import sha256
from html import unescape
from secrets import token_bytes
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from accounts.models import Passkey, User
from accounts.passkeys import ceremonies, verbs
from accounts.passkeys.ceremonies import Place
from accounts.sessions import people_of
from tenancy.hosts import Site, origin
from tests.accounts.phones import browser_for
from tests.world import PARENT, Browser

PRESENT, VERIFIED, MAY_BE_BACKED_UP, BACKED_UP, HAS_KEY = 1, 4, 8, 16, 64
USUAL = PRESENT | VERIFIED
Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def new_key(algorithm: int) -> Key:
    """By its number in COSE."""
    if algorithm == -8:
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm in {-257, -65535}:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class Authenticator:
    """One passkey, of whoever asked for it."""

    algorithm: int = -7
    key: Key = field(init=False)
    credential_id: bytes = field(default_factory=lambda: token_bytes(32))
    handle: bytes = b""
    rp_id: str = ""
    count: int = 0

    def __post_init__(self) -> None:
        self.key = new_key(self.algorithm)

    def make(self, options: str, origin: str, **lies: Any) -> str:
        """What a browser answers who was asked, by these options, for a new passkey."""
        asked = json.loads(options)
        self.handle = base64url_to_bytes(asked["user"]["id"])
        self.rp_id = asked["rp"]["id"]
        told = {"flags": USUAL | HAS_KEY, "type": "webauthn.create", "format": "none"} | lies
        length = len(self.credential_id).to_bytes(2, "big")
        attested = bytes(16) + length + self.credential_id + self._public_key()
        object_ = {
            "fmt": told["format"],
            "attStmt": told.get("statement", {}),
            "authData": self._data(told) + attested,
        }
        return self._answer(
            told,
            clientDataJSON=_client_data(asked, origin, told),
            attestationObject=cbor2.dumps(object_),
            transports=told.get("transports", ["internal", "hybrid"]),
        )

    def use(self, options: str, origin: str, **lies: Any) -> str:
        """What a browser answers who was asked, by these options, to use a passkey."""
        asked = json.loads(options)
        told = {"flags": USUAL, "type": "webauthn.get"} | lies
        client_data, data = _client_data(asked, origin, told), self._data(told)
        signature = self._sign(data + sha256(told.get("signed", client_data)).digest())
        return self._answer(
            told,
            clientDataJSON=client_data,
            authenticatorData=data,
            signature=signature,
            userHandle=told.get("handle", self.handle),
        )

    def _data(self, told: dict[str, Any]) -> bytes:
        rp_id = str(told.get("rp_id", self.rp_id)).encode()
        count = told.get("count", self.count)
        return sha256(rp_id).digest() + bytes([told["flags"]]) + count.to_bytes(4, "big")

    def _answer(self, told: dict[str, Any], **response: Any) -> str:
        id = bytes_to_base64url(told.get("credential_id", self.credential_id))
        said = {
            name: bytes_to_base64url(value) if isinstance(value, bytes) else value
            for name, value in response.items()
        }
        return json.dumps(
            {
                "id": told.get("id", id),
                "rawId": id,
                "type": told.get("kind", "public-key"),
                "response": said,
            }
        )

    def _sign(self, data: bytes) -> bytes:
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return self.key.sign(data, ec.ECDSA(SHA256()))
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(data, padding.PKCS1v15(), SHA256())
        return self.key.sign(data)

    def _public_key(self) -> bytes:
        """In COSE (RFC 9052)."""
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            point = self.key.public_key().public_numbers()
            named = {1: 2, -1: 1, -2: _bytes(point.x, 32), -3: _bytes(point.y, 32)}
        elif isinstance(self.key, rsa.RSAPrivateKey):
            numbers = self.key.public_key().public_numbers()
            named = {1: 3, -1: _bytes(numbers.n, 256), -2: _bytes(numbers.e, 3)}
        else:
            named = {1: 1, -1: 6, -2: self.key.public_key().public_bytes_raw()}
        return cbor2.dumps({**named, 3: self.algorithm})


def _bytes(number: int, length: int) -> bytes:
    return number.to_bytes(length, "big")


def _client_data(asked: dict[str, Any], origin: str, told: dict[str, Any]) -> bytes:
    challenge = told.get("challenge", asked["challenge"])
    said = {"type": told["type"], "challenge": challenge, "origin": origin, "crossOrigin": False}
    return json.dumps(said | told.get("client_data", {})).encode()


# --- People who have one ------------------------------------------------------------------------

OPTIONS = re.compile(r'data-options="([^"]*)"')


def place_for(person: User) -> Place:
    """Where the person signs in, at the host of our zone."""
    vendor = person.vendor if person.is_customer else None
    host = f"{vendor.company_id if vendor else 'app'}.{PARENT}"
    return Place(host, origin(host))


def passkey_of(person: User, device: Authenticator | None = None, name: str = "Phone") -> Any:
    """Has the person add a passkey, and signs nobody in by that; the authenticator."""
    device, place = device or Authenticator(), place_for(person)
    options = ceremonies.asked_to_make(
        rp_id=place.rp_id,
        rp_name="Acme",
        challenge=b"challenge",
        handle=ceremonies.handle_of(person.vendor_id, person.pk),
        email=person.email,
        name=person.full_name,
        known=[],
    )
    made = ceremonies.read_new(device.make(options, place.origin)).check(place)
    with people_of(person.vendor):
        verbs.add(person, made, name=name, place=place, site=Site.CUSTOMER, browser="a browser")
        verbs.sessions.end_all(person)
    return device


def add_row(person: User) -> None:
    """A passkey of which nobody is told; sessions go on."""
    Passkey(
        vendor_id=person.vendor_id,
        user=person,
        rp_id=place_for(person).rp_id,
        credential_id=token_bytes(16).hex(),
        sign_count=0,
        is_backed_up=False,
        name="Phone",
    ).save(force_insert=True)


def options_on(page: Any) -> str:
    """What the browser is asked, on a page with a button."""
    found = OPTIONS.search(page.content.decode())
    assert found, page.content.decode()
    return unescape(found[1])


def options_for(browser: Browser) -> str:
    """What the browser is asked on the sign-in page."""
    answer = browser.post("/login/passkey/options/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    return str(answer.content.decode())


def shown(
    person: User, device: Authenticator, browser: Browser | None = None, **lies: Any
) -> tuple[Any, Browser]:
    """The answer to who signs in with this passkey, where the person signs in; and the browser."""
    browser = browser or browser_for(person)
    credential = device.use(options_for(browser), place_for(person).origin, **lies)
    return browser.post("/login/passkey/", {"credential": credential}), browser
