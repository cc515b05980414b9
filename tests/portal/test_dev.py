"""dev.py: the parts that install nothing."""

import os
import socket
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import dev

ROOT = Path(__file__).resolve().parents[2]


def test_a_developers_environment_is_filled_in(tmp_path: Path) -> None:
    made = dev.development_environment({"DATA_DIR": str(tmp_path)}, 8123)
    assert made["PUBLIC_PORT"] == "8123"
    assert made["PARENT_HOST"] == "portal.localhost"
    secret = tmp_path / "secret_key"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert len(secret.read_text().strip()) >= 50
    assert dev.development_environment({"DATA_DIR": str(tmp_path)}, 8123) == made


def test_what_is_set_wins(tmp_path: Path) -> None:
    given = {
        "DATA_DIR": str(tmp_path),
        "SECRET_KEY": "mine",
        "KEY_ENCRYPTION_KEYS_FILE": "/run/keys",
        "PUBLIC_SCHEME": "https",
        "PARENT_HOST_FILE": "/run/host",
        "DATABASE_URL": "postgresql:///x",
    }
    made = dev.development_environment(given, 8000)
    assert {name: made[name] for name in given} == given
    assert "SECRET_KEY_FILE" not in made
    assert "PARENT_HOST" not in made
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_installation_leaves_no_stamp(tmp_path: Path) -> None:
    stamp = tmp_path / "stamp"
    assert not dev.is_installed(stamp, b"lock")
    stamp.write_text(f"{dev.digest(b'other')}\n{dev.digest(b'lock')}\n")
    assert dev.is_installed(stamp, b"lock")
    assert not dev.is_installed(stamp, b"changed lock")


def test_a_port_in_use_is_noticed() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert dev.port_is_taken(port)
        assert dev.serve(port, seed=False) == 1
    assert not dev.port_is_taken(port)


@pytest.mark.processes
def test_a_database_of_an_earlier_layout_gets_one_sentence(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "db.sqlite3")) as database:
        database.execute(
            "CREATE TABLE django_migrations "
            "(id INTEGER PRIMARY KEY, app TEXT, name TEXT, applied TEXT)"
        )
        database.execute(
            "INSERT INTO django_migrations VALUES (1, 'accounts', '0001_initial', '2026-01-01')"
        )
        database.commit()
    migrated = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        cwd=ROOT,
        env={**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": ""},
        capture_output=True,
        text=True,
    )
    assert migrated.returncode == 1
    assert migrated.stdout == ""
    assert migrated.stderr.count("\n") == 1
    assert "earlier development version" in migrated.stderr
