"""Licences, of which a job changes many, and machines, of which it releases many
(backoffice/bulk)."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.bulk.kinds import Act, Kind
from licenses.errors import ActivationNotFound, ChangedMeanwhile
from licenses.models import Activation, License
from licenses.verbs import many
from licenses.verbs.locking import holding
from licenses.verbs.releasing import ANSWERS, free

NAME, MACHINES_NAME = "licenses", "machines"
RELEASE = "release"


def act_of(name: str, values: Mapping[str, Any]) -> Act:
    """A change of the back office's, with the values that its form had. Raises ValueError where
    there is none such any more, or what was chosen is gone."""
    from licenses.admin.many import CHANGES  # noqa: PLC0415  the admin is not there before

    change = CHANGES.get(name)
    form = change.form(values) if change else None
    if change is None or form is None or not form.is_valid():
        raise ValueError(_("What was chosen for it is not there any more."))
    return many.act_if_unchanged(change.act(form))


def keys_of(ids: Iterable[UUID]) -> dict[UUID, str]:
    return dict(License.objects.filter(pk__in=list(ids)).values_list("pk", "key"))


LICENSES = Kind(
    rows=gettext_lazy("licences"),
    right="licenses.change_license",
    changed_meanwhile=ChangedMeanwhile,
    act=act_of,
    holding=holding,
    names=keys_of,
    route="admin:licenses_license_change",
)


def release_of(name: str, values: Mapping[str, Any]) -> Act:
    """The one change of machines that there is: to release them, for the reason that was typed.
    Raises ValueError for another."""
    if name != RELEASE:
        raise ValueError(_("What was chosen for it is not there any more."))

    def release(pk: UUID, _name: str) -> None:
        machine = Activation.objects.filter(pk=pk).first()
        if machine is None:
            raise ActivationNotFound
        free(machine, reason=values["reason"])

    return release


@contextmanager
def holding_their_licenses(ids: Iterable[UUID]) -> Iterator[None]:
    """The licences of these machines are locked together."""
    of_machines = Activation.objects.filter(pk__in=list(ids)).order_by()
    with holding(set(of_machines.values_list("license_id", flat=True))):
        yield


def hosts_of(ids: Iterable[UUID]) -> dict[UUID, str]:
    return {machine.pk: str(machine) for machine in Activation.objects.filter(pk__in=list(ids))}


MACHINES = Kind(
    rows=gettext_lazy("machines"),
    right=ANSWERS,
    changed_meanwhile=ActivationNotFound,
    act=release_of,
    holding=holding_their_licenses,
    names=hosts_of,
    route="admin:licenses_activation_change",
    ends_rows=True,
)
