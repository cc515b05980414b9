"""deploy/compose.yaml: what the schema asks for, what is promised of it, and what it starts.

The portal's own processes are started with its commands and environment by test_image.py, from the
image; Caddy and the making of PostgreSQL's roles here.
"""

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import psycopg
import pytest

from portal import env
from tests import postgres, redis
from tests.conftest import ALL_REQUIRED, NO_REDIS
from tests.deploy import servers
from tests.deploy.compose import composed
from tests.served import ROOT, free_port
from web.redis_store import RedisStore

SECRETS = ROOT / "deploy/make-secrets"
IMAGE_OF_OURS = ("migrate", "web", "worker", "backup")
ENDS = {"migrate", "backup"}


@pytest.fixture(scope="module")
def file() -> dict[str, Any]:
    return composed(PARENT_HOST="portal.example.com")


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secrets") / "made"
    made(folder, "db")
    return folder


def made(folder: Path, database: str) -> None:
    subprocess.run([SECRETS, folder, database, "smtp://u:p@mail.example.com"], check=True)


# --- What is in it -------------------------------------------------------------------------------


def test_it_is_what_the_compose_specification_asks_for(file: dict[str, Any]) -> None:
    schemas = resources.files("check_jsonschema") / "builtin_schemas/vendor"
    schema = json.loads((schemas / "compose-spec.json").read_text())
    jsonschema.validate(file, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**file, "servises": {}}, schema)


