"""`manage.py backup`, `verify_backup` and `restore`: every row and file, or a clear sentence."""

import json
import os
import resource
import shutil
import signal
import sqlite3
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection

from licenses.verbs.signing_keys import rotate_key_encryption
from portal.backup import databases, keys, manifest, reading, writing
from portal.backup.errors import Fault
from releases.files.shelf import local_path, shelf_for
from releases.models import Release
from releases.verbs import publishing
from tenancy.door import inside
from tests.conftest import ON_POSTGRESQL
from tests.postgres import OWNER, TEMPLATE, WEB
from tests.world import World, file_of

pytestmark = pytest.mark.by_database
EMPTY = "portal_restored"


def backup(folder: Path, **options: Any) -> str:
    told = StringIO()
    options = {"keys_kept_elsewhere": True, **options} if "keys" not in options else options
    call_command("backup", str(folder), stdout=told, stderr=told, **options)
    return told.getvalue()


def verified(folder: Path, **options: Any) -> str:
    told = StringIO()
    call_command("verify_backup", str(folder), stdout=told, stderr=told, **options)
    return told.getvalue()


def restored(entry: dict[str, Any], folder: Path, **options: Any) -> list[str]:
    told: list[str] = []
    options = {"replace": False, "without_keys": False, **options}
    reading.restore(entry, reading.backup_at(folder), say=told.append, **options)
    return told


