"""Changes to all licences that a list has, however many: a look at the first, then a job."""

from copy import copy
from dataclasses import dataclass
from datetime import date
from typing import Any, Self
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core import signing
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from backoffice.bulk import verbs as bulk
from backoffice.bulk.asking import OTHER_ROWS, look_at, sealed
from backoffice.bulk.errors import ConfirmedAlready
from backoffice.export import WithExport
from backoffice.saved.verbs import asked_in
from licenses.admin.many import CHANGES
from licenses.bulk import NAME
from licenses.models import License
from licenses.verbs import many
from tenancy.door import current_vendor

SALT = "licenses.admin.all_found"
LOOKED_AT = 50  # licences of a list


@dataclass(frozen=True, slots=True)
class Seen:
    """The list that somebody looked at: its query, the digest of its licences' ids, and the id that
    the change gets, so that it is confirmed once."""

    query: str
    licenses: str
    id: UUID

    def seal(self) -> str:
        """To come back with the confirmation; signed, good for an hour."""
        told = [self.query, self.licenses, str(self.id), str(current_vendor().pk)]
        return signing.dumps(told, salt=SALT, compress=True)

    @classmethod
    def unseal(cls, text: str) -> Self | None:
        """What was sealed for this vendor; None when it was made up or is too old."""
        try:
            told = signing.loads(text, salt=SALT, max_age=many.PREVIEW_AGE)
        except signing.BadSignature:
            return None
        query, licenses, id, vendor = told
        return cls(query, licenses, UUID(id)) if vendor == str(current_vendor().pk) else None


class WithChangesToAll(WithExport):
    """A list of licences whose changes take any number of them."""

    takes_any_number = True

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The list; a change for which nothing is ticked is for all that a narrowed list has:
        before anything is changed, the next page says how many these are."""
        is_narrowed = bool(asked_in(request.GET.urlencode()))
        if is_narrowed and request.POST.get("action") in CHANGES:
            _take_all_for_none(request)
        shown = {"none_is_all": is_narrowed} | (extra_context or {})
        return super().changelist_view(request, shown)

    def needs_all(self, request: HttpRequest) -> bool:
        return "all" in request.POST or super().needs_all(request)

    def look_at_all(
        self, request: HttpRequest, name: str, form: forms.Form, rows: QuerySet[License]
    ) -> HttpResponse:
        """What the change would do to the first licences, once it is said what to do."""
        change = CHANGES[name]
        known = not change.form.base_fields or (form.is_bound and form.is_valid())
        lines = many.preview(rows[:LOOKED_AT], change.act(form)) if known else []
        refused = sum(bool(line.refusal) for line in lines)
        number, licenses = look_at(rows)
        context = {
            **self.admin_site.each_context(request),
            "title": change.label,
            "opts": self.opts,
            "name": name,
            "change": change,
            "form": form,
            "number": number,
            "number_in_words": number_format(number, force_grouping=True),
            "lines": lines,
            "doing": len(lines) - refused,
            "refused": refused,
            "all": Seen(request.GET.urlencode(), licenses, uuid4()).seal(),
            "known": known,
            "is_long": bool(lines),
        }
        return render(request, "licenses/admin/many.html", context)

    def all_view(self, request: HttpRequest, name: str) -> HttpResponseBase:
        """Looks again with what was typed, or has the change made to all that the list has; not if
        it has others by now than were seen."""
        seen = Seen.unseal(request.POST["all"])
        if seen is None:
            messages.error(request, _("This preview is too old. Choose the licences again."))
            return redirect("admin:licenses_license_changelist")
        asked = copy(request)
        asked.GET = QueryDict(seen.query)
        rows, form = self.all_listed(asked), CHANGES[name].form(request.POST)
        if not form.is_valid() or "confirm" not in request.POST:
            return self.look_at_all(asked, name, form, rows)
        fixed = list(many.fixed(rows))
        if sealed(pk for pk, _digest in fixed)[1] != seen.licenses and not bulk.is_there(seen.id):
            messages.warning(request, OTHER_ROWS)
            return self.look_at_all(asked, name, form, rows)
        try:
            bulk.confirm(
                id=seen.id,
                vendor=current_vendor(),
                kind=NAME,
                name=name,
                label=_label(name, form),
                values={field: _plain(value) for field, value in form.cleaned_data.items()},
                rows=fixed,
            )
        except ConfirmedAlready as error:
            messages.info(request, error.sentence)
        return redirect("admin:backoffice_bulkchange_change", seen.id)


def _take_all_for_none(request: HttpRequest) -> None:
    if request.POST.getlist(ACTION_CHECKBOX_NAME):
        return
    posted = request.POST.copy()
    posted["select_across"] = "1"
    request.POST = posted  # type: ignore[assignment]


def _label(name: str, form: forms.Form) -> str:
    """The change and what was typed for it, in words."""
    typed = [
        str(value) if isinstance(value, Model) else str(form.data[field])
        for field, value in form.cleaned_data.items()
        if value not in {None, ""}
    ]
    label = str(CHANGES[name].label)
    return f"{label}: {', '.join(typed)}" if typed else label


def _plain(value: Any) -> Any:
    """A value as the form takes it again, in every language."""
    if isinstance(value, Model):
        return str(value.pk)
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else value
