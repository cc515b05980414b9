"""Metrics: what is counted, on a port of its own, and whom they name."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from prometheus_client import REGISTRY

from branding.domains.verbs import claim
from branding.models import CustomDomain
from jobs import turns
from jobs.chores import CHORES
from licenses.errors import ActivationLimitReached
from licenses.models import Activation, License
from licenses.verbs.activations import Machine, activate
from portal.seeing import metrics
from tenancy.door import inside
from tests.environment import FIXED
from tests.jobs.test_worker import database_url
from tests.served import ROOT, free_port
from tests.world import World, signed_in
from web import counting


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.fixture
def counted(world: World, settings: Any) -> Iterator[World]:
    settings.METRICS_PORT = 9
    yield world
    counting.LISTENERS.clear()


def test_requests_are_counted_by_route_and_never_by_path(counted: World) -> None:
    def asked() -> list[float]:
        route = {"site": "customer", "route": "license"}
        return [
            value("portal_requests_total", **route, status="200"),
            value("portal_request_seconds_count", **route),
            value("portal_queries_total", **route),
        ]

    before, browser = asked(), signed_in(counted.ada)
    assert browser.get(f"/licenses/{counted.ada_license.pk}/").status_code == 200
    answered, timed, queries = (now - old for now, old in zip(asked(), before, strict=True))
    assert (answered, timed) == (1, 1)
    assert queries >= 1
    labels = [
        label
        for family in REGISTRY.collect()
        for each in family.samples
        for label in each.labels.values()
    ]
    assert str(counted.ada_license.pk) not in labels


def test_where_nobody_asks_nothing_is_counted(world: World) -> None:
    route = {"site": "customer", "route": "license", "status": "200"}
    before = value("portal_requests_total", **route)
    signed_in(world.ada).get(f"/licenses/{world.ada_license.pk}/")
    assert value("portal_requests_total", **route) == before


def test_seats_are_counted_that_are_taken_and_refused(
    world: World, django_capture_on_commit_callbacks: Any
) -> None:
    metrics.listen()
    try:
        before = [value("portal_seats_total", outcome=each) for each in ("taken", "refused")]
        with inside(world.acme):
            license = world.ada_license
            License.objects.filter(pk=license.pk).update(
                allowed_activations=Activation.objects.filter(license=license).count() + 1
            )
            with django_capture_on_commit_callbacks(execute=True):
                activate(license, Machine(fingerprint="f" * 64, os="linux", hostname="f"))
            with pytest.raises(ActivationLimitReached):
                activate(license, Machine(fingerprint="e" * 64, os="linux", hostname="e"))
        after = [value("portal_seats_total", outcome=each) for each in ("taken", "refused")]
    finally:
        counting.LISTENERS.clear()
    assert [now - old for now, old in zip(after, before, strict=True)] == [1, 1]


@pytest.mark.by_database
def test_the_installation_is_told_without_names(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr("portal.seeing.metrics.connection.close", lambda: None)
    with inside(world.acme):
        domain = claim(world.acme, "portal.acme.test")
        CustomDomain.objects.filter(pk=domain.pk).update(
            state="verified",
            verified_at=timezone.now(),
            certificate_ends_at=timezone.now() + timedelta(days=36),
        )
    turns.make_rows()
    turns.take(CHORES["numbers"], "one")
    samples = [sample for family in metrics.Installation().collect() for sample in family.samples]
    found = {(each.name, *each.labels.values()): each.value for each in samples}
    assert found["portal_certificate_days", str(world.acme.pk), str(domain.pk)] == 36
    assert found["portal_database_up",] == 1
    assert found["portal_queue_jobs",] == 0
    assert found["portal_emails", "queued"] == 0
    assert found["portal_domains", "verified"] == 1
    assert found["portal_chore_failed", "numbers"] == 0
    assert "acme.test" not in str(samples)


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return str(answer.read().decode())


def eventually(url: str) -> str:
    deadline = time.monotonic() + 30
    while True:
        with (
            suppress(OSError),
            socket.create_connection(
                ("127.0.0.1", int(url.split(":")[2].split("/", maxsplit=1)[0])), 1
            ),
        ):
            return get(url)
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_one_port_tells_what_all_processes_have_counted(tmp_path: Path) -> None:
    port, told_at = free_port(), free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "gunicorn.conf.py")]
    command += ["portal.wsgi", "--bind", f"127.0.0.1:{port}", "--log-level", "info"]
    environment = {
        **os.environ, **FIXED, "DATABASE_URL": database_url(), "WORKERS": "2",
        "METRICS_PORT": str(told_at), "TMPDIR": str(tmp_path), "LOG_FORMAT": "json",
    }  # fmt: skip
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        eventually(f"http://127.0.0.1:{port}/healthz")
        eventually(f"http://127.0.0.1:{told_at}/metrics")
        for _ in range(20):
            asked = HTTPConnection("127.0.0.1", port, timeout=5)
            asked.request("GET", "/licenses/license/", headers={"Host": "app.portal.localhost"})
            assert asked.getresponse().status == 302
            asked.close()
        told = get(f"http://127.0.0.1:{told_at}/metrics")
    finally:
        process.terminate()
        assert process.wait(20) == 0
    assert (
        'portal_requests_total{route="admin:licenses_license_changelist",site="backoffice",status="302"} 20.0'
        in told
    )
    assert "portal_database_up 1.0" in told
    assert list(tmp_path.glob("portal-metrics-*")) == []
    # Who collects logs reads every line of every process, gunicorn's own too.
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    loggers = Counter(line["logger"] for line in lines)
    assert loggers["portal.access"] == 20
    assert loggers["gunicorn.error"] > 0
