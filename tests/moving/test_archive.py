"""A vendor leaves as one file and enters another installation, row by row and file by file."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.conf import settings as portal_settings
from django.core.management import CommandError, call_command
from django.db import connection

from audit.chain import verify
from licenses.models import License, SigningKey
from licenses.verbs.signing_keys import private_key
from mail.models import OutgoingEmail
from moving import tables
from moving.errors import ArchiveRefused
from moving.sealed import PART, Sealing, opened
from moving.verbs import archives
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.table import vendor_by_id
from tests import rows
from tests import world as worlds
from tests.conftest import ON_POSTGRESQL
from tests.filled import fill
from tests.others import another
from tests.world import World

PASSPHRASE = "a passphrase that is long"
CHEAP = 14  # of scrypt


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: Any) -> None:
    monkeypatch.setattr(Sealing.__init__, "__kwdefaults__", {"cost": CHEAP})


def id_in_sql(id: UUID) -> str:
    return str(id) if ON_POSTGRESQL else id.hex


def everything_of(vendor_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Every row of the vendor with its secrets in clear, by table."""
    with inside(vendor_id):
        return {
            model._meta.label: [
                tables.told(row, secrets=True) for row in tables.rows_of(model, vendor_id)
            ]
            for model in tables.vendors_tables()
        }


def files_of(vendor_id: UUID) -> dict[str, bytes]:
    folder = Path(portal_settings.RELEASES_ROOT, str(vendor_id))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@dataclass
class Taken:
    """What was there when it left, and the file."""

    world: World
    rows: dict[str, list[dict[str, Any]]]
    files: dict[str, bytes]
    path: Path


def take_out(path: Path) -> Taken:
    """Acme as a file, from a database in which nothing is left of anybody afterwards."""
    world = worlds.build()
    fill(world)
    with inside(world.acme):
        OutgoingEmail.objects.filter(state__in=archives.UNDER_WAY).update(
            state="not-needed", due_at=None, claim=None
        )
    with path.open("wb") as file:
        archives.leave(world.acme, file, PASSPHRASE)
    taken = Taken(world, everything_of(world.acme.pk), files_of(world.acme.pk), path)
    return taken


def elsewhere(taken: Taken, settings: Any) -> None:
    """Another installation: an empty database, other keys, no files."""
    rows.take_away()
    settings.KEY_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    for name in taken.files:
        Path(portal_settings.RELEASES_ROOT, str(taken.world.acme.pk), name).unlink()


@pytest.mark.django_db(transaction=True)
def test_all_rows_and_files_arrive(tmp_path: Path, settings: Any) -> None:
    taken = take_out(tmp_path / "acme")
    ids = taken.world.acme.pk
    before = verify(taken.world.acme)
    elsewhere(taken, settings)
    _vendor, counted = archives.enter(taken.path, PASSPHRASE)
    there = everything_of(ids)
    assert there == taken.rows
    assert files_of(ids) == taken.files
    assert taken.files
    assert counted == {label: len(rows) for label, rows in taken.rows.items() if rows}
    # Every table of a vendor's has rows in it, so that none was compared with nothing.
    assert [label for label, rows in there.items() if not rows] == []
    after = verify(taken.world.acme)
    assert (after.faults, after.head) == ([], before.head)
    with inside(ids):
        key = SigningKey.objects.get(product=taken.world.orbit, retired_at=None)
        assert private_key(key).thumbprint() == key.kid


@pytest.mark.django_db(transaction=True)
def test_what_is_there_already_is_refused(tmp_path: Path, settings: Any) -> None:
    taken = take_out(tmp_path / "acme")
    with pytest.raises(ArchiveRefused, match="company id “acme” already"):
        archives.enter(taken.path, PASSPHRASE)
    assert files_of(taken.world.acme.pk) == taken.files


