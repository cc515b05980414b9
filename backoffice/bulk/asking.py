"""What an action of a list asks before a job does it to all that was chosen, however many."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.bulk import verbs
from backoffice.lists import is_across
from tenancy.door import current_vendor, reading

SHOWN = 25
OTHER_ROWS = gettext_lazy("The list has other rows by now. Look again.")


class NothingToSay(forms.Form):
    """Of what has to be asked nothing but whether it is meant."""


@dataclass(frozen=True, slots=True)
class Question:
    """Before a change to many: the kind and the name of the change (backoffice/bulk/kinds.py), its
    button, what will follow, what has to be typed, and what hangs on each of some rows."""

    kind: str
    name: str
    label: str | Promise
    consequence: str | Promise
    form: type[forms.Form] = NothingToSay
    hanging: Callable[[list[Any]], list[str]] | None = None


def ask(
    model_admin: Any, request: HttpRequest, rows: QuerySet[Any], action: str, question: Question
) -> HttpResponse:
    """The question or, once it is confirmed, the page of the job.

    The rows are fixed when it is confirmed; if the list has others by then than were seen, it is
    asked again.
    """
    is_confirmed = "confirm" in request.POST
    form = question.form(request.POST if is_confirmed else None)
    rows = rows.order_by("pk")
    if is_confirmed and form.is_valid():
        fixed = _fixed(rows)
        if sealed(pk for pk, _name in fixed)[1] == request.POST.get("seen"):
            return _begin(request, fixed, question, form)
        messages.warning(request, OTHER_ROWS)
    number, seal = look_at(rows)
    first = list(rows[:SHOWN])
    told = question.hanging(first) if question.hanging else [""] * len(first)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": question.label,
        "opts": model_admin.opts,
        "list_title": model_admin.list_title_for(request),
        "question": question,
        "action": action,
        "form": form,
        "number": number,
        "number_in_words": number_format(number, force_grouping=True),
        "name": model_admin.row_name,
        "names": model_admin.row_names,
        "seen": seal,
        "rows": list(zip(first, told, strict=True)),
        "more": number > SHOWN,
        "across": is_across(request),
        # Not as they were sent: of ids of somebody else's nothing is said.
        "chosen": [] if is_across(request) else list(rows.values_list("pk", flat=True)),
    }
    return render(request, "backoffice/admin/ask_many.html", context)


def look_at(rows: QuerySet[Any]) -> tuple[int, str]:
    """How many rows there are, and what tells, when it is confirmed, whether they are the same."""
    with reading():
        ids = rows.order_by("pk").values_list("pk", flat=True)
        return sealed(ids.iterator(chunk_size=verbs.READ_AT_ONCE))


def sealed(ids: Iterable[UUID]) -> tuple[int, str]:
    """How many rows of these ids, in their order, there are, and a digest that is another as soon
    as one has left or come, be they as many as before."""
    number, digest = 0, sha256()
    for pk in ids:
        number += 1
        digest.update(pk.bytes)
    return number, digest.hexdigest()


def _fixed(rows: QuerySet[Any]) -> list[tuple[UUID, str]]:
    with reading():
        return [(row.pk, str(row)) for row in rows.iterator(chunk_size=verbs.READ_AT_ONCE)]


def _begin(
    request: HttpRequest, rows: list[tuple[UUID, str]], question: Question, form: forms.Form
) -> HttpResponse:
    change = verbs.confirm(
        id=uuid4(),
        vendor=current_vendor(),
        kind=question.kind,
        name=question.name,
        label=str(question.label),
        values=form.cleaned_data,
        rows=rows,
    )
    if request.user.has_perm("backoffice.view_bulkchange"):
        return redirect("admin:backoffice_bulkchange_change", change.pk)
    text = _("A job does it to %(n)s rows, one after the other.")
    messages.success(request, text % {"n": number_format(change.rows, force_grouping=True)})
    return redirect(request.get_full_path())
