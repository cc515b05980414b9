"""The SDK as a vendor's program uses it. The test plays the portal with the vectors' keys."""

import json
import os
import re
import stat
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from offline.codec import ActivationRequest, DeactivationRequest, TrialRequest, parse_request
from portal_licensing import Feature, LicenseClient, Product, Status, errors, storage
from portal_licensing.storage import FILE_NAME, LOCK_NAME
from tests.offline.make_vectors import (
    MONTH,
    NOW,
    PRODUCT_ID,
    RECEIPT,
    public_entry,
    rs256,
    rsa_keys,
    rsa_pem,
)

KEYS = rsa_keys()
OWN, ROTATED, FOREIGN = KEYS["product"], KEYS["product-rotated"], KEYS["other-product"]
PRODUCT = Product.from_json(
    {
        "productId": PRODUCT_ID,
        "name": "Orbit",
        "publicKeys": [public_entry(OWN), public_entry(ROTATED)],
    }
)
FINGERPRINT = "f" * 64
HOUR = 3600
# What whoever reads a sentence is told to do.
WAY_OUT = re.compile(
    r"\b(ask|make|install|download|set|hand in|correct|activate|give|needs an update|let it make)\b"
)


class Clock:
    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(tmp_path: Path, clock: Clock) -> LicenseClient:
    return LicenseClient(PRODUCT, tmp_path / "data", fingerprint=FINGERPRINT, clock=clock)


def ask(client: LicenseClient, key: str = "A-LICENCE-KEY-0001") -> ActivationRequest:
    request = parse_request(client.request_activation(key, hostname="lab"))
    assert isinstance(request, ActivationRequest)
    return request


def response(request: ActivationRequest | TrialRequest, **changes: Any) -> str:
    """The portal's response to the request, changed as asked."""
    said = {
        "aid": "an-activation",
        "pid": PRODUCT_ID,
        "lid": "a-licence",
        "key": getattr(request, "key", ""),
        "fp": request.fingerprint,
        "iat": NOW,
        "eat": NOW + 12 * MONTH,
        "leat": 0,
        "orv": NOW + MONTH,
        "suspended": False,
        "ssgpeat": 0,
        "aco": 3600,
        "cnf": {"jkt": request.thumbprint},
        "req": str(request.jti),
    }
    return rs256(changes.pop("by", OWN), said | changes)


def receipt(request: DeactivationRequest, **changes: Any) -> str:
    said = {"aid": request.activation_id, "lid": "a-licence", "iat": NOW, "req": str(request.jti)}
    return rs256(OWN, said | changes, typ=RECEIPT)


def test_a_machine_is_activated_and_stays_valid(client: LicenseClient, clock: Clock) -> None:
    assert client.check().status is Status.NOT_ACTIVATED
    check = client.install(f"\n{response(ask(client))}\n")
    assert check.valid
    assert check.claims["aid"] == "an-activation"
    clock.now += MONTH * 2  # the response can't be installed any more; the licence is valid
    assert client.check().valid
    assert client.install(response(ask(client), orv=NOW + MONTH * 3)).valid


def test_a_program_asks_for_its_features(client: LicenseClient, clock: Clock) -> None:
    features = [
        {"name": "export", "enabled": False, "data": "4"},
        {"name": "sync", "enabled": True, "data": "3"},
    ]
    check = client.install(response(ask(client), pvff=features))
    assert check.feature("sync") == Feature(enabled=True, data="3")
    assert check.feature("export") == Feature(enabled=False, data="4")
    assert not check.feature("Sync").enabled
    assert client.check().feature("sync").enabled
    clock.now += MONTH * 13
    assert client.check().feature("sync") == Feature(enabled=False, data="")
    # A portal that tells of none, as those of before did.
    assert client.install(response(ask(client), orv=int(clock.now) + 60, eat=0)).valid
    assert not client.check().feature("sync").enabled


def test_the_same_response_twice_is_fine_even_late(client: LicenseClient, clock: Clock) -> None:
    text = response(ask(client))
    client.install(text)
    clock.now += MONTH + 1
    assert client.install(text).valid


def test_the_request_is_what_the_portal_reads(client: LicenseClient) -> None:
    text = client.request_activation(
        " A-LICENCE-KEY-0001 ",
        hostname="lab",
        app_version="4.2",
        user_hash="u",
        metadata={"room": "12"},
        meter_attributes={"pages": 3},
    )
    request = parse_request(text)
    assert isinstance(request, ActivationRequest)
    assert (request.key, request.hostname, request.app_version) == (
        "A-LICENCE-KEY-0001",
        "lab",
        "4.2",
    )
    assert (request.product_id, request.fingerprint) == (PRODUCT_ID, FINGERPRINT)
    assert (request.metadata[0].value, request.meter_attributes[0].uses) == ("12", 3)
    assert isinstance(parse_request(client.request_trial()), TrialRequest)


