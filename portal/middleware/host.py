"""One spelling of the host, before anything compares it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from tenancy.hosts import normalise_host

GetResponse = Callable[[HttpRequest], HttpResponse]


class NormaliseHostMiddleware:
    """Makes one spelling of each host, so that all later comparisons can be exact."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "HTTP_HOST" in request.META:
            request.META["HTTP_HOST"] = normalise_host(request.META["HTTP_HOST"])
        return self.get_response(request)
