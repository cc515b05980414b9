"""The verbs about vendors that operators use."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import BuiltIn, User
from accounts.verbs import sessions
from accounts.verbs.invitations import invite_waiting
from accounts.verbs.people import change_person, create_person
from accounts.verbs.roles import give_built_in_roles
from accounts.view_as import verbs as view_as
from audit import trail
from audit.acting import actor
from tenancy.addresses import normalise_email
from tenancy.door import Way, inside, outside
from tenancy.models import Vendor
from tenancy.verbs import add_vendor
from web import limits


@transaction.atomic
def begin_vendor(vendor: Vendor) -> Vendor:
    """Saves a new vendor with its host and the built-in roles: from now on it can have people.

    Raises IntegrityError when the company id is taken.
    """
    add_vendor(vendor)
    trail.record("created", vendor, changes=trail.values_of(vendor))
    give_built_in_roles(vendor=vendor)
    return vendor


@transaction.atomic
def create_vendor(vendor: Vendor, *, admin_email: str) -> Vendor:
    """Begins a vendor and invites its first administrator.

    Raises ValidationError when the vendor's fields are refused, and TooManyAttempts; then nothing
    is saved or sent.
    """
    _check(vendor)
    begin_vendor(vendor)
    with inside(vendor):
        address = normalise_email(admin_email)
        _count_invitation(vendor, address)
        create_person(person=User(vendor=vendor, email=address, role=BuiltIn.ADMIN))
    return vendor


@transaction.atomic
def change_vendor(vendor: Vendor) -> Vendor:
    """Saves what was changed on the object. A vendor that is switched off has no session any more,
    also after it is switched on again. Raises ValidationError."""
    with inside(vendor):
        before = Vendor.objects.select_for_update(of=("self",)).get(pk=vendor.pk)
        # With its time zone the vendor's days would have to move (settings.py).
        vendor.time_zone = before.time_zone
        _check(vendor)
        vendor.save()
        trail.record_change(before, vendor)
        if not vendor.is_active:
            sessions.end_everybodys()
            view_as.end_everybodys()
    return vendor


def suspend_vendor(vendor: Vendor) -> Vendor:
    """Closes the vendor's portal and its back office, and ends everybody's session there for good;
    its rows stay. One that is closed already stays as it is."""
    return _switch(vendor, Vendor.Status.INACTIVE)


def resume_vendor(vendor: Vendor) -> Vendor:
    """Opens them again; everything is as before, and people sign in anew."""
    return _switch(vendor, Vendor.Status.ACTIVE)


@transaction.atomic
def _switch(vendor: Vendor, status: Vendor.Status) -> Vendor:
    with inside(vendor):
        # What an operator typed in another tab meanwhile stays.
        locked = Vendor.objects.select_for_update(of=("self",)).get(pk=vendor.pk)
        if locked.status == status:
            return locked
        locked.status = status
        return change_vendor(locked)


@transaction.atomic
def name_administrator(vendor: Vendor, *, email: str) -> User:
    """Adds an administrator to a vendor and invites him; one that is there and has not set a
    password is invited again, and whoever may not enter any more may.

    Raises ValidationError when the address is none, or is that of somebody who is no
    administrator: whom a vendor knows as a customer no operator makes its administrator; and
    TooManyAttempts for who invites too often.
    """
    address = normalise_email(email)
    with inside(vendor):
        known = User.objects.at(email)
        if known is None:
            _count_invitation(vendor, address)
            return create_person(person=User(vendor=vendor, email=address, role=BuiltIn.ADMIN))
        if known.role != BuiltIn.ADMIN:
            raise ValidationError(
                _("The vendor has somebody with this e-mail who is no administrator.")
            )
        if not known.is_active:
            known.is_active = True
            known = change_person(person=known, fields=["is_active"])
        _invite_again(vendor, [known])
        return known


def _check(vendor: Vendor) -> None:
    with outside(Way.VENDORS, "A company id is one vendor's alone."):
        vendor.full_clean()


@transaction.atomic
def invite_administrators(vendor: Vendor) -> int:
    """Invites those of a vendor's administrators again who have not set a password; how many.
    Raises TooManyAttempts, and then nobody is invited."""
    with inside(vendor):
        known = User.objects.filter(role=BuiltIn.ADMIN, is_active=True)
        return _invite_again(vendor, list(known))


def _invite_again(vendor: Vendor, people: list[User]) -> int:
    for person in people:
        if not person.has_usable_password():
            _count_invitation(vendor, person.email)
    return invite_waiting(people)


def _count_invitation(vendor: Vendor, address: str) -> None:
    """Raises TooManyAttempts for an operator who invites too many, or one too often; what a command
    of the server's does is not limited."""
    operator = actor().who()
    if operator is None:
        return
    limits.take(limits.INVITED_PER_OPERATOR, str(operator.pk))
    limits.take(limits.INVITED_PER_ADDRESS, str(vendor.pk), address)
