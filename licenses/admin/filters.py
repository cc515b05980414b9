"""Filters of the back office's list of licences that no single field answers."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from licenses.models import License
from licenses.search import Wanted, find
from licenses.statistics import HORIZONS
from licenses.status import Status
from licenses.words import NAMES, within


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
