"""development.py, the commands of dev.py: the parts that install nothing."""

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import development as dev
from portal import processes
from tests import turns
from tests.served import free_port

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("end", ["", "_FILE"])
def test_tables_are_made_as_the_owner_if_there_is_one(end: str) -> None:
    web = {"DATABASE_URL": "postgresql://web@/portal", "PORT": "8000"}
    assert processes.as_owner(web) == web
    owner = f"DATABASE_OWNER_URL{end}"
    made = processes.as_owner({**web, owner: "as the owner"})
    assert {name: made[name] for name in made if name.startswith("DATABASE_URL")} == {
        f"DATABASE_URL{end}": "as the owner"
    }
    assert owner not in made
    assert processes.as_web({**web, owner: "as the owner"}) == web


def test_a_developers_environment_is_filled_in(tmp_path: Path) -> None:
    made = dev.development_environment({"DATA_DIR": str(tmp_path)}, 8123)
    assert made["PUBLIC_PORT"] == "8123"
    assert made["PARENT_HOST"] == "portal.localhost"
    secret = tmp_path / "secret_key"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert len(secret.read_text().strip()) >= 50
    assert dev.development_environment({"DATA_DIR": str(tmp_path)}, 8123) == made


def test_commands_link_to_where_it_was_served_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where no secret has to be kept in the folder, which is not there yet."""
    linked: list[str] = []
    monkeypatch.setattr(dev, "install", lambda _lock: None)
    monkeypatch.setattr(dev.os, "execve", lambda _python, _command, _env: None)
    monkeypatch.setattr(dev, "call", lambda _command, env: linked.append(env["PUBLIC_PORT"]) or 0)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    for name in ("SECRET_KEY", "KEY_ENCRYPTION_KEYS"):
        monkeypatch.setenv(name, "mine")
    for name in ("PORT", "PUBLIC_PORT"):
        monkeypatch.delenv(name, raising=False)
    dev.manage(["check"])
    port = free_port()
    dev.serve(port, seed=False)
    dev.manage(["check"])
    assert linked == ["8000", str(port)]


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
    (tmp_path / "db.sqlite3").chmod(0o600)
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


def python(name: str, code: str, **fields: str) -> dev.Check:
    return dev.Check(name, [sys.executable, "-c", code], dict(os.environ), **fields)


def settings_of_production(checks: list[dev.Check]) -> dev.Check:
    return next(each for each in checks if each.name == "settings of production")


def test_all_checks_run_and_one_that_fails_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert dev.run_checks([python("bad", "raise SystemExit(3)"), python("good", "")]) == 1
    assert "bad: FAILED\ngood: passed\n" in capsys.readouterr().out
    assert dev.run_checks([python("good", "")]) == 0


@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 0)])
def test_what_a_check_needs_must_be_there_under_ci_alone(
    ci: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CI", ci)
    assert dev.run_checks([python("messages", "", needs="no-such-program")]) == code
    assert "messages: NOT RUN, no program named no-such-program found" in capsys.readouterr().out


@pytest.mark.takes_turns
def test_checks_take_nothing_from_the_caller_and_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """One of them runs for real, in an environment that would make it fail."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("DEBUG", "true")
    monkeypatch.setenv("DATABASE_URL", "nonsense://")
    monkeypatch.setattr(dev, "install", lambda lock: None)
    every = dev.checks
    monkeypatch.setattr(dev, "checks", lambda folder: [settings_of_production(every(folder))])
    assert dev.main(["check"]) == 0
    assert "settings of production: passed" in capfd.readouterr().out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.takes_turns
