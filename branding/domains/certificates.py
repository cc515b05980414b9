"""When the certificates of custom domains end, as their own port 443 shows it: looked at once a
day, since whoever gets them (a proxy) tells us nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from django.db.models import Q, QuerySet
from django.utils import timezone

from branding.domains import verbs as domains
from branding.domains.models import CustomDomain
from jobs.vendors import at_each
from tenancy.door import Way, outside
from tenancy.models import Vendor
from tenancy.table import every_vendor
from web.fetching import Fault, NotFetched, certificate_of

AGAIN = timedelta(days=1)
CertificateFault = CustomDomain.CertificateFault


@dataclass(frozen=True, slots=True)
class Shown:
    """What a host shows: until when its certificate is valid, or what is wrong."""

    ends_at: datetime | None = None
    fault: str = ""


def look_all() -> str:
    """The chore: looks at the domains that are served and were not looked at for a day."""
    now = timezone.now()
    with outside(Way.DOMAINS, "Which vendors have a domain that is to be looked at."):
        waiting = set(_due(now).values_list("vendor_id", flat=True))

    def at(_vendor: Vendor) -> int:
        looked = 0
        for domain in _due(now):
            shown = look(domain.name)
            domains.note_certificate(domain, ends_at=shown.ends_at, fault=shown.fault)
            looked += 1
        return looked

    return f"Looked at {at_each(at, every_vendor(waiting))} certificates."


def _due(now: datetime) -> QuerySet[CustomDomain]:
    long_ago = Q(certificate_looked_at=None) | Q(certificate_looked_at__lte=now - AGAIN)
    return CustomDomain.objects.filter(long_ago, verified_at__isnull=False).order_by("name")


def look(name: str) -> Shown:
    """Asks the host itself, at a public address alone; takes 10 seconds at most."""
    try:
        shown = certificate_of(name)
    except NotFetched as error:
        is_inside = error.fault is Fault.NOT_PUBLIC
        return Shown(fault=CertificateFault.NOT_PUBLIC if is_inside else CertificateFault.NO_ANSWER)
    return read(shown, name)


def read(shown: bytes, name: str) -> Shown:
    """What the certificate (DER) says of the host of this name."""
    try:
        certificate = x509.load_der_x509_certificate(shown)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        covered = names.value.get_values_for_type(x509.DNSName)
    except (ValueError, x509.ExtensionNotFound):
        return Shown(fault=CertificateFault.OTHER_NAME)
    wildcard = f"*.{name.partition('.')[2]}"
    if not {name, wildcard} & {each.lower() for each in covered}:
        return Shown(fault=CertificateFault.OTHER_NAME)
    return Shown(ends_at=certificate.not_valid_after_utc)
