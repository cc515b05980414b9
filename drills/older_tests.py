"""An older commit's own tests, on tables that this code's migrations have made.

The code of the commit (`--from`) is what is tested, on PostgreSQL: whoever serves while a new version
is put in place works on these tables. Of its rooms those that programs, customers and workers need.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from development import OF_THE_MACHINE
from drills.upgrade import ORIGIN, exported

HEADS = ["tests of", "passed", "skipped", "failed", "of these expected", "took min"]
ROOMS = ("licenses", "offline", "accounts", "api", "releases", "jobs", "mail")
# By the test's name, why what it fails of harms nobody.
EXPECTED: dict[str, str] = {}


def run(*, small: bool = False, origin: str | None = None) -> Iterator[list[str]]:
    with tempfile.TemporaryDirectory(prefix="portal-drill-") as name:
        commit = exported(origin or ORIGIN, Path(name))
        start = time.monotonic()
        code, done = tested(Path(name), ("jobs",) if small else ROOMS)
    failed = re.findall(r"^(?:FAILED|ERROR) (\S+)", done, re.MULTILINE)
    unexpected = [each for each in failed if each not in EXPECTED]
    assert not unexpected, done[-6000:]
    # pytest ends with 1 where tests failed, and with others where it did itself.
    assert code == int(bool(failed)), f"pytest ended with {code}: {done[-6000:]}"
    numbers = [
        found[1] if (found := re.search(rf"(\d+) {what}", done.splitlines()[-1])) else "0"
        for what in ("passed", "skipped")
    ]
    minutes = f"{(time.monotonic() - start) / 60:.1f}"
    assert numbers[0] != "0", done[-6000:]
    yield [commit, *numbers, str(len(failed)), str(len(failed) - len(unexpected)), minutes]


def tested(code: Path, rooms: tuple[str, ...]) -> tuple[int, str]:
    """pytest's exit code and what it says: those tests in which a database has a part, as on
    PostgreSQL always."""
    environment = {name: os.environ[name] for name in OF_THE_MACHINE if name in os.environ}
    environment |= {"TEST_DATABASE": "postgresql", "PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, "-m", "pytest", "-q", "-rfE", "-p", "newer_tables"]
    command += ["-m", "not e2e and not proxies and not image"]
    done = subprocess.run(
        [*command, *(f"tests/{room}" for room in rooms)],
        cwd=code, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr
