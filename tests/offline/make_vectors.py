"""Writes data/vectors.json: `python -m tests.offline.make_vectors`. The same file every time."""

import hmac
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from joserfc import jws
from joserfc.jwk import RSAKey

from tests.offline.requests_maker import (
    ACTIVATION,
    MachineKeys,
    activation_payload,
    encode,
    jti,
    sign,
    sign_raw,
)

DATA = Path(__file__).parent / "data"
VECTORS = DATA / "vectors.json"
RECEIPT = "offline-deactivation-receipt+jwt"
PRODUCT_ID = "631e3d99-d564-56ce-84d7-af61e9f5b208"
KEY = "7FEFAB-36978D-5805A6-09B8A4-FA377F-AD2026"
ACTIVATION_ID = "0d4dd8ad-3a2e-4f4e-8a4c-59f2f6f3b7a1"
LICENSE_ID = "c6f6c3f0-45a5-5a27-8a6f-5c3f0d8b1c11"
NOW = 1_795_521_600  # 2026-11-24 12:00 UTC
MONTH = 30 * 86400
MACHINE, OTHER = MachineKeys(), MachineKeys("other")
FINGERPRINT = "lab".ljust(64, "-")

DESCRIPTION = (
    "Vectors of the offline activation protocol, version 1 (docs/offline-protocol.md). `machine` "
    "is the machine's Ed25519 key as a private JWK; `products` are the RSA keys of the product, "
    "of the same product after a rotation, and of another product (private PEM in keys.json). A "
    "portal runs `requests`: each text is accepted with the members given, or refused with the "
    "code. A program runs `responses` and `receipts`: it ships with the publicKeys named, is the "
    "machine in `context`, and accepts the text at `now` (seconds), or refuses it for the `why` "
    "given: signature, algorithm, kind, product, key, fingerprint, machine-key, run-out, request."
)


def rsa_keys() -> dict[str, RSAKey]:
    pems = json.loads((DATA / "keys.json").read_text())["rsa"]
    return {name: RSAKey.import_key(pem) for name, pem in pems.items()}


def public_entry(key: RSAKey) -> dict[str, str]:
    return {"kid": key.thumbprint(), "pem": key.as_pem(private=False).decode()}


def claims(**changes: Any) -> dict[str, Any]:
    said = {
        "aid": ACTIVATION_ID, "pid": PRODUCT_ID, "lid": LICENSE_ID, "key": KEY,
        "type": "node-locked", "fp": FINGERPRINT, "fms": "exact", "os": "linux", "iat": NOW,
        "eat": NOW + 12 * MONTH, "leat": 0, "orv": NOW + MONTH, "suspended": False, "ssi": 3600,
        "ssgpeat": 0, "aco": 3600, "fc": 0, "ls": "per-machine", "ld": 0, "name": "Ada Lovelace",
        "email": "ada@example.com", "company": "Analytical Engines", "pmd": [], "lmd": [],
        "umd": [], "amd": [{"key": "room", "value": "12"}], "lma": [], "ama": [], "lcat": NOW,
        "laat": NOW, "cnf": {"jkt": MACHINE.thumbprint}, "req": jti("activate lab"),
    }  # fmt: skip
    return said | changes


def rs256(key: RSAKey, payload: dict[str, Any], **header: Any) -> str:
    head = {"alg": "RS256", "kid": key.thumbprint(), "typ": "JWT", **header}
    return jws.serialize_compact(head, json.dumps(payload), key, algorithms=["RS256"])


def hmac_signed(header: dict[str, Any], payload: dict[str, Any], secret: str) -> str:
    """HS256 by hand: JOSE libraries rightly refuse a public key as the secret."""
    parts = f"{encode(json.dumps(header).encode())}.{encode(json.dumps(payload).encode())}"
    return f"{parts}.{encode(hmac.digest(secret.encode(), parts.encode(), 'sha256'))}"


def request_vectors() -> list[dict[str, Any]]:
    header = MACHINE.header(ACTIVATION)
    payload = activation_payload(PRODUCT_ID, KEY, "lab")
    good = MACHINE.activation(PRODUCT_ID, KEY)
    first, second, third = good.split(".")

    def changed_header(**changes: Any) -> str:
        return sign(header | changes, payload, MACHINE.key)

    def changed(**changes: Any) -> str:
        return sign(header, payload | changes, MACHINE.key)

    accepted = {
        "activation": good,
        "activation with the older algorithm name EdDSA": changed_header(alg="EdDSA"),
        "white space around": f"\r\n  {good}\n",
        "unknown members": changed(later={"version": 2}),
        "deactivation": MACHINE.deactivation(PRODUCT_ID, KEY, ACTIVATION_ID),
        "trial": MACHINE.trial(PRODUCT_ID),
    }
    none = encode(json.dumps(header | {"alg": "none"}).encode())
    hs256 = hmac_signed(header | {"alg": "HS256"}, payload, MACHINE.jwk["x"])
    raw = json.dumps(header).encode()
    refused = {
        "empty": "",
        "two parts": f"{first}.{second}",
        "padding": f"{first}=.{second}.{third}",
        "alg none": f"{none}.{second}.",
        "HS256 with the public key as the secret": hs256,
        "RS256 in the header": changed_header(alg="RS256"),
        "unknown typ": changed_header(typ="JWT"),
        "critical extension": changed_header(crit=["exp"]),
        "jwk of another machine": changed_header(jwk=OTHER.jwk),
        "private key in the jwk": changed_header(jwk=MACHINE.jwk | {"d": encode(b"0" * 32)}),
        "jwk of another curve": changed_header(jwk=MACHINE.jwk | {"crv": "X25519"}),
        "payload changed after signing": f"{first}.{changed(key='x' * 20).split('.')[1]}.{third}",
        "duplicate member": sign_raw(raw, b'{"iat":1,"iat":1}', MACHINE.key),
        "nested without end": sign_raw(raw, b"[" * 20_000, MACHINE.key),
        "not an object": sign_raw(raw, b"[]", MACHINE.key),
        "NUL in the host name": changed(hostname="a\x00b"),
        "fingerprint too short": changed(fingerprint="x" * 63),
        "unknown operating system": changed(os="beos"),
        "larger than 64 KiB": good + " " * 65_536,
    }
    return [
        {"name": name, "text": text, "outcome": "accepted", "members": _members(text)}
        for name, text in accepted.items()
    ] + [
        {"name": name, "text": text, "outcome": "refused", "code": "INVALID_OFFLINE_REQUEST"}
        for name, text in refused.items()
    ]


