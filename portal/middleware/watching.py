"""What is told of each request to who watches: metrics."""

from collections.abc import Callable
from time import perf_counter

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import connection
from django.http import HttpRequest, HttpResponse


class WatchingMiddleware:
    """Comes second, so that it sees what all others answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.METRICS_PORT:
            raise MiddlewareNotUsed
        # Where nobody asks for metrics, their library stays out of the process.
        from portal.seeing import metrics  # noqa: PLC0415

        self.get_response = get_response
        self._metrics = metrics
        metrics.listen()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began, queries = perf_counter(), self._metrics.Queries()
        with connection.execute_wrapper(queries):
            response = self.get_response(request)
        took = perf_counter() - began
        self._metrics.note(request, response.status_code, took, queries.count)
        return response
