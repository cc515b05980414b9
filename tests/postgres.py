"""A private PostgreSQL server that lives as long as a test run.

Unix socket only, in a temporary folder with a short path; as an ordinary user, since the server
refuses to run as root; without any safety against power cuts. It dies with its parent.

Its roles and its database are those of deploy/postgresql.sql.
"""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).resolve().parents[1] / "deploy/postgresql.sql"
OWNER, WEB = "portal_owner", "portal_web"
# The database of which each test database is a copy.
TEMPLATE = "portal_template"
START_TIMEOUT = 30.0  # seconds
PR_SET_PDEATHSIG = 1


_running: dict[str, "subprocess.Popen[bytes]"] = {}


class NoServer(Exception):
    """The server programs are missing, or the server did not start."""


def programs() -> Path:
    """The folder of the newest server programs; raises NoServer."""
    newest_first = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: int(path.parts[-3]),
        reverse=True,
    )
    found = newest_first[0] if newest_first else shutil.which("initdb")
    if not found:
        raise NoServer("No PostgreSQL server programs found.")
    return Path(found).parent


@contextmanager
def server() -> Iterator[dict[str, Any]]:
    """Runs a server; gives the DATABASES entry for it."""
    bin_folder = programs()
    become = ordinary_user()
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    os.chown(folder, *become[0]) if become else None
    try:
        _make_cluster(bin_folder, folder, become)
        _running[str(folder)] = _start(bin_folder, folder, become)
        _wait(_running[str(folder)], folder)
        yield {
            "ENGINE": "tenancy.postgresql",
            "NAME": "postgres",
            "USER": "tests",
            "HOST": str(folder),
            "PORT": "5432",
        }
    finally:
        if process := _running.pop(str(folder), None):
            process.send_signal(signal.SIGINT)
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def restart(host: str, gone: float) -> bool:
    """Ends the server at this socket folder, with everybody's connections, and starts it again some
    seconds later; False for one that isn't ours."""
    if host not in _running:
        return False
    folder, process = Path(host), _running[host]
    process.send_signal(signal.SIGINT)
    process.wait()
    time.sleep(gone)
    _running[host] = _start(programs(), folder, ordinary_user())
    _wait(_running[host], folder)
    return True


def make_roles(entry: dict[str, Any]) -> None:
    """Makes a database and its two roles on the server that the entry leads to, as its user; takes
    away what a run before has left there."""
    environment = {
        **os.environ,
        "PGHOST": entry["HOST"],
        "PGPORT": str(entry["PORT"]),
        "PGUSER": entry["USER"],
        "PGPASSWORD": entry.get("PASSWORD", ""),
        "PGDATABASE": "postgres",
        "PGOPTIONS": "-c client_min_messages=warning",
    }
    before = [f"DROP DATABASE IF EXISTS {TEMPLATE}", f"DROP DATABASE IF EXISTS test_{TEMPLATE}"]
    before += [f"DROP ROLE IF EXISTS {role}" for role in (OWNER, WEB)]
    after = f"ALTER ROLE {OWNER} CREATEDB"
    script = ["-v", f"database={TEMPLATE}", "-v", "owner_password=owner", "-v", "web_password=web",
              "-v", f"owner={OWNER}", "-v", f"web={WEB}", "-f", str(SCRIPT)]  # fmt: skip
    for arguments in (*(["-c", each] for each in before), script, ["-c", after]):
        subprocess.run(["psql", "-qX", *arguments], env=environment, check=True)


Become = tuple[tuple[int, int], Callable[[], None]] | None


def ordinary_user() -> Become:
    """The ids of `nobody` and what a child does to become it; None when not root."""
    if os.getuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")

    def drop() -> None:
        os.setgroups([])
        os.setgid(nobody.pw_gid)
        os.setuid(nobody.pw_uid)

    return (nobody.pw_uid, nobody.pw_gid), drop


def _make_cluster(bin_folder: Path, folder: Path, become: Become) -> None:
    subprocess.run(
        [
            bin_folder / "initdb",
            "-D",
            folder / "data",
            "-U",
            "tests",
            "-N",
            "--no-locale",
            "-EUTF8",
            "-Atrust",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=folder,
        preexec_fn=become[1] if become else None,
    )


def _start(bin_folder: Path, folder: Path, become: Become) -> subprocess.Popen[bytes]:
    parent = os.getpid()
    libc = ctypes.CDLL(None, use_errno=True)

    def prepare() -> None:
        if become:
            become[1]()
        # After the change of user, which clears it.
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            os._exit(1)

    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [bin_folder / "postgres", "-D", folder / "data", "-k", folder, "-F",
             "-c", "listen_addresses=", "-c", "synchronous_commit=off",
             "-c", "full_page_writes=off", "-c", "max_connections=120",
             # What it knows of the tables is what a test has told it, whatever came before.
             "-c", "autovacuum=off"],
            cwd=folder, stdout=log, stderr=log, preexec_fn=prepare,  # noqa: PLW1509  no threads yet
        )  # fmt: skip


def _wait(process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    log = folder / "log"
    while time.monotonic() < deadline and process.poll() is None:
        if b"system is ready to accept" in log.read_bytes():
            return
        time.sleep(0.05)
    raise NoServer(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")


@contextmanager
def standby(entry: dict[str, Any]) -> Iterator[str]:
    """Runs a standby of the server at the entry's socket folder, which copies it as it goes on;
    gives the standby's socket folder. Raises NoServer where the server is another machine's."""
    if not Path(entry["HOST"], "data").is_dir():
        raise NoServer("A standby is made of the tests' own server alone.")
    bin_folder, become = programs(), ordinary_user()
    folder = Path(tempfile.mkdtemp(prefix="pgr", dir="/tmp"))
    os.chown(folder, *become[0]) if become else None
    try:
        subprocess.run(
            [bin_folder / "pg_basebackup", "-h", entry["HOST"], "-p", str(entry["PORT"]), "-U",
             "tests", "-D", folder / "data", "-R", "-X", "stream", "-c", "fast", "-N"],
            check=True, cwd=folder, preexec_fn=become[1] if become else None,
        )  # fmt: skip
        process = _start(bin_folder, folder, become)
        _running[str(folder)] = process
        _wait(process, folder)
        yield str(folder)
    finally:
        if started := _running.pop(str(folder), None):
            started.send_signal(signal.SIGINT)
            started.wait()
        shutil.rmtree(folder, ignore_errors=True)


def end(host: str) -> None:
    """Ends the server at this socket folder, with everybody's connections."""
    process = _running[host]
    process.send_signal(signal.SIGINT)
    process.wait()
