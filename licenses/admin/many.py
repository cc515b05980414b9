"""What can be changed on one licence or on many at once, with a preview."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from licenses.admin.forms import (
    ExtensionForm,
    HighestVersionForm,
    LastDayForm,
    MaintenanceForm,
    NothingToSay,
    RenewedMaintenanceForm,
    SeatsForm,
)
from licenses.models import ExpirationStrategy, License
from licenses.verbs import licenses
from licenses.verbs.many import Act


@dataclass(frozen=True, slots=True)
class Change:
    """A button and an action: its name, what it asks for, and the verb that it calls. Of one that
    has to ask nothing, `asks` is false: what it does is shown at once."""

    label: Promise
    act: Callable[[Any], Act]
    form: type[forms.Form] = NothingToSay
    dangerous: bool = False
    asks: bool = True

    def first_form(self) -> forms.Form:
        """The form as it is shown first."""
        return self.form() if self.asks else self.form({})


def _plain(verb: Callable[..., License]) -> Callable[[Any], Act]:
    """A verb that needs nothing but the licence; who acts is known (audit/acting.py)."""
    return lambda _form: verb


def _extend(form: ExtensionForm) -> Act:
    by, day = form.interval, form.cleaned_data["day"]
    if by is None:
        return lambda license: licenses.extend_until(license, day=day)
    return lambda license: licenses.extend(license, by=by)


def _set_last_day(form: LastDayForm) -> Act:
    return lambda license: licenses.set_last_day(license, day=form.cleaned_data["day"])


def _renew_maintenance(form: RenewedMaintenanceForm) -> Act:
    until = form.cleaned_data["day"]
    return lambda license: licenses.renew_maintenance(license, until=until)


def _set_seats(form: SeatsForm) -> Act:
    seats = form.cleaned_data["seats"]
    return lambda license: licenses.set_seats(license, allowed_activations=seats)


def _set_maintenance(form: MaintenanceForm) -> Act:
    policy = form.cleaned_data["policy"]
    return lambda license: licenses.set_maintenance(license, policy=policy)


def _set_highest_version(form: HighestVersionForm) -> Act:
    version = form.cleaned_data["version"]
    return lambda license: licenses.set_highest_version(license, version=version)


CHANGES = {
    "renew": Change(_("Renew for another term"), _plain(licenses.renew)),
    "extend": Change(_("Extend"), _extend, ExtensionForm),
    "set_last_day": Change(_("Set the last day"), _set_last_day, LastDayForm),
    "set_seats": Change(_("Change seats"), _set_seats, SeatsForm),
    "set_maintenance": Change(_("Set the maintenance policy"), _set_maintenance, MaintenanceForm),
    "set_highest_version": Change(
        _("Set the highest version"), _set_highest_version, HighestVersionForm
    ),
    "renew_maintenance": Change(
        _("Renew the maintenance"), _renew_maintenance, RenewedMaintenanceForm, asks=False
    ),
    "suspend": Change(_("Suspend"), _plain(licenses.suspend), dangerous=True),
    "unsuspend": Change(_("Lift the suspension"), _plain(licenses.unsuspend)),
    "revoke": Change(_("Revoke"), _plain(licenses.revoke), dangerous=True),
    "unrevoke": Change(_("Lift the revocation"), _plain(licenses.unrevoke)),
}


def worth_offering(license: License) -> list[tuple[str, Change]]:
    """The changes that make sense for this licence as it is, and are no field of its page."""
    pointless = {
        "set_maintenance",
        "set_highest_version",
        "unsuspend" if not license.suspended else "suspend",
        "unrevoke" if not license.revoked else "revoke",
    }
    if license.expires_at is None:
        pointless |= {"extend", "renew"}
    if not license.interval:
        pointless.add("renew")
    if license.expiration_strategy == ExpirationStrategy.ROLLING:
        pointless.add("set_last_day")
    if license.maintenance_expires_at is None:
        pointless.add("renew_maintenance")
    return [(name, change) for name, change in CHANGES.items() if name not in pointless]
