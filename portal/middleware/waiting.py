"""Nobody who is served waits long for what somebody else has locked in the database."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from tenancy.waiting import waiting_at_most

LONGEST_WAIT = 2.0  # seconds


class WaitingMiddleware:
    """Comes first: whatever a request asks the database fails after LONGEST_WAIT, and is answered
    by 503 (portal/errors.py). Its thread would otherwise be missing to everybody."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with waiting_at_most(LONGEST_WAIT):
            return self.get_response(request)
