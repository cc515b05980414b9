"""The image of Dockerfile, built and run: what is in it, a customer's way through it behind Caddy,
and how its parts stop. On PostgreSQL with the two roles of deploy/postgresql.sql."""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest

from tests import postgres
from tests.deploy import servers
from tests.deploy.compose import composed
from tests.deploy.image import SECRET, Container, Engine, Image, built_image
from tests.environment import FIXED
from tests.mail.smtp_server import mail_server
from tests.prepared import migrated
from tests.served import ROOT, free_port

# Compilers and what they come with, what installs, what fetches.
NOT_THERE = (
    "cc",
    "gcc",
    "c++",
    "g++",
    "clang",
    "tcc",
    "as",
    "ld",
    "make",
    "pip",
    "pip3",
    "git",
    "curl",
    "wget",
)
USER = "10001"
# Container engines wait that long between SIGTERM and SIGKILL. Seconds.
PATIENCE_OF_ENGINES = 10
MAKE_SECRETS = ROOT / "deploy/make-secrets"
DATABASE = f"postgresql://{{role}}@/{postgres.TEMPLATE}?host=/run/postgresql&port=5432"


def test_it_starts_what_the_docs_say() -> None:
    """And adds options to it, but changes none; the address is the environment's."""
    told = re.sub(r" --bind [\d.:]+", "", (ROOT / "docs/operations.md").read_text())
    commands = re.findall(r"^\| \w+ \| `([^`]+)`", told, re.M)
    text = " ".join((ROOT / "deploy/run").read_text().replace("\\\n", " ").split())
    for started in (f"exec {commands[0]} ", f'exec {commands[1]} "$@"'):
        assert started in text


# --- Everything that runs -----------------------------------------------------------------------


@dataclass
class Installation:
    """The image with a database in which the demo is; `web` and the rest are started from it."""

    engine: Engine
    superuser: str

    def send_by(self, url: str) -> None:
        """Has e-mails leave by this server from now on."""
        (self.folder_of("/run/secrets") / "email_url").write_text(url)

    def folder_of(self, inside: str) -> Path:
        """What the containers have at this path."""
        [found] = [each for each, at in self.engine.volumes.items() if at.startswith(inside)]
        return found

    def one(self, query: str, *values: Any) -> Any:
        """The one value that the query finds, in the name of who made the server."""
        with psycopg.connect(self.superuser) as connection:
            row = connection.execute(query, values).fetchone()
        assert row is not None
        return row[0]


@pytest.fixture(scope="module")
def built() -> Iterator[Image]:
    with built_image() as built:
        yield built


@pytest.fixture(scope="module")
def installed(built: Image) -> Iterator[Installation]:
    with postgres.server() as entry, TemporaryDirectory(prefix="portal-run-") as folder:
        data, secrets, server = Path(folder, "data"), Path(folder, "secrets"), Path(entry["HOST"])
        for each in (data, secrets):
            each.mkdir(mode=0o700)
        mail = "smtp://127.0.0.1"
        subprocess.run([MAKE_SECRETS, secrets, "/run/postgresql", mail], check=True)
        for name, role in (("web_url", postgres.WEB), ("owner_url", postgres.OWNER)):
            (secrets / name).write_text(DATABASE.format(role=role))
        for each in (data, secrets, *secrets.iterdir()):
            os.chown(each, int(USER), int(USER))
        postgres.make_roles(entry)
        server.chmod(0o755)  # The socket is for everybody, the files have a folder of their own.
        services = composed(PARENT_HOST=FIXED["PARENT_HOST"])["services"]
        environment = services["web"]["environment"]
        assert services["worker"]["environment"] == environment
        assert (services["web"]["command"], services["worker"]["command"]) == (["web"], ["worker"])
        volumes = {data: "/srv/portal", secrets: "/run/secrets:ro", server: "/run/postgresql:ro"}
        engine = Engine(built, Path(folder), volumes, environment)
        migrate = services["migrate"]
        told = engine.ran(*migrate["command"], **migrate["environment"])
        assert "operator@portal.localhost becomes an operator by this link" in told
        engine.ran("seed_demo")
        superuser = f"host={server} user={entry['USER']} dbname={postgres.TEMPLATE}"
        yield Installation(engine, superuser)


@dataclass
class Site:
    """Acme's portal, as a customer's browser finds it: by https, behind Caddy."""

    container: Container
    port: int
    root: Path
    cookies: Path

    def ask(self, path: str, *arguments: str) -> tuple[int, str]:
        """The status and the text, wherever redirects lead."""
        url = f"https://acme.portal.localhost:{self.port}{path}"
        command = ["curl", "-sS", "-L", "--max-time", "60", "--cacert", str(self.root)]
        command += ["-b", str(self.cookies), "-c", str(self.cookies), "-e", url]
        done = subprocess.run(
            [*command, "-w", "\n%{http_code}", *arguments, url], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        text, _line, status = done.stdout.rpartition("\n")
        return int(status), text

    def send(self, path: str, **fields: str) -> tuple[int, str]:
        """Fills in the form of the page and sends it."""
        _status, page = self.ask(path)
        [token] = set(re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page))
        filled = {"csrfmiddlewaretoken": token, **fields}
        return self.ask(path, *(each for item in filled.items() for each in ("-d", "=".join(item))))