@pytest.fixture
def empty(db: None, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Another database, as deploy/postgresql.sql makes it or an SQLite file without tables."""
    entry = connection.settings_dict
    if not ON_POSTGRESQL:
        path = tmp_path / "restored.sqlite3"
        path.touch(0o600)
        yield {**entry, "NAME": str(path)}
        return
    where = {"host": entry["HOST"], "port": entry["PORT"], "user": entry["USER"]}
    with psycopg.connect(**where, dbname="postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {EMPTY} OWNER {OWNER} TEMPLATE {TEMPLATE}")
        try:
            yield {**entry, "NAME": EMPTY, "USER": OWNER, "PASSWORD": OWNER}
        finally:
            server.execute(f"DROP DATABASE {EMPTY} WITH (FORCE)")


@pytest.fixture
def elsewhere(settings: Any, tmp_path: Path) -> Path:
    """An empty folder in which release files are from now on."""
    folder = tmp_path / "elsewhere"
    of_files = {**settings.STORAGES["releases"], "OPTIONS": {"location": str(folder)}}
    settings.STORAGES = {**settings.STORAGES, "releases": of_files}
    return folder


def rows_of(entry: dict[str, Any]) -> dict[str, list[str]]:
    """Every row of every table, as whoever may read all of them sees it."""
    if not ON_POSTGRESQL:
        with sqlite3.connect(entry["NAME"]) as database:
            names = [name for (name,) in database.execute(databases.sqlite.TABLES)]
            found = {n: sorted(map(repr, database.execute(f'SELECT * FROM "{n}"'))) for n in names}
        database.close()
        return found
    settings = connection.settings_dict
    where = {"host": settings["HOST"], "port": settings["PORT"], "user": settings["USER"]}
    with psycopg.connect(**where, dbname=entry["NAME"]) as database:
        tables = [name for (name,) in database.execute(databases.postgresql.TABLES).fetchall()]
        return {
            n: sorted(map(repr, database.execute(f'SELECT * FROM public."{n}"'))) for n in tables
        }


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def changed(folder: Path, change: Any) -> None:
    """Changes what the manifest says, without its key."""
    path = folder / manifest.NAME
    told = json.loads(path.read_text())
    change(told)
    path.write_text(json.dumps(told))


# --- It works -----------------------------------------------------------------------------------


def test_every_row_and_file_comes_back(
    filled: World, empty: dict[str, Any], elsewhere: Path, tmp_path: Path, settings: Any
) -> None:
    there = Path(settings.RELEASES_ROOT)
    for key in [each.key for each in files_of(filled)]:
        (elsewhere / key).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(there / key, elsewhere / key)
    expected = files_in(elsewhere)
    assert len(expected) == 2
    told = backup(tmp_path / "backups", keys=tmp_path / "keys")
    assert "2 release files" in told
    shutil.rmtree(elsewhere)
    assert restored(empty, tmp_path / "backups") == []
    assert files_in(elsewhere) == expected
    found = rows_of(empty)
    assert found == rows_of(connection.settings_dict)
    assert len(found["accounts_session"]) > 0
    assert len(found["audit_auditentry"]) > 10
    if ON_POSTGRESQL:
        check_the_wall(filled, empty)


def check_the_wall(world: World, restored: dict[str, Any]) -> None:
    """Tables are the owner's, and the web role sees one vendor's rows."""
    where = {"host": restored["HOST"], "port": restored["PORT"], "dbname": EMPTY}
    with psycopg.connect(**where, user=WEB, password=WEB) as web:
        assert web.execute("SELECT count(*) FROM licenses_license").fetchone() == (0,)
        web.execute("SELECT set_config('portal.vendor', %s, false)", [str(world.acme.pk)])
        vendors = web.execute("SELECT DISTINCT vendor_id FROM licenses_license").fetchall()
        assert vendors == [(world.acme.pk,)]
        asked = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
        assert web.execute(asked).fetchall() == [(OWNER,)]
        walls = "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"
        there = set(web.execute(walls).fetchall())
    with connection.cursor() as cursor:
        cursor.execute(walls)
        assert there == set(cursor.fetchall())
    assert len(there) > 20


def files_of(world: World) -> list[Any]:
    found = []
    for vendor, release in ((world.acme, world.orbit_release), (world.globex, world.quill_release)):
        with inside(vendor):
            found.append(file_of(release))
    return found


def test_what_is_there_already_is_replaced_when_that_is_said(
    world: World, empty: dict[str, Any], tmp_path: Path
) -> None:
    backup(tmp_path / "backups")
    restored(empty, tmp_path / "backups")
    before = rows_of(empty)
    with pytest.raises(Fault, match="has tables already"):
        restored(empty, tmp_path / "backups")
    assert restored(empty, tmp_path / "backups", replace=True) == []
    assert rows_of(empty) == before


def test_everything_is_for_its_owner_alone(world: World, tmp_path: Path) -> None:
    backup(tmp_path / "backups", keys=tmp_path / "keys")
    made = [tmp_path / "keys", tmp_path / "backups", *(tmp_path / "backups").rglob("*")]
    assert len(made) > 6
    modes = {oct(stat.S_IMODE(path.stat().st_mode)) for path in made if path.is_file()}
    assert modes == {"0o600"}
    assert {oct(stat.S_IMODE(path.stat().st_mode)) for path in made if path.is_dir()} == {"0o700"}


def test_only_the_newest_are_kept_and_share_what_has_not_changed(
    world: World, tmp_path: Path, frozen_time: Any
) -> None:
    left = tmp_path / f"{writing.UNFINISHED}of-a-killed-run"
    left.mkdir()
    for _day in range(3):
        backup(tmp_path, keep=2)
        frozen_time.shift(86400)
    first, second = writing.backups_in(tmp_path)
    assert first.name == "portal-20261126T120000Z"
    assert second.name == "portal-20261125T120000Z"
    assert len(list(tmp_path.iterdir())) == 2
    [one, *_more] = (first / manifest.FILES).rglob("*/*")
    assert one.stat().st_nlink == 2
    assert "is whole" in verified(tmp_path)


# --- While people work --------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_file_that_goes_meanwhile_is_named_no_more(world: World, tmp_path: Path) -> None:
    """The first file is a pipe, which is read when the test says so: by then a draft that was dumped
    has lost its file."""
    first = min(each.key for each in files_of(world))
    with inside(world.acme):
        draft = Release(vendor=world.acme, product=world.orbit, name="Orbit", version="9.0.0")
        draft.platforms = ["linux-x64"]
        publishing.save_draft(draft)
        with shelf_for(world.acme.pk) as shelf:
            while (stored := shelf.store(BytesIO(b"x"))).key < first:
                pass  # Files are copied in the order of their keys.
            publishing.add_files(draft, [("a.bin", stored)])
    path = local_path(first)
    assert path
    content = path.read_bytes()
    path.unlink()
    os.mkfifo(path)
    with ThreadPoolExecutor(1) as pool:
        writing_it = pool.submit(writing.write, connection.settings_dict, tmp_path)
        with path.open("wb") as pipe:
            with inside(world.acme):
                publishing.remove_file(file_of(draft))
            pipe.write(content)
        made = writing_it.result(20)
    assert stored.key not in {reading._key(part) for part in made.manifest.files}
    assert made.manifest.faults == []
    assert "is whole" in verified(made.folder)


# --- Keys ---------------------------------------------------------------------------------------


def test_a_backup_says_where_its_keys_are_kept(world: World, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Say --keys FILE"):
        call_command("backup", str(tmp_path / "backups"))
    assert not (tmp_path / "backups").exists()
    with pytest.raises(CommandError, match="lies among the back-ups"):
        backup(tmp_path / "backups", keys=tmp_path / "backups" / "keys")
    assert list((tmp_path / "backups").iterdir()) == []
    assert "kept ELSEWHERE" in backup(tmp_path / "backups")


def test_kept_keys_open_a_backup_and_older_ones_stay(
    filled: World, tmp_path: Path, settings: Any
) -> None:
    file, [old] = tmp_path / "keys", settings.KEY_ENCRYPTION_KEYS
    backup(tmp_path / "old", keys=file)
    new = Fernet.generate_key().decode()
    settings.KEY_ENCRYPTION_KEYS = [new, old]
    backup(tmp_path / "both", keys=file)
    assert keys.read(file) == [new, old]
    settings.KEY_ENCRYPTION_KEYS = [new]
    assert f"opens with {file}" in verified(tmp_path / "old", keys=file)
    assert f"opens with {file}" in verified(tmp_path / "both", keys=file)
    with pytest.raises(CommandError, match=f"missing have the ids: {keys.id_of(old)}"):
        verified(tmp_path / "both")


def test_keys_that_open_nothing_are_said_by_backup_and_by_restore(
    filled: World, empty: dict[str, Any], tmp_path: Path, settings: Any
) -> None:
    good = settings.KEY_ENCRYPTION_KEYS
    backup(tmp_path / "good")
    settings.KEY_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(Fault, match=r"VALUES IN THIS BACK-UP OPEN BY NONE .* Nothing was changed"):
        restored(empty, tmp_path / "good")
    assert rows_of(empty) == {}
    with pytest.raises(CommandError, match=r"is made, but: \d+ ENCRYPTED VALUES OPEN BY NONE"):
        backup(tmp_path / "bad")
    settings.KEY_ENCRYPTION_KEYS = good
    with pytest.raises(CommandError, match="nobody knows which"):
        verified(tmp_path / "bad")
    [fault, shut] = restored(empty, tmp_path / "bad", without_keys=True)
    assert "licenses_signingkey.encrypted_private_pem: 3" in fault
    assert "OPEN BY NONE" in shut


def test_every_encrypted_column_is_known(filled: World, tmp_path: Path) -> None:
    """Rotating reads all that is encrypted; so does a back-up."""
    made = writing.write(connection.settings_dict, tmp_path)
    rotated = sum(rotate_key_encryption().values())
    assert sum(made.manifest.keys.values()) == rotated > 4


# --- What is wrong with a back-up ---------------------------------------------------------------


@pytest.fixture
def made(world: World, tmp_path: Path) -> Path:
    return writing.write(connection.settings_dict, tmp_path / "backups").folder


def cut_short(folder: Path) -> None:
    dump = next(folder.glob("database.*"))
    os.truncate(dump, dump.stat().st_size - 1)


def alter(folder: Path) -> None:
    file = next((folder / manifest.FILES).rglob("*/*"))
    file.write_bytes(b"!" + file.read_bytes()[1:])


def lose_a_file(folder: Path) -> None:
    next((folder / manifest.FILES).rglob("*/*")).unlink()


def lose_the_manifest(folder: Path) -> None:
    (folder / manifest.NAME).unlink()


def break_the_manifest(folder: Path) -> None:
    os.truncate(folder / manifest.NAME, 100)


def say_fewer_rows(folder: Path) -> None:
    changed(folder, lambda told: told["contents"]["tables"]["accounts_user"].update(rows=1))


def come_from_a_newer_version(folder: Path) -> None:
    changed(folder, lambda told: told.update(format=2))


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (cut_short, "bytes, and had"),
        (alter, "has been changed"),
        (lose_a_file, "is missing"),
        (lose_the_manifest, "is no back-up, or not a whole one"),
        (break_the_manifest, "can't be read"),
        (say_fewer_rows, "is not what was sealed"),
        (come_from_a_newer_version, "A newer version of the portal"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_changed(
    made: Path, empty: dict[str, Any], elsewhere: Path, harm: Any, told: str
) -> None:
    harm(made)
    with pytest.raises(CommandError, match=told):
        verified(made)
    with pytest.raises(Fault, match=told):
        restored(empty, made)
    assert rows_of(empty) == {}
    assert not elsewhere.exists()


def sealed_anew(folder: Path, change: Any) -> None:
    """As somebody would who has the key."""
    [(key_id, key)] = keys.at_hand().items()
    found = json.loads((folder / manifest.NAME).read_text())["contents"]
    change(found)
    text = manifest.written(manifest._checked(found), key_id, key)
    (folder / manifest.NAME).write_text(text)


def test_a_backup_of_a_newer_version_or_another_database_is_refused(
    made: Path, empty: dict[str, Any]
) -> None:
    sealed_anew(made, lambda told: told["migrations"].append(["licenses", "9999_of_tomorrow"]))
    with pytest.raises(Fault, match=r"it has licenses\.9999_of_tomorrow"):
        restored(empty, made)
    sealed_anew(made, lambda told: told["migrations"].pop())
    other = {"sqlite": "tenancy.postgresql", "postgresql": "tenancy.sqlite"}[connection.vendor]
    with pytest.raises(Fault, match="and DATABASE_URL names"):
        restored({**empty, "ENGINE": other}, made)
    assert rows_of(empty) == {}


def test_a_restored_row_that_differs_takes_everything_back(
    made: Path, empty: dict[str, Any], elsewhere: Path
) -> None:
    """In the last step, when all rows and files are there."""
    wrong = {"rows": 1, "digest": "1"}
    sealed_anew(made, lambda told: told["tables"].update(accounts_user=wrong))
    with pytest.raises(Fault, match="accounts_user"):
        restored(empty, made)
    assert rows_of(empty) == {}
    assert files_in(elsewhere) == {}


def test_a_missing_release_file_is_told_and_the_rest_is_kept(
    world: World, elsewhere: Path, tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match="is made, but: Release files are missing"):
        backup(tmp_path)
    told = verified(tmp_path)
    assert "is whole" in told
    assert "When it was made: Release files are missing" in told


@pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite has no roles")
def test_roles_that_see_or_may_too_little_are_told_of(
    made: Path, empty: dict[str, Any], tmp_path: Path
) -> None:
    web = {**connection.settings_dict, "USER": WEB, "PASSWORD": WEB}
    with pytest.raises(Fault, match="CREATE ROLE portal_backup"):
        writing.write(web, tmp_path / "of-web")
    assert list((tmp_path / "of-web").iterdir()) == []
    with pytest.raises(Fault, match="can't make tables in this database"):
        restored({**empty, "USER": WEB, "PASSWORD": WEB}, made)


# --- Disks and signals --------------------------------------------------------------------------


def test_nothing_is_left_on_a_full_disk(world: World, tmp_path: Path) -> None:
    """Files may have 100 KB from here on, as on a disk of that size; it kills pg_dump."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(Fault, match=r"disk|killed by signal 25"):
            writing.write(connection.settings_dict, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert list(tmp_path.iterdir()) == []


def test_two_at_once_don_t_share_a_folder(world: World, tmp_path: Path) -> None:
    with writing._alone_in(tmp_path), pytest.raises(CommandError, match="is being written into"):
        backup(tmp_path)


def test_who_is_told_to_end_leaves_nothing(world: World, tmp_path: Path) -> None:
    """A signal arrives while the first file, a pipe, is read."""
    path = local_path(min(each.key for each in files_of(world)))
    assert path
    path.unlink()
    os.mkfifo(path)

    def end() -> None:
        with path.open("wb") as pipe:
            pipe.write(bytes(200_000))  # More than a pipe holds: by then it is being read.
            while not ended.wait(0.1):  # It may come between two reads, and then wakes nobody.
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)

    ended = threading.Event()
    thread = threading.Thread(target=end)
    thread.start()
    with pytest.raises(CommandError, match=r"Interrupted\. Nothing is left"):
        try:
            backup(tmp_path)
        finally:
            before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
            ended.set()
            thread.join()
            signal.signal(signal.SIGTERM, before)
    path.unlink()
    assert list(tmp_path.iterdir()) == []
