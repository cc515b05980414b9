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

LARGEST = 64 * 1024  # bytes
PARTS = 3
BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


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


def verify(text: str, keys: Mapping[str, RSAPublicKey]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of an RS256 JWS that one of the keys, by its `kid`, has signed.

    White space around the text is ignored. Raises UnknownSigningKey or InvalidResponse.
    """
    if len(text.encode("utf-8", "replace")) > LARGEST:
        raise InvalidResponse("it is larger than 64 KiB")
    parts = text.strip().split(".")
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
    try:
        value = json.loads(raw.decode(), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise InvalidResponse("it is not JSON") from error
    if not isinstance(value, dict):
        raise InvalidResponse("it is not a JSON object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _value in pairs}) != len(pairs):
        raise ValueError("a member is there twice")
    return dict(pairs)
