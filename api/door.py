"""What happens around every call: how often it may come, and the headers that say so."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse

from api.requests import ApiRequest
from web import limits
from web.errors import in_json
from web.limits import Left, TooManyAttempts
from web.requests import client_ip

LONGEST_WAIT = 60  # seconds: clients give up where more is asked of them

View = Callable[..., HttpResponse]


def guarded(view: View) -> View:
    """The view of an operation as it is served. Signing in is its own matter."""

    @wraps(view)
    def wrapped(request: ApiRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            left = _take(request)
        except TooManyAttempts as error:
            error.wait = min(error.wait, LONGEST_WAIT)
            return _with_headers(in_json(error), _limit_of(request), 0, error.wait)
        if request.META.get("CONTENT_LENGTH") in {None, "", "0"}:
            request._body = b"{}"  # ninja asks no parser about it
        response = view(request, *args, **kwargs)
        if "Retry-After" in response:
            response["Retry-After"] = str(min(int(response["Retry-After"]), LONGEST_WAIT))
        return _with_headers(response, left.limit, left.tries, min(left.whole_in, LONGEST_WAIT))

    wrapped.login_required = False  # type: ignore[attr-defined]
    wrapped.csrf_exempt = True  # type: ignore[attr-defined]
    return wrapped


def _limit_of(request: ApiRequest) -> limits.Limit:
    return limits.API_PER_TOKEN if request.bearer else limits.API_PER_IP


def _take(request: ApiRequest) -> Left:
    if request.bearer:
        return limits.take_counted(limits.API_PER_TOKEN, request.bearer.digest)
    return limits.take_counted_from(limits.API_PER_IP, client_ip(request))


def _with_headers(
    response: HttpResponse, limit: limits.Limit, left: int, whole_in: int
) -> HttpResponse:
    response["X-Rate-Limit-Limit"] = str(limit.burst)
    response["X-Rate-Limit-Remaining"] = str(left)
    response["X-Rate-Limit-Reset"] = str(whole_in)
    return response