@pytest.mark.django_db(transaction=True)
def test_an_id_that_is_somebody_elses_undoes_all(tmp_path: Path, settings: Any) -> None:
    taken = take_out(tmp_path / "acme")
    elsewhere(taken, settings)
    globex = Vendor(company_id="globex", name="Globex")
    with inside(globex.pk):
        globex.save(force_insert=True)
        tag = taken.rows["accounts.Tag"][0]
        model = apps.get_model("accounts.Tag")
        model._default_manager.create(pk=tag["id"], vendor=globex, name="mine")
    with pytest.raises(ArchiveRefused, match="is here already"):
        archives.enter(taken.path, PASSPHRASE)
    assert vendor_by_id(taken.world.acme.pk) is None
    assert files_of(taken.world.acme.pk) == {}


@pytest.mark.django_db(transaction=True)
def test_the_commands(tmp_path: Path, settings: Any, monkeypatch: Any) -> None:
    world = worlds.build()
    path, secret = tmp_path / "acme", tmp_path / "secret"
    secret.write_text(f"{PASSPHRASE}\n")
    call_command("export_vendor", "acme", "--to", str(path), "--passphrase-file", str(secret))
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"ada@example.com" not in path.read_bytes()
    with pytest.raises(CommandError, match="there already"):
        call_command("export_vendor", "acme", "--to", str(path), "--passphrase-file", str(secret))
    monkeypatch.setenv("VENDOR_PASSPHRASE", "another passphrase")
    with pytest.raises(CommandError, match=r"^The passphrase is wrong\.$"):
        call_command("import_vendor", str(path))
    monkeypatch.setenv("VENDOR_PASSPHRASE", "short")
    with pytest.raises(CommandError, match="at least 12 characters"):
        call_command("import_vendor", str(path))
    rows.take_away()
    for name in files_of(world.acme.pk):
        Path(portal_settings.RELEASES_ROOT, str(world.acme.pk), name).unlink()
    call_command("import_vendor", str(path), "--passphrase-file", str(secret))
    call_command("verify_audit", "acme")


@pytest.mark.django_db(transaction=True)
def test_another_version_is_named(tmp_path: Path, monkeypatch: Any) -> None:
    taken = take_out(tmp_path / "acme")
    ours = archives.schema()
    other = {**ours, "licenses": ["0001_initial"]}
    monkeypatch.setattr(archives, "schema", lambda: other)
    with pytest.raises(ArchiveRefused, match=r"another version of the portal \(licenses\)"):
        archives.enter(taken.path, PASSPHRASE)


@pytest.mark.django_db(transaction=True)
def test_an_email_under_way_is_sent_by_the_source_alone(tmp_path: Path, settings: Any) -> None:
    world = worlds.build()
    with inside(world.acme):
        email = OutgoingEmail.objects.create(
            vendor=world.acme, kind="x", recipient="a@b.example", due_at=worlds.NOW
        )
    path = tmp_path / "acme"
    with path.open("wb") as file:
        archives.leave(world.acme, file, PASSPHRASE)
    files = files_of(world.acme.pk)
    elsewhere(Taken(world, {}, files, path), settings)
    archives.enter(path, PASSPHRASE)
    with inside(world.acme):
        found = OutgoingEmail.objects.get(pk=email.pk)
    assert (found.state, found.due_at) == ("not-needed", None)


@pytest.mark.django_db(transaction=True)
def test_what_is_done_meanwhile_is_not_in_it(tmp_path: Path, settings: Any) -> None:
    """Somebody else writes into a licence while the file is made: it has all as it was before."""
    world = worlds.build()
    license = world.grace_license
    seen: list[str] = []

    def change() -> None:
        with closing(another()) as other:
            other.execute(
                f"UPDATE licenses_license SET notes = 'Meanwhile.' WHERE id = '{id_in_sql(license.pk)}'"
            )

    original = archives._told

    def told(vendor: Vendor, counted: Any) -> Iterator[bytes]:
        for part in original(vendor, counted):
            if not seen:
                seen.append("")
                change()
            yield part

    path = tmp_path / "acme"
    with pytest.MonkeyPatch.context() as patch, path.open("wb") as file:
        patch.setattr(archives, "_told", told)
        archives.leave(world.acme, file, PASSPHRASE)
    with inside(world.acme):
        assert License.objects.get(pk=license.pk).notes == "Meanwhile."
    elsewhere(Taken(world, {}, files_of(world.acme.pk), path), settings)
    archives.enter(path, PASSPHRASE)
    with inside(world.acme):
        assert License.objects.get(pk=license.pk).notes == "Grace of Acme only"
    assert not connection.in_atomic_block


