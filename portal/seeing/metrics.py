"""Metrics for Prometheus, on a port of their own (METRICS_PORT).

What happens in requests each process counts in a file of its own, in a folder that gunicorn makes
as it starts (gunicorn.conf.py): of its processes the one that gets the port tells the sum of all.
The rest is read from the database when it is asked for, and is the same at every machine. A vendor
is told by its id alone, a route by its name: no path, no name, no address.
"""

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Event, Thread
from typing import Any

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest
from django.utils import timezone
from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from branding.models import CustomDomain
from jobs.models import ChoreTurn
from portal.seeing import facts, numbers
from tenancy.door import Way, outside
from web import counting

logger = logging.getLogger(__name__)

AGAIN = 10.0  # seconds until the port is tried again that another process has
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)  # seconds
ROUTE = ("site", "route")

REQUESTS = Counter("portal_requests", "Requests that were answered.", (*ROUTE, "status"))
SECONDS = Histogram("portal_request_seconds", "Until an answer began.", ROUTE, buckets=BUCKETS)
QUERIES = Counter("portal_queries", "Messages to the database while answering.", ROUTE)
SEATS = Counter("portal_seats", "Seats that machines took, or were refused.", ("outcome",))
OUTCOMES = {counting.SEAT_TAKEN: "taken", counting.SEAT_REFUSED: "refused"}


class Queries:
    """An execute wrapper that counts."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        self.count += 1
        return execute(sql, params, many, context)


def note(request: HttpRequest, status: int, seconds: float, queries: int) -> None:
    """Counts a request that was answered."""
    address = getattr(request, "address", None)
    match = request.resolver_match
    labels = (str(address.site) if address else "", (match.view_name or "") if match else "")
    REQUESTS.labels(*labels, str(status)).inc()
    SECONDS.labels(*labels).observe(seconds)
    if queries:
        QUERIES.labels(*labels).inc(queries)


def _count(what: str) -> None:
    if what in OUTCOMES:
        SEATS.labels(OUTCOMES[what]).inc()


def listen() -> None:
    """Counts what rooms tell, from now on."""
    if _count not in counting.LISTENERS:
        counting.LISTENERS.append(_count)


class Installation(Collector):
    """What the database knows, and whether Redis answers where there is one, when it is asked."""

    def collect(self) -> Iterable[Metric]:
        """Of a database that does not answer only that."""
        families: list[Metric] = []
        up = GaugeMetricFamily("portal_database_up", "Whether the database answers.")
        try:
            families = [*_queue(), *_numbers(), *_chores(), _certificates()]
        except Error as error:
            logger.warning("The database can't be asked for metrics: %s", error)
        finally:
            connection.close()  # of a thread that ends with this answer
        up.add_metric((), float(bool(families)))
        return [up, *_redis(), *families]


def _redis() -> Iterable[Metric]:
    answers = facts.redis_answers()
    if answers is not None:
        yield GaugeMetricFamily("portal_redis_up", "Whether Redis counts calls.", float(answers))


def _queue() -> Iterable[Metric]:
    queue = facts.queue()
    yield GaugeMetricFamily("portal_queue_jobs", "Jobs that wait.", queue.waiting)
    yield GaugeMetricFamily("portal_queue_seconds", "How long the first waits.", queue.seconds)
    yield GaugeMetricFamily("portal_workers", "Workers that live.", len(facts.workers()))


def _numbers() -> Iterable[Metric]:
    kept = numbers.kept()
    for of in (numbers.E_MAILS, numbers.EVENTS, numbers.DOMAINS):
        family = GaugeMetricFamily(f"portal_{of}", f"Of {of}, by state.", labels=("state",))
        for name, n in kept.items():
            kind, _dot, state = name.partition(".")
            if kind == of:
                family.add_metric((state,), n)
        yield family
    off = kept.get(numbers.SWITCHED_OFF, 0)
    yield GaugeMetricFamily("portal_webhooks_switched_off", "Since nothing arrived.", off)


def _chores() -> Iterable[Metric]:
    labels = ("chore",)
    seconds = GaugeMetricFamily("portal_chore_seconds", "The last time took.", labels=labels)
    failed = GaugeMetricFamily("portal_chore_failed", "The last time failed.", labels=labels)
    ended = GaugeMetricFamily("portal_chore_ended", "The last time (Unix).", labels=labels)
    for turn in ChoreTurn.objects.filter(ended_at__isnull=False):
        seconds.add_metric((turn.name,), turn.seconds or 0.0)
        failed.add_metric((turn.name,), float(turn.failed))
        ended.add_metric((turn.name,), turn.ended_at.timestamp() if turn.ended_at else 0.0)
    return [seconds, failed, ended]


def _certificates() -> Metric:
    family = GaugeMetricFamily(
        "portal_certificate_days",
        "Until the certificate ends that a custom domain shows.",
        labels=("vendor", "domain"),
    )
    now = timezone.now()
    with outside(Way.DOMAINS, "Only ids and when certificates end get out."):
        seen = CustomDomain.objects.filter(
            verified_at__isnull=False, certificate_ends_at__isnull=False
        )
        for vendor, id, ends in seen.values_list("vendor_id", "id", "certificate_ends_at"):
            days = (ends - now).total_seconds() / 86400 if ends else 0.0
            family.add_metric((str(vendor), str(id)), days)
    return family


class Server(Thread):
    """Answers at METRICS_PORT, for all processes that share the folder; as long as another one has
    the port, it tries again: that one may end."""

    def __init__(self) -> None:
        super().__init__(name="metrics", daemon=True)
        self._registry = CollectorRegistry()
        MultiProcessCollector(self._registry)  # type: ignore[no-untyped-call]
        self._registry.register(Installation())

    def run(self) -> None:
        while True:
            with suppress(OSError):
                start_http_server(
                    settings.METRICS_PORT, settings.METRICS_HOST, registry=self._registry
                )
                return
            Event().wait(AGAIN)
