"""One spelling of the host, before anything compares it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port

from portal import errors
from tenancy.hosts import normalise_host

GetResponse = Callable[[HttpRequest], HttpResponse]


class NormaliseHostMiddleware:
    """Makes one spelling of each host, so that all later comparisons can be exact; refuses what is
    no host at all, for which Django would write a traceback into the log."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "HTTP_HOST" in request.META:
            host = normalise_host(request.META["HTTP_HOST"])
            request.META["HTTP_HOST"] = host
            if not split_domain_port(host)[0]:
                return errors.no_host(request)
        return self.get_response(request)
