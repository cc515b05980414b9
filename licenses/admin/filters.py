"""Filters of the back office's list of licences that no single field answers."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import build_q_object_from_lookup_parameters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.filters import PersonFilter
from licenses.models import License
from licenses.search import Wanted, find
from licenses.statistics import HORIZONS
from licenses.status import Status
from licenses.words import NAMES, within
from tenancy.finding import MOST_NAMED


class StatusFilter(SimpleListFilter):
    """Licences of one status, as their pages name it."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(each.value, NAMES[each]) for each in reversed(Status)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[License]) -> QuerySet[License]:
        value = self.value()
        if value is None:
            return queryset
        if value not in set(Status):
            raise IncorrectLookupParameters
        return find(queryset, Wanted(status=Status(value)), now=timezone.now())


class ExpiringFilter(SimpleListFilter):
    """Usable licences that expire within so many days."""

    title = _("end")
    parameter_name = "expiring"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(days), within(days)) for days in HORIZONS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[License]) -> QuerySet[License]:
        value = self.value()
        if value is None:
            return queryset
        if value not in {str(days) for days in HORIZONS}:
            raise IncorrectLookupParameters
        wanted = Wanted(expires_within=int(value), usable=True)
        return find(queryset, wanted, now=timezone.now())


class OwnerFilter(PersonFilter):
    """Machines by whose licences they are on."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """By the ids of these licences, of which the planner knows how many machines each has; of
        the owner it would know nothing, and read every machine."""
        if not self.is_asked:
            return queryset
        given: dict[str, Any] = self.used_parameters
        asked = {name.removeprefix("license__"): values for name, values in given.items()}
        of_owner = build_q_object_from_lookup_parameters(asked)
        licenses = License.objects.filter(of_owner).order_by()
        ids = list(licenses.values_list("pk", flat=True)[: MOST_NAMED + 1])
        return queryset.filter(license__in=licenses if len(ids) > MOST_NAMED else ids)
