"""PostgreSQL and pgbouncer for drills: stopped, killed, promoted and started again as told."""

import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests import postgres

START_TIMEOUT = 60.0  # seconds
# What was answered is on the disk, as it is in production; only the disk itself is not waited for.
OPTIONS = {"listen_addresses": "", "max_connections": "60", "fsync": "off", "wal_level": "replica"}
PGBOUNCER = """
[databases]
* = host={host}
[pgbouncer]
unix_socket_dir = {folder}
listen_port = 6432
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = 10
max_client_conn = 200
server_login_retry = 1
query_wait_timeout = 3
"""


@dataclass(slots=True)
class Server:
    """A PostgreSQL whose data and socket are in a folder of its own."""

    options: dict[str, str] = field(default_factory=dict)
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="pgd", dir="/tmp")))
    process: "subprocess.Popen[bytes] | None" = None

    def make(self) -> None:
        """A cluster without anything in it; as a superuser one is `tests`."""
        become = postgres.ordinary_user()
        if become:
            shutil.chown(self.folder, *become[0])
        postgres._make_cluster(postgres.programs(), self.folder, become)

    def copy(self, primary: "Server") -> None:
        """A standby of another server's, which follows it."""
        become = postgres.ordinary_user()
        if become:
            shutil.chown(self.folder, *become[0])
        source = f"host={primary.folder} user=tests application_name=standby"
        command = [postgres.programs() / "pg_basebackup", "-d", source, "-R", "-X", "stream"]
        subprocess.run(
            [*command, "-c", "fast", "-D", self.folder / "data"],
            cwd=self.folder, preexec_fn=become[1] if become else None, check=True,
        )  # fmt: skip

    def start(self) -> None:
        """Until it takes connections."""
        become = postgres.ordinary_user()
        options = [f"-c{name}={value}" for name, value in (OPTIONS | self.options).items()]
        program = postgres.programs() / "postgres"
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [program, "-D", self.folder / "data", "-k", self.folder, *options],
                cwd=self.folder, stdout=log, stderr=log,
                preexec_fn=become[1] if become else None,  # noqa: PLW1509
            )  # fmt: skip
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            with suppress(psycopg.OperationalError), self.superuser():
                return
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, "PostgreSQL did not start."
            time.sleep(0.05)

    def stop(self, by: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends everybody's connection and writes what there is; SIGQUIT is a crash."""
        if self.process:
            self.process.send_signal(by)
            self.process.wait(START_TIMEOUT)
            self.process = None

    def promote(self) -> None:
        with self.superuser() as connection:
            connection.execute("SELECT pg_promote()")

    def superuser(self, database: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host=str(self.folder), user="tests", dbname=database, autocommit=True
        )

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(slots=True)
class Pooler:
    """A pgbouncer in transaction mode before the server at this socket folder."""

    host: Path
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="pgb", dir="/tmp")))
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        become = postgres.ordinary_user()
        file = self.folder / "settings.ini"
        file.write_text(PGBOUNCER.format(host=self.host, folder=self.folder))
        users = (postgres.WEB, postgres.OWNER, "tests")
        (self.folder / "users").write_text("".join(f'"{name}" ""\n' for name in users))
        if become:
            shutil.chown(self.folder, *become[0])
        self.process = subprocess.Popen(
            [shutil.which("pgbouncer", path="/usr/sbin:/usr/bin") or "pgbouncer", "-q", file],
            cwd=self.folder, stderr=subprocess.DEVNULL,
            preexec_fn=become[1] if become else None,  # noqa: PLW1509
        )  # fmt: skip
        deadline = time.monotonic() + START_TIMEOUT
        while not (self.folder / ".s.PGSQL.6432").exists():
            assert self.process.poll() is None, "pgbouncer did not start."
            assert time.monotonic() < deadline, "pgbouncer did not start."
            time.sleep(0.05)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None
            (self.folder / ".s.PGSQL.6432").unlink(missing_ok=True)

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
