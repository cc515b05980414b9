"""An installation with the two roles of deploy/postgresql.sql, as docs/operations.md has it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from tests.conftest import ON_POSTGRESQL
from tests.postgres import TEMPLATE
from tests.roles import OWNER, WEB

pytestmark = [
    pytest.mark.skipif(not ON_POSTGRESQL, reason="PostgreSQL's roles"),
    pytest.mark.processes,
]
ROOT = Path(__file__).resolve().parents[2]
NAME = "portal_installed"
PRODUCTION = {
    "TRUSTED_PROXIES": "1",
    "PUBLIC_SCHEME": "https",
    "PARENT_HOST": "portal.example.com",
    "EMAIL_URL": "smtp://localhost",
}


@pytest.fixture
def installed(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, Any]]:
    """The server with a database in which nothing has been migrated yet, and a folder of its own:
    the static files that are put there would be gone through for every browser of later tests."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    settings = connection.settings_dict
    where = {"host": settings["HOST"], "port": settings["PORT"], "user": settings["USER"]}
    with psycopg.connect(**where, dbname="postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {NAME} OWNER {OWNER} TEMPLATE {TEMPLATE}")
        yield where
        server.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


def manage(where: dict[str, Any], role: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    url = f"postgresql://{role}:{role}@/{NAME}?host={where['host']}&port={where['port']}"
    kept = {name: os.environ[name] for name in os.environ if not name.startswith("DJANGO_ALLOW")}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**kept, **PRODUCTION, "DATABASE_URL": url},
        capture_output=True,
        text=True,
    )


@pytest.mark.takes_turns
def test_the_owner_prepares_and_the_web_role_serves(installed: dict[str, Any]) -> None:
    made = manage(installed, OWNER, "prepare", "--demo")
    assert made.returncode == 0, made.stderr
    check = ("check", "--deploy", "--database", "default", "--fail-level", "WARNING")
    for role, code in ((WEB, 0), (OWNER, 1)):
        assert manage(installed, role, *check).returncode == code
    checked = manage(installed, WEB, "verify_audit")
    assert checked.returncode == 0, checked.stderr
    assert "acme" in checked.stdout
    refused = manage(installed, WEB, "migrate", "licenses", "0001_squashed_0001_tables")
    assert refused.returncode == 1
    assert "must be owner" in refused.stderr
