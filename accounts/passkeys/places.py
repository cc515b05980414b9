"""Which host passkeys are bound to, and from which origins they may be used.

They are bound to a host of our zone for good, so that a domain of the vendor's own that comes or
goes loses none. At such a domain they work by Related Origin Requests (WebAuthn, Level 3): the
browser asks the host of our zone, at `/.well-known/webauthn`, which origins may use its passkeys.
"""

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from accounts.passkeys.ceremonies import Place
from accounts.requests import PersonRequest
from tenancy.hosts import Site, origin
from tenancy.models import Host, Vendor

RELATED_ORIGINS = "/.well-known/webauthn"


def place_of(request: PersonRequest) -> Place:
    """Where the visitor is. The origin is the one of the request's own host: what was signed at
    another host of the same vendor does not count here."""
    rp_id = _rp_id(request.vendor if request.address.site is Site.CUSTOMER else None)
    return Place(rp_id, origin(request.address.domain or rp_id))


def _rp_id(vendor: Vendor | None) -> str:
    """`<company_id>.PARENT_HOST`; for staff and operators `app.PARENT_HOST`."""
    label = vendor.company_id if vendor else "app"
    return f"{label}.{settings.PORTAL_PARENT_HOST}"


def related_origins(vendor: Vendor) -> list[str]:
    """The origins beside its own host at which the vendor's passkeys may be used: its domains that
    are served now, the portal's address first, since browsers read no more than a few."""
    served = Q(served_until=None) | Q(served_until__gt=timezone.now())
    found = Host.objects.filter(served, vendor=vendor, name__contains=".")
    names = sorted(
        found.values_list("name", flat=True),
        key=lambda name: (name != vendor.canonical_domain, name),
    )
    return [origin(name) for name in names]
