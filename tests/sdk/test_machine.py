"""What a program knows its machine by, and what it tells of it."""

import uuid
from pathlib import Path

import pytest

from offline.codec import ActivationRequest, parse_request
from portal_licensing import LicenseClient, cli, errors, machine
from tests.sdk.test_client import PRODUCT

OWN = "0123456789abcdef0123456789abcdef"
CARD = 0x001B638445E6
# Numbers that are another one at the next start, or the same on every machine.
NO_CARDS = {
    "made up by Python": CARD | 1 << 40,
    "made up anew": 0xFBC23B5CADDA,
    "of a container": 0x0242AC110002,
    "of a card, hidden for privacy": 0xDA38A1B2C3D4,
    "of a virtual machine": 0x525400123456,
}
MADE_UP = NO_CARDS["made up by Python"]


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A Linux whose files are these, with a network card."""
    found: dict[str, str] = {}
    monkeypatch.setattr(machine.sys, "platform", "linux")
    monkeypatch.setattr(machine, "_read", lambda path: found.get(path, ""))
    monkeypatch.setattr(uuid, "getnode", lambda: CARD)
    return found


def test_the_systems_own_id(files: dict[str, str]) -> None:
    files["/etc/machine-id"] = OWN
    files["/var/lib/dbus/machine-id"] = "another"
    assert machine._identity() == OWN


@pytest.mark.parametrize(
    "nothing",
    [
        "",
        "uninitialized",
        "Uninitialized",
        "0" * 32,
        "f" * 32,
        "F" * 32,
        "1" * 32,
        "0000-0000",
        "00000000-0000-0000-0000-000000000000",
        "42000000000000000000000000000042",
    ],
)
def test_what_is_no_id(files: dict[str, str], nothing: str) -> None:
    files["/etc/machine-id"] = nothing
    assert machine._identity() == "node:001b638445e6"
    files["/var/lib/dbus/machine-id"] = OWN
    assert machine._identity() == OWN
    files["/var/lib/dbus/machine-id"] = nothing
    assert machine._identity() == "node:001b638445e6"


@pytest.mark.parametrize("node", NO_CARDS.values(), ids=NO_CARDS)
def test_a_random_node_number_is_refused_and_not_a_new_machine_at_each_start(
    files: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, node: int
) -> None:
    monkeypatch.setattr(uuid, "getnode", lambda: node)
    with pytest.raises(errors.NoMachineId) as refusal:
        LicenseClient(PRODUCT, tmp_path)
    assert "systemd-machine-id-setup" in str(refusal.value)
    assert LicenseClient(PRODUCT, tmp_path, fingerprint="f" * 64).fingerprint == "f" * 64
    files["/etc/machine-id"] = OWN
    assert len(LicenseClient(PRODUCT, tmp_path).fingerprint) == 64


def test_the_command_says_so(
    files: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(uuid, "getnode", lambda: MADE_UP)
    monkeypatch.setattr(cli.Product, "load", lambda path: PRODUCT)
    assert cli.main(["--storage", str(tmp_path), "fingerprint"]) == 1
    assert "[NO_MACHINE_ID]" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("lab", "lab"),
        ("h" * 300, "h" * 256),
        ("é" * 300, "é" * 256),
        (b"caf\xe9".decode("utf-8", "surrogateescape"), "caf\ufffd"),
        ("a\x00b\nc", "a\ufffdb\ufffdc"),
        ("\x9b1m", "\ufffd1m"),
        ("", ""),
        ("Rechner von Jürgen 🖥", "Rechner von Jürgen 🖥"),
    ],
)
def test_a_host_name_is_cut_and_not_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, kept: str
) -> None:
    monkeypatch.setattr(machine.socket, "gethostname", lambda: told)
    monkeypatch.setattr(machine, "system_version", lambda: told)
    client = LicenseClient(PRODUCT, tmp_path, fingerprint="f" * 64)
    for facts in ({}, {"hostname": told}):
        request = parse_request(client.request_activation("A-KEY", app_version=told, **facts))
        assert isinstance(request, ActivationRequest)
        assert (request.hostname, request.os_version, request.app_version) == (kept, kept, kept)


@pytest.mark.parametrize("error", [OSError("none"), UnicodeDecodeError("idna", b"x", 0, 1, "odd")])
def test_a_host_name_that_can_not_be_read_is_empty(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail() -> str:
        raise error

    monkeypatch.setattr(machine.socket, "gethostname", fail)
    assert machine.hostname() == ""


def test_the_sdk_is_written_for_python_3_9() -> None:
    import ast

    folder = Path(machine.__file__).parent
    for path in folder.glob("*.py"):
        ast.parse(path.read_text(), feature_version=(3, 9))
        assert "datetime import UTC" not in path.read_text()
