"""Filters of the back office's list of licences that no single field answers."""

from collections.abc import Iterator
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import build_q_object_from_lookup_parameters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.tagged import TagFilter
from backoffice.filters import EndFilter, PersonFilter
from licenses.ends import month_from, start_of
from licenses.models import License, LicenseTag
from licenses.search import Wanted, find, on_licenses
from licenses.statistics import HORIZONS, NEXT_MONTH
from licenses.status import Status
from licenses.words import NAMES, within

THIS_MONTH = "this-month"
MONTHS = {THIS_MONTH: 0, NEXT_MONTH: 1}  # how many months from now


class StatusFilter(SimpleListFilter):
    """Licences of one status, as their pages name it."""

    title = gettext_lazy("status")
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


class LicenseTagFilter(TagFilter):
    """Licences by a tag."""

    through, field = LicenseTag, "license"


class ExpiryFilter(EndFilter):
    """Licences by when they expire: usable ones of this or the next month or within so many days,
    or any from a day to another."""

    parameter = "expiring"

    def __init__(self, field: Any, request: Any, params: Any, *args: Any, **options: Any) -> None:
        super().__init__(field, request, params, *args, **options)
        given: dict[str, Any] = self.used_parameters
        self.asked: str | None = given.get(self.parameter, [None])[-1]
        if self.asked is not None and self.asked not in self.offered:
            raise IncorrectLookupParameters

    def expected_parameters(self) -> list[str | None]:
        return [*super().expected_parameters(), self.parameter]

    @property
    def offered(self) -> dict[str, str]:
        """What is one click away, in words."""
        months = {THIS_MONTH: _("This month"), NEXT_MONTH: _("Next month")}
        return months | {str(days): within(days) for days in HORIZONS}

    def queryset(self, request: HttpRequest, queryset: QuerySet[License]) -> QuerySet[License]:
        if self.asked is None:
            return super().queryset(request, queryset)
        if self.asked not in MONTHS:
            wanted = Wanted(expires_within=int(self.asked), usable=True)
            return find(queryset, wanted, now=timezone.now())
        first, after = month_from(timezone.localdate(), MONTHS[self.asked])
        usable = find(queryset, Wanted(usable=True), now=timezone.now())
        zone = timezone.get_current_timezone()
        return usable.filter(
            expires_at__gte=start_of(first, zone), expires_at__lt=start_of(after, zone)
        )

    def choices(self, changelist: Any) -> Iterator[Any]:
        """All, and what is one click away; a range of days takes the place of either."""
        for chosen, text in ((None, _("All")), *self.offered.items()):
            days = [self.first, self.last]
            yield {
                "selected": chosen == self.asked and not (chosen is None and super().said),
                "display": text,
                "query_string": changelist.get_query_string(
                    {self.parameter: chosen} if chosen else {},
                    remove=days if chosen else [*days, self.parameter],
                ),
            }

    @property
    def sorted_by(self) -> str:
        return str(self.field_path) if self.asked else super().sorted_by

    @property
    def said(self) -> str:
        return self.offered[self.asked] if self.asked else super().said


class OwnerFilter(PersonFilter):
    """Machines by whose licences they are on."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.is_asked:
            return queryset
        given: dict[str, Any] = self.used_parameters
        asked = {name.removeprefix("license__"): values for name, values in given.items()}
        of_owner = build_q_object_from_lookup_parameters(asked)
        return queryset.filter(on_licenses(License.objects.filter(of_owner)))
