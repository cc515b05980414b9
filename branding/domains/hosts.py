"""Whether the table of hosts says what vendors and their domains say."""

from datetime import datetime
from uuid import UUID

from branding.domains.models import CustomDomain
from tenancy.door import Way, outside
from tenancy.table import every_host, every_vendor

Row = tuple[UUID, datetime | None]


def hosts_that_differ() -> list[str]:
    """The hosts, in order, that are missing from the table, too many in it, or another vendor's
    or served until another time than they should be. Empty unless something went by the verbs."""
    told = {name: (vendor_id, until) for name, vendor_id, until in every_host()}
    due = _due()
    return sorted(name for name in told.keys() | due.keys() if told.get(name) != due.get(name))


def _due() -> dict[str, Row]:
    """What the table has to say: each vendor's company id, and each proved domain."""
    due: dict[str, Row] = {vendor.company_id: (vendor.pk, None) for vendor in every_vendor()}
    why = "Whose each proved domain is; names alone get out, to who runs the installation."
    with outside(Way.DOMAINS, why):
        proved = CustomDomain.objects.filter(verified_at__isnull=False)
        for name, vendor_id, until in proved.values_list("name", "vendor_id", "served_until"):
            due[name] = (vendor_id, until)
    return due
