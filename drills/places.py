"""Where drills set a portal up: its server and database, the environment of its processes, and its
commands, of this code or of another version's."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg

from drills.backup import KEY
from drills.servers import Server
from tests import postgres
from tests.postgres import OWNER, TEMPLATE, WEB
from tests.prepared import ROOT

LIGHT = {
    "EMAIL_LEASE": "2",
    "JOB_LEASE": "2",
    "WEBHOOK_LEASE": "2",
    "EMAIL_REPLY_TIMEOUT": "5",
    "UPKEEP_INTERVAL": "1",
    "API_CALLS_PER_ADDRESS": "1000000",
    "PRIVATE_RECEIVERS": "127.0.0.1",
    "WORKERS": "2",
    "PUBLIC_SCHEME": "http",
    "SECRET_KEY": "drill-" * 10,
    "KEY_ENCRYPTION_KEYS": KEY,
}


def made(stack: ExitStack) -> Server:
    server = Server()
    stack.callback(server.remove)
    server.make()
    server.start()
    postgres.make_roles({"HOST": str(server.folder), "PORT": "5432", "USER": "tests"})
    return server


def set_up(folder: Path, host: Path) -> None:
    manage("prepare", owner(folder, host))


def owner(folder: Path, host: Path) -> dict[str, str]:
    url = f"postgresql://{OWNER}@/{TEMPLATE}?host={host}"
    return {**kept(), "DATA_DIR": str(folder), "DATABASE_URL": url}


def environment(folder: Path, host: Path, port: int = 5432) -> dict[str, str]:
    url = f"postgresql://{WEB}@:{port}/{TEMPLATE}?host={host}"
    return {**kept(), "DATA_DIR": str(folder), "DATABASE_URL": url}


def asking(host: Path) -> Callable[[str], Any]:
    def ask(sql: str) -> Any:
        with psycopg.connect(host=str(host), user="tests", dbname=TEMPLATE) as connection:
            return connection.execute(sql).fetchall()

    return ask


def kept() -> dict[str, str]:
    """Of the machine's environment, and what every command needs."""
    names = ("PATH", "HOME", "TMPDIR")
    return {**{name: os.environ[name] for name in names if name in os.environ}, **LIGHT}


def manage(command: str, env: Mapping[str, str], *more: str, code: Path = ROOT) -> str:
    """What it prints. Raises AssertionError when it fails."""
    done = subprocess.run(
        [sys.executable, "manage.py", command, "--verbosity=0", *more],
        cwd=code, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
