"""`/healthz` and `/readyz` on any host, for load balancers and whoever restarts processes: whether
this process lives, and whether visitors may be sent to it (portal/seeing/readiness.py)."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from portal.seeing import readiness


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
    found = readiness.look()
    status = HTTPStatus.SERVICE_UNAVAILABLE if found.refused else HTTPStatus.OK
    return HttpResponse(found.text, status=status, content_type="text/plain")


ANSWERS = {"/healthz": _lives, "/readyz": _is_ready}
