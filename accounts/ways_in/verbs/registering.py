"""People who register by themselves, where the vendor lets them: asking, confirming, forgetting.

Before the address is confirmed there is a registration and nobody who could sign in. Runs in the
vendor's scope.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.links import LinkRefused
from accounts.models import BuiltIn, Registration, User
from accounts.passwords import in_one_spelling
from accounts.verbs import links
from accounts.verbs.people import create_person
from accounts.ways_in import domains, tasks
from audit import trail
from audit.acting import acting_as
from audit.verbs.erasing import Leaving
from jobs.vendors import at_each
from mail.outbox import queue
from mail.verbs.keeping import delete_to_nobody
from tenancy.addresses import normalise_email
from tenancy.models import Vendor
from tenancy.table import every_vendor
from tenancy.transactions import delete_in_steps
from web import limits
from web.errors import PortalError
from web.once import count_once

SALT = "accounts.ways_in.registration"
LASTS = timedelta(hours=1)
KEPT = timedelta(days=1)  # after its end
CONFIRM, KNOWN = "registration", "registration-known"  # the kinds of e-mails


class DomainNotLetIn(PortalError):
    """The vendor lets people of chosen domains register, and this address is at none of them."""

    code = "DOMAIN_NOT_LET_IN"
    text = _("With an address at this domain you can't register here.")


@dataclass(slots=True)
class Stranger:
    """Whom the e-mail of a registration is written to; what was typed as a name is not repeated to
    an address that may be somebody else's."""

    email: str
    vendor: Vendor
    pk: None = None

    @property
    def vendor_id(self) -> UUID:
        return self.vendor.pk

    @property
    def full_name(self) -> str:
        return self.email


def may_register(vendor: Vendor, email: str) -> bool:
    """Whether the vendor lets somebody with this address register."""
    if vendor.registration == Vendor.Registration.DOMAINS:
        return domains.is_among(normalise_email(email), domains.read(vendor.registration_domains))
    return vendor.registration == Vendor.Registration.OPEN


def ask(*, vendor: Vendor, email: str, names: Mapping[str, str], ip: str) -> None:
    """Has a link e-mailed that makes a customer of who has the address; if there is an account
    already, an e-mail that says so.

    Answers the same, and in the same time, in both cases: the look-up happens in the queue's
    worker. Raises DomainNotLetIn and TooManyAttempts.
    """
    if not may_register(vendor, email):
        raise DomainNotLetIn
    limits.take_from(limits.REGISTER_PER_IP, ip)
    limits.take(limits.REGISTER_PER_ADDRESS, str(vendor.pk), normalise_email(email))
    with transaction.atomic():
        count_once()
        tasks.begin_registration.enqueue(vendor_id=str(vendor.pk), email=email, names=dict(names))


@transaction.atomic
def begin(*, vendor: Vendor, email: str, names: Mapping[str, str], once: str) -> None:
    """Keeps the registration and queues the e-mail, or the one to who has an account; `once` counts
    per vendor (mail/outbox.py). Raises ValidationError for what no field takes."""
    known = User.objects.at(email)
    if known is not None:
        queue(KNOWN, user=known, once=once)
        return
    row = Registration(
        vendor=vendor,
        email=normalise_email(email),
        ends_at=timezone.now() + LASTS,
        **names,
    )
    row.full_clean()
    row.save(force_insert=True)
    to = Stranger(row.email, vendor)
    if not queue(CONFIRM, user=to, details={"registration": str(row.pk)}, once=once):
        row.delete()  # a job that runs twice has kept one already


def make_token(row: Registration) -> str:
    return signing.dumps([str(row.vendor_id), str(row.pk)], salt=SALT)


def read_token(vendor: Vendor, token: str) -> Registration:
    """The registration that the link confirms, which is neither used nor over, and which the vendor
    still allows. Raises LinkRefused."""
    try:
        vendor_id, row_id = signing.loads(token, salt=SALT, max_age=LASTS)
    except (signing.BadSignature, ValueError) as error:
        raise LinkRefused from error
    row = _waiting().filter(pk=row_id).first()
    if vendor_id != str(vendor.pk) or row is None or not may_register(vendor, row.email):
        raise LinkRefused
    row.vendor = vendor
    return row


def person_of(row: Registration) -> User:
    """The customer that it makes, unsaved."""
    return User(
        vendor=row.vendor,
        email=row.email,
        first_name=row.first_name,
        last_name=row.last_name,
        company=row.company,
        role=BuiltIn.USER,
        has_registered=True,
    )


def take_try(row: Registration) -> None:
    """Counts that somebody who came by the link has typed a password; raises TooManyAttempts."""
    limits.take(limits.NEW_PASSWORD_PER_USER, str(row.pk))


def confirm(row: Registration, password: str) -> User:
    """Makes a customer of the registration, with this password.

    One conditional UPDATE decides, so that of many who come at once one gets through. Raises
    LinkRefused for the others, and where somebody has got an account with the address meanwhile.
    """
    person = person_of(row)
    try:
        with transaction.atomic(), acting_as(person):
            if not _waiting().filter(pk=row.pk).update(used_at=timezone.now()):
                raise LinkRefused
            create_person(person=person, invited=False)
            links.use(person, password=make_password(in_one_spelling(password)))
            trail.record("registered", person, visible=True)
    except (IntegrityError, ValidationError) as error:
        raise LinkRefused from error
    return person


def _waiting() -> QuerySet[Registration]:
    return Registration.objects.filter(used_at=None, ends_at__gt=timezone.now())


def forget(leaving: Leaving) -> None:
    """Deletes what a person who is erased has registered with."""
    Registration.objects.filter(email__in=leaving.words).delete()


def clean_up_all() -> str:
    """The daily chore (jobs/chores.py): deletes registrations that ended a day ago, used or not,
    and the e-mails about them to nobody's account; so a flood of them leaves nothing."""
    before = timezone.now() - KEPT

    def at(_vendor: Vendor) -> int:
        deleted = delete_in_steps(Registration.objects.filter(ends_at__lt=before))
        delete_to_nobody(CONFIRM, before - LASTS)
        return deleted

    deleted = at_each(at, every_vendor())
    return f"Deleted {deleted} registrations that are over."
