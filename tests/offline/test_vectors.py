"""The vectors that implementers run: the portal reads the requests, the SDK the answers."""

import json
from pathlib import Path
from typing import Any

import pytest

from offline.codec import InvalidOfflineRequest, parse_request
from portal_licensing import LicenseClient, Product, errors
from portal_licensing.storage import State
from tests.offline import make_vectors

CONTENT: dict[str, Any] = json.loads(make_vectors.VECTORS.read_text())
CONTEXT = CONTENT["context"]
WHY: dict[str, tuple[type[Exception], ...]] = {
    "signature": (errors.InvalidResponse, errors.UnknownSigningKey),
    "algorithm": (errors.InvalidResponse,),
    "kind": (errors.InvalidResponse,),
    "product": (errors.OtherProduct,),
    "key": (errors.OtherLicense,),
    "fingerprint": (errors.OtherMachine,),
    "machine-key": (errors.OtherMachine,),
    "run-out": (errors.ResponseExpired,),
    "request": (errors.OtherReceipt,),
}


def named(kind: str) -> Any:
    return pytest.mark.parametrize("vector", CONTENT[kind], ids=lambda vector: vector["name"])


def test_the_file_is_what_its_maker_makes() -> None:
    assert make_vectors.VECTORS.read_text() == make_vectors.as_text()


@named("requests")
def test_requests(vector: dict[str, Any]) -> None:
    if vector["outcome"] == "refused":
        with pytest.raises(InvalidOfflineRequest) as refusal:
            parse_request(vector["text"])
        assert refusal.value.code == vector["code"]
        return
    request, members = parse_request(vector["text"]), vector["members"]
    assert (str(request.jti), request.product_id) == (members["jti"], members["productId"])
    assert (request.fingerprint, request.iat) == (members["fingerprint"], members["iat"])


@pytest.fixture
def client(tmp_path: Path) -> LicenseClient:
    """The machine of the vectors, with its key and what it asked for."""
    keys = [CONTENT["products"][name] for name in CONTEXT["publicKeys"]]
    product = Product.from_json(
        {"productId": CONTEXT["productId"], "name": "Orbit", "publicKeys": keys}
    )
    client = LicenseClient(
        product, tmp_path, fingerprint=CONTEXT["fingerprint"], clock=lambda: CONTEXT["now"]
    )
    from portal_licensing.jose import _decode

    client.storage.write(
        State(
            machine_key=_decode(CONTENT["machine"]["d"]).hex(),
            license_key=CONTEXT["key"],
            request_id=CONTEXT["activationRequest"],
            deactivation={
                "request": "",
                "jti": CONTEXT["deactivationRequest"],
                "aid": CONTEXT["activationId"],
                "lid": CONTEXT["licenseId"],
            },
        )
    )
    return client


@named("responses")
def test_responses(client: LicenseClient, vector: dict[str, Any]) -> None:
    if vector["outcome"] == "accepted":
        assert client.install(vector["text"]).valid
        return
    with pytest.raises(WHY[vector["why"]]):
        client.install(vector["text"])
    assert not client.check().valid


@named("receipts")
def test_receipts(client: LicenseClient, vector: dict[str, Any]) -> None:
    if vector["outcome"] == "accepted":
        client.accept_receipt(vector["text"])
        return
    with pytest.raises(WHY[vector["why"]]):
        client.accept_receipt(vector["text"])