def test_each_service_is_careful_comes_back_and_says_how_it_is(file: dict[str, Any]) -> None:
    assert set(file["services"]) == {"db", "redis", *IMAGE_OF_OURS, "caddy"}
    for name, service in file["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["restart"] in {"unless-stopped", "on-failure:5", "no"}, name
        assert "privileged" not in service, name
        # The worker is healthy as long as it runs.
        assert ("test" in service["healthcheck"]) == (name not in {*ENDS, "worker"}), name
        is_asked_for = name in {"backup", "redis"}
        assert service.get("profiles") == ([name] if is_asked_for else None)


def test_whoever_serves_waits_for_the_tables(file: dict[str, Any]) -> None:
    services = file["services"]
    assert services["migrate"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    for name in ("web", "worker", "backup"):
        waits = services[name]["depends_on"]
        assert waits["migrate"] == {"condition": "service_completed_successfully"}
    assert not [each for each in services.values() if "redis" in each.get("depends_on", {})]
    assert services["caddy"]["depends_on"] == {"web": {"condition": "service_healthy"}}


def test_only_the_proxy_is_reached_from_outside_and_the_database_reaches_nobody(
    file: dict[str, Any],
) -> None:
    services = file["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["caddy"]
    for name in ("db", "redis"):
        assert services[name]["networks"] == ["database"]
    assert services["caddy"]["networks"] == ["outside"]
    assert file["networks"]["database"] == {"internal": True}


def test_secrets_are_files_that_are_handed_to_whom_needs_them(
    file: dict[str, Any], secrets: Path
) -> None:
    for name, service in file["services"].items():
        told = service.get("environment", {})
        named = {value for key, value in told.items() if key.endswith("_FILE")}
        given = {f"/run/secrets/{each}" for each in service.get("secrets", [])}
        assert named <= given, name
        assert not [value for value in told.values() if "://" in value], name
    assert {path.name for path in secrets.iterdir()} == set(file["secrets"])
    for name, secret in file["secrets"].items():
        assert secret == {"file": f"secrets/{name}"}
    urls = {"migrate": "owner_url", "web": "web_url", "worker": "web_url", "backup": "backup_url"}
    for name, url in urls.items():
        of_database = set(file["services"][name]["secrets"]) & set(urls.values())
        assert of_database == {url}


def test_its_settings_are_those_of_the_docs(file: dict[str, Any]) -> None:
    told = (ROOT / "docs/operations.md").read_text()
    table = told[told.index("## Every setting") : told.index("## Commands")]
    for name in IMAGE_OF_OURS:
        for setting in file["services"][name]["environment"]:
            assert f"`{setting.removesuffix('_FILE')}`" in table


def test_its_folders_and_files_are_there(file: dict[str, Any]) -> None:
    for service in file["services"].values():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source in file["volumes"] or (ROOT / "deploy" / source).is_file()


# --- Secrets -------------------------------------------------------------------------------------


def test_secrets_are_made_once_for_their_owner_alone(secrets: Path) -> None:
    before = {path.name: path.read_text().strip() for path in secrets.iterdir()}
    assert oct(secrets.stat().st_mode & 0o777) == "0o700"
    assert len(before["secret_key"]) == 80
    made(secrets, "elsewhere")
    assert {path.name: path.read_text().strip() for path in secrets.iterdir()} == before
    assert before["web_url"] == f"postgresql://portal_web:{before['web_password']}@db/portal"
    assert len(set(before.values())) == len(before)


def test_the_portal_can_read_them(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cryptography.fernet import Fernet

    Fernet((secrets / "key_encryption_keys").read_text().strip())
    monkeypatch.setenv("DATABASE_URL_FILE", str(secrets / "owner_url"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    entry = env.database("DATABASE_URL", secrets)
    assert (entry["USER"], entry["HOST"], entry["NAME"]) == ("portal_owner", "db", "portal")
    monkeypatch.setenv("EMAIL_URL_FILE", str(secrets / "email_url"))
    assert env.email("EMAIL_URL")["EMAIL_HOST"] == "mail.example.com"


# --- What it starts ------------------------------------------------------------------------------


@pytest.mark.processes
def test_the_databases_image_makes_the_roles(
    file: dict[str, Any], secrets: Path, tmp_path: Path
) -> None:
    """Its script, with the paths of the container in a folder."""
    script = (ROOT / "deploy/roles.sh").read_text()
    for volume in file["services"]["db"]["volumes"][1:]:
        source, inside, how = volume.split(":")
        assert how == "ro"
        script = script.replace(inside, str((ROOT / "deploy" / source).resolve()))
    script = script.replace("/run/secrets", str(secrets))
    with postgres.server() as entry:
        told = {"PGHOST": entry["HOST"], "PGPORT": entry["PORT"], "POSTGRES_USER": entry["USER"]}
        subprocess.run(["sh", "-c", script], env={**os.environ, **told}, check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        where = f"host={entry['HOST']} port={entry['PORT']} dbname=portal"
        for role in ("owner", "web", "backup"):
            password = (secrets / f"{role}_password").read_text().strip()
            with psycopg.connect(f"{where} user=portal_{role} password={password}") as connection:
                can = connection.execute("SELECT has_schema_privilege('public', 'CREATE')")
                assert can.fetchone() == (role == "owner",)


def test_redis_counts_calls_by_its_command_and_forgets_what_is_next_to_whole(
    file: dict[str, Any], settings: Any
) -> None:
    if NO_REDIS and not ALL_REQUIRED:
        pytest.skip("NOT TRIED: redis-server is not on this machine")
    with redis.server(file["services"]["redis"]["command"]) as server:
        store = RedisStore(server.url)
        limit = {"interval": 60.0, "burst": 2, "now": time.time(), "ahead": 60.0}
        taken = [store.take("someone", **limit) for _ in range(3)]
        store.close()
        with server.client() as client:
            told = client.config_get("maxmemory*") | client.config_get("save")  # type: ignore[operator]
    assert [bool(each and each[0]) for each in taken] == [True, True, False]
    assert told["maxmemory-policy"] == "volatile-ttl"
    assert (told["maxmemory"], told["save"]) == (str(64 * 1024 * 1024), "")


class Upstream(BaseHTTPRequestHandler):
    """A portal that knows every host, and keeps what it was asked."""

    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@contextmanager
def upstream() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.proxies
def test_caddy_starts_by_its_command_and_asks_with_the_secret(
    file: dict[str, Any], secrets: Path, tmp_path: Path
) -> None:
    """The paths of the container are a folder's, the ports free ones, and the certificates those of
    an authority of Caddy's own."""
    service, port = file["services"]["caddy"], free_port()
    text = servers.changed(
        (ROOT / "deploy/Caddyfile").read_text(),
        own=("{\n\ton_demand_tls", "{\n\tadmin off\n\tskip_install_trust\n"
             "\tauto_https disable_redirects\n\ton_demand_tls"),
        https=("https:// {", f"https://:{port} {{"),
        http=("http:// {", f"http://:{free_port()} {{"),
        issuer=("tls {\n\t\ton_demand", "tls internal {\n\t\ton_demand"),
    )  # fmt: skip
    (tmp_path / "Caddyfile").write_text(text)
    command = [
        each.replace("/etc/caddy", str(tmp_path)).replace("/run/secrets", str(secrets))
        for each in service["command"]
    ]
    assert str(secrets) in command[-1]
    program = Path(shutil.which("caddy", path=servers.SEARCH) or "caddy")
    with upstream() as portal, (tmp_path / "log").open("wb") as log:
        told = {**service["environment"], "PORTAL": f"127.0.0.1:{portal}", "HOME": str(tmp_path)}
        assert service["environment"]["PORTAL"] == "web:8000"
        told |= {name: str(tmp_path) for name in told if name.startswith("XDG_")}
        path = f"{program.parent}:{os.environ['PATH']}"
        process = subprocess.Popen(
            command, env={**told, "PATH": path}, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            host = "acme.portal.example.com"
            ask = ["curl", "-sk", "--retry", "40", "--retry-connrefused", "--retry-delay", "1",
                   "--resolve", f"{host}:{port}:127.0.0.1", "-w", "%{http_code}",
                   f"https://{host}:{port}/healthz"]  # fmt: skip
            answered = subprocess.run(ask, capture_output=True, text=True).stdout
            assert answered == "200", (tmp_path / "log").read_text()
        finally:
            process.terminate()
            process.wait(20)
    secret = (secrets / "tls_ask_secret").read_text().strip()
    assert {f"/internal/tls-ask?domain={host}&secret={secret}", "/healthz"} == set(Upstream.asked)
    assert secret not in (tmp_path / "log").read_text()
