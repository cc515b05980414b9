"""What the queue's worker does for this app: warn a vendor's administrators about a domain."""

from django.utils import timezone
from django_scopes import scope
from django_tasks import task

from accounts.models import Role, User, Vendor
from branding import emails
from branding.models import CustomDomain


def _administrators(vendor: Vendor) -> list[User]:
    people = User.objects.filter(role=Role.ADMIN, is_active=True).select_related("vendor")
    return list(people)


@task()
def send_domain_warning(*, vendor_id: str, domain_id: str) -> None:
    """Tells that the record of a domain is gone and until when it is served all the same."""
    vendor = Vendor.objects.get(pk=vendor_id)
    with scope(vendor=vendor):
        domain = CustomDomain.objects.filter(pk=domain_id).first()
        if domain is None or domain.served_until is None or domain.served_until <= timezone.now():
            return  # Mended or over meanwhile.
        for person in _administrators(vendor):
            emails.domain_failing(person, domain)


@task()
def send_domain_ended(*, vendor_id: str, name: str) -> None:
    """Tells that a domain is served no more."""
    vendor = Vendor.objects.get(pk=vendor_id)
    with scope(vendor=vendor):
        for person in _administrators(vendor):
            emails.domain_ended(person, name)
