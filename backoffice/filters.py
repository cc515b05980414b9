"""Filters of lists over rows that there can be many of."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lists import MOST_OFFERED, is_long


class RelatedFilter(admin.RelatedFieldListFilter):
    """A list's rows by the row that they belong to. At most MOST_OFFERED are offered; where there
    are more, a name narrows what is offered (`…__named`) and not the list.
    """

    template = "admin/related_filter.html"

    is_long: bool
    named: str

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
        self.is_long = self.searches(rows)
        if self.named:
            asked = model_admin.admin_site.get_model_admin(related)
            rows, _twice = asked.get_search_results(request, rows, self.named)
        chosen = list(related._default_manager.filter(self._chosen())) if self.lookup_val else []
        others = rows.exclude(self._chosen()) if chosen else rows
        room = MOST_OFFERED - len(chosen) - bool(field.null)
        offered = [*chosen, *self.offered(others)[:room]]
        return [(row.pk, str(row)) for row in offered]

    def searches(self, rows: QuerySet[Any]) -> bool:
        """Whether a name can be typed, because these are too many to offer all of them."""
        return is_long(rows)

    def offered(self, others: QuerySet[Any]) -> QuerySet[Any]:
        """What is offered beside the chosen row."""
        return others

    def _chosen(self) -> Q:
        return Q(pk__in=self.lookup_val)

    def has_output(self) -> bool:
        return bool(self.lookup_val) or self.is_long or super().has_output()

    @property
    def is_asked(self) -> bool:
        """Whether it narrows the list; a name narrows what is offered alone."""
        return bool(self.lookup_val) or self.lookup_val_isnull is not None


class PersonFilter(RelatedFilter):
    """A list's rows by a person. Nobody is offered before a name or an e-mail is typed."""

    def offered(self, others: QuerySet[Any]) -> QuerySet[Any]:
        return others if self.named else others.none()

    def searches(self, rows: QuerySet[Any]) -> bool:
        return True


FIRST, LAST = date(1900, 1, 1), date(9998, 12, 31)


def _validate_day(day: date) -> None:
    if not FIRST <= day <= LAST:
        raise ValidationError(_("Type a year from 1900 to 9998."), code="year")


class DaysForm(forms.Form):
    """From which day, and to which; one of them may be left out."""

    def __init__(self, first: str, last: str, data: dict[str, Any]) -> None:
        super().__init__(data)
        self.first, self.last = first, last
        for name, label in ((first, gettext_lazy("From")), (last, gettext_lazy("To"))):
            self.fields[name] = forms.DateField(
                label=label,
                required=False,
                validators=[_validate_day],
                widget=forms.DateInput(attrs={"type": "date"}),
            )

    def clean(self) -> dict[str, Any]:
        first, last = self.cleaned_data.get(self.first), self.cleaned_data.get(self.last)
        if first and last and last < first:
            self.add_error(self.last, _("This day is before the first one."))
        return self.cleaned_data

    @property
    def days(self) -> tuple[date | None, date | None]:
        return self.cleaned_data[self.first], self.cleaned_data[self.last]


class DaysFilter(admin.FieldListFilter):
    """A list's rows by the days of a moment, from and to, in the vendor's time zone; both count
    whole. Of days that can't be, no rows: an action for all that are found must not mean more.

    A list that is narrowed so is in the order of that column, if an index answers it: the database
    so finds a few days among very many, and the first of many, by one way.
    """

    template = "admin/days_filter.html"
    latest_first = True

    def __init__(self, field: Any, request: Any, params: Any, *args: Any, **options: Any) -> None:
        path = options["field_path"]
        self.first, self.last = f"{path}__from", f"{path}__to"
        super().__init__(field, request, params, *args, **options)
        given: dict[str, Any] = self.used_parameters
        typed = {name: values[-1] for name, values in given.items()}
        self.form = DaysForm(self.first, self.last, typed)

    def expected_parameters(self) -> list[str | None]:
        return [self.first, self.last]

    def has_output(self) -> bool:
        return True

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.form.is_valid():
            return queryset.none()
        first, last = self.form.days
        if first:
            queryset = queryset.filter(**{f"{self.field_path}__gte": _start_of(first)})
        if last:
            queryset = queryset.filter(
                **{f"{self.field_path}__lt": _start_of(last + timedelta(days=1))}
            )
        return queryset

    def choices(self, changelist: Any) -> Iterator[Any]:
        """None: days are typed."""
        return iter(())

    @property
    def is_asked(self) -> bool:
        return bool(self.said)

    @property
    def sorted_by(self) -> str:
        """What the list is sorted by, if nothing else was asked for; empty for as usual."""
        if not (self.form.is_valid() and any(self.form.days)):
            return ""
        return f"-{self.field_path}" if self.latest_first else str(self.field_path)

    @property
    def said(self) -> str:
        """The days in words, or what is wrong with them; empty without any."""
        if not self.form.is_valid():
            return " ".join(str(each) for errors in self.form.errors.values() for each in errors)
        first, last = (day and date_format(day, "j F Y") for day in self.form.days)
        if first and last:
            return _("%(first)s to %(last)s") % {"first": first, "last": last}
        if first:
            return _("from %(first)s") % {"first": first}
        return _("to %(last)s") % {"last": last} if last else ""


class EndFilter(DaysFilter):
    """The same of something that ends: what ends first comes first."""

    latest_first = False


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_current_timezone())
