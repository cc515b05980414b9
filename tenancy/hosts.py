"""What a host stands for, and the absolute addresses of a vendor's pages.

Here and in `table.py`, which knows whose a host is, the tenant is decided. It is by the host alone,
compared exactly: our zone plus one valid label, or one custom domain as it is. No suffix match,
header, query, form or session takes part, and there is no default tenant.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port
from django.urls import reverse
from django.utils import timezone

from tenancy.addresses import AROUND, NO_PLACE, domain_in_ascii

if TYPE_CHECKING:
    from tenancy.models import Vendor

LONGEST_NAME = 253
BESIDE_A_HOST = frozenset("/:@?#")
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")

# Labels below our zone that are, or may become, addresses of the installation itself.
RESERVED_LABELS = frozenset(
    {
        "admin", "api", "app", "assets", "autoconfig", "autodiscover", "blog", "cdn", "cname",
        "docs", "files", "ftp", "help", "hosting", "imap", "internal", "localhost", "login",
        "mail", "media", "mx", "ns", "ns1", "ns2", "pop", "portal", "postmaster", "root", "smtp",
        "static", "status", "support", "test", "webmail", "wpad", "www",
    }
)  # fmt: skip


class Site(StrEnum):
    """The parts of the building that have an address; each has a URLconf in portal/urls/."""

    CUSTOMER = "customer"
    BACKOFFICE = "backoffice"
    API = "api"
    LANDING = "landing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a host leads: a site and, for a customer's site, the vendor's company id."""

    site: Site
    company_id: str = ""
    domain: str = ""  # a customer's site under a name that is not ours


def is_company_id(label: str) -> bool:
    """Whether the label can be a vendor's company id: one DNS label, not reserved, not Punycode."""
    return (
        LABEL.fullmatch(label) is not None and label not in RESERVED_LABELS and label[2:4] != "--"
    )


def normalise_host(host: str) -> str:
    """The host in lower case, without the dot that ends a fully qualified name; keeps the port."""
    name, colon, port = host.lower().partition(":") if not host.startswith("[") else (host, "", "")
    return name.removesuffix(".") + colon + port


def typed_address(text: str, parent_host: str) -> Address:
    """What a company id, a portal's name, or the whole address of one of its pages stands for, as
    somebody typed or pasted it; pure."""
    typed = text.translate(NO_PLACE).strip(AROUND).strip("<>")
    try:
        host = urlsplit(typed if "//" in typed else f"//{typed}").hostname
    except ValueError:  # brackets that hold no IPv6 address
        return Address(Site.UNKNOWN)
    name = domain_in_ascii(host or "")
    if "." in name:
        return locate(name, parent_host)
    is_alone = BESIDE_A_HOST.isdisjoint(typed)
    return (
        Address(Site.CUSTOMER, name) if is_alone and is_company_id(name) else Address(Site.UNKNOWN)
    )


def locate(host: str, parent_host: str) -> Address:
    """The address that a normalised host (with or without a port) stands for; pure.

    SECURITY: exact comparison only, see tests/tenancy/test_hosts.py for the hostile hosts.
    """
    domain, _port = split_domain_port(host)
    if domain == parent_host:
        return Address(Site.LANDING)
    label, dot, zone = domain.partition(".")
    if zone != parent_host:
        return _locate_elsewhere(domain, parent_host)
    if not dot:
        return Address(Site.UNKNOWN)
    if label == "app":
        return Address(Site.BACKOFFICE)
    if label == "api":
        return Address(Site.API)
    if is_company_id(label):
        return Address(Site.CUSTOMER, company_id=label)
    return Address(Site.UNKNOWN)


def _locate_elsewhere(domain: str, parent_host: str) -> Address:
    """A name outside our zone: a customer's site, if some vendor has exactly this domain."""
    labels = domain.split(".")
    ours = domain.endswith(f".{parent_host}") or parent_host.endswith(f".{domain}")
    is_name = len(labels) > 1 and all(LABEL.fullmatch(each) for each in labels)
    if ours or not is_name or labels[-1].isdigit() or len(domain) > LONGEST_NAME:
        return Address(Site.UNKNOWN)
    return Address(Site.CUSTOMER, domain=domain)


def canonical_host(vendor: "Vendor") -> str:
    """The host that links to the vendor's portal lead to, without a port."""
    until = vendor.canonical_until
    if vendor.canonical_domain and (until is None or until > timezone.now()):
        return vendor.canonical_domain
    return f"{vendor.company_id}.{settings.PORTAL_PARENT_HOST}"


def is_ours(host: str) -> bool:
    """Whether a host, with or without a port, is in our zone, where subdomains are ours too."""
    domain = normalise_host(host).partition(":")[0]
    zone = settings.PORTAL_PARENT_HOST
    return bool(domain == zone or domain.endswith(f".{zone}"))


def vendor_url(vendor: "Vendor", name: str, *args: Any, query: dict[str, str] | None = None) -> str:
    """The absolute URL of a portal page on the vendor's canonical host, never the request's."""
    path = reverse(name, urlconf="portal.urls.customer", args=args, query=query)
    return origin(canonical_host(vendor)) + path


def backoffice_url(name: str, *args: Any) -> str:
    """The absolute URL of a page of the back office."""
    path = reverse(name, urlconf="portal.urls.backoffice", args=args)
    return origin(f"app.{settings.PORTAL_PARENT_HOST}") + path


def api_url(name: str, *args: Any) -> str:
    """The absolute URL of an operation of the Web API."""
    path = reverse(f"api:{name}", urlconf="portal.urls.api", args=args)
    return api_origin() + path


def api_origin() -> str:
    """Where the Web API is, without a slash."""
    return origin(f"api.{settings.PORTAL_PARENT_HOST}")


def origin(domain: str) -> str:
    """Scheme, domain and public port (left out when it is the scheme's own), without a slash."""
    own_port = 443 if settings.PUBLIC_SCHEME == "https" else 80
    port = settings.PUBLIC_PORT
    suffix = f":{port}" if port and port != own_port else ""
    return f"{settings.PUBLIC_SCHEME}://{domain}{suffix}"
