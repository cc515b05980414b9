"""Spans for OpenTelemetry, of requests, jobs, chores, what they ask the database and what is handed
to other servers: sent by OTLP/HTTP where OTEL_EXPORTER_OTLP_ENDPOINT says (docs/operations.md).

A span tells routes, tables, and the ids of request and vendor: no path, query, value or parameter,
no name, address, key or token, and of an error its kind alone. Visitors choose no trace: what they
say of one (`traceparent`) is not read.

A queue of bounded length and one thread of each process send; it begins with the first span, so
that gunicorn's processes have theirs once they are made. Whoever is served never waits for them.
"""

import atexit
import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from threading import Lock, Thread
from typing import Any

from django.conf import settings
from django.db import connections
from django.http import HttpRequest, HttpResponse
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer

from tenancy.wall import said
from web import watched
from web.logs import Bounded

ANSWERS_WITHIN = 5.0  # seconds that a collector gets, in the thread that sends
LEAVING = 2.0  # seconds that a process that ends waits for what is not sent yet
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
FAULTS = 500  # statuses from there on
TABLE = re.compile(r'\b(?:FROM|INTO|UPDATE)\s+"(\w+)"')
WORD = re.compile(r"[A-Z]+")

_beginning = Lock()
_of_process: dict[int, Tracer] = {}


def tracer() -> Tracer:
    """The one of this process, which begins to send with it."""
    found = _of_process.get(os.getpid())
    if found is None:
        with _beginning:
            found = _of_process.get(os.getpid()) or _begin()
    return found


def _begin() -> Tracer:
    for name in ("exporter.otlp.proto.http.trace_exporter", "sdk._shared_internal"):
        logging.getLogger(f"opentelemetry.{name}").addFilter(Bounded())
    named = {SERVICE_NAME: os.environ.get("OTEL_SERVICE_NAME", "portal")}
    provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
    exporter = OTLPSpanExporter(
        endpoint=f"{settings.TELEMETRY_ENDPOINT.rstrip('/')}/v1/traces",
        headers=settings.TELEMETRY_HEADERS or None,
        timeout=ANSWERS_WITHIN,
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    atexit.register(_end, provider, os.getpid())
    _of_process.clear()
    made = _of_process[os.getpid()] = provider.get_tracer("portal")
    return made


def _end(provider: TracerProvider, of_process: int) -> None:
    """Sends what is left, for as long as that takes no time."""
    if os.getpid() != of_process:
        return
    last = Thread(target=provider.shutdown, name="last spans", daemon=True)
    last.start()
    last.join(LEAVING)


@contextmanager
def _span(name: str, kind: SpanKind, context: Context | None, **told: Any) -> Iterator[Span]:
    """A span around what is done; what is raised marks it, without what the error says."""
    attributes = {key: value for key, value in told.items() if value not in {"", None}}
    with tracer().start_as_current_span(
        name,
        context=context,
        kind=kind,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield span
        except BaseException as error:
            span.set_status(StatusCode.ERROR)
            span.set_attribute("error.type", type(error).__name__)
            raise


# --- Requests -----------------------------------------------------------------------------------


def answered(request: HttpRequest, answer: Callable[[], HttpResponse]) -> HttpResponse:
    """What `answer` returns, with a span of it and of each statement."""
    method = request.method if request.method in METHODS else "_OTHER"
    with _span(str(method), SpanKind.SERVER, Context()) as span, _statements():
        response = answer()
        match, address = request.resolver_match, getattr(request, "address", None)
        route = (match.view_name or "") if match else ""
        if route:
            span.update_name(f"{method} {route}")
        vendor, user = getattr(request, "vendor", None), getattr(request, "user", None)
        told = {
            "http.request.method": method,
            "http.response.status_code": response.status_code,
            # The pattern of the address, whose values have names alone.
            "http.route": match.route if match else "",
            "portal.site": str(address.site) if address else "",
            "portal.request": getattr(request, "id", ""),
            "portal.vendor": str(getattr(vendor, "pk", "") or getattr(user, "vendor_id", "") or ""),
        }
        span.set_attributes({name: value for name, value in told.items() if value != ""})
        if response.status_code >= FAULTS:
            span.set_status(StatusCode.ERROR)
        return response


# --- What is asked the database -----------------------------------------------------------------


class Statements:
    """An execute wrapper with a span for each statement: what it does to which table."""

    def __init__(self, database: str) -> None:
        self._database = database

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        vendor, _way = said()
        name = summary(str(sql))
        told = {
            "db.system.name": context["connection"].vendor,
            "db.query.summary": name,
            "portal.database": self._database,
            "portal.vendor": str(vendor or ""),
        }
        with _span(name, SpanKind.CLIENT, None, **told):
            return execute(sql, params, many, context)


def summary(sql: str) -> str:
    """The statement's first word and first table, which are all that is told of it."""
    word, table = WORD.match(sql), TABLE.search(sql)
    return " ".join(each for each in (word and word[0], table and table[1]) if each) or "statement"


@contextmanager
def _statements() -> Iterator[None]:
    with ExitStack() as stack:
        for name in connections:
            stack.enter_context(connections[name].execute_wrapper(Statements(name)))
        yield


# --- Jobs and chores, e-mails and webhooks ------------------------------------------------------

KINDS = {
    "job": SpanKind.CONSUMER,
    "chore": SpanKind.INTERNAL,
    "email": SpanKind.CLIENT,
    "webhook": SpanKind.CLIENT,
}


@contextmanager
def _done(what: watched.Doing) -> Iterator[None]:
    """What is handed to a server is a part of the job that does so, which has the statements, or,
    in a thread that does nothing else, begins a trace and asks the database nothing."""
    is_whole = KINDS[what.kind] is not SpanKind.CLIENT
    told = {"portal.kind": what.kind, "portal.vendor": what.vendor}
    name, context = f"{what.kind} {what.name}", Context() if is_whole else None
    with (
        _span(name, KINDS[what.kind], context, **told) as span,
        _statements() if is_whole else nullcontext(),
    ):
        yield
        if what.outcome:
            span.set_attribute("portal.outcome", what.outcome)
        if what.status:
            span.set_attribute("http.response.status_code", what.status)
        if what.failed:
            span.set_status(StatusCode.ERROR)


def listen() -> None:
    """Has spans made of what rooms do, from now on."""
    if _done not in watched.WATCHERS:
        watched.WATCHERS.append(_done)
