"""Databases that tests begin with, as files of SQLite: made once, and copied by whoever wants one.

`dev.py test` names a folder that its parts have in common; a single run of pytest makes its own.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from tests.environment import SETTINGS

ROOT = Path(__file__).resolve().parents[1]
COMMON = Path(os.environ.get("TESTS_IN_COMMON") or os.environ["DATA_DIR"])


@cache
def migrated() -> Path:
    """A folder with a `db.sqlite3` that has every table, and no row of ours."""

    def fill(data: Path) -> None:
        _run("manage.py", "migrate", "--verbosity=0", env=os.environ | {"DATA_DIR": str(data)})

    return _made_once("migrated", fill)


@cache
def prepared() -> Path:
    """A folder as `python3 dev.py demo` fills it before it serves."""

    def fill(data: Path) -> None:
        shutil.copy(migrated() / "db.sqlite3", data)
        _run("dev.py", "manage", "prepare", "--demo", env=environment_of(data, 8000))

    return _made_once("prepared", fill)


def _made_once(name: str, fill: Callable[[Path], None]) -> Path:
    """The folder of this name. Who comes while it is being filled waits; of one that could not be
    filled nothing is left."""
    folder = COMMON / name
    with (COMMON / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=COMMON) as unfinished:
                data = Path(unfinished, name)
                data.mkdir(mode=0o700)
                fill(data)
                data.rename(folder)
    return folder


def environment_of(data: Path, port: int, **changes: str) -> dict[str, str]:
    """The environment in which dev.py keeps its data in a folder; none of the tests' settings."""
    kept = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    return kept | {"DATA_DIR": str(data), "PORT": str(port), **changes}


def _run(*command: str, env: dict[str, str]) -> None:
    subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL
    )