# --- Which tables -------------------------------------------------------------------------------


def test_every_table_with_a_vendor_goes_along_or_is_named() -> None:
    leading = {
        model._meta.label
        for model in apps.get_models()
        if not model._meta.proxy and any(one.column == "vendor_id" for one in model._meta.fields)
    }
    walked = {model._meta.label for model in tables.vendors_tables()}
    assert walked == (leading - tables.LEFT_OUT.keys()) | {"tenancy.Vendor"}
    assert tables.LEFT_OUT.keys() <= leading


def test_what_is_encrypted_at_rest_is_known_by_its_name() -> None:
    """`told` takes the encryption off by the beginning of a field's name."""
    sealed = {
        f"{model._meta.label}.{one.name}"
        for model in tables.vendors_tables()
        for one in model._meta.concrete_fields
        if "encrypted" in one.name
    }
    assert all(name.rpartition(".")[2].startswith(tables.SEALED) for name in sealed)
    assert "licenses.SigningKey.encrypted_private_pem" in sealed


# --- The seal -----------------------------------------------------------------------------------


def sealed(data: bytes) -> bytes:
    file = BytesIO()
    sealing = Sealing(file, PASSPHRASE, cost=CHEAP)
    sealing.write(data)
    sealing.close()
    return file.getvalue()


def read(data: bytes, passphrase: str = PASSPHRASE) -> bytes:
    return b"".join(opened(BytesIO(data), passphrase))


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, 3 * PART])
def test_what_is_sealed_is_opened(size: int) -> None:
    data = bytes(at % 251 for at in range(size))
    assert read(sealed(data)) == data


START = 16 + 1 + 16 + 7 + 16  # where the first part begins
WHOLE = 5 + PART + 16  # bytes of a whole part


def spoilt() -> Iterator[tuple[str, bytes]]:
    whole = sealed(bytes(3 * PART))
    first, second = whole[START : START + WHOLE], whole[START + WHOLE : START + 2 * WHOLE]
    rest = whole[START + 2 * WHOLE :]
    head = whole[:START]
    yield "cut off in a part", whole[:-1]
    yield "cut off after a part", head + first + second
    yield "cut off after the head", head
    yield "turned round", head + second + first + rest
    yield "left out", head + second + rest
    yield "twice", head + first + first + second + rest
    yield "something after it", whole + b"x"
    yield "the last one twice", whole + rest
    yield "said to be the last", head + b"\x01" + first[1:]
    yield "a bit in a part", whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:]
    yield "a bit in the salt", whole[:20] + bytes([whole[20] ^ 1]) + whole[21:]
    yield "another cost", whole[:16] + bytes([CHEAP + 1]) + whole[17:]
    yield "an unbearable cost", whole[:16] + b"\xff" + whole[17:]
    yield "of another file", head + sealed(bytes(3 * PART))[START:]
    yield "nothing", b""
    yield "something else", b"PK\x03\x04" + bytes(100)


@pytest.mark.parametrize("what", [name for name, _data in spoilt()])
def test_what_is_altered_is_refused(what: str) -> None:
    with pytest.raises(ArchiveRefused):
        read(dict(spoilt())[what])


def test_another_passphrase_is_told_from_damage() -> None:
    with pytest.raises(ArchiveRefused, match="passphrase is wrong"):
        read(sealed(b"x"), "another passphrase")
