"""Whose host a request came to, and how a vendor is found by what names it.

The table of hosts is read outside every scope and says whose a host is, nothing more. A vendor's
row, and what belongs to it, is read only inside that vendor's scope; but for chores, commands and
operators, who have to know which vendors there are. Each way out is a function here, and the
database knows it by name (tenancy/wall.py).
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from tenancy.door import Way, inside, outside
from tenancy.hosts import Address, Site, is_company_id, typed_address
from tenancy.models import Host, Vendor
from tenancy.prepared import Asked, at_host, prepared
from tenancy.wall import said


def find_vendor(address: Address) -> Vendor | None:
    """The vendor, active or not, of a customer's address, with its branding; None when there is no
    such vendor."""
    return found_at(address)[0]


def found_at(address: Address, *also: Asked[Any]) -> tuple[Vendor | None, *tuple[Any, ...]]:
    """The same, and with it the rows of further queries about that vendor's rows, in one message:
    whose the host is comes first, and the rest is read behind that vendor's door."""
    if address.site is not Site.CUSTOMER:
        return (None, *([] for _each in also))
    name = address.domain or address.company_id
    # A change is seen at once by every process, since nothing is kept.
    vendors, *others = at_host(name, timezone.now(), _with_branding.asked(), *also)
    return (vendors[0] if vendors else None, *others)


@prepared
def _with_branding() -> QuerySet[Vendor]:
    """The scope's own vendor."""
    vendor: Any = said()[0]
    return Vendor.objects.select_related("branding").filter(pk=vendor)


def vendor_by_company_id(company_id: str) -> Vendor | None:
    """The vendor, active or not, whose company id was typed; None when nobody has it."""
    vendor_id = _whose(company_id) if is_company_id(company_id) else None
    return vendor_by_id(vendor_id) if vendor_id else None


def vendor_typed(text: str) -> Vendor | None:
    """The vendor, active or not, whose company id or portal's address was typed or pasted; None
    when it is nobody's."""
    address = typed_address(text, settings.PORTAL_PARENT_HOST)
    name = address.domain or address.company_id
    vendor_id = _whose(name) if name else None
    return vendor_by_id(vendor_id) if vendor_id else None


def vendor_by_id(vendor_id: UUID | str) -> Vendor | None:
    """The vendor that a session, a link or a job names; None when it is there no more.

    Raises ValueError for text that is no UUID.
    """
    key = UUID(str(vendor_id))
    with inside(key):
        return Vendor.objects.filter(pk=key).first()


def vendor_of_product(product_id: UUID) -> Vendor | None:
    """The vendor, active or not, whose product has this id: what a program without a token names.
    None when there is no such product."""
    return _owner_of("licenses.Product", product_id)


def vendor_of_activation(activation_id: UUID) -> Vendor | None:
    """The vendor, active or not, at one of whose licences a machine has this activation. None when
    there is no such activation."""
    return _owner_of("licenses.Activation", activation_id)


def vendor_of_release(release_id: UUID) -> Vendor | None:
    """The vendor, active or not, that has published a release with this id: what the address of a
    file names. None when there is no such release."""
    return _owner_of("releases.Release", release_id)


def _owner_of(model: str, id: UUID) -> Vendor | None:
    rows: Any = apps.get_model(model)._default_manager  # by name: rooms below are not imported
    with outside(Way.PROGRAMS, "A program that has no token names no vendor."):
        found = list(rows.filter(pk=id).order_by().values_list("vendor_id", flat=True)[:1])
    return vendor_by_id(found[0]) if found else None


def every_vendor(among: Collection[UUID] | None = None) -> list[Vendor]:
    """All vendors, active or not, in the order of their company ids; with `among`, those of them
    that have one of these ids. Whoever walks them enters the scope of each."""
    vendors = Vendor.objects.order_by("company_id")
    with outside(Way.VENDORS, "Whoever walks all vendors has to know them."):
        return list(vendors if among is None else vendors.filter(pk__in=among))


def vendors_by_status() -> dict[str, int]:
    """How many vendors have each status; none of those that nobody has."""
    with outside(Way.VENDORS, "Only how many there are gets out."):
        return dict(Vendor.objects.order_by().values_list("status").annotate(n=Count("*")))


def every_host() -> list[tuple[str, UUID, datetime | None]]:
    """The table of hosts: name, whose it is, and until when it is served."""
    with outside(Way.HOSTS, "The whole table is compared with what it should say."):
        return list(Host.objects.values_list("name", "vendor_id", "served_until"))


def _whose(name: str) -> UUID | None:
    """The id of the vendor that answers at the host now; compared exactly."""
    served = Q(served_until=None) | Q(served_until__gt=timezone.now())
    hosts = Host.objects.filter(served, name=name).values_list("vendor_id", flat=True)
    with outside(Way.HOSTS, "Who the vendor is, is not known before."):
        found: UUID | None = hosts.first()
    return found