@pytest.fixture(scope="module")
def site(installed: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder, port = tmp_path_factory.mktemp("caddy"), free_port()
    with web(installed, PUBLIC_PORT=str(port)) as (container, behind):
        media = next(iter(installed.engine.volumes)) / "media"
        with servers.caddy(folder, behind, media, tls_port=port):
            yield Site(container, port, servers.root_certificate(folder), folder / "cookies")


@contextmanager
def web(installed: Installation, **environment: str) -> Iterator[tuple[Container, int]]:
    """The web server, once it answers, and its port."""
    port = free_port()
    with installed.engine.running("web", PORT=str(port), **environment) as container:
        wait_until(lambda: container.process.poll() is not None or servers._answers(port))
        assert container.process.poll() is None, container.log()
        yield container, port


def wait_until(done: Callable[[], object], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# --- What is in it -------------------------------------------------------------------------------


@pytest.mark.image
def test_it_has_what_runs_and_nothing_that_builds(built: Image) -> None:
    folders = [path.partition("=")[2] for path in built.config["Env"] if path.startswith("PATH=")]
    found = [
        name
        for folder in folders[0].split(":")
        for name in NOT_THERE
        if os.path.lexists(built.root / folder.lstrip("/") / name)
    ]
    assert found == []
    assert (built.root / "opt/portal/collected/staticfiles.json").exists()
    assert not (built.root / "opt/portal/tests").exists()
    assert not (built.root / "opt/portal/var").exists()


@pytest.mark.image
def test_no_secret_is_in_it(built: Image) -> None:
    """Neither what lay beside the source nor what pip and apt were told for the build."""
    found = subprocess.run(
        ["grep", "-rlF", "-D", "skip", SECRET, str(built.root)], capture_output=True, text=True
    )
    assert (found.returncode, found.stdout) == (1, "")
    assert SECRET not in built.history
    names = {each.partition("=")[0] for each in built.config["Env"]}
    assert names == {
        "PATH",
        "PYTHONUNBUFFERED",
        "PYTHONDONTWRITEBYTECODE",
        "PORT",
        "STATIC_ROOT",
        "DATA_DIR",
    }


@pytest.mark.image
def test_who_runs_it_may_change_nothing_of_it(built: Image) -> None:
    mine = ["(", "-uid", USER, "-o", "-perm", "-o+w", ")", "-not", "-type", "l"]
    folders = [str(built.root / folder) for folder in ("opt", "etc", "usr")]
    assert subprocess.run(["find", *folders, *mine], capture_output=True, text=True).stdout == ""


# --- Running -------------------------------------------------------------------------------------


@pytest.mark.image
def test_it_runs_as_nobody_with_a_root_that_is_read_only(site: Site) -> None:
    status = site.container.execute("cat", "/proc/1/status").stdout
    told = dict(line.split(":\t") for line in status.splitlines())
    assert told["Uid"].split() == [USER] * 4
    assert told["CapEff"] == told["CapBnd"] == "0" * 16
    assert told["NoNewPrivs"] == "1"
    tried = site.container.execute("touch", "/opt/portal/new", "/etc/new", "/home/new")
    assert tried.stderr.count("Read-only file system") == 3
    assert site.container.execute("touch", "/srv/portal/new").returncode == 0


@pytest.mark.image
def test_a_customer_walks_through_it(site: Site) -> None:
    status, page = site.ask("/")
    assert (status, "<h1>Sign in</h1>" in page) == (200, True)
    [sheet] = re.findall(r'href="(/static/css/accounts\.[0-9a-f]+\.css)"', page)
    assert site.ask(sheet)[0] == 200
    encoded = site.ask(sheet, "-o", "/dev/null", "-D", "-", "-H", "Accept-Encoding: gzip")[1]
    assert "content-encoding: gzip" in encoded.lower()
    assert "max-age=315360000, public, immutable" in encoded
    status, page = site.send("/login/", email="ada@example.com", password="demo-acme-ada")
    assert (status, "<h1>Licences</h1>" in page) == (200, True)
    assert "7FEFAB-36978D-5805A6-09B8A4-FA377F-AD2026" in page


@pytest.mark.image
def test_its_health_is_told(built: Image, site: Site, installed: Installation) -> None:
    kind, *check = built.config["Healthcheck"]["Test"]
    assert kind == "CMD"
    assert site.container.execute(*check).returncode == 0
    assert site.container.execute("env", "PORT=1", *check).returncode == 1
    with installed.engine.running("worker") as worker:
        wait_until(lambda: "Starting worker" in worker.log())
        assert worker.execute("env", "PORT=1", *check).returncode == 0
        worker.stop()
        assert worker.wait(PATIENCE_OF_ENGINES) == 0


@pytest.mark.takes_turns
@pytest.mark.image
def test_one_container_may_do_it_all(built: Image, installed: Installation) -> None:
    """With SQLite, as for a small installation; static files are in the image already."""
    given = installed.engine.environment
    small = {name: value for name, value in given.items() if name != "DATABASE_URL_FILE"}
    port, data = free_port(), next(iter(installed.engine.volumes))
    shutil.copy(migrated() / "db.sqlite3", data)
    os.chown(data / "db.sqlite3", int(USER), int(USER))
    _kind, *check = built.config["Healthcheck"]["Test"]
    with replace(installed.engine, environment=small).running("run", PORT=str(port)) as container:
        wait_until(lambda: container.process.poll() is not None or "is running" in container.log())
        assert servers._answers(port), container.log()
        assert container.execute(*check).returncode == 0
        container.stop()
        assert container.wait(60) == 0, container.log()


@pytest.mark.takes_turns
@pytest.mark.image
def test_a_back_up_is_made_as_compose_makes_it(installed: Installation, tmp_path: Path) -> None:
    service = composed(PARENT_HOST=FIXED["PARENT_HOST"])["services"]["backup"]
    with psycopg.connect(installed.superuser) as server:
        server.execute("CREATE ROLE portal_backup LOGIN BYPASSRLS IN ROLE pg_read_all_data")
    secrets = installed.folder_of("/run/secrets")
    (secrets / "backup_url").write_text(DATABASE.format(role="portal_backup"))
    folders = {tmp_path / name: f"/srv/{name}" for name in ("backups", "keys")}
    for folder in folders:
        folder.mkdir()
        os.chown(folder, int(USER), int(USER))
    engine = replace(installed.engine, volumes={**installed.engine.volumes, **folders})
    engine.ran(*service["command"], **service["environment"])
    told = engine.ran("verify_backup", "/srv/backups", "--keys", "/srv/keys/portal")
    assert "is whole" in told
    assert "opens with /srv/keys/portal" in told


@pytest.mark.image
def test_without_a_secret_key_it_does_not_start(installed: Installation) -> None:
    """Commands of manage.py refuse that, gunicorn would not."""
    given = installed.engine.environment
    without = {name: value for name, value in given.items() if name != "SECRET_KEY_FILE"}
    with replace(installed.engine, environment=without).running("web") as container:
        assert container.wait(30) == 1
    assert "portal.E001" in container.log()


# --- Stopping ------------------------------------------------------------------------------------


@pytest.mark.image
def test_an_answer_under_way_ends(installed: Installation) -> None:
    with (
        web(installed) as (container, port),
        psycopg.connect(installed.superuser) as holding,
    ):
        holding.execute("LOCK TABLE tenancy_vendor")
        headers = ["-H", "Host: acme.portal.localhost", "-H", "X-Forwarded-Proto: https"]
        visitor = subprocess.Popen(
            ["curl", "-sS", "-w", "%{http_code}", *headers, f"http://127.0.0.1:{port}/login/"],
            stdout=subprocess.PIPE,
            text=True,
        )
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        wait_until(lambda: holding.execute(waiting).fetchone() != (0,))
        container.stop()
        wait_until(lambda: "Handling signal: term" in container.log())
        time.sleep(0.2)  # until it has told those that answer
        holding.rollback()
        page = visitor.communicate(timeout=30)[0]
        assert "<h1>Sign in</h1>" in page
        assert page.endswith("200")
        assert container.wait(PATIENCE_OF_ENGINES) == 0


JOBS = (
    "SELECT count(*) FROM django_tasks_database_dbtaskresult WHERE status = %s AND task_path = %s"
)


@pytest.mark.takes_turns
@pytest.mark.image
def test_a_job_under_way_goes_back(site: Site, installed: Installation) -> None:
    """It waits for a mail server that says nothing; the next worker has one that does."""

    def deliveries(status: str) -> int:
        return int(installed.one(JOBS, status, "mail.delivery.deliver"))

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
        installed.send_by(url)
        with installed.engine.running("worker", EMAIL_LEASE="1") as worker:
            assert site.send("/password-reset/", email="ada@example.com")[0] == 200
            with silent.accept()[0]:
                assert deliveries("RUNNING") >= 1  # Earlier tests may have left some.
                worker.stop()
                assert worker.wait(PATIENCE_OF_ENGINES) == 0, worker.log()
    assert "goes back into the queue" in worker.log()
    assert (deliveries("RUNNING"), deliveries("FAILED")) == (0, 0)
    assert deliveries("READY") >= 1
    with mail_server() as server:
        installed.send_by(f"smtp://127.0.0.1:{server.port}")
        with installed.engine.running("worker", EMAIL_LEASE="1", UPKEEP_INTERVAL="1") as worker:
            wait_until(lambda: sum(b"To: ada@example.com" in text for text in server.texts))
            worker.stop()
            assert worker.wait(PATIENCE_OF_ENGINES) == 0, worker.log()
