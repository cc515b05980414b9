"""Changes to many rows in the back office: how far one is, and what became of each row."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit import trail
from backoffice.base import WithButtons
from backoffice.bulk import words
from backoffice.bulk.kinds import KINDS
from backoffice.bulk.verbs import LEFT, REFUSED, stop
from backoffice.export import BOM, written
from backoffice.lists import Empty
from backoffice.models import BulkChange, BulkStep
from tenancy.door import current_vendor, inside

SHOWN = 100  # rows that were not changed, and names of those that are deleted
STEPS_AT_ONCE = 50


@admin.register(BulkChange)
class BulkChangeAdmin(WithButtons):
    """Changes to many rows: they are begun on a list, and looked at and stopped here."""

    verbs = {"stop": (stop, gettext_lazy("%(row)s is stopped. What was changed already stays so."))}
    rights = {"stop": "stop"}
    list_display = ("label", "state", "rows", "changed", "refused", "left", "confirmed_by",
                    "created_at")  # fmt: skip
    list_filter = ("state",)
    list_select_related = ("confirmed_by",)
    actions = None
    empty = Empty(
        "sliders",
        gettext_lazy("What is done to all that a list has stands here, with its result."),
        button=gettext_lazy("To the licences"),
        route="licenses_license_changelist",
        right="licenses.change_license",
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.result_view)
        return [
            path("<uuid:row_id>/result.csv", view, name="backoffice_bulkchange_result"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """How far the change is. While a job runs, the page loads itself anew."""
        change = self.own_row(request, object_id, self.right("view"))
        problems, deleted = _problems(change), _deleted(change)
        context = {
            **self.admin_site.each_context(request),
            "title": change.label,
            "opts": self.opts,
            "original": change,
            "who": change.confirmed_by or _("somebody who is gone"),
            "state": capfirst(change.get_state_display()),
            "sentence": words.sentence_of(change),
            "counts": words.counts_of(change),
            "problems": problems,
            "there_are_more": change.refused + change.left > len(problems),
            "deletes": KINDS[change.kind].deletes,
            "deleted": deleted,
            "more_deleted": change.changed > len(deleted),
            "has_result": change.steps.exists(),
            "may_stop": request.user.has_perm(self.right("stop")),
        }
        response = render(request, "backoffice/admin/bulk_change.html", context)
        if change.is_running:
            response["Refresh"] = "2"
        return response

    def result_view(self, request: HttpRequest, row_id: UUID) -> StreamingHttpResponse:
        """What became of each row as CSV; the audit trail tells who took it."""
        change = self.own_row(request, row_id, self.right("view"))
        trail.record("exported", change, details={"list": str(change)})
        response = StreamingHttpResponse(
            _parts(change, current_vendor()), content_type="text/csv; charset=utf-8"
        )
        response["Content-Disposition"] = 'attachment; filename="result.csv"'
        return response


def _problems(change: BulkChange) -> list[tuple[str, str, str]]:
    """Page, name and reason of the first rows that were not changed."""
    kind, told = KINDS[change.kind], list[tuple[UUID, str, str]]()
    for step in change.steps.filter(troubled__gt=0).order_by("number")[:SHOWN]:
        told += [(UUID(step.rows[place][0]), step.rows[place][1], why)
                 for place, _what, why in step.problems]  # fmt: skip
        if len(told) >= SHOWN:
            break
    names = kind.names(pk for pk, _digest, _why in told[:SHOWN])
    return [
        (
            reverse(kind.route, args=[pk]) if pk in names else "",
            names.get(pk, digest if kind.ends_rows else str(pk)),
            why,
        )
        for pk, digest, why in told[:SHOWN]
    ]


def _deleted(change: BulkChange) -> list[str]:
    """The names of the first rows that a deletion has deleted."""
    names = list[str]()
    done = change.steps.exclude(done_at=None).order_by("number")
    for step in done.iterator(chunk_size=1) if KINDS[change.kind].deletes else ():
        left = {place for place, _what, _why in step.problems}
        names += [name for place, (_pk, name) in enumerate(step.rows) if place not in left]
        if len(names) >= SHOWN:
            break
    return names[:SHOWN]


def _parts(change: BulkChange, vendor: Any) -> Iterator[str]:
    """The file in parts, read while it is sent, when the request's scope has ended."""
    yield BOM + written([[str(KINDS[change.kind].rows), _("result"), _("reason")]])
    last = -1
    while True:
        with inside(vendor):
            steps = list(
                BulkStep.objects.filter(change=change, number__gt=last).order_by("number")[
                    :STEPS_AT_ONCE
                ]
            )
            part = written(_lines(change, steps))
        if not steps:
            return
        last = steps[-1].number
        yield part


def _lines(change: BulkChange, steps: list[BulkStep]) -> Iterator[list[Any]]:
    ids = [UUID(pk) for step in steps for pk, _digest in step.rows]
    kind = KINDS[change.kind]
    names = kind.names(ids)
    results = {REFUSED: _("refused"), LEFT: _("left alone")}
    done = _("deleted") if kind.deletes else _("changed")
    for step in steps:
        problems = {place: (results[what], why) for place, what, why in step.problems}
        usual = (done, "") if step.done_at else (_("not reached"), "")
        for place, (pk, digest) in enumerate(step.rows):
            name = names.get(UUID(pk), digest if kind.ends_rows else pk)
            yield [name, *problems.get(place, usual)]
