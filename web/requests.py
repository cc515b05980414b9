"""Helpers about HTTP that every app may use."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from tenancy.hosts import Address
from tenancy.models import Vendor

PAGE_SIZE = 25


class PortalRequest(HttpRequest):
    """A request after the middleware: it knows its address and its vendor. Who it comes from is
    said by `accounts.requests.PersonRequest`."""

    address: Address
    host: Any  # django-hosts' own object
    vendor: Vendor  # on a customer's host only; anywhere else the attribute is missing


def query_before(request: HttpRequest, path: str) -> str:
    """The query with which the page at `path`, of the same host, was open when a link on it was
    followed; empty where the browser tells nothing or of another page."""
    came = urlsplit(request.headers.get("Referer", ""))
    return came.query if came.netloc == request.get_host() and came.path == path else ""


def client_ip(request: HttpRequest) -> str:
    """The visitor's IP address, as portal/middleware/visitors.py has found it."""
    return str(request.META.get("REMOTE_ADDR", ""))


def by_script(request: HttpRequest) -> bool:
    """Whether a script of ours waits for the answer, to be told in JSON where to go."""
    return request.headers.get("X-Requested-With") == "XMLHttpRequest"


def page_of_form(request: HttpRequest, default: str) -> str:
    """The page of this host from which the form was sent, as far as the browser says."""
    page = urlsplit(request.headers.get("Referer", ""))
    if page.netloc != request.get_host() or not page.path:
        return default
    return f"{page.path}?{page.query}" if page.query else page.path


def safe_next(request: HttpRequest, default: str) -> str:
    """Where the visitor wanted to go (parameter `next`), when that is a path on this host."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    allowed = url_has_allowed_host_and_scheme(
        target, allowed_hosts=None, require_https=request.is_secure()
    )
    return target if allowed else default


def page_of(
    rows: "QuerySet[Any] | Sequence[Any]",
    request: HttpRequest,
    parameter: str = "page",
    *,
    number: int | None = None,
) -> "Page[Any]":
    """The page of 25 rows that the query parameter asks for; the nearest one when it is off.

    `number` is how many rows there are, for who knows; otherwise they are counted.
    """
    paginator = Paginator(rows, PAGE_SIZE)
    if number is not None:
        paginator.count = number
    return paginator.get_page(request.GET.get(parameter))


def not_while_viewing_as(view: Callable[..., Any]) -> Callable[..., Any]:
    """Refuses support, who views as the customer, a GET that hands out or changes something."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if getattr(request, "view_as", None):
            raise PermissionDenied(
                _("You are only viewing: files and feeds are for the customer alone.")
            )
        answer: HttpResponseBase = view(request, *args, **kwargs)
        return answer

    return wrapped
