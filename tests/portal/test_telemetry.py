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
from mail.outbox import queue
from portal import checks, env
from portal.middleware.watching import WatchingMiddleware
from portal.seeing import telemetry
from tests.conftest import ON_POSTGRESQL
from tests.mail.smtp_server import HANG_UP, MailServer, mail_server
from tests.secrets import found_in
from tests.served import ROOT, free_port
from tests.webhooks.receiver import Receiver, hanging_up, receiving, saying, slowly
from tests.world import Browser, World, signed_in
from web import watched
from webhooks import courier
from webhooks.verbs.delivering import Due, Request

KEY = "ADA111-ACME-ORBIT-0001"
SECRET = "hunter2-hunter2-hunter2"
STATUS = "http.response.status_code"


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
                    told["ms"] = (span.end_time_unix_nano - span.start_time_unix_nano) // 10**6
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


def told_of(span: dict[str, Any]) -> dict[str, Any]:
    """The attributes that we give it."""
    return {name: value for name, value in span.items() if "." in name}


def below(collector: Collector, span: dict[str, Any]) -> list[str]:
    return [each["name"] for each in collector.spans if each["parent"] == span["id"]]


def nothing_told(collector: Collector, *words: str) -> None:
    everything = json.dumps(collector.spans, default=repr)
    assert [word for word in words if word in everything] == []
    assert found_in(everything) == []


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


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.PRIVATE_RECEIVERS = {"127.0.0.1"}
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    settings.EMAIL_BACKEND = "mail.smtp.EmailBackend"
    with mail_server() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


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
    ada = Browser("acme").sign_in("ada@example.com")
    link = "WyI3NDlmYTg4Yi01NmJlLTRhY2Qt" * 3
    ada.get(f"/licenses/?q={KEY}")
    ada.get(f"/licenses/{world.ada_license.pk}/")
    Browser("acme").get(f"/password-reset/{link}/?next=ada@example.com")
    Browser("acme").post("/login/", {"email": "ada@example.com", "password": SECRET})
    Browser("api").get("/v3/products", headers={"Authorization": f"Bearer {link}"})
    Browser("acme").get("/nothing/here/", headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"})
    collector.eventually("GET")  # the last one, which leads nowhere
    ids = (str(world.ada_license.pk), str(world.ada.pk))
    nothing_told(collector, KEY, "ada@", SECRET, link, *ids, "nothing")
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


@pytest.mark.processes
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (saying(200, "the shop"), {"portal.outcome": "ARRIVED", STATUS: 200}),
        (saying(500, "the shop"), {"portal.outcome": "REFUSED", STATUS: 500}),
        (saying(302, "", "Location: /shop"), {"portal.outcome": "REDIRECT", STATUS: 302}),
        (hanging_up, {"portal.outcome": "NO_ANSWER"}),
    ],
)
def test_a_delivery_of_a_webhook_is_a_span(
    world: World, collector: Collector, receiver: Receiver, answer: Any, told: dict[str, Any]
) -> None:
    """In a thread that asks no database; whether it arrived, and nothing of what was said."""
    receiver.usual = slowly(0.2, answer)
    due = Due(world.acme.pk, world.ada.pk, world.ada_license.pk)
    url, headers = f"{receiver.url}?token={KEY}", {"x-signature": SECRET}
    request = Request(due, "license.created", world.bob.pk, url, SECRET.encode(), headers)
    thread = Thread(target=courier.attempt, args=[request])
    thread.start()
    thread.join()
    [got] = receiver.got
    assert got.body == SECRET.encode()
    span = collector.eventually("webhook license.created")
    of_both = {"portal.kind": "webhook", "portal.vendor": str(world.acme.pk)}
    assert told_of(span) == of_both | told
    assert (span["failed"], span["parent"]) == (told.get(STATUS) != 200, b"")
    assert 200 <= span["ms"] < 5000
    assert below(collector, span) == []
    nothing_told(collector, KEY, SECRET, "127.0.0.1", "hooks", "shop", str(world.ada_license.pk))


@pytest.mark.processes
@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, {"portal.outcome": "ACCEPTED"}),
        ({"RCPT": "550 no ada@example.com here"}, {"error.type": "Refused"}),
        ({"END": HANG_UP}, {"error.type": "NoReply"}),
    ],
)
def test_an_email_that_is_handed_over_is_a_span(
    world: World, collector: Collector, server: MailServer, said: Any, told: dict[str, str]
) -> None:
    """Below its job; what is asked the database meanwhile is told once."""
    server.says.update(said)
    server.delay = 0.2
    with watched.doing("job", "mail.delivery.deliver", world.acme.pk):
        email = queue("invitation", user=world.ada)  # here it is sent at once
    job = collector.eventually("job mail.delivery.deliver")
    span = collector.eventually("email invitation")
    of_both = {"portal.kind": "email", "portal.vendor": str(world.acme.pk)}
    assert told_of(span) == of_both | told
    assert (span["failed"], span["parent"], span["trace"]) == (bool(said), job["id"], job["trace"])
    came_to_the_end = "RCPT" not in said
    assert 200 * came_to_the_end <= span["ms"] < 5000
    assert below(collector, span).count("INSERT mail_senttext") == came_to_the_end
    assert email
    nothing_told(collector, "ada@", "127.0.0.1", "invitation/", str(email.pk), str(world.ada.pk))


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
