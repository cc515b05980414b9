"""`python3 dev.py drill`: every drill says what it tries; in full each is run at small size."""

import importlib
import os
import subprocess
import sys

import pytest

import development as dev
from drills.__main__ import names
from tests import postgres


@pytest.mark.parametrize("name", names())
def test_a_drill_says_what_it_tries_and_names_its_columns(name: str) -> None:
    drill = importlib.import_module(f"drills.{name}")
    assert (drill.__doc__ or "").splitlines()[0].endswith(".")
    assert len(drill.HEADS) > 1
    assert callable(drill.run)


@pytest.mark.in_full
@pytest.mark.processes
def test_backups_hold_under_load() -> None:
    try:
        postgres.programs()
    except postgres.NoServer as error:
        pytest.skip(str(error))
    done = subprocess.run(
        [sys.executable, "-m", "drills", "--small", "backup"],
        cwd=dev.ROOT,
        env={name: os.environ[name] for name in dev.OF_THE_MACHINE if name in os.environ},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split(" | ")[:2] for line in done.stdout.splitlines() if line.startswith("| ")]
    assert rows[2:] == [
        ["| SQLite", "under load"],
        ["| SQLite", "at rest"],
        ["| PostgreSQL", "under load"],
        ["| PostgreSQL", "at rest"],
    ]
