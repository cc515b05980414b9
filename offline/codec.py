"""Reading offline requests: the format of docs/offline-protocol.md, check 1, and nothing else.

Whatever comes in, either a request comes out whose signature holds, or InvalidOfflineRequest is
raised. The rules of licences are elsewhere (offline/verbs/answering.py). Imports no Django.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from offline.carried import jws_in, text_of
from tenancy.unseen import LINE

LARGEST = 64 * 1024  # bytes
ALGORITHMS = ("Ed25519", "EdDSA")
OPERATING_SYSTEMS = ("windows", "linux", "macos", "android", "ios")
FINGERPRINT_LENGTHS = range(64, 257)
TEXT_LENGTHS = range(257)
NAME_LENGTHS = range(1, 257)
MOST_ENTRIES = 50
MOST_LEVELS = 32
SIGNATURE_LENGTH = 86  # characters of base64url, for 64 bytes
LARGEST_NUMBER = 2**53 - 1  # what JSON carries exactly everywhere (RFC 7493)
MOST_USES = 2**31 - 1
BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
# Brackets, and texts as a whole, so that brackets inside them don't count.
BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}]', re.DOTALL)
FIELD = 2**255 - 19  # RFC 8032, section 5.1
# y of the eight points of small order: the whole group, up to the sign of x.
SMALL_ORDER = frozenset(
    {
        0,
        1,
        FIELD - 1,
        2707385501144840649318225287225658788936804267575313519463743609750303402022,
        55188659117513257062467267217118295137698188065244968500265048394206261417927,
    }
)
UUID_TEXT = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# The typ of a response and of a receipt (docs/offline-protocol.md).
ANSWERS = ("JWT", "offline-deactivation-receipt+jwt")
# Control characters would break files and databases, lone surrogates can't be encoded.
BREAKING = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# Nor may there be what nobody sees: it makes one machine look like another.
UNPRINTABLE = LINE


class InvalidOfflineRequest(ValueError):
    """The data is no request, or its signature does not hold; `reason` is for the small print."""

    code = "INVALID_OFFLINE_REQUEST"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class AnswerHandedIn(InvalidOfflineRequest):
    """The data is what a portal answers, a response or a receipt: the other one of two files."""


@dataclass(frozen=True, slots=True)
class MetadataEntry:
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class MeterUse:
    name: str
    uses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """What all requests have. `iat` is in seconds since the epoch, shown and never judged.

    `text` is the JWS itself, without what was around it. `digest` is the SHA-256 of what was
    signed, in hex: the same request sent twice has the same.
    `machine_jwk` holds the public members alone, `thumbprint` is its RFC 7638 thumbprint.
    """

    text: str
    jti: UUID
    iat: int
    product_id: str
    fingerprint: str
    machine_jwk: Mapping[str, str]
    thumbprint: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineRequest(SignedRequest):
    """A request that describes the machine."""

    os: str
    hostname: str
    os_version: str
    vm_name: str
    container: bool
    app_version: str
    client_version: str
    user_hash: str
    metadata: tuple[MetadataEntry, ...]
    meter_attributes: tuple[MeterUse, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRequest(MachineRequest):
    """A machine asks for a trial; it needs no licence key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationRequest(MachineRequest):
    """A machine asks for a seat of the licence with this key."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeactivationRequest(SignedRequest):
    """A machine gives its seat back."""

    key: str
    activation_id: str


Request = ActivationRequest | TrialRequest | DeactivationRequest


def parse_request(data: bytes | str) -> Request:
    """The request in a file's content; raises InvalidOfflineRequest and nothing else."""
    text = _text(data)
    header_part, payload_part, signature_part = _split(text)
    header = _json_object(_decode(header_part, "header"), "header")
    typ = _member(header, "typ", str)
    if typ in ANSWERS:
        raise AnswerHandedIn("the header's typ is that of a response")
    read = READERS.get(typ)
    if read is None:
        raise InvalidOfflineRequest("the header's typ is not that of an offline request")
    if _member(header, "alg", str) not in ALGORITHMS:
        raise InvalidOfflineRequest("the header's alg is not Ed25519")
    if "crit" in header:
        raise InvalidOfflineRequest("the header asks for an extension (crit) that is not known")
    jwk = _public_jwk(header.get("jwk"))
    signing_input = f"{header_part}.{payload_part}".encode()
    _verify(jwk, _decode(signature_part, "signature"), signing_input)
    payload = _json_object(_decode(payload_part, "payload"), "payload")
    signed = {
        "text": text,
        "machine_jwk": jwk,
        "thumbprint": thumbprint(jwk),
        "digest": hashlib.sha256(signing_input).hexdigest(),
    }
    return read(Members(payload), signed)


