"""Squashed migrations make what the single steps make, and a database on its way goes on by steps."""

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.prepared import ROOT, migrated

pytestmark = pytest.mark.in_full
STEPS = """
import django
django.setup()
from django.core.management import call_command
from portal.management.commands.migrate import step_by_step
with step_by_step(on=True):
    call_command("migrate", "licenses", "0010", verbosity=0)
call_command("migrate", verbosity=0)
"""


def described(data: Path) -> dict[tuple[str, str], list[str]]:
    """Every table, index and trigger; what a table has, in any order."""
    with closing(sqlite3.connect(data / "db.sqlite3")) as database:
        rows = database.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    return {
        (kind, name): sorted(parts_of(sql)) if kind == "table" else [sql]
        for kind, name, sql in rows
    }


def parts_of(table: str) -> list[str]:
    """Columns and constraints of a CREATE TABLE: what stands between its commas, but for those in
    brackets inside."""
    parts, depth = [""], 0
    for sign in re.sub(r"\s+", " ", table.partition("(")[2]):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "," and not depth:
            parts.append("")
        elif depth >= 0:
            parts[-1] += sign
    return [part.strip() for part in parts]


def test_step_by_step_leads_to_the_same_tables(tmp_path: Path) -> None:
    environment = os.environ | {
        "DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", STEPS], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert described(tmp_path) == described(migrated())