def test_a_trial_needs_no_key(client: LicenseClient) -> None:
    request = parse_request(client.request_trial())
    assert isinstance(request, TrialRequest)
    assert client.install(response(request)).valid


def test_another_request_keeps_the_machines_key(client: LicenseClient) -> None:
    first, second = ask(client), ask(client)
    assert first.thumbprint == second.thumbprint
    assert first.jti != second.jti
    assert client.install(response(first)).valid


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"by": FOREIGN}, errors.UnknownSigningKey),
        ({"pid": "another"}, errors.OtherProduct),
        ({"fp": "g" * 64}, errors.OtherMachine),
        ({"cnf": {"jkt": "x"}}, errors.OtherMachine),
        ({"cnf": None}, errors.OtherMachine),
        ({"key": "ANOTHER-KEY-000001"}, errors.OtherLicense),
        ({"orv": NOW}, errors.ResponseExpired),
        ({"orv": "soon"}, errors.InvalidResponse),
    ],
)
def test_what_is_refused_stores_nothing(
    client: LicenseClient, changes: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        client.install(response(ask(client), **changes))
    assert client.check().status is Status.NOT_ACTIVATED


def test_a_tampered_response_is_refused(client: LicenseClient) -> None:
    header, _payload, signature = response(ask(client)).split(".")
    payload = response(ask(client), eat=0).split(".")[1]
    for text in (f"{header}.{payload}.{signature}", "hello", "", "a.b.c", "x" * 70_000, "é.é.é"):
        with pytest.raises(errors.InvalidResponse):
            client.install(text)


def test_without_a_request_nothing_is_installed(client: LicenseClient, tmp_path: Path) -> None:
    other = LicenseClient(PRODUCT, tmp_path / "other", fingerprint=FINGERPRINT, clock=client.clock)
    with pytest.raises(errors.OtherMachine):
        other.install(response(ask(client)))


def test_a_rotated_key_is_known(client: LicenseClient) -> None:
    assert client.install(response(ask(client), by=ROTATED)).valid


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"eat": NOW}, Status.EXPIRED),
        ({"eat": NOW + 1}, Status.VALID),
        ({"eat": 0}, Status.VALID),
        ({"leat": NOW}, Status.LEASE_EXPIRED),
        ({"ssgpeat": NOW}, Status.SYNC_OVERDUE),
        ({"suspended": True}, Status.SUSPENDED),
        ({"iat": NOW + 14 * HOUR}, Status.VALID),
        ({"iat": NOW + 14 * HOUR + 1}, Status.NOT_YET),
        ({"iat": NOW + 20 * HOUR, "aco": 20 * HOUR}, Status.VALID),
    ],
)
def test_the_check_at_each_start(
    client: LicenseClient, changes: dict[str, Any], status: Status
) -> None:
    assert client.install(response(ask(client), **changes)).status is status
    assert status.sentence.endswith(".")


def test_a_copied_folder_is_of_another_machine(client: LicenseClient, clock: Clock) -> None:
    client.install(response(ask(client)))
    copy = LicenseClient(PRODUCT, client.storage.folder, fingerprint="g" * 64, clock=clock)
    assert copy.check().status is Status.OTHER_MACHINE


def test_a_changed_file_is_noticed_and_a_new_activation_helps(client: LicenseClient) -> None:
    client.install(response(ask(client)))
    path = client.storage.path
    content = json.loads(path.read_text())
    content["state"]["last_seen"] = 0
    path.write_text(json.dumps(content))
    assert client.check().status is Status.INVALID
    path.write_text("{")
    assert client.check().status is Status.INVALID
    assert client.install(response(ask(client))).valid


