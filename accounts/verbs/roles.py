"""A vendor's roles: the built-in ones, which every vendor is given."""

from django.db import transaction

from accounts.models import VENDOR_ROLES, Role
from accounts.rights import given_to
from audit import rows
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.table import every_vendor


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
