"""A vendor's roles: the built-in ones, which every vendor is given, and those of its own."""

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import VENDOR_ROLES, Role, User
from accounts.rights import given_to
from audit import rows
from audit.acting import actor
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.table import every_vendor
from web.errors import PortalError


class BuiltInRole(PortalError):
    """The built-in roles are the product's."""

    code = "BUILT_IN_ROLE"
    text = _("A built-in role can't be changed or deleted. Make one of your own.")


class RoleNameIsForGood(PortalError):
    """People, files and programs name a role."""

    code = "ROLE_NAME_IS_FOR_GOOD"
    text = _("A role keeps its name. Make another one, and give it to people in its place.")


class RoleIsUsed(PortalError):
    """Somebody has the role."""

    code = "ROLE_IS_USED"
    text = _("Somebody has this role. Give these people another one first.")


class ClaimsBeyondOwn(PortalError):
    """Nobody gives away what he has not got himself."""

    code = "CLAIMS_BEYOND_OWN"
    status = 403
    text = _("A role can claim only what you may do yourself. You lack %(detail)s.")


@transaction.atomic
def create_role(role: Role) -> Role:
    """Saves a role that was filled in elsewhere. Raises ClaimsBeyondOwn and ValidationError."""
    role.full_clean()
    check_claims(role.claims)
    return rows.create(role)


@transaction.atomic
def change_role(role: Role, *, fields: Collection[str]) -> Role:
    """Saves the fields that changed; what they allow counts for its people at once.

    Raises BuiltInRole, RoleNameIsForGood, ClaimsBeyondOwn and ValidationError.
    """
    before = Role.objects.select_for_update(of=("self",)).get(pk=role.pk)
    if rows.is_same(before, role, fields):
        return before
    if before.built_in:
        raise BuiltInRole
    if role.name != before.name:
        raise RoleNameIsForGood
    role.full_clean()
    check_claims(set(role.claims) - set(before.claims))
    return rows.change(role, fields=fields)


@transaction.atomic
def delete_role(role: Role) -> None:
    """Deletes a role that nobody has. Raises BuiltInRole and RoleIsUsed."""
    held = Role.objects.select_for_update(of=("self",)).filter(pk=role.pk).first()
    if held is None:
        return
    if held.built_in:
        raise BuiltInRole
    if User.objects.filter(role=held.name).exists():
        raise RoleIsUsed
    rows.delete(held)


def check_claims(claims: Collection[str]) -> None:
    """Raises ClaimsBeyondOwn for what a member of the staff who acts may not do; commands and
    operators name whom they want."""
    who = actor().who()
    if not isinstance(who, User) or who.is_operator:
        return
    beyond = set(claims) - who.rights
    if beyond:
        raise ClaimsBeyondOwn(", ".join(sorted(beyond)))


@transaction.atomic
def give_built_in_roles(*, vendor: Vendor) -> None:
    """Creates the built-in roles that the vendor lacks and brings the claims of the others up to
    the table (accounts/rights.py). Again, it changes nothing.

    A role that the vendor has made under a name that became a built-in one's is left alone.
    """
    with inside(vendor):
        # Two machines may migrate at once. People may be added meanwhile: they only point to it.
        Vendor.objects.select_for_update(of=("self",), no_key=True).get(pk=vendor.pk)
        known = {role.name: role for role in Role.objects.all()}
        for name in VENDOR_ROLES:
            _bring_up(known.get(name) or Role(vendor=vendor, name=name, built_in=True))


def give_all_built_in_roles() -> None:
    """Gives every vendor what `give_built_in_roles` does: a new version brings new rights."""
    for vendor in every_vendor():
        give_built_in_roles(vendor=vendor)


def _bring_up(role: Role) -> None:
    claims = sorted(given_to(role.name))
    if role._state.adding:
        role.claims = claims
        rows.create(role)
    elif role.built_in and role.claims != claims:
        role.claims = claims
        rows.change(role, fields=["claims"])
