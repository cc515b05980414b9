"""Behind pgbouncer in transaction mode a connection is somebody else's after each transaction."""

import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction

from licenses.models import License
from tenancy.door import Way, inside, outside, reading
from tenancy.models import Host, Vendor
from tests.conftest import ALL_REQUIRED, ON_POSTGRESQL, PATHS
from tests.postgres import START_TIMEOUT, ordinary_user
from tests.roles import WEB
from tests.world import World

PROGRAM = shutil.which("pgbouncer", path=PATHS)
pytestmark = [
    pytest.mark.skipif(not ON_POSTGRESQL, reason="PostgreSQL's"),
    pytest.mark.skipif(not PROGRAM and not ALL_REQUIRED, reason="pgbouncer is not on this machine"),
    pytest.mark.django_db(transaction=True),
]
CLIENTS = 6
ROUNDS = 15
SETTINGS = """
[databases]
{name} = host={host} port={port} dbname={name} user={user}
[pgbouncer]
unix_socket_dir = {folder}
listen_port = 6432
auth_type = any
pool_mode = transaction
default_pool_size = 1
max_client_conn = 50
"""


@pytest.fixture
def pooled(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Connections that are made from now on share one connection to the server, as the web role."""
    settings = connection.settings_dict
    become = ordinary_user()
    folder = Path(tempfile.mkdtemp(prefix="pgb", dir="/tmp"))
    file = folder / "settings.ini"
    file.write_text(
        SETTINGS.format(
            name=settings["NAME"],
            host=settings["HOST"],
            port=settings["PORT"],
            user=WEB,
            folder=folder,
        )
    )
    if become:
        shutil.chown(folder, *become[0])
        file.chmod(0o644)
    assert PROGRAM
    process = subprocess.Popen(
        [PROGRAM, "-q", file],
        cwd=folder,
        stderr=subprocess.DEVNULL,
        preexec_fn=become[1] if become else None,  # noqa: PLW1509  no threads yet
    )
    try:
        deadline = time.monotonic() + START_TIMEOUT
        while not (folder / ".s.PGSQL.6432").exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        changes = {"HOST": str(folder), "PORT": "6432", "USER": WEB, "OPTIONS": {}}
        for name, value in changes.items():
            monkeypatch.setitem(settings, name, value)
        yield
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def ask(sql: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def keys() -> set[str]:
    return {key for (key,) in ask("SELECT key FROM licenses_license")}


def client(vendor: Vendor, own: set[str], together: threading.Barrier) -> set[int]:
    """One of many that come and go behind one connection; gives the ids of the server's process
    that answered."""
    pids = set()
    try:
        for _ in range(ROUNDS):
            together.wait()
            pids.add(ask("SELECT pg_backend_pid()")[0][0])
            assert keys() == set()
            with inside(vendor):
                assert keys() == own
                assert set(License.objects.values_list("key", flat=True)) == own
                with transaction.atomic():
                    assert keys() == own
                    License.objects.update(notes="seen")
                with pytest.raises(DatabaseError):
                    ask("SELECT nothing FROM nowhere")
                with pytest.raises(ZeroDivisionError), transaction.atomic():
                    assert keys() == own
                    raise ZeroDivisionError
                with reading():
                    assert {each.key for each in License.objects.iterator(chunk_size=1)} == own
            with outside(Way.HOSTS, "A test."):
                assert Host.objects.count() == 2
                assert keys() == set()
            assert keys() == set()
    finally:
        connections.close_all()
    return pids


def test_a_pooled_connection_carries_no_vendor_over(world: World, pooled: None) -> None:
    own = {
        world.acme: {world.ada_license.key, world.grace_license.key},
        world.globex: {world.ada_of_globex_license.key, world.bob_license.key},
    }
    together = threading.Barrier(CLIENTS, timeout=START_TIMEOUT)
    with ThreadPoolExecutor(CLIENTS) as pool:
        vendors = [world.acme, world.globex] * (CLIENTS // 2)
        running = [pool.submit(client, each, own[each], together) for each in vendors]
        pids = set().union(*(each.result() for each in running))
    assert len(pids) == 1  # they really took turns
