"""Filters of lists over rows that there can be many of."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from backoffice.lists import MOST_OFFERED, is_long


class RelatedFilter(admin.RelatedFieldListFilter):
    """A list's rows by the row that they belong to. At most MOST_OFFERED are offered; where there
    are more, a name narrows what is offered (`…__named`) and not the list.
    """

    template = "admin/related_filter.html"

    is_long: bool
    named: str
    kept: list[tuple[str, str]]

    @property
    def named_parameter(self) -> str:
        return f"{self.field_path}__named"

    def expected_parameters(self) -> list[str | None]:
        return [*super().expected_parameters(), self.named_parameter]

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        """The chosen row, and the first of those that have the name."""
        # Taken out of what the list is narrowed by.
        typed: Any = self.used_parameters.pop(self.named_parameter, [""])
        self.named = str(typed[-1])
        related = field.remote_field.model
        rows = related._default_manager.all()
        self.is_long = is_long(rows)
        if self.named:
            asked = model_admin.admin_site.get_model_admin(related)
            rows, _twice = asked.get_search_results(request, rows, self.named)
        chosen = list(related._default_manager.filter(self._chosen())) if self.lookup_val else []
        others = rows.exclude(self._chosen()) if chosen else rows
        offered = [*chosen, *others[: MOST_OFFERED - len(chosen)]]
        return [(row.pk, str(row)) for row in offered]

    def _chosen(self) -> Q:
        return Q(pk__in=self.lookup_val)

    def has_output(self) -> bool:
        return self.is_long or super().has_output()

    def choices(self, changelist: Any) -> Iterator[Any]:
        """As Django's; what else was asked for is kept for who types a name."""
        kept = changelist.get_query_string(remove=[self.named_parameter])
        self.kept = parse_qsl(kept.removeprefix("?"))
        return super().choices(changelist)
