"""A vendor's people: adding, changing and deleting them. Runs in the vendor's scope."""

from collections.abc import Collection
from copy import copy

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.models import CUSTOMER_ROLES, SEARCHED, BuiltIn, Role, User, UserWord
from accounts.verbs import links, sessions
from accounts.verbs.invitations import invite
from accounts.verbs.roles import check_claims
from accounts.view_as import verbs as view_as
from audit import rows, trail
from tenancy.models import Vendor
from web.errors import PortalError

# What decides whether somebody may enter, and what.
ADMITS = {"is_active", "allow_customer_portal_access", "role"}

# What people are not told of themselves.
WITHHELD = frozenset({"internal_notes"})


class PersonIsKept(PortalError):
    """Something still refers to the person: a licence, an e-mail, a view."""

    code = "PERSON_IS_KEPT"
    text = _lazy("There are licences or e-mails of this person. Switch the account off instead.")


class PersonIsGone(PortalError):
    """The person was erased or deleted by somebody else meanwhile."""

    code = "PERSON_IS_GONE"
    text = _lazy("This person is not there any more.")


class OwnAccess(PortalError):
    """Somebody is among those whom he wants to have switched off."""

    code = "OWN_ACCESS"
    text = _lazy("You can't switch yourself off together with others.")


class LastAdministrator(PortalError):
    """Without an administrator nobody could manage the vendor."""

    code = "LAST_ADMINISTRATOR"
    text = _lazy("This is the last administrator. Name another one first.")


def lock_person(person: User) -> User:
    """The person as it is now, held until the transaction ends. Raises PersonIsGone."""
    found = User.objects.select_for_update(of=("self",)).filter(pk=person.pk).first()
    if found is None:
        raise PersonIsGone
    return found


@transaction.atomic
def create_person(*, person: User, invited: bool = True, password: str = "") -> User:
    """Saves a vendor's new person, without a usable password unless one is given, and sends the
    invitation.

    Raises ClaimsBeyondOwn, and ValidationError when a field is refused; then nothing is saved or
    sent.
    """
    person.set_unusable_password()
    _check_role(person)
    person.full_clean()
    if password:
        _check_password(password, person)
        person.set_password(password)
    rows.create(person)
    UserWord.objects.begin([person])
    if invited:
        invite(person)
    return person


@transaction.atomic
def change_person(*, person: User, fields: Collection[str], by_rule: bool = False) -> User:
    """Saves these fields of the person, changed on the object, and nothing else; the saved row.
    With `by_rule` it is the vendor's rule that says the role, and nobody who acts.

    Raises ClaimsBeyondOwn, LastAdministrator, ValidationError when one is refused, and
    PersonIsGone.
    """
    saved = lock_person(person)
    before = copy(saved)
    for name in fields:
        setattr(saved, name, getattr(person, name))
    if saved.role != before.role:
        _check_role(saved, by_rule=by_rule)
    if administers(before) and not administers(saved) and not by_rule:
        _check_others_administer(saved)
    # Whoever has an odd name of before can be switched off all the same.
    as_it_was = {each.name for each in saved._meta.fields} - {"vendor", *fields}
    saved.full_clean(exclude=as_it_was)
    if rows.is_same(before, saved, fields):
        return saved
    saved.save(update_fields=[*fields, "updated_at"])
    if not set(SEARCHED).isdisjoint(fields):
        UserWord.objects.keep([saved.pk])
    hidden = trail.changes_between(before, saved).keys() <= WITHHELD
    trail.record_change(before, saved, visible=False if hidden else None)
    if (before.role, before.email) != (saved.role, saved.email):
        sessions.end_all(saved)
    if not ADMITS.isdisjoint(fields):
        _keep_out(saved)
    return saved


def write_note(person: User, note: str) -> User:
    """Sets what staff alone read about the person; the saved row. What it was is in the trail.

    Raises ValidationError for a note that is too long or that nobody can read.
    """
    person.internal_notes = note
    return change_person(person=person, fields=["internal_notes"])


def switch_off(person: User) -> User:
    """Lets somebody not enter any more, and signs him out at once; the saved row. Raises
    LastAdministrator and PersonIsGone."""
    person.is_active = False
    return change_person(person=person, fields=["is_active"])


def switch_on(person: User) -> User:
    """Lets somebody enter again, who signs in anew; the saved row. Raises PersonIsGone."""
    person.is_active = True
    return change_person(person=person, fields=["is_active"])


def administers(person: User) -> bool:
    """Whether somebody is an administrator who can sign in: by a password, or by single sign-on;
    who is invited alone is none."""
    has_come = person.has_usable_password() or person.last_seen_at is not None
    return person.role == BuiltIn.ADMIN and person.is_active and has_come


def _check_others_administer(person: User) -> None:
    """Raises LastAdministrator. Of two who switch each other off one comes second."""
    Vendor.objects.select_for_update(of=("self",), no_key=True).get(pk=str(person.vendor_id))
    others = User.objects.filter(role=BuiltIn.ADMIN, is_active=True).exclude(pk=person.pk)
    if not any(map(administers, others)):
        raise LastAdministrator


def _keep_out(person: User) -> None:
    """Ends for good what was begun and is not allowed any more: to be let in again later revives
    nothing."""
    sessions.end_barred(person)
    view_as.end_barred(person)
    if not person.is_active:
        links.end_all(person)


@transaction.atomic
def delete_person(*, person: User) -> None:
    """Deletes a person of whom nothing is left but entries of the trail. Raises PersonIsKept."""
    try:
        rows.delete(person)
    except ProtectedError as error:
        raise PersonIsKept from error


def _check_role(person: User, *, by_rule: bool = False) -> None:
    """The role is one of the vendor's; the database would refuse any other, too. Nobody makes
    somebody else more than he is himself."""
    # Every vendor has those of customers, whom imports add in thousands.
    if person.role in CUSTOMER_ROLES:
        return
    role = Role.objects.filter(vendor=person.vendor_id, name=person.role).first()
    if role is None:
        raise ValidationError({"role": _("A vendor's people have no such role.")})
    if not by_rule:
        check_claims(role.claims)


def _check_password(password: str, person: User) -> None:
    """Raises ValidationError that names the field."""
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from error
