"""How large a body each view takes."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from portal import errors
from web.bodies import LARGEST, announced


class BodyMiddleware:
    """Refuses a body that is larger than the view takes, before anything reads it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], *_: Any
    ) -> HttpResponse | None:
        # SECURITY: tests/portal/test_bodies.py. A large body is not there yet: who reads it waits.
        if announced(request.META) <= getattr(view, "largest_body", LARGEST):
            return None
        return errors.too_large(request)
