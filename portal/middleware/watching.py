"""What is told of each request to who watches: metrics, its line in the log, and by which id lines
of the log and the answer belong together."""

import logging
import re
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from time import perf_counter
from uuid import uuid4

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse

from portal.checks import lacks_telemetry
from web import json_logs

access = logging.getLogger("portal.access")

HEADER = "X-Request-ID"
# Of an id that a proxy has given: nothing in it looks like a secret, or breaks a line.
ID = re.compile(r"[A-Za-z0-9_-]{8,36}")
# Who asks all the time, and what a page brings with it.
SILENT = ("/healthz", "/readyz", settings.STATIC_URL)


class WatchingMiddleware:
    """Comes second, so that it sees what all others answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._metrics = None
        if settings.METRICS_PORT:
            # Where nobody asks for metrics, their library stays out of the process.
            from portal.seeing import metrics  # noqa: PLC0415

            self._metrics = metrics
            metrics.listen()
        self._answered: Callable[..., HttpResponse] = _plainly
        if settings.TELEMETRY_ENDPOINT and not lacks_telemetry():
            from portal.seeing import telemetry  # noqa: PLC0415  as above

            self._answered = telemetry.answered

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.id = id_of(request)  # type: ignore[attr-defined]
        known = json_logs.about.set(request)
        try:
            return self._answered(request, partial(self._answer, request))
        finally:
            json_logs.about.reset(known)

    def _answer(self, request: HttpRequest) -> HttpResponse:
        began = perf_counter()
        queries = self._metrics.Queries() if self._metrics else None
        with connection.execute_wrapper(queries) if queries else nullcontext():
            response = self.get_response(request)
        took = perf_counter() - began
        if not request.path_info.startswith(settings.STATIC_URL):
            # Static files are kept by browsers for years, and tell nobody what went wrong.
            response[HEADER] = request.id  # type: ignore[attr-defined]
        if self._metrics and queries:
            self._metrics.note(request, response.status_code, took, queries.count)
        if settings.ACCESS_LOG and not request.path_info.startswith(SILENT):
            _log(request, response.status_code, took)
        return response


def _plainly(request: HttpRequest, answer: Callable[[], HttpResponse]) -> HttpResponse:
    return answer()


def id_of(request: HttpRequest) -> str:
    """The id that a proxy of ours gave the request, or a new one: a visitor chooses none."""
    # SECURITY: tests/web/test_json_logs.py.
    given = request.headers.get(HEADER, "") if settings.TRUSTED_PROXIES else ""
    return given if ID.fullmatch(given) else str(uuid4())


def _log(request: HttpRequest, status: int, took: float) -> None:
    """One line, without query and address: proxies have those, under the same id."""
    match = request.resolver_match
    told = {
        "method": request.method,
        "path": request.path_info,
        "route": match.view_name if match else "",
        "status": status,
        "seconds": round(took, 4),
    }
    text = "%s %s %s %.3f s"
    access.info(
        text, request.method, request.path_info, status, took, extra={"access": told}
    )  # fmt: skip
