"""A vendor leaves as one file and enters another installation, row by row and file by file."""

import json
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.conf import settings as portal_settings
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import Tag
from audit.chain import verify
from licenses.models import License, SigningKey
from licenses.verbs.signing_keys import private_key
from mail.models import OutgoingEmail
from moving import tables
from moving.errors import ArchiveRefused
from moving.models import Move
from moving.sealed import PART, Sealing, opened
from moving.verbs import archives, moves
from tenancy.door import inside
from tenancy.models import Host, Vendor
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
class Left:
    """What was there when a vendor left, and the file."""

    world: World
    rows: dict[str, list[dict[str, Any]]]
    files: dict[str, bytes]
    head: str
    path: Path


def take_out(path: Path) -> Left:
    """Acme as a file, with rows in every table."""
    world = worlds.build()
    fill(world)
    with inside(world.acme):
        token = moves._encrypted("of a source")
        Move.objects.update(state="running", by_jobs=True, encrypted_token=token)
        email = OutgoingEmail.objects.order_by("pk")[0]
        OutgoingEmail.objects.filter(pk=email.pk).update(state="queued", due_at=worlds.NOW)
    with path.open("wb") as file:
        archives.leave(world.acme, file, PASSPHRASE)
    vendor_id = world.acme.pk
    head = verify(world.acme).head
    return Left(world, everything_of(vendor_id), files_of(vendor_id), head, path)


def empty(files: dict[str, bytes], vendor_id: UUID) -> None:
    """As another installation begins: without rows, without files."""
    rows.take_away()
    for name in files:
        Path(portal_settings.RELEASES_ROOT, str(vendor_id), name).unlink(missing_ok=True)


LEFT: list[Left] = []


@pytest.fixture
def left(
    request: pytest.FixtureRequest, transactional_db: None, tmp_path_factory: Any, settings: Any
) -> Iterator[Left]:
    """The file, which is made once, at another installation: an empty database, other keys, no
    files."""
    if not LEFT:
        LEFT.append(take_out(tmp_path_factory.mktemp("left") / "acme"))
        empty(LEFT[0].files, LEFT[0].world.acme.pk)
    settings.KEY_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    yield LEFT[0]
    empty(LEFT[0].files, LEFT[0].world.acme.pk)


# What is under way when a vendor leaves, and how it arrives.
AT_REST: dict[str, dict[str, Any]] = {
    "mail.OutgoingEmail": {"state": "not-needed", "due_at": None, "claim": None},
    "webhooks.Delivery": {"state": "given-up", "due_at": None, "claim": None},
    "moving.Move": {"state": "stopped", "encrypted_token": ""},
}


def at_rest(label: str, row: dict[str, Any]) -> dict[str, Any]:
    if label == "moving.Move":
        return {**row, **AT_REST[label], "finished_at": row["updated_at"]}
    return {**row, **AT_REST[label]} if row.get("due_at") and label in AT_REST else row


@pytest.mark.django_db(transaction=True)
def test_all_rows_and_files_arrive_and_once(left: Left) -> None:
    id = left.world.acme.pk
    vendor, counted = archives.enter(left.path, PASSPHRASE)
    there = everything_of(id)
    expected = {label: [at_rest(label, row) for row in rows] for label, rows in left.rows.items()}
    assert there == expected
    # Something of each was under way.
    assert {label for label in AT_REST if expected[label] != left.rows[label]} == AT_REST.keys()
    assert files_of(id) == left.files
    assert left.files
    assert counted == {label: len(rows) for label, rows in left.rows.items() if rows}
    # Every table of a vendor's has rows in it, so that none was compared with nothing.
    assert [label for label, rows in there.items() if not rows] == []
    after = verify(vendor)
    assert (after.faults, after.head) == ([], left.head)
    with inside(id):
        key = SigningKey.objects.get(product=left.world.orbit, retired_at=None)
        assert private_key(key).thumbprint() == key.kid
    with pytest.raises(ArchiveRefused, match="company id “acme” already"):
        archives.enter(left.path, PASSPHRASE)
    with inside(vendor):
        Host.objects.filter(name="acme").update(name="another")
    with pytest.raises(ArchiveRefused, match="already, under another company id"):
        archives.enter(left.path, PASSPHRASE)
    assert files_of(id) == left.files


@pytest.mark.django_db(transaction=True)
def test_an_id_that_is_somebody_elses_undoes_all(left: Left) -> None:
    globex = Vendor(company_id="globex", name="Globex")
    with inside(globex.pk):
        globex.save(force_insert=True)
        tag = left.rows["accounts.Tag"][0]
        Tag.objects.create(pk=tag["id"], vendor=globex, name="mine")
    with pytest.raises(ArchiveRefused, match="is here already"):
        archives.enter(left.path, PASSPHRASE)
    nothing_is_there(left)


def nothing_is_there(left: Left) -> None:
    assert vendor_by_id(left.world.acme.pk) is None
    assert files_of(left.world.acme.pk) == {}


@pytest.mark.django_db(transaction=True)
def test_what_is_cut_off_altered_or_of_another_version_changes_nothing(
    left: Left, tmp_path: Path, monkeypatch: Any
) -> None:
    whole = left.path.read_bytes()
    for spoilt in (whole[:-1], whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:]):
        path = tmp_path / "spoilt"
        path.write_bytes(spoilt)
        with pytest.raises(ArchiveRefused, match="cut off or altered"):
            archives.enter(path, PASSPHRASE)
        nothing_is_there(left)
    with pytest.raises(ArchiveRefused, match="passphrase is wrong"):
        archives.enter(left.path, "another passphrase")
    other = {**archives.schema(), "licenses": ["0001_initial"]}
    monkeypatch.setattr(archives, "schema", lambda: other)
    with pytest.raises(ArchiveRefused, match=r"another version of the portal \(licenses\)"):
        archives.enter(left.path, PASSPHRASE)
    nothing_is_there(left)


