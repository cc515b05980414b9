"""Rows that have tags, in the back office: read and typed as names, and lists by one of them.

The Web API writes by the same verbs, and asks the same right of who reads them.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Tag
from accounts.models.tags import MOST_TAGS
from accounts.verbs.tags import TooManyTags
from backoffice.base import VendorAdmin
from backoffice.lists import MOST_OFFERED

RIGHT = "accounts.view_tag"
FIELD = "tag_names"
PART = re.compile(r'\s*+(?:"(?P<quoted>(?:[^"]|"")*+)"\s*+|(?P<plain>(?!")[^,]*+))(?:,|\Z)')
# So many rows with a tag are looked for by it, and then sorted; where there are more, a list is
# walked in its order until a page is full. SQLite does not know by itself which is better.
MOST_RARE = 2000
LONGEST = MOST_TAGS * 204  # characters: of names, each a quotation mark, which is typed twice


def names_of(row: Any) -> list[str]:
    """The names of a row's tags, in their order."""
    return list(row.tags.order_by("name").values_list("name", flat=True))


def in_line(names: Iterable[str]) -> str:
    """Names as they are typed; what would be read otherwise stands in quotation marks."""
    return ", ".join(_quoted(name) if set(name) & set(',"') else name for name in names)


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


class TagsField(forms.CharField):
    """Names of tags, separated by commas; clean, a list of them, each in its one spelling."""

    def __init__(self) -> None:
        super().__init__(
            label=gettext_lazy("Tags"),
            max_length=LONGEST,
            required=False,
            help_text=gettext_lazy(
                "Separated by commas; a new one is made. Customers never see them."
            ),
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        )

    def clean(self, value: Any) -> Any:
        """Raises ValidationError for a name that none can have, and for too many."""
        typed = _names_in(super().clean(value))
        names = list(dict.fromkeys(_cleaned(each) for each in typed if each))
        if len(names) > MOST_TAGS:
            raise ValidationError(TooManyTags.text)
        return names

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Not where nothing is said of them."""
        return data is not None and super().has_changed(initial, data)


def _names_in(line: str) -> Iterator[str]:
    """The names in a line, also empty ones. Raises ValidationError for a quotation mark alone."""
    place = 0
    while place < len(line):
        found = PART.match(line, place)
        if found is None:
            raise ValidationError(
                _("Separate names by commas; one with a comma stands in quotation marks.")
            )
        yield (found["plain"] or (found["quoted"] or "").replace('""', '"')).strip()
        place = found.end()


def _cleaned(name: str) -> str:
    try:
        return str(Tag._meta.get_field("name").clean(name, None))
    except ValidationError as error:
        named = {"name": name[:100]}
        told = [_("“%(name)s”: ") % named + each for each in error.messages]
        raise ValidationError(told) from error


class TaggedForm(forms.ModelForm):  # type: ignore[type-arg]
    """The form of a row, with its tags."""

    tag_names = TagsField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if FIELD in self.fields and not self.instance._state.adding:
            # Asked for where the form is shown: the licence's page makes one and tells in words.
            self.initial[FIELD] = lambda: in_line(names_of(self.instance))


class WithTags(VendorAdmin):
    """Rows that can be tagged: who may read tags reads them, and types them with the rest."""

    form = TaggedForm
    tag: Callable[..., None]  # the verb

    @admin.display(description=gettext_lazy("tags"))
    def tag_names(self, obj: Any) -> str:
        """For who may only look."""
        return in_line(names_of(obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Where they are not shown, they are not typed either."""
        names = super().get_readonly_fields(request, obj)
        return names if request.user.has_perm(RIGHT) else (*names, FIELD)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        parts = super().get_fieldsets(request, obj)
        if request.user.has_perm(RIGHT):
            return parts
        return [(title, options | {"fields": _without(options)}) for title, options in parts]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        self.save_tags(obj, form)

    def save_tags(self, obj: Any, form: Any) -> None:
        """Has the verb put on what was typed, if it differs."""
        if FIELD in form.changed_data:
            self.tag(obj, names=form.cleaned_data[FIELD])


def _without(options: Any) -> list[Any]:
    return [name for name in options["fields"] if name != FIELD]


class TagFilter(admin.SimpleListFilter):
    """Rows that have a tag, for who may read tags; the first are offered, and the chosen one."""

    title = gettext_lazy("tag")
    parameter_name = "tag"
    through: Any  # which rows have which tag
    field: str  # of it, that leads to the rows

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        if not request.user.has_perm(RIGHT):
            return []
        chosen = self.value()
        first = dict(Tag.objects.values_list("pk", "name")[:MOST_OFFERED])
        if chosen and chosen not in map(str, first):
            first |= dict(Tag.objects.filter(pk=_id(chosen)).values_list("pk", "name"))
        return [(str(pk), name) for pk, name in first.items()]

    def has_output(self) -> bool:
        """One that is not there any more is asked for all the same."""
        return self.value() is not None or super().has_output()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        if chosen is None:
            return queryset
        if not request.user.has_perm(RIGHT):
            raise IncorrectLookupParameters
        tagged = self.through.objects.filter(tag=_id(chosen))
        if tagged[: MOST_RARE + 1].count() <= MOST_RARE:
            return queryset.filter(pk__in=tagged.values(self.field))
        return queryset.filter(Exists(tagged.filter(**{self.field: OuterRef("pk")})))


def _id(chosen: str) -> UUID:
    try:
        return UUID(chosen)
    except ValueError as error:
        raise IncorrectLookupParameters from error
