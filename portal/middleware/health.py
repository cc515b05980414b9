"""`/healthz` and `/readyz` on any host, for load balancers and whoever restarts processes: whether
this process lives, and whether its database answers."""

from collections.abc import Callable

from django.db import Error, connection
from django.http import HttpRequest, HttpResponse


class HealthMiddleware:
    """Answers before anything looks at the host: a load balancer asks by IP address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = ANSWERS.get(request.path_info)
        if answer is None:
            return self.get_response(request)
        response = answer() if request.method in {"GET", "HEAD"} else HttpResponse(status=405)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex"
        return response


def _lives() -> HttpResponse:
    """Asks nobody: a process is not to be restarted because its database is."""
    return HttpResponse("ok\n", content_type="text/plain")


def _is_ready() -> HttpResponse:
    """Reads a table: SQLite would say yes to anything less without opening its file."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM django_migrations LIMIT 1")
    except Error:
        return HttpResponse("database unavailable\n", status=503, content_type="text/plain")
    return HttpResponse("ready\n", content_type="text/plain")


ANSWERS = {"/healthz": _lives, "/readyz": _is_ready}
