"""Spans of OpenTelemetry: what they tell and what not, and collectors that are slow or gone."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from jobs import turns
from jobs.chores import CHORES
from portal import checks, env
from portal.middleware.watching import WatchingMiddleware
from portal.seeing import telemetry
from tests.conftest import ON_POSTGRESQL
from tests.secrets import found_in
from tests.served import ROOT, free_port
from tests.world import Browser, World, signed_in
from web import watched

KEY = "ADA111-ACME-ORBIT-0001"


class Collector:
    """Takes what is sent by OTLP/HTTP, or says nothing until it ends."""

    def __init__(self, *, hangs: bool = False) -> None:
        self.spans: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.came, self._ended = 0, Event()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                collector.came += 1
                if hangs:
                    collector._ended.wait(60)
                    return
                assert self.path == "/v1/traces"
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers["Content-Encoding"] == "gzip":
                    body = gzip.decompress(body)
                collector.take(ExportTraceServiceRequest.FromString(body))
                collector.headers.append({k.lower(): v for k, v in self.headers.items()})
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def take(self, sent: ExportTraceServiceRequest) -> None:
        for resource in sent.resource_spans:
            of = {each.key: each.value.string_value for each in resource.resource.attributes}
            for scope in resource.scope_spans:
                for span in scope.spans:
                    told = {
                        each.key: each.value.string_value or each.value.int_value
                        for each in span.attributes
                    }
                    told |= {"name": span.name, "id": span.span_id, "parent": span.parent_span_id}
                    told |= {"trace": span.trace_id, "failed": span.status.code == 2}
                    assert not span.events
                    assert not span.status.message
                    self.spans.append({**told, "service": of["service.name"]})

    def eventually(self, name: str, seconds: float = 20) -> dict[str, Any]:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if found := [each for each in self.spans if each["name"] == name]:
                return found[-1]
            time.sleep(0.02)
        raise AssertionError((name, [each["name"] for each in self.spans]))

    def close(self) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def collecting(**options: Any) -> Iterator[Collector]:
    collector = Collector(**options)
    try:
        yield collector
    finally:
        collector.close()


@contextmanager
def sending(settings: Any, monkeypatch: pytest.MonkeyPatch, url: str) -> Iterator[None]:
    """The portal sends there, as with OTEL_EXPORTER_OTLP_ENDPOINT."""
    settings.TELEMETRY_ENDPOINT = url
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    monkeypatch.setattr(watched, "WATCHERS", [])
    monkeypatch.setattr(telemetry.atexit, "register", ended := Ended())
    telemetry._of_process.clear()
    telemetry.listen()
    try:
        yield
    finally:
        telemetry._of_process.clear()
        ended.end()


class Ended(list[Any]):
    """What is to be done at the end of the process."""

    def __call__(self, end: Any, *arguments: Any) -> None:
        self.append((end, arguments))

    def end(self) -> None:
        for end, arguments in self:
            end(*arguments)


@pytest.fixture
def collector(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collecting() as collector, sending(settings, monkeypatch, collector.url):
        yield collector


# --- What is told -------------------------------------------------------------------------------


@pytest.mark.processes
def test_a_request_is_a_span_with_its_statements(world: World, collector: Collector) -> None:
    path = f"/licenses/{world.ada_license.pk}/"
    response = signed_in(world.ada).get(f"{path}?key={KEY}")
    assert response.status_code == 200
    span = collector.eventually("GET license")
    assert span["service"] == "portal"
    assert span["portal.request"] == response["X-Request-ID"]
    assert span["portal.vendor"] == str(world.acme.pk)
    assert span["http.route"] == "licenses/<uuid:license_id>/"
    assert span["http.response.status_code"] == 200
    assert span["portal.site"] == "customer"
    assert not span["parent"]
    assert not span["failed"]
    statements = [each for each in collector.spans if each["parent"] == span["id"]]
    assert any(each["name"].startswith("SELECT ") for each in statements)
    assert {each["trace"] for each in statements} == {span["trace"]}
    assert {each["db.system.name"] for each in statements} == {
        "postgresql" if ON_POSTGRESQL else "sqlite"
    }


@pytest.mark.processes
def test_nothing_confidential_is_told(world: World, collector: Collector) -> None:
    """Keys, tokens, addresses, and whatever came in path, query, body, headers and parameters."""
    secret = "hunter2-hunter2-hunter2"
    ada = Browser("acme").sign_in("ada@example.com")
    link = "WyI3NDlmYTg4Yi01NmJlLTRhY2Qt" * 3
    ada.get(f"/licenses/?q={KEY}")
    ada.get(f"/licenses/{world.ada_license.pk}/")
    Browser("acme").get(f"/password-reset/{link}/?next=ada@example.com")
    Browser("acme").post("/login/", {"email": "ada@example.com", "password": secret})
    Browser("api").get("/v3/products", headers={"Authorization": f"Bearer {link}"})
    Browser("acme").get("/nothing/here/", headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"})
    collector.eventually("GET")  # the last one, which leads nowhere
    everything = json.dumps(collector.spans, default=repr)
    for word in (
        KEY,
        "ada@",
        secret,
        link,
        str(world.ada_license.pk),
        str(world.ada.pk),
        "nothing",
    ):
        assert word not in everything
    assert found_in(everything) == []
    assert b"\xaa" * 16 not in {each["trace"] for each in collector.spans}
    assert len(collector.spans) > 20


@pytest.mark.processes
def test_a_fault_is_marked_without_what_it_says(
    world: World, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("of ada@example.com")

    monkeypatch.setattr("accounts.views.SignInForm", fails)
    Browser("acme", raise_request_exception=False).get("/login/")
    span = collector.eventually("GET login")
    assert span["failed"]
    assert span["http.response.status_code"] == 500
    assert "ada@" not in json.dumps(collector.spans, default=repr)


@pytest.mark.processes
def test_chores_and_jobs_are_spans(
    world: World, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns.make_rows()
    turns.take(CHORES["reminders"], "worker")
    span = collector.eventually("chore reminders")
    assert span["portal.kind"] == "chore"
    assert [each for each in collector.spans if each["parent"] == span["id"]]

    def fails() -> None:
        raise RuntimeError

    chore = CHORES["limits"]
    monkeypatch.setattr(type(chore), "run", property(lambda _self: fails), raising=False)
    turns.take(chore, "worker")
    assert collector.eventually("chore limits")["failed"]
    with watched.doing("job", "mail.delivery.deliver", world.acme.pk):
        pass
    assert collector.eventually("job mail.delivery.deliver")["portal.vendor"] == str(world.acme.pk)


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ('SELECT "a"."b" FROM "licenses_license" WHERE "a"."b" = %s', "SELECT licenses_license"),
        ('UPDATE "mail_outgoingemail" SET "x" = %s', "UPDATE mail_outgoingemail"),
        ('INSERT INTO "audit_auditentry" ("a") VALUES (%s)', "INSERT audit_auditentry"),
        ('DELETE FROM "web_limit" WHERE 1', "DELETE web_limit"),
        ("SELECT 1", "SELECT"),
        ("-- ADA111-ACME", "statement"),
    ],
)
def test_of_a_statement_its_table_is_told(sql: str, told: str) -> None:
    assert telemetry.summary(sql) == told


def test_headers_are_sent_along(
    settings: Any, monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    settings.TELEMETRY_HEADERS = {"authorization": "Basic abc="}
    with collecting() as collector:
        with sending(settings, monkeypatch, f"{collector.url}/"):
            Browser().get("/robots.txt")
        collector.eventually("GET")
        assert collector.headers[0]["authorization"] == "Basic abc="


# --- Collectors that are slow or gone -----------------------------------------------------------


@pytest.mark.processes
@pytest.mark.parametrize("way", ["hangs", "gone"])
def test_a_collector_that_is_slow_or_gone_slows_nobody(
    world: World, settings: Any, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(telemetry, "LEAVING", 0.5)
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "600")
    with collecting(hangs=True) as collector:
        url = collector.url if way == "hangs" else f"http://127.0.0.1:{free_port()}"
        browser = Browser()
        browser.get("/robots.txt")
        with sending(settings, monkeypatch, url):
            telemetry.tracer()
            began = time.monotonic()
            for _ in range(200):
                assert browser.get("/robots.txt").status_code == 200
            # Far more than the queue takes: what can't be sent is dropped.
            for _ in range(3000):
                with watched.doing("job", "x"):
                    pass
            took = time.monotonic() - began
            assert took < telemetry.ANSWERS_WITHIN
            began = time.monotonic()
        # Nor does a process wait for it that ends.
        assert time.monotonic() - began < 3
        assert collector.came == (1 if way == "hangs" else 0)


# --- Settings -----------------------------------------------------------------------------------


def test_without_the_packages_the_check_says_what_to_install(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_name: str) -> None:
        raise ModuleNotFoundError

    settings.TELEMETRY_ENDPOINT = "http://collector:4318"
    assert checks.check_telemetry(None) == []
    monkeypatch.setattr(checks, "find_spec", missing)
    [error] = checks.check_telemetry(None)
    assert error.id == "portal.E013"
    assert "requirements-telemetry.lock" in str(error.hint)
    # And no import fails before that could be told.
    WatchingMiddleware(lambda _request: None)  # type: ignore[arg-type, return-value]
    settings.TELEMETRY_ENDPOINT = ""
    assert checks.check_telemetry(None) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a-token-alone"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured) as raised:
        (env.endpoint if "ENDPOINT" in name else env.headers)(name)
    assert value not in str(raised.value)


def test_headers_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Basic%20abc=, x-scope=1")
    assert env.headers("OTEL_EXPORTER_OTLP_HEADERS") == {
        "authorization": "Basic abc=",
        "x-scope": "1",
    }


# --- Processes ----------------------------------------------------------------------------------


@pytest.mark.processes
def test_each_of_gunicorns_processes_sends_its_own(tmp_path: Path) -> None:
    """gunicorn.conf.py loads the portal before it forks; the last spans are sent as it ends."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "gunicorn.conf.py")]
    command += ["portal.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2"]
    with collecting() as collector:
        environment = {
            **os.environ,
            "DATA_DIR": str(tmp_path),
            "STATIC_ROOT": str(tmp_path / "static"),
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "600000",
        }
        (tmp_path / "static").mkdir()
        served = subprocess.Popen(
            command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
        )
        try:
            until = time.monotonic() + 60
            answers = 0
            while answers < 40 and time.monotonic() < until:
                with suppress(OSError):
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).read()
                    answers += 1
                    continue
                time.sleep(0.2)
            assert answers == 40
        finally:
            served.send_signal(signal.SIGTERM)
            _out, told = served.communicate(timeout=40)
        assert "Traceback" not in told
        spans = [each for each in collector.spans if "http.request.method" in each]
        assert len(spans) == 40
        assert len(collector.headers) == 2, "one from each process"
