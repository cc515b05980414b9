"""Licences, of which a job changes many (backoffice/bulk)."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.bulk.kinds import Act, Kind
from licenses.errors import ChangedMeanwhile
from licenses.models import License
from licenses.verbs import many
from licenses.verbs.locking import holding

NAME = "licenses"


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
