"""The keys that sign, the tokens they sign, and their encryption at rest."""

import json
from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from joserfc import jwt
from joserfc.jwk import RSAKey

from licenses.models import LicenseMetadata, Product, SigningKey
from licenses.token import issue_token
from licenses.verbs.details import add_metadata
from licenses.verbs.products import create_product
from licenses.verbs.signing_keys import (
    key_in_use,
    private_key,
    product_file,
    rotate_product_key,
)
from tenancy.door import inside
from tests.conftest import NOW
from tests.world import World


def claims_of(token: str, key: SigningKey) -> dict[str, Any]:
    public = RSAKey.import_key(key.public_pem)
    return dict(jwt.decode(token, public, algorithms=["RS256"]).claims)


def test_a_product_gets_a_key_of_2048_bits_that_is_kept_encrypted(acme: World) -> None:
    product = create_product(Product(vendor=acme.acme, name="New"))
    key = key_in_use(product)
    assert private_key(key).raw_value.key_size == 2048  # type: ignore[union-attr]
    assert "PRIVATE" not in key.encrypted_private_pem
    assert key.kid == RSAKey.import_key(key.public_pem).thumbprint()


def test_a_rotated_key_stays_known(acme: World) -> None:
    token = issue_token(acme.ada_machine, now=NOW)
    old = key_in_use(acme.orbit)
    new = rotate_product_key(acme.orbit)
    assert key_in_use(acme.orbit).kid == new.kid
    kids = [entry["kid"] for entry in product_file(acme.orbit)["publicKeys"]]
    assert kids == [new.kid, old.kid]
    assert claims_of(token, old)["aid"] == str(acme.ada_machine.pk)
    assert claims_of(issue_token(acme.ada_machine, now=NOW), new)["aid"] == str(acme.ada_machine.pk)


def test_the_token_says_what_the_protocol_lists(acme: World) -> None:
    for key, visible in (("Order", True), ("Margin", False)):
        add_metadata(
            LicenseMetadata(
                vendor=acme.acme, license=acme.ada_license, key=key, value="x", visible=visible
            )
        )
    acme.ada_machine.license = acme.ada_license
    claims = claims_of(issue_token(acme.ada_machine, now=NOW), key_in_use(acme.orbit))
    assert claims == {
        "aid": str(acme.ada_machine.pk), "pid": str(acme.orbit.pk), "lid": str(acme.ada_license.pk),
        "key": "ADA111-ACME-ORBIT-0001", "type": "node-locked", "fp": acme.ada_machine.fingerprint,
        "fms": "exact", "os": "linux", "iat": int(NOW.timestamp()), "eat": 0, "leat": 0, "orv": 0,
        "suspended": False, "ssi": 3600, "ssgpeat": 0, "aco": 3600, "fc": 0, "ls": "per-machine",
        "ld": 0, "name": "Ada Lovelace", "email": "ada@example.com", "company": "", "pmd": [],
        "lmd": [{"key": "Order", "value": "x"}], "umd": [], "amd": [], "lma": [], "ama": [],
        "pvn": "", "pvdn": "", "pvff": [],
        "lcat": int(NOW.timestamp()), "laat": 0,
    }  # fmt: skip


def test_the_encryption_key_can_be_rotated(world: World, settings: Any) -> None:
    old = settings.KEY_ENCRYPTION_KEYS
    new = Fernet.generate_key().decode()
    settings.KEY_ENCRYPTION_KEYS = [new, *old]
    out = StringIO()
    call_command("rotate_key_encryption", stdout=out)
    assert "3 private keys" in out.getvalue()
    settings.KEY_ENCRYPTION_KEYS = [new]
    for vendor, product in ((world.acme, world.orbit), (world.globex, world.quill)):
        with inside(vendor):
            assert private_key(key_in_use(product)).is_private


def test_a_rotation_that_can_not_read_a_key_changes_nothing(world: World, settings: Any) -> None:
    settings.KEY_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with inside(world.acme):
        before = list(SigningKey.objects.values_list("encrypted_private_pem", flat=True))
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("rotate_key_encryption")
    with inside(world.acme):
        after = list(SigningKey.objects.values_list("encrypted_private_pem", flat=True))
    assert after == before


def test_the_product_file_command(world: World) -> None:
    out = StringIO()
    call_command("product_file", "acme", "Orbit", stdout=out)
    content = json.loads(out.getvalue())
    assert content["productId"] == str(world.orbit.pk)
    assert content["name"] == "Orbit"
    assert content["portal"] == "http://acme.portal.localhost:8000/"
    assert content["api"] == "http://api.portal.localhost:8000/v3/"
    assert content["publicKeys"][0]["pem"].startswith("-----BEGIN PUBLIC KEY-----")


def test_the_product_file_names_the_domain_that_links_lead_to(acme: World) -> None:
    acme.acme.canonical_domain = "licences.acme.example"
    acme.orbit.vendor = acme.acme
    assert product_file(acme.orbit)["portal"] == "http://licences.acme.example:8000/"


@pytest.mark.parametrize("arguments", [("nobody", "Orbit"), ("acme", "Quill")])
def test_the_product_file_of_nothing(world: World, arguments: tuple[str, str]) -> None:
    with pytest.raises(CommandError):
        call_command("product_file", *arguments)
