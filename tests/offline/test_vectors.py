"""The vectors that implementers run: the portal reads the requests, the SDK all others."""

import json
from base64 import b64decode, urlsafe_b64decode
from pathlib import Path
from typing import Any

import pytest

from offline.codec import InvalidOfflineRequest, parse_request
from portal_licensing import LicenseClient, Product, Status, errors
from portal_licensing.storage import State
from portal_licensing.texts import license_key
from tenancy.spelling import form_of
from tests.offline import make_vectors

CONTENT: dict[str, Any] = json.loads(make_vectors.VECTORS.read_text())
CONTEXT = CONTENT["context"]
WHY: dict[str, type[Exception]] = {
    "text": errors.InvalidResponse,
    "base64": errors.InvalidResponse,
    "json": errors.InvalidResponse,
    "signature": errors.InvalidResponse,
    "algorithm": errors.InvalidResponse,
    "kid": errors.UnknownSigningKey,
    "kind": errors.InvalidResponse,
    "claims": errors.InvalidResponse,
    "product": errors.OtherProduct,
    "key": errors.OtherLicense,
    "fingerprint": errors.OtherMachine,
    "machine-key": errors.OtherMachine,
    "run-out": errors.ResponseExpired,
    "request": errors.OtherReceipt,
}
STATUSES = {status.value: status.value for status in Status} | {
    "clock-tampered": "clock-set-back",
    "not-yet": "clock-set-back",
}


def named(kind: str) -> Any:
    return pytest.mark.parametrize("vector", CONTENT[kind], ids=lambda vector: vector["name"])


def content_of(vector: dict[str, Any]) -> bytes:
    return b64decode(vector["base64"]) if "base64" in vector else vector["text"].encode()


def test_the_file_is_what_its_maker_makes() -> None:
    assert make_vectors.VECTORS.read_text() == make_vectors.as_text()


@named("requests")
def test_requests(vector: dict[str, Any]) -> None:
    if vector["outcome"] == "refused":
        with pytest.raises(InvalidOfflineRequest) as refusal:
            parse_request(content_of(vector))
        assert refusal.value.code == vector["code"]
        return
    request, members = parse_request(content_of(vector)), vector["members"]
    assert (str(request.jti), request.product_id) == (members["jti"], members["productId"])
    assert (request.fingerprint, request.iat) == (members["fingerprint"], members["iat"])


def client_of(folder: Path, vector: dict[str, Any], **kept: Any) -> LicenseClient:
    """The machine of the vectors, with its key, what it asked for and what it keeps."""
    keys = [CONTENT["products"][name] for name in CONTEXT["publicKeys"]]
    product = Product.from_json(
        {"productId": CONTEXT["productId"], "name": "Orbit", "publicKeys": keys}
    )
    client = LicenseClient(
        product,
        folder,
        fingerprint=vector.get("fingerprint", CONTEXT["fingerprint"]),
        clock=lambda: vector.get("now", CONTEXT["now"]),
    )
    client.storage.write(
        State(
            machine_key=urlsafe_b64decode(CONTENT["machine"]["d"] + "=").hex(),
            license_key=vector.get("asked", CONTEXT["key"]),
            request_id=CONTEXT["activationRequest"],
            last_seen=vector.get("lastSeen", 0),
            signed_at=vector.get("signedAt", 0),
            **kept,
        )
    )
    return client


@named("responses")
def test_responses(tmp_path: Path, vector: dict[str, Any]) -> None:
    client = client_of(tmp_path, vector)
    if vector["outcome"] == "accepted":
        found = client.install(content_of(vector)).status.value
        assert STATUSES[found] == vector.get("status", "valid")
        return
    with pytest.raises(WHY[vector["why"]]):
        client.install(content_of(vector))
    assert client.check().status is Status.NOT_ACTIVATED


@named("starts")
def test_starts(tmp_path: Path, vector: dict[str, Any]) -> None:
    client = client_of(tmp_path, vector, token=vector["text"], token_key=CONTEXT["key"])
    assert STATUSES[client.check().status.value] == vector["status"]


@named("receipts")
def test_receipts(tmp_path: Path, vector: dict[str, Any]) -> None:
    asked = {
        "request": "",
        "jti": CONTEXT["deactivationRequest"],
        "aid": CONTEXT["activationId"],
        "lid": CONTEXT["licenseId"],
    }
    client = client_of(tmp_path, vector, deactivation=asked)
    if vector["outcome"] == "accepted":
        client.accept_receipt(content_of(vector))
        return
    with pytest.raises(WHY[vector["why"]]):
        client.accept_receipt(content_of(vector))


@named("productFiles")
def test_product_files(tmp_path: Path, vector: dict[str, Any]) -> None:
    path = tmp_path / "product.json"
    path.write_bytes(content_of(vector))
    if vector["outcome"] == "refused":
        with pytest.raises(errors.InvalidProductFile):
            Product.load(path)
        return
    product = Product.load(path)
    assert (product.id, product.name) == (CONTEXT["productId"], "Orbit")
    assert list(product.public_keys) == vector["kids"]


@named("licenseKeys")
def test_licence_keys(vector: dict[str, str]) -> None:
    """In the SDK before a file is written; and the portal takes them for the same key."""
    assert license_key(vector["text"]) == vector["key"]
    assert form_of(vector["text"]) == form_of(vector["key"])