LINES = {
    "a row of another vendor's": {"table": "accounts.Tag", "row": {"vendor_id": "globex"}},
    "a table that is none": {"table": "accounts.Nothing", "row": {"vendor_id": "acme"}},
    "a table of nobody's": {"table": "auth.Group", "row": {"vendor_id": "acme"}},
    "a row that lacks fields": {"table": "accounts.Tag", "row": {"vendor_id": "acme"}},
    "a row that is none": {"table": "accounts.Tag", "row": []},
    "no row": {"table": "accounts.Tag"},
    "a file elsewhere": {"file": "../../x", "size": 0},
    "a file of another vendor's": {"file": "globex/x", "size": 0},
    "a file of no size": {"file": "acme/x"},
    "a file that is shorter": {"file": "acme/x", "size": 9999},
    "a file below nothing": {"file": "acme/x", "size": -1},
    "another count": {"end": {"accounts.Tag": 7}},
}


@pytest.mark.django_db(transaction=True)
def test_what_no_export_says_is_refused(tmp_path: Path, monkeypatch: Any) -> None:
    """Whoever has the passphrase can write whatever he likes; it is refused, and nothing stays."""
    ids = {"acme": str(uuid4()), "globex": str(uuid4())}
    schema = archives.schema()
    monkeypatch.setattr(archives, "schema", lambda: schema)  # slow, and the same each time
    about = {"format": 1, "schema": schema, "vendor": ids["acme"], "company": "acme"}
    for what, line in LINES.items():
        text = f"{json.dumps(about)}\n{json.dumps(line)}\n"
        for name, id in ids.items():
            text = text.replace(f'"vendor_id": "{name}"', f'"vendor_id": "{id}"')
            text = text.replace(f'"{name}/x"', f'"{id}/x"')
        table = line.get("table")
        end = {"end": {str(table): 1} if table else {"files": 1}}
        path = tmp_path / "made up"
        path.write_bytes(sealed(zlib.compress(f"{text}{json.dumps(end)}\n".encode())))
        with pytest.raises(ArchiveRefused):
            archives.enter(path, PASSPHRASE)
        assert vendor_by_id(ids["acme"]) is None, what
        folder = Path(portal_settings.RELEASES_ROOT, ids["acme"])
        assert not folder.exists() or not [*folder.iterdir()], what


@pytest.mark.django_db(transaction=True)
def test_the_commands_while_people_go_on(tmp_path: Path, monkeypatch: Any) -> None:
    """Somebody else writes into a licence while the file is made: it has all as it was before."""
    world = worlds.build()
    license, seen = world.grace_license, [""]
    path, secret = tmp_path / "acme", tmp_path / "secret"
    secret.write_text(f"{PASSPHRASE}\n")
    original = archives._told

    def told(vendor: Vendor, counted: Any) -> Iterator[bytes]:
        for part in original(vendor, counted):
            if seen and not seen.pop():
                with closing(another()) as other:
                    other.execute(
                        "UPDATE licenses_license SET notes = 'Meanwhile.' "
                        f"WHERE id = '{id_in_sql(license.pk)}'"
                    )
            yield part

    monkeypatch.setattr(archives, "_told", told)
    path.with_name("acme.part").write_bytes(b"of a run that was killed")
    call_command("export_vendor", "acme", "--to", str(path), "--passphrase-file", str(secret))
    assert [each.name for each in sorted(tmp_path.iterdir())] == ["acme", "secret"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"ada@example.com" not in path.read_bytes()
    with inside(world.acme):
        assert License.objects.get(pk=license.pk).notes == "Meanwhile."
    with pytest.raises(CommandError, match="there already"):
        call_command("export_vendor", "acme", "--to", str(path), "--passphrase-file", str(secret))
    monkeypatch.setenv("VENDOR_PASSPHRASE", "another passphrase")
    with pytest.raises(CommandError, match=r"^The passphrase is wrong\.$"):
        call_command("import_vendor", str(path))
    monkeypatch.setenv("VENDOR_PASSPHRASE", "short")
    with pytest.raises(CommandError, match="at least 12 characters"):
        call_command("import_vendor", str(path))
    empty(files_of(world.acme.pk), world.acme.pk)
    call_command("import_vendor", str(path), "--passphrase-file", str(secret))
    call_command("verify_audit", "acme")
    with inside(world.acme):
        assert License.objects.get(pk=license.pk).notes == "Grace of Acme only"
    assert not connection.in_atomic_block


@pytest.mark.django_db(transaction=True)
def test_a_secret_that_no_key_opens_is_named(
    tmp_path: Path, settings: Any, monkeypatch: Any
) -> None:
    world = worlds.build()
    monkeypatch.setenv("VENDOR_PASSPHRASE", PASSPHRASE)
    settings.KEY_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(CommandError, match=r"licenses\.SigningKey was encrypted by none of"):
        call_command("export_vendor", world.acme.company_id, "--to", str(tmp_path / "acme"))
    assert not [*tmp_path.iterdir()]


# --- Which tables -------------------------------------------------------------------------------


def test_every_table_goes_along_or_is_named_with_a_reason() -> None:
    """Also one that leads to a vendor by another table alone, which would be walked past."""
    walked = {model._meta.label for model in tables.vendors_tables()}
    named = tables.LEFT_OUT.keys() | tables.OF_NOBODY.keys()
    there = {
        model._meta.label
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy
    }
    assert there == walked | named
    assert walked.isdisjoint(named)


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