def _members(text: str) -> dict[str, Any]:
    from base64 import urlsafe_b64decode

    part = text.strip().split(".")[1]
    content: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=="))
    return {name: content[name] for name in ("jti", "productId", "fingerprint", "iat")}


def response_vectors(keys: dict[str, RSAKey]) -> list[dict[str, Any]]:
    own, rotated, foreign = keys["product"], keys["product-rotated"], keys["other-product"]
    good = rs256(own, claims())
    first, _second, third = good.split(".")
    public_pem = own.as_pem(private=False).decode()
    header = {"alg": "HS256", "kid": own.thumbprint(), "typ": "JWT"}
    hs256 = hmac_signed(header, claims(), public_pem)
    none = encode(json.dumps({"alg": "none", "kid": own.thumbprint()}).encode())
    forged = encode(json.dumps(claims(eat=0)).encode())
    texts: list[tuple[str, str, str]] = [
        ("activation", good, ""),
        ("signed with the rotated key", rs256(rotated, claims()), ""),
        ("white space around", f"\n{good}\r\n", ""),
        ("changed after signing", f"{first}.{forged}.{third}", "signature"),
        ("signed by another product", rs256(foreign, claims()), "signature"),
        (
            "kid of ours, key of another",
            rs256(foreign, claims(), kid=own.thumbprint()),
            "signature",
        ),
        ("alg none", f"{none}.{forged}.", "algorithm"),
        ("HS256 with the public key as the secret", hs256, "algorithm"),
        ("a receipt is no response", rs256(own, claims(), typ=RECEIPT), "kind"),
        ("another product", rs256(own, claims(pid=LICENSE_ID)), "product"),
        ("another licence key", rs256(own, claims(key="X" * 20)), "key"),
        ("another machine's fingerprint", rs256(own, claims(fp="y" * 64)), "fingerprint"),
        ("another machine's key", rs256(own, claims(cnf={"jkt": OTHER.thumbprint})), "machine-key"),
        ("bound to no key", rs256(own, claims(cnf={})), "machine-key"),
        ("run out", rs256(own, claims(orv=NOW)), "run-out"),
    ]
    return [_outcome(name, text, why) for name, text, why in texts]


def receipt_vectors(keys: dict[str, RSAKey]) -> list[dict[str, Any]]:
    own = keys["product"]
    said = {"aid": ACTIVATION_ID, "lid": LICENSE_ID, "iat": NOW, "req": jti("deactivate lab")}
    texts = [
        ("receipt", rs256(own, said, typ=RECEIPT), ""),
        ("a response is no receipt", rs256(own, claims()), "kind"),
        ("of another request", rs256(own, said | {"req": jti("other")}, typ=RECEIPT), "request"),
        ("of another product", rs256(keys["other-product"], said, typ=RECEIPT), "signature"),
    ]
    return [_outcome(name, text, why) for name, text, why in texts]


def _outcome(name: str, text: str, why: str) -> dict[str, Any]:
    if why:
        return {"name": name, "text": text, "outcome": "refused", "why": why}
    return {"name": name, "text": text, "outcome": "accepted"}


def vectors() -> dict[str, Any]:
    keys = rsa_keys()
    seed = MACHINE.key.private_bytes(
        serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    )
    return {
        "description": DESCRIPTION,
        "machine": MACHINE.jwk | {"d": encode(seed)},
        "products": {name: public_entry(key) for name, key in keys.items()},
        "context": {
            "productId": PRODUCT_ID,
            "key": KEY,
            "fingerprint": FINGERPRINT,
            "now": NOW,
            "publicKeys": ["product", "product-rotated"],
            "thumbprint": MACHINE.thumbprint,
            "activationId": ACTIVATION_ID,
            "licenseId": LICENSE_ID,
            "activationRequest": jti("activate lab"),
            "deactivationRequest": jti("deactivate lab"),
        },
        "requests": request_vectors(),
        "responses": response_vectors(keys),
        "receipts": receipt_vectors(keys),
    }


def as_text() -> str:
    return json.dumps(vectors(), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    VECTORS.write_text(as_text())
