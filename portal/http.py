"""Helpers about HTTP that every app may use."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from portal.tenancy import Address

if TYPE_CHECKING:
    from accounts.models import User, Vendor

PAGE_SIZE = 25


class PortalRequest(HttpRequest):
    """A request after the middleware: it knows its address, its vendor and its user."""

    address: Address
    host: Any  # django-hosts' own object
    vendor: "Vendor"  # on a customer's host only; anywhere else the attribute is missing
    user: "User"


def client_ip(request: HttpRequest) -> str:
    """The visitor's IP address.

    Behind TRUSTED_PROXIES proxies it is what the outermost of them wrote; further entries of
    X-Forwarded-For come from the visitor and are worth nothing.
    """
    hops = settings.TRUSTED_PROXIES
    forwarded = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    if hops and len(forwarded) >= hops and forwarded[-hops]:
        return str(forwarded[-hops])
    return str(request.META.get("REMOTE_ADDR", ""))


def safe_next(request: HttpRequest, default: str) -> str:
    """Where the visitor wanted to go (parameter `next`), when that is a path on this host."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    allowed = url_has_allowed_host_and_scheme(
        target, allowed_hosts=None, require_https=request.is_secure()
    )
    return target if allowed else default


def page_of(
    rows: "QuerySet[Any] | Sequence[Any]", request: HttpRequest, parameter: str = "page"
) -> "Page[Any]":
    """The page of 25 rows that the query parameter asks for; the nearest one when it is off."""
    return Paginator(rows, PAGE_SIZE).get_page(request.GET.get(parameter))


def frame(request: HttpRequest) -> dict[str, Any]:
    """What the frame of every page needs: the vendor in whose name it speaks."""
    return {"vendor": getattr(request, "vendor", None)}
