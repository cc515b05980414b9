"""A form that was sent before is led to where it led the first time (web/once.py)."""

from collections.abc import Callable
from typing import Any

from django.db import Error
from django.http import HttpRequest, HttpResponse

from tenancy.waiting import passes
from web import once


class OnceMiddleware:
    """Comes last, once it is known that somebody may send the form. Views that receive files
    (`backoffice.base.receives_files`) ask by themselves, when they know what they may read."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with once.answering() as sent:
            response = self.get_response(request)
            if sent.counted:
                _keep(sent, response)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], *_: Any
    ) -> HttpResponse | None:
        is_exempt = any(getattr(view, name, False) for name in ("csrf_exempt", "counts_every_time"))
        return None if is_exempt or request.method != "POST" else once.arrive(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, once.SentBefore):
            return once.again(request, once.key_of(request))
        return None


def _keep(sent: once.Sent, response: HttpResponse) -> None:
    """What was done is answered, also where the database can't be told now where that leads."""
    try:
        once.led_to(sent, response)
    except Error as error:
        if not passes(error):
            raise
