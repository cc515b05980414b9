"""A form that was sent before is led to where it led the first time (web/once.py)."""

from collections.abc import Callable
from typing import Any

from django.db import Error
from django.http import HttpRequest, HttpResponse

from tenancy.waiting import passes
from web import once


class OnceMiddleware:
    """Comes last, once it is known who sends the form and that he may send one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with once.answering() as sent:
            response = self.get_response(request)
            return _finished(request, sent, response) if sent.key else response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], *_: Any
    ) -> HttpResponse | None:
        # Views that receive files ask by themselves (`backoffice.base.receives_files`), when they
        # know what they may read.
        if getattr(view, "csrf_exempt", False) or getattr(view, "counts_every_time", False):
            return None
        return once.arrive(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return once.broken(request, error)


def _finished(request: HttpRequest, sent: once.Sent, response: HttpResponse) -> HttpResponse:
    """What was done is answered, also where the database can't be told now where that leads."""
    try:
        return once.finish(request, sent, response)
    except Error as error:
        if not passes(error):
            raise
        return response
