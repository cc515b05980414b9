"""System checks and the readers of the environment: misconfiguration fails early and says how."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

from portal import checks, env, wsgi
from tests.accounts.phones import phone_of
from tests.conftest import ON_POSTGRESQL
from tests.roles import OWNER, WEB, speaking_as
from tests.world import World


def ids(deploy: bool = False) -> set[str]:
    found = run_checks(include_deployment_checks=deploy)
    return {str(each.id) for each in found if str(each.id).startswith("portal.")}


def test_the_test_settings_are_sound() -> None:
    assert ids() == set()


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("SECRET_KEY", "insecure-development-key", "portal.E001"),
        ("KEY_ENCRYPTION_KEYS", [], "portal.E002"),
        ("KEY_ENCRYPTION_KEYS", ["short"], "portal.E002"),
        ("MIDDLEWARE", [], "portal.E003"),
        ("MIDDLEWARE", list(reversed(checks.ORDER)), "portal.E003"),
        ("MIDDLEWARE", [*checks.ORDER[3:], *checks.ORDER[:3]], "portal.E003"),
        ("PORTAL_PARENT_HOST", "https://portal.example", "portal.E004"),
        ("PORTAL_PARENT_HOST", "10.0.0.1", "portal.E004"),
        ("PARENT_HOST", "portal.localhost", "portal.E005"),
        ("USE_X_FORWARDED_HOST", True, "portal.E006"),
        ("CSRF_TRUSTED_ORIGINS", ["https://*.portal.localhost"], "portal.E007"),
        ("SESSION_COOKIE_DOMAIN", ".portal.localhost", "portal.E007"),
        ("DIRECT_DOWNLOADS", 4, "portal.E010"),
        ("DIRECT_DOWNLOADS", 48, "portal.E010"),
        ("THREADS", 3, "portal.E010"),
        ("HAS_REPLICA", True, "portal.E012"),
    ],
)
def test_misconfiguration_is_found(settings: Any, name: str, value: object, found: str) -> None:
    setattr(settings, name, value)
    assert found in ids()


def test_the_default_secret_is_fine_while_debugging(settings: Any) -> None:
    settings.SECRET_KEY, settings.DEBUG = "insecure-development-key", True
    assert "portal.E001" not in ids()


def test_deployment_warns_of_http_and_sqlite(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HTTPS = False
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.sqlite3")
    assert {"portal.W001", "portal.W002"} <= ids(deploy=True)


def test_deployment_warns_of_https_that_no_proxy_tells_of(settings: Any) -> None:
    settings.HTTPS = True
    assert "portal.W003" in ids(deploy=True)
    settings.TRUSTED_PROXIES = 1
    assert {"portal.W001", "portal.W003"} & ids(deploy=True) == set()


@pytest.mark.takes_turns
@pytest.mark.parametrize(
    ("environment", "threads", "places"),
    [
        ({}, 4, 3),
        ({"THREADS": "2"}, 2, 1),
        ({"THREADS": "64"}, 64, 48),
        ({"THREADS": "64", "DIRECT_DOWNLOADS": "10"}, 64, 10),
        ({"THREADS": "4", "DIRECT_DOWNLOADS": "48"}, 4, 3),
    ],
)
def test_places_for_slow_files_leave_a_thread(
    environment: dict[str, str], threads: int, places: int
) -> None:
    code = (
        "import django; django.setup(); from django.conf import settings; from web import places; "
        "print(settings.THREADS, places.slow.number)"
    )
    settings = {"DJANGO_SETTINGS_MODULE": "portal.settings", **environment}
    printed = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert printed.split() == [str(threads), str(places)]


# --- For their owner alone ----------------------------------------------------------------------


def start(folder: Path, umask: int = 0o022, **changes: str) -> str:
    """A process that reads the settings, writes into the database and says what it finds open."""
    script = (
        f"import os; os.umask({umask})\n"
        "from pathlib import Path\n"
        "import django; django.setup()\n"
        "from django.core.checks import run_checks\n"
        "from django.db import connection\n"
        "if connection.vendor == 'sqlite': connection.cursor().execute('CREATE TABLE a (b)')\n"
        "print([c.id for c in run_checks() if c.id == 'portal.W004'])\n"
        f"for path in sorted(Path({str(folder)!r}).rglob('*')):\n"
        "    print(path.name, oct(path.stat().st_mode & 0o777))\n"
        f"print('folder', oct(Path({str(folder)!r}).stat().st_mode & 0o777))\n"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings", **changes}
    environment = {**environment, "DATA_DIR": str(folder)}
    command = [sys.executable, "-c", script]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_what_is_made_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    said = start(tmp_path / "data", umask=0)
    assert said.startswith("[]\n")
    for line in (
        "folder 0o700",
        "db.sqlite3 0o600",
        "db.sqlite3-wal 0o600",
        "db.sqlite3-shm 0o600",
    ):
        assert line in said.splitlines()


def test_what_is_open_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    (folder / "db.sqlite3").touch()
    (folder / "db.sqlite3").chmod(0o640)
    said = start(folder)
    # The folder, the file, and what SQLite makes as open as the file.
    assert said.startswith(f"{['portal.W004'] * 4}\n")
    assert {"folder 0o755", "db.sqlite3 0o640"} <= set(said.splitlines())


@pytest.mark.takes_turns
def test_a_database_elsewhere_and_a_folder_that_nobody_can_make(tmp_path: Path) -> None:
    """What is not needed need not be there."""
    (tmp_path / "file").touch()
    media = tmp_path / "media"
    said = start(
        tmp_path / "elsewhere",
        DATABASE_URL="postgresql://portal@localhost/portal",
        MEDIA_ROOT=str(media),
    )
    assert said.startswith("[]\n")
    assert env.private(tmp_path / "file" / "below") == tmp_path / "file" / "below"


def test_gunicorn_tells_of_it_at_the_start(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    tmp_path.chmod(0o750)
    monkeypatch.setattr("django.conf.settings.DATA_DIR", tmp_path)
    wsgi.refuse_unsafe_settings()
    [record] = caplog.records
    assert f"chmod 700 {tmp_path}" in record.getMessage()


def test_gunicorn_does_not_start_on_the_default_secret(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.SECRET_KEY = "insecure-development-key"
    with pytest.raises(ImproperlyConfigured, match="not safe"):
        wsgi.refuse_unsafe_settings()
    [record] = caplog.records
    assert "SECRET_KEY_FILE" in record.getMessage()


def roles_faults(**about: Any) -> set[str]:
    return {str(each.id) for each in checks.check_role(None, **about)}


@pytest.mark.skipif(not ON_POSTGRESQL, reason="PostgreSQL's roles")
@pytest.mark.parametrize(
    ("role", "found"), [(WEB, set()), (OWNER, {"portal.E009"}), ("none", {"portal.E008"})]
)
def test_who_could_take_the_wall_down_is_found(
    db: None, settings: Any, role: str, found: set[str]
) -> None:
    with speaking_as(role):
        assert roles_faults(databases=["default"]) == found
        assert roles_faults(databases=None) == set()  # asks no server
        settings.ALLOW_DATABASE_OWNER = True
        assert roles_faults(databases=["default"]) == set()


def test_keys_that_do_not_open_the_database_are_found(filled: World, settings: Any) -> None:
    def faults(**about: Any) -> list[str]:
        return [each.msg for each in checks.check_keys_fit(None, **about)]

    assert faults(databases=["default"]) == []
    settings.KEY_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    [told] = faults(databases=["default"])
    for table in ("accounts_secondfactor", "licenses_signingkey", "webhooks_webhook"):
        assert f"{table}.encrypted_" in told
    assert faults(databases=None) == []  # asks no database


def test_operators_second_factors_are_looked_at_too(world: World, settings: Any) -> None:
    phone_of(world.operator)
    settings.KEY_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    [told] = checks.check_keys_fit(None, databases=["default"])
    assert "accounts_secondfactor.encrypted_secret" in told.msg


def test_a_value_or_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from a file\n")
    monkeypatch.setenv("THING_FILE", str(tmp_path / "secret"))
    assert env.text("THING") == "from a file"
    monkeypatch.setenv("THING", "from the environment")
    with pytest.raises(ImproperlyConfigured, match="not both"):
        env.text("THING")
    monkeypatch.delenv("THING_FILE")
    assert env.text("THING") == "from the environment"


def test_a_secret_is_found_where_dev_py_put_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "thing"
    assert env.secret("THING", file, "default") == "default"
    file.write_text("made\n")
    assert env.secret("THING", file, "default") == "made"
    monkeypatch.setenv("THING", "set")
    assert env.secret("THING", file, "default") == "set"


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("maybe", lambda: env.boolean("THING", default=False)),
        ("many", lambda: env.integer("THING", 1, minimum=0, maximum=9)),
        ("10", lambda: env.integer("THING", 1, minimum=0, maximum=9)),
        ("ftp", lambda: env.choice("THING", "http", ("http", "https"))),
        ("mysql://x/y", lambda: env.database("THING", Path("x"))),
        ("postgresql://h:port/x", lambda: env.database("THING", Path("x"))),
        ("pop3://x", lambda: env.email("THING")),
    ],
)
def test_a_bad_value_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, value: str, read: Any
) -> None:
    monkeypatch.setenv("THING", value)
    with pytest.raises(ImproperlyConfigured, match="THING"):
        read()


def test_databases_from_urls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert env.database("UNSET_URL", tmp_path / "a.sqlite3")["NAME"] == str(tmp_path / "a.sqlite3")
    monkeypatch.setenv("THING", "postgresql://user:p%40ss@db.example:6432/portal?sslmode=require")
    entry = env.database("THING", tmp_path)
    assert (entry["USER"], entry["PASSWORD"], entry["HOST"]) == ("user", "p@ss", "db.example")
    assert (entry["PORT"], entry["NAME"], entry["OPTIONS"]) == (
        "6432",
        "portal",
        {"sslmode": "require", "connect_timeout": "3"},
    )
    monkeypatch.setenv("THING", "postgresql:///portal?host=/run/postgresql")
    assert env.database("THING", tmp_path)["HOST"] == "/run/postgresql"


def test_e_mail_from_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THING", "smtp+tls://user:secret@mail.example")
    entry = env.email("THING")
    assert (entry["EMAIL_HOST"], entry["EMAIL_PORT"], entry["EMAIL_USE_TLS"]) == (
        "mail.example",
        587,
        True,
    )
    assert entry["EMAIL_BACKEND"] == "mail.smtp.EmailBackend"
    assert env.email("UNSET_URL")["EMAIL_BACKEND"] == "mail.console.ConsoleAndFolderBackend"
