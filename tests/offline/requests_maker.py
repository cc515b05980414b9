"""Offline requests as a vendor's program would write them, good ones and bad ones."""

import json
from base64 import urlsafe_b64encode
from typing import Any
from uuid import UUID, uuid5

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from offline.codec import thumbprint

NAMESPACE = UUID("5e4d8f3a-1111-4c1c-9d6e-2f5f1d0c7a11")
ACTIVATION = "offline-activation-request+jwt"
TRIAL = "offline-trial-request+jwt"
DEACTIVATION = "offline-deactivation-request+jwt"


def encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def jti(name: str) -> str:
    return str(uuid5(NAMESPACE, name))


def sign(header: dict[str, Any], payload: Any, key: Ed25519PrivateKey) -> str:
    """A compact JWS over any header and payload."""
    return sign_raw(json.dumps(header).encode(), json.dumps(payload).encode(), key)


def sign_raw(header: bytes, payload: bytes, key: Ed25519PrivateKey) -> str:
    signing_input = f"{encode(header)}.{encode(payload)}"
    return f"{signing_input}.{encode(key.sign(signing_input.encode()))}"


class MachineKeys:
    """A machine's key, always the same for the same name."""

    def __init__(self, name: str = "machine") -> None:
        self.key = Ed25519PrivateKey.from_private_bytes(name.ljust(32, "-").encode()[:32])
        raw = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.jwk = {"kty": "OKP", "crv": "Ed25519", "x": encode(raw)}
        self.thumbprint = thumbprint(self.jwk)

    def header(self, typ: str, **changes: Any) -> dict[str, Any]:
        return {"alg": "Ed25519", "typ": typ, "jwk": self.jwk, **changes}

    def activation(
        self, product_id: object, license_key: str, name: str = "lab", /, **changes: Any
    ) -> str:
        """An activation request of the machine of this name; None takes a member out."""
        payload = activation_payload(product_id, license_key, name) | changes
        return sign(self.header(ACTIVATION), _without_none(payload), self.key)

    def trial(self, product_id: object, name: str = "lab") -> str:
        payload = activation_payload(product_id, "", name)
        del payload["key"]
        return sign(self.header(TRIAL), payload, self.key)

    def deactivation(
        self,
        product_id: object,
        license_key: str,
        activation_id: object,
        name: str = "lab",
        /,
        **changes: Any,
    ) -> str:
        payload = {
            "jti": jti(f"deactivate {name} {activation_id}"),
            "iat": 1_790_000_000,
            "productId": str(product_id),
            "key": license_key,
            "activationId": str(activation_id),
            "fingerprint": name.ljust(64, "-"),
            **changes,
        }
        return sign(self.header(DEACTIVATION), _without_none(payload), self.key)


def activation_payload(product_id: object, key: str, name: str) -> dict[str, Any]:
    return {
        "jti": jti(f"activate {name}"),
        "iat": 1_790_000_000,
        "productId": str(product_id),
        "key": key,
        "fingerprint": name.ljust(64, "-"),
        "os": "linux",
        "osVersion": "Debian 12",
        "hostname": name,
        "vmName": "",
        "container": False,
        "appVersion": "4.2.1",
        "clientVersion": "1.0",
        "userHash": "",
        "metadata": [{"key": "room", "value": "12"}],
        "meterAttributes": [],
    }


def _without_none(payload: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if value is not None}