def thumbprint(jwk: Mapping[str, str]) -> str:
    """The RFC 7638 thumbprint of an Ed25519 public key, in base64url."""
    required = {"crv": jwk["crv"], "kty": jwk["kty"], "x": jwk["x"]}
    text = json.dumps(required, separators=(",", ":"), sort_keys=True)
    return _encode(hashlib.sha256(text.encode()).digest())


class Members:
    """The payload's members, taken by name and type; null counts as not there."""

    def __init__(self, payload: Mapping[str, Any]) -> None:
        self.payload = {name: value for name, value in payload.items() if value is not None}

    def text(self, name: str, lengths: range = TEXT_LENGTHS, default: str | None = None) -> str:
        value = self.payload.get(name, default)
        if not isinstance(value, str) or len(value) not in lengths:
            raise InvalidOfflineRequest(
                f"{name} is not a text of {lengths[0]} to {lengths[-1]} characters"
            )
        if UNPRINTABLE.search(value):
            raise InvalidOfflineRequest(f"{name} contains a character that can't be printed")
        return value

    def license_key(self) -> str:
        """The key in whatever spelling it was pasted: what nobody sees in it counts for nothing
        (tenancy/spelling.py)."""
        value = self.payload.get("key")
        if isinstance(value, str) and not BREAKING.search(value):
            value = LINE.sub("", value)
        return Members({"key": value}).text("key", NAME_LENGTHS)

    def described(self, name: str) -> str:
        """What describes the machine and decides nothing by itself: cut, and a sign in the place
        of each that can't be printed."""
        value = self.payload.get(name, "")
        if not isinstance(value, str):
            raise InvalidOfflineRequest(f"{name} is not a text")
        return UNPRINTABLE.sub("\ufffd", value)[: TEXT_LENGTHS[-1]]

    def number(self, name: str, largest: int) -> int:
        value = self.payload.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= largest:
            raise InvalidOfflineRequest(f"{name} is not a whole number from 0 to {largest}")
        return value

    def boolean(self, name: str) -> bool:
        value = self.payload.get(name, False)
        if not isinstance(value, bool):
            raise InvalidOfflineRequest(f"{name} is neither true nor false")
        return value

    def uuid(self, name: str) -> UUID:
        value = self.text(name)
        if not UUID_TEXT.fullmatch(value):
            raise InvalidOfflineRequest(f"{name} is not a UUID")
        return UUID(value)

    def objects(self, name: str, unique: str) -> list["Members"]:
        """A list of at most 50 objects that differ in the member `unique`."""
        value = self.payload.get(name, [])
        if not isinstance(value, list) or len(value) > MOST_ENTRIES:
            raise InvalidOfflineRequest(f"{name} is not a list of at most {MOST_ENTRIES} entries")
        if not all(isinstance(entry, dict) for entry in value):
            raise InvalidOfflineRequest(f"{name} holds something else than objects")
        entries = [Members(entry) for entry in value]
        if len({entry.text(unique, NAME_LENGTHS) for entry in entries}) != len(entries):
            raise InvalidOfflineRequest(f"{name} holds the same {unique} twice")
        return entries


def _read_trial(members: Members, signed: Mapping[str, Any]) -> TrialRequest:
    return TrialRequest(**_common(members), **_machine(members), **signed)


def _read_activation(members: Members, signed: Mapping[str, Any]) -> ActivationRequest:
    key = members.license_key()
    return ActivationRequest(key=key, **_common(members), **_machine(members), **signed)


def _read_deactivation(members: Members, signed: Mapping[str, Any]) -> DeactivationRequest:
    return DeactivationRequest(
        key=members.license_key(),
        activation_id=members.text("activationId", NAME_LENGTHS),
        **_common(members),
        **signed,
    )


READERS: dict[str, Callable[[Members, Mapping[str, Any]], Request]] = {
    "offline-activation-request+jwt": _read_activation,
    "offline-trial-request+jwt": _read_trial,
    "offline-deactivation-request+jwt": _read_deactivation,
}


def _common(members: Members) -> dict[str, Any]:
    return {
        "jti": members.uuid("jti"),
        "iat": members.number("iat", LARGEST_NUMBER),
        "product_id": members.text("productId", NAME_LENGTHS),
        "fingerprint": members.text("fingerprint", FINGERPRINT_LENGTHS),
    }


def _machine(members: Members) -> dict[str, Any]:
    os = members.text("os")
    if os not in OPERATING_SYSTEMS:
        raise InvalidOfflineRequest(f"os is not one of {', '.join(OPERATING_SYSTEMS)}")
    return {
        "os": os,
        "hostname": members.described("hostname"),
        "os_version": members.described("osVersion"),
        "vm_name": members.described("vmName"),
        "container": members.boolean("container"),
        "app_version": members.described("appVersion"),
        "client_version": members.described("clientVersion"),
        "user_hash": members.text("userHash", default=""),
        "metadata": tuple(
            MetadataEntry(entry.text("key", NAME_LENGTHS), entry.text("value", default=""))
            for entry in members.objects("metadata", unique="key")
        ),
        "meter_attributes": tuple(
            MeterUse(entry.text("name", NAME_LENGTHS), entry.number("uses", MOST_USES))
            for entry in members.objects("meterAttributes", unique="name")
        ),
    }


