"""Deletion of many rows as a change to many: what hangs on each is told before, and a job has the
rows' own verb delete them, one by one."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.exceptions import NotRegistered
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from backoffice.bulk.asking import Question, ask
from backoffice.bulk.errors import CalledOtherwise, RowIsGone
from backoffice.bulk.kinds import Act, Kind, register
from backoffice.pages import MOST_COUNTED, counted, in_words

ACTION = "delete_selected"  # as Django's own is called, for which it stands
DELETE = "delete"
KEPT, TAKEN, ALONG = "kept", "taken", "along"  # what hangs on a row and means for it


def register_for(model_admin: Any, delete: Callable[[Any], Any]) -> None:
    """Has many rows of the admin's model deleted by this verb."""
    opts = model_admin.opts
    kind = Kind(
        rows=model_admin.row_names,
        right=f"{opts.app_label}.delete_{opts.model_name}",
        changed_meanwhile=RowIsGone,
        act=partial(_act_of, model_admin.model, delete),
        holding=_nothing,
        names=partial(_names_of, model_admin.model),
        route=f"admin:{opts.app_label}_{opts.model_name}_change",
        ends_rows=True,
        deletes=True,
    )
    register(opts.label_lower, kind)


def _act_of(
    model: type[models.Model], delete: Callable[[Any], Any], name: str, values: Mapping[str, Any]
) -> Act:
    """Raises ValueError for anything but a deletion. The act raises RowIsGone, CalledOtherwise
    and what the verb refuses."""
    if name != DELETE:
        raise ValueError(_now("What was chosen for it is not there any more."))

    def act(pk: UUID, called: str) -> None:
        row = model._default_manager.filter(pk=pk).first()
        if row is None:
            raise RowIsGone
        if str(row) != called:
            raise CalledOtherwise
        delete(row)

    return act


@contextmanager
def _nothing(_ids: Iterable[UUID]) -> Iterator[None]:
    """Nothing is locked before: the verb locks what it has to."""
    yield


def _names_of(model: type[models.Model], ids: Iterable[UUID]) -> dict[UUID, str]:
    return {row.pk: str(row) for row in model._default_manager.filter(pk__in=list(ids))}


# --- Before -------------------------------------------------------------------------------------


@admin.action(description=_("Delete"), permissions=["delete"])
def delete_selected(model_admin: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse:
    """The back office's only action to delete: asks, and tells what hangs on each."""
    names = model_admin.row_names
    question = Question(
        kind=model_admin.opts.label_lower,
        name=DELETE,
        label=_now("Delete %(names)s") % {"names": names},
        consequence=_now(
            "They will be gone for good. What something else needs is left as it is, and the next "
            "page says which and why."
        ),
        hanging=partial(hanging, model_admin.admin_site),
    )
    return ask(model_admin, request, rows, ACTION, question)


def hanging(site: Any, rows: list[Any]) -> list[str]:
    """Of each of some rows of one model: what keeps it, what goes with it, or that nothing hangs on
    it. A statement for each kind of what may, unless there is very much of it."""
    told: dict[Any, dict[str, list[str]]] = {row.pk: defaultdict(list) for row in rows}
    for how, model, there, column in _relations(rows[0]._meta) if rows else ():
        for pk, number in _numbers(there, column, list(told)).items():
            told[pk][how].append(_said(site, model, number))
    return [_sentence(told[row.pk]) for row in rows]


def _sentence(told: Mapping[str, list[str]]) -> str:
    if not told:
        return _now("nothing hangs on it")
    texts = {
        KEPT: _now("stays, because of %(what)s"),
        TAKEN: _now("is taken from %(what)s"),
        ALONG: _now("goes with %(what)s"),
    }
    first = [KEPT] if KEPT in told else [TAKEN, ALONG]
    return " · ".join(texts[how] % {"what": ", ".join(told[how])} for how in first if how in told)


def _relations(opts: Any) -> Iterator[tuple[str, type[models.Model], QuerySet[Any], str]]:
    """What leads to rows of a model: what that means for them, what it is called after, the rows
    that do, and by which column. Rows that only join two others are told as the others."""
    joining = {each.through for each in opts.related_objects if each.many_to_many}
    for each in opts.related_objects:
        model = each.related_model
        if each.many_to_many:
            column = each.field.m2m_reverse_field_name()
            yield TAKEN, model, each.through._default_manager.all(), column
        elif model not in joining:
            how = KEPT if each.on_delete is models.PROTECT else ALONG
            yield how, model, model._default_manager.all(), each.field.name


def _numbers(there: QuerySet[Any], column: str, ids: list[Any]) -> dict[Any, int]:
    """How many of the rows lead to each of the ids, counted up to MOST_COUNTED each."""
    leading = there.filter(**{f"{column}__in": ids}).order_by()
    found = list(leading.values_list(f"{column}_id", flat=True)[: MOST_COUNTED + 1])
    if len(found) <= MOST_COUNTED:
        return Counter(found)
    numbers = {pk: counted(there.filter(**{column: pk}).order_by()) for pk in ids}
    return {pk: number for pk, number in numbers.items() if number}


def _said(site: Any, model: type[models.Model], number: int) -> str:
    try:
        known = site.get_model_admin(model)
        one, several = known.row_name, known.row_names
    except NotRegistered:
        one, several = model._meta.verbose_name, model._meta.verbose_name_plural
    return f"{in_words(number)} {one if number == 1 else several}"