def test_a_setting_that_is_unsafe_in_production_is_found(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    deploy = settings_of_production(dev.checks(tmp_path))
    unsafe = deploy._replace(environment={**deploy.environment, "PUBLIC_SCHEME": "http"})
    assert dev.run_checks([unsafe]) == 1
    assert "settings of production: FAILED" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("codes", "every_part", "expected"),
    [
        ([0, 0, 0], True, 0),
        ([0, 1, 0], True, 1),
        ([0, -9, 0], False, 1),  # killed
        ([0, 5, 0], False, 0),
        ([0, 5, 0], True, 1),
        ([5, 5, 5], True, 5),
    ],
)
def test_every_part_of_the_tests_has_to_pass(
    codes: list[int], every_part: bool, expected: int
) -> None:
    assert dev.verdict(codes, every_part=every_part) == expected


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["-q"], ["SQLite 1 of 2", "SQLite 2 of 2", "SQLite, processes"]),
        (["-q", "--lf"], ["SQLite 1 of 2", "SQLite 2 of 2", "SQLite, processes"]),
        (["tests/web", "-q"], ["SQLite"]),
        (["-m", "processes"], ["SQLite"]),
        (["-kzones"], ["SQLite"]),
    ],
)
def test_all_tests_on_sqlite_are_halved_and_some_are_not(
    arguments: list[str], names: list[str]
) -> None:
    parts = dev.parts(arguments)
    assert [part.name for part in parts if part.name.startswith("SQLite")] == names
    if len(names) > 1:
        first, second, *_others = parts
        assert first._replace(name=second.name, folders=(), leaves=first.folders) == second
        assert all((ROOT / folder).is_dir() for folder in second.leaves)


@pytest.mark.parametrize(
    ("arguments", "narrowed"),
    [
        (["-q"], ["-q", "-m", "(e2e)"]),
        (["-m", "processes", "-x"], ["-x", "-m", "(e2e) and (processes)"]),
        (["-mprocesses or x"], ["-m", "(e2e) and (processes or x)"]),
        (["tests/web", "-k", "limits"], ["tests/web", "-k", "limits", "-m", "(e2e)"]),
    ],
)
def test_marks_that_are_asked_for_narrow_each_part(
    arguments: list[str], narrowed: list[str]
) -> None:
    assert dev.narrowed(arguments, "e2e") == narrowed
    assert [dev.selects(each) for each in ("-q", "-x", "tests/web", "-k", "-mx")] == [
        False, False, True, True, True,
    ]  # fmt: skip


class Row(NamedTuple):
    nodeid: str


@pytest.mark.parametrize(("number", "at_once"), [(40, {2, 3}), (5, {1}), (3, {1})])
def test_in_all_turns_every_row_of_a_table_is_tried(number: int, at_once: set[int]) -> None:
    rows: Any = [Row(f"table[{n}]") for n in range(number)]
    tried = [set(rows) - turns.waiting(rows, turn, lambda _item: "") for turn in range(dev.TURNS)]
    assert set().union(*tried) == set(rows)
    assert {len(each) for each in tried} == at_once


def test_few_rows_are_always_tried() -> None:
    rows: Any = [Row(f"few[{n}]") for n in range(2)]
    assert not any(turns.waiting(rows, turn, lambda _item: "") for turn in range(dev.TURNS))


def test_the_commit_says_whose_turn_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert dev.turn() == 0
    author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    for command in (["init", "-q"], [*author, "commit", "-q", "--allow-empty", "-m", "One"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    asked = ["git", "rev-parse", "HEAD"]
    commit = subprocess.run(asked, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert dev.turn() == int(commit.stdout, 16) % dev.TURNS


@pytest.mark.parametrize(
    ("arguments", "takes_turns"),
    [
        (["-q"], True),
        (["-q", "-x"], True),
        (["--in-full"], False),
        (["--turn=2"], False),
        (["tests/web"], False),
        (["-kzones"], False),
        (["--lf"], False),
    ],
)
def test_who_says_what_is_run_gets_all_rows_of_it(arguments: list[str], takes_turns: bool) -> None:
    assert (len(dev.with_turn(arguments)) > len(arguments)) is takes_turns


def test_ci_runs_the_two_words_that_developers_have() -> None:
    lines = (dev.ROOT / ".ci/run").read_text().splitlines()
    assert [line for line in lines if "dev.py" in line or ".venv" in line] == [
        'python3 dev.py check >"$told" 2>&1 &',
        "python3 dev.py test -q || passed=$?",
    ]


def test_what_an_earlier_version_left_open_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    folder.mkdir(mode=0o755)
    (folder / "db.sqlite3").touch(mode=0o644)
    dev.keep_private(folder)
    dev.keep_private(tmp_path / "missing")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "db.sqlite3").stat().st_mode) == 0o600