def _text(data: bytes | str) -> str:
    """The JWS in a file. Its size is looked at before anything else."""
    if len(data) > LARGEST:
        raise InvalidOfflineRequest(f"it is larger than {LARGEST // 1024} KiB")
    try:
        raw = data.encode() if isinstance(data, str) else data
        text = text_of(raw)
    except UnicodeError as error:
        raise InvalidOfflineRequest("it is not UTF-8 text") from error
    if len(raw) > LARGEST:
        raise InvalidOfflineRequest(f"it is larger than {LARGEST // 1024} KiB")
    if not text.strip():
        raise InvalidOfflineRequest("it is empty")
    return jws_in(text, SIGNATURE_LENGTH)


def _split(text: str) -> tuple[str, str, str]:
    parts = text.split(".")
    if len(parts) != 3:  # noqa: PLR2004  compact serialization, RFC 7515
        raise InvalidOfflineRequest("it does not have three parts separated by dots")
    return parts[0], parts[1], parts[2]


def _decode(part: str, name: str) -> bytes:
    """The bytes of a part in unpadded base64url; only the one canonical spelling counts."""
    if not BASE64URL.fullmatch(part):
        raise InvalidOfflineRequest(f"the {name} is not base64url")
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error as error:
        raise InvalidOfflineRequest(f"the {name} is not base64url") from error
    if _encode(raw) != part:
        raise InvalidOfflineRequest(f"the {name} is not canonical base64url")
    return raw


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _json_object(raw: bytes, name: str) -> dict[str, Any]:
    """The JSON object; duplicate members, NaN and nesting without end are refused."""

    def refuse_constant(constant: str) -> None:
        raise ValueError(constant)

    def unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _value in pairs}) != len(pairs):
            raise InvalidOfflineRequest(f"the {name} has a member twice")
        return dict(pairs)

    try:
        text = raw.decode()
        if _levels(text) > MOST_LEVELS:
            raise InvalidOfflineRequest(f"the {name} is JSON of more than {MOST_LEVELS} levels")
        value = json.loads(text, object_pairs_hook=unique_members, parse_constant=refuse_constant)
    except InvalidOfflineRequest:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidOfflineRequest(f"the {name} is not JSON") from error
    if not isinstance(value, dict):
        raise InvalidOfflineRequest(f"the {name} is not a JSON object")
    return value


def _levels(text: str) -> int:
    """How deep objects and lists are nested."""
    level = deepest = 0
    for sign in BRACKETS.findall(text):
        level += {"{": 1, "[": 1, "}": -1, "]": -1}.get(sign, 0)
        deepest = max(deepest, level)
    return deepest


def _member(header: Mapping[str, Any], name: str, kind: type[str]) -> str:
    value = header.get(name)
    if not isinstance(value, kind):
        raise InvalidOfflineRequest(f"the header has no {name}")
    return value


def _public_jwk(jwk: object) -> dict[str, str]:
    """The public members of a well-formed Ed25519 key (RFC 8037)."""
    if not isinstance(jwk, dict):
        raise InvalidOfflineRequest("the header has no jwk")
    if jwk.get("kty") != "OKP" or jwk.get("crv") != "Ed25519":
        raise InvalidOfflineRequest("the jwk is not an Ed25519 key")
    if "d" in jwk:
        raise InvalidOfflineRequest("the jwk gives the private key away")
    x = jwk.get("x")
    if not isinstance(x, str) or len(_decode(x, "jwk")) != 32:  # noqa: PLR2004  bytes, RFC 8032
        raise InvalidOfflineRequest("the jwk is not an Ed25519 key")
    # SECURITY: anybody can sign for a key of small order, see tests/offline/test_vectors.py.
    y = int.from_bytes(_decode(x, "jwk"), "little") % 2**255
    if y >= FIELD or y in SMALL_ORDER:
        raise InvalidOfflineRequest("the jwk is a key that nobody holds")
    return {"kty": "OKP", "crv": "Ed25519", "x": x}


def _verify(jwk: Mapping[str, str], signature: bytes, signing_input: bytes) -> None:
    try:
        key = Ed25519PublicKey.from_public_bytes(_decode(jwk["x"], "jwk"))
        key.verify(signature, signing_input)
    except (InvalidSignature, ValueError) as error:
        raise InvalidOfflineRequest("the signature does not match") from error
