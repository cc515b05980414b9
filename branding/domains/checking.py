"""Checks of the custom domains of all vendors that are due: a chore, and
`manage.py check_domains`."""

import logging
from collections.abc import Callable

from django.utils import timezone

from branding.domains import verbs as domains
from branding.domains.models import CustomDomain
from jobs.vendors import at_each
from tenancy.door import Way, outside
from tenancy.models import Vendor
from tenancy.table import every_vendor

logger = logging.getLogger(__name__)


class Unchecked(Exception):
    """Some domains could not be checked, for a fault of ours; the others are."""

    def __init__(self, failed: int) -> None:
        super().__init__(f"{failed} of them could not be checked: see the log.")


def check_due() -> str:
    """The chore, every five minutes. Raises Unchecked and SomeVendorsFailed."""
    checked, failed = check_all(only_due=True)
    if failed:
        raise Unchecked(failed)
    return f"Checked {checked} domains."


def check_all(
    *, only_due: bool, tell: Callable[[CustomDomain], object] = lambda _domain: None
) -> tuple[int, int]:
    """Checks the domains, one after the other; tells of each as it is afterwards. Returns how many
    there were, and how many of them could not be checked. Raises SomeVendorsFailed."""
    now, failed = timezone.now(), list[bool]()
    with outside(Way.DOMAINS, "Which vendors have a domain that is due."):
        found = CustomDomain.objects.all()
        if only_due:
            found = found.filter(next_check_at__lte=now)
        waiting = set(found.values_list("vendor_id", flat=True))

    def at(_vendor: Vendor) -> int:
        rows = domains.due(now) if only_due else CustomDomain.objects.all()
        here = [not _check(domain, tell) for domain in rows]
        failed.extend(here)
        return len(here)

    return at_each(at, every_vendor(waiting)), sum(failed)


def _check(domain: CustomDomain, tell: Callable[[CustomDomain], object]) -> bool:
    """Checks one domain; what goes wrong with it is logged and stops no other one."""
    try:
        tell(domains.check(domain))
    except Exception:
        logger.exception("%s could not be checked.", domain.name)
        domains.put_off(domain)
        return False
    return True