def test_the_file_belongs_to_its_owner_alone(client: LicenseClient) -> None:
    ask(client)
    assert stat.S_IMODE(os.stat(client.storage.path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(client.storage.folder).st_mode) == 0o700
    assert sorted(os.listdir(client.storage.folder)) == [FILE_NAME, LOCK_NAME]
    assert stat.S_IMODE(os.stat(client.storage.folder / LOCK_NAME).st_mode) == 0o600


def test_a_folder_that_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    client = LicenseClient(PRODUCT, tmp_path / "file", fingerprint=FINGERPRINT)
    with pytest.raises(errors.StorageUnavailable):
        ask(client)


def deactivate(client: LicenseClient) -> DeactivationRequest:
    request = parse_request(client.request_deactivation())
    assert isinstance(request, DeactivationRequest)
    return request


def test_a_deactivation_forgets_first_and_can_be_printed_again(client: LicenseClient) -> None:
    activation = ask(client)
    text = response(activation)
    client.install(text)
    request = deactivate(client)
    assert request.thumbprint == activation.thumbprint
    assert (request.activation_id, request.key) == ("an-activation", activation.key)
    assert client.check().status is Status.NOT_ACTIVATED
    assert deactivate(client) == request
    with pytest.raises(errors.OtherMachine):
        client.install(text)
    client.accept_receipt(receipt(request))
    with pytest.raises(errors.NoDeactivation):
        client.accept_receipt(receipt(request))
    with pytest.raises(errors.NotActivated):
        client.request_deactivation()


def test_after_a_deactivation_the_machine_has_a_new_key(client: LicenseClient) -> None:
    first = ask(client)
    old = response(first)
    client.install(old)
    deactivate(client)
    second = ask(client)
    assert second.thumbprint != first.thumbprint
    with pytest.raises(errors.OtherMachine):
        client.install(old)
    assert client.install(response(second)).valid


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"req": "x"}, errors.OtherReceipt),
        ({"aid": "x"}, errors.OtherReceipt),
        ({"lid": "x"}, errors.OtherReceipt),
    ],
)
def test_receipts_of_others(
    client: LicenseClient, changes: dict[str, str], error: type[Exception]
) -> None:
    client.install(response(ask(client)))
    request = deactivate(client)
    with pytest.raises(error):
        client.accept_receipt(receipt(request, **changes))
    client.accept_receipt(receipt(request))


def test_nothing_to_give_back(client: LicenseClient) -> None:
    with pytest.raises(errors.NotActivated):
        client.request_deactivation()


def test_the_fingerprint_is_stable_and_differs_by_product(tmp_path: Path) -> None:
    made = LicenseClient(PRODUCT, tmp_path).fingerprint
    assert made == LicenseClient(PRODUCT, tmp_path / "other").fingerprint
    assert len(made) == 64
    other = Product("another", "Other", PRODUCT.public_keys)
    assert LicenseClient(other, tmp_path).fingerprint != made


@pytest.mark.parametrize("bad", ["short", "x" * 257, "x" * 63 + "\n"])
def test_a_fingerprint_of_ones_own_has_a_form(tmp_path: Path, bad: str) -> None:
    with pytest.raises(errors.InvalidFingerprint):
        LicenseClient(PRODUCT, tmp_path, fingerprint=bad)


@pytest.mark.parametrize("key", ["", "   ", "a\x00b", "k" * 257])
def test_a_key_that_can_not_be_one(client: LicenseClient, key: str) -> None:
    with pytest.raises(errors.InvalidInput):
        client.request_activation(key)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"productId": "x", "name": "y", "publicKeys": []}',
        '{"productId": "x", "name": "y", "publicKeys": [{"kid": "a", "pem": "b"}]}',
    ],
)
def test_a_damaged_product_file(tmp_path: Path, content: str) -> None:
    (tmp_path / "product.json").write_text(content)
    with pytest.raises(errors.InvalidProductFile):
        Product.load(tmp_path / "product.json")


@pytest.mark.parametrize(
    ("bits", "is_taken"),
    [(512, False), (2047, False), (2048, True), (4096, True), (8192, True), (8193, False),
     (65_536, False)],
)  # fmt: skip
def test_keys_of_a_size_that_is_safe_and_quick_are_taken(bits: int, is_taken: bool) -> None:
    entry = {"kid": "a", "pem": rsa_pem(bits)}
    data = {"productId": "x", "name": "y", "publicKeys": [public_entry(OWN), entry]}
    if is_taken:
        assert Product.from_json(data).public_keys["a"].key_size == bits
        return
    with pytest.raises(errors.InvalidProductFile) as refused:
        Product.from_json(data)
    assert f"a public key has {bits} bits, and not 2048 to 8192" in str(refused.value)


def test_another_request_leaves_what_is_installed_alone(client: LicenseClient) -> None:
    client.install(response(ask(client)))
    ask(client, "ANOTHER-KEY-000001")
    client.request_trial()
    assert client.check().valid


def test_an_older_store_is_read(client: LicenseClient) -> None:
    """As version 0.1.0 wrote it, before it remembered what was signed when and for which key."""
    client.install(response(ask(client)))
    state = asdict(client.storage.read())
    del state["signed_at"], state["token_key"]
    content = {"state": state, "seal": storage._seal(state)}
    client.storage.path.write_text(json.dumps(content))
    assert client.check().valid


def test_every_error_has_a_code_and_a_sentence() -> None:
    kinds = errors.LicensingError.__subclasses__()
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert all(kind.code and kind.sentence.endswith(".") for kind in kinds)
    sentences = [kind.sentence for kind in kinds]
    sentences += [each.sentence for each in Status if each is not Status.VALID]
    assert [each for each in sentences if not WAY_OUT.search(each)] == []
