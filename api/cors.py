"""Operations that pages of any origin may call (CORS): those that anybody may call anyhow, for the
forms that vendors host themselves. No cookie and no token goes with such a call."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

from api.answers import nothing

View = Callable[..., HttpResponse]

# SECURITY: tests/api/test_trials.py. None of these may look at who asks.
ROUTES = frozenset({"trial-activations", "trial-activations/offline-activate"})
FOR_A_DAY = "86400"


def for_any_origin(view: View) -> View:
    """The view, whose POST a page of any origin may make and read the answer of."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = nothing() if request.method == "OPTIONS" else view(request, *args, **kwargs)
        if request.method in {"OPTIONS", "POST"}:
            response["Access-Control-Allow-Origin"] = "*"
        if request.method == "OPTIONS":
            response["Access-Control-Allow-Methods"] = "POST"
            response["Access-Control-Allow-Headers"] = "Content-Type"
            response["Access-Control-Max-Age"] = FOR_A_DAY
        return response

    return wrapped
