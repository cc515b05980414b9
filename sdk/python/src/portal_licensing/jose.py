"""The little of JOSE that the protocol needs: Ed25519 requests out, RS256 responses in.

Strict on purpose (RFC 7515): one algorithm each way, canonical base64url, no duplicate members.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from portal_licensing.errors import InvalidResponse, UnknownSigningKey
from portal_licensing.texts import jws_in, text_of

LARGEST = 64 * 1024  # bytes
PARTS = 3
MOST_LEVELS = 32
BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
# Brackets, and texts as a whole, so that brackets inside them don't count.
BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}]', re.DOTALL)


def encode(raw: bytes) -> str:
    """Bytes in unpadded base64url."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def public_jwk(key: Ed25519PrivateKey) -> dict[str, str]:
    """The public half as a JWK (RFC 8037)."""
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"kty": "OKP", "crv": "Ed25519", "x": encode(raw)}


def thumbprint(jwk: Mapping[str, str]) -> str:
    """The RFC 7638 thumbprint of an Ed25519 key."""
    required = {name: jwk[name] for name in ("crv", "kty", "x")}
    return encode(hashlib.sha256(_compact(required)).digest())


def sign(typ: str, payload: Mapping[str, Any], key: Ed25519PrivateKey) -> str:
    """The payload as a compact JWS that carries the public key in its header."""
    header = {"alg": "Ed25519", "typ": typ, "jwk": public_jwk(key)}
    signing_input = f"{encode(_compact(header))}.{encode(_compact(payload))}"
    return f"{signing_input}.{encode(key.sign(signing_input.encode()))}"


def compact(content: bytes | str, keys: Mapping[str, RSAPublicKey]) -> str:
    """The JWS in a file's content, which e-mail or an editor may have wrapped, quoted or recoded.

    Raises InvalidResponse for what is too large or no text.
    """
    raw = content if isinstance(content, bytes) else content.encode("utf-8", "replace")
    if len(raw) > LARGEST:
        raise InvalidResponse("it is larger than 64 KiB")
    try:
        text = text_of(content)
    except UnicodeError as error:
        raise InvalidResponse("it is not text in UTF-8") from error
    return jws_in(text, {len(encode(b"0" * (key.key_size // 8))) for key in keys.values()})


def verify(jws: str, keys: Mapping[str, RSAPublicKey]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of an RS256 JWS that one of the keys, by its `kid`, has signed.

    Raises UnknownSigningKey or InvalidResponse.
    """
    parts = jws.split(".")
    if len(parts) != PARTS:
        raise InvalidResponse("it does not have three parts")
    header = _object(_decode(parts[0]))
    if header.get("alg") != "RS256" or "crit" in header:
        raise InvalidResponse("it is not signed with RS256")
    kid = header.get("kid")
    key = keys.get(kid) if isinstance(kid, str) else None
    if key is None:
        raise UnknownSigningKey
    try:
        key.verify(
            _decode(parts[2]), f"{parts[0]}.{parts[1]}".encode(), padding.PKCS1v15(), SHA256()
        )
    except InvalidSignature as error:
        raise InvalidResponse("its signature does not match") from error
    return header, _object(_decode(parts[1]))


def _compact(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def _decode(part: str) -> bytes:
    if not BASE64URL.fullmatch(part):
        raise InvalidResponse("it is not base64url")
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error as error:
        raise InvalidResponse("it is not base64url") from error
    if encode(raw) != part:
        raise InvalidResponse("it is not canonical base64url")
    return raw


def _object(raw: bytes) -> dict[str, Any]:
    """The JSON object; no member twice, no number that isn't one, nothing nested too deep."""
    try:
        text = raw.decode()
        if _levels(text) > MOST_LEVELS:
            raise ValueError("it is nested too deep")
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise InvalidResponse("it is not JSON") from error
    if not isinstance(value, dict):
        raise InvalidResponse("it is not a JSON object")
    return value


def _levels(text: str) -> int:
    """How deep objects and lists are nested."""
    level = deepest = 0
    for sign in BRACKETS.findall(text):
        level += {"{": 1, "[": 1, "}": -1, "]": -1}.get(sign, 0)
        deepest = max(deepest, level)
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _value in pairs}) != len(pairs):
        raise ValueError("a member is there twice")
    return dict(pairs)


def _no_number(constant: str) -> None:
    raise ValueError(constant)
