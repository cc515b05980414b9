"""Moving in, in the back office: a source is named, read by jobs, and reported on."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.text import capfirst
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from audit import trail
from backoffice.base import WithButtons
from backoffice.export import as_csv
from backoffice.lists import Empty
from moving import words
from moving.errors import BadSource
from moving.forms import SourceForm, TokenForm
from moving.models import Move, Remark
from moving.nouns import NOUNS
from moving.readable import archive_of
from moving.verbs import moves
from tenancy.door import current_vendor
from web.errors import PortalError

SHOWN = 20  # lines of a report that stand on the page
REPORT = {
    "what": words.noun_of,
    "number": lambda line: line.number or 1,
    "id": lambda line: line.source_id,
    "further_ids": lambda line: line.further_ids,
    "name": lambda line: line.label,
    "taken": lambda line: not line.refused,
    "why": lambda line: line.sentence,
}


@admin.register(Move)
class MoveAdmin(WithButtons):
    """What moves in from another host of the Web API v3: begun, watched, stopped, gone on with."""

    add_text = _("Move in")
    empty = Empty(
        "arrive",
        _("Products, customers and licences come in from Cryptlex, with their ids and keys."),
    )
    verbs = {"stop": (moves.stop, _("%(row)s is not read any further."))}
    list_display = ("address", "state", "started_by", "created_at", "finished_at")
    list_filter = ("state",)
    list_select_related = ("started_by",)
    actions = None
    change_list_template = "moving/admin/list.html"

    def right(self, action: str) -> str:
        """Who may begin a move may stop it and have it go on."""
        return super().right("add" if action == "change" else action)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("add/", view(self.begin_view), name="moving_move_add"),
            path("everything.zip", view(self.everything_view), name="moving_move_everything"),
            path("<uuid:row_id>/go-on/", view(self.go_on_view), name="moving_move_go_on"),
            path("<uuid:row_id>/report.csv", view(self.report_view), name="moving_move_report"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        allowed = request.user.has_perm(self.right("export"))
        return super().changelist_view(request, {"may_export": allowed, **(extra_context or {})})

    def everything_view(self, request: HttpRequest) -> StreamingHttpResponse:
        """All that the vendor has, to be read; the audit trail tells who took it."""
        if not request.user.has_perm(self.right("export")):
            raise PermissionDenied
        vendor = current_vendor()
        trail.record("exported", vendor, details={"list": "everything"})
        response = StreamingHttpResponse(archive_of(vendor), content_type="application/zip")
        response["Content-Disposition"] = f'attachment; filename="{vendor.company_id}.zip"'
        return response

    def begin_view(self, request: HttpRequest) -> HttpResponseBase:
        """Names a source and has it read."""
        if not request.user.has_perm(self.right("add")):
            raise PermissionDenied
        form = SourceForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                row = moves.begin(current_vendor(), **form.cleaned_data, by_jobs=True)
                return redirect("admin:moving_move_change", row.pk)
            except BadSource as error:
                form.add_error("address", error.sentence)
            except PortalError as error:
                form.add_error(None, error.sentence)
        return self._page(request, "begin", title=_now("Move in"), form=form)

    def go_on_view(self, request: HttpRequest, row_id: UUID) -> HttpResponseBase:
        """Asks for the token once more and has a move that was stopped go on."""
        row = self.own_row(request, row_id, self.right("change"))
        form = TokenForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                moves.resume(row, **form.cleaned_data)
                messages.success(request, _now("%(row)s is read on.") % {"row": row})
                return self.back_to(row)
            except PortalError as error:
                form.add_error(None, error.sentence)
        return self._page(request, "begin", title=_now("Go on"), form=form, original=row)

    def report_view(self, request: HttpRequest, row_id: UUID) -> HttpResponseBase:
        """All lines of the report as CSV."""
        row = self.own_row(request, row_id, self.right("add"))
        trail.record("exported", current_vendor(), details={"list": "move"})
        return as_csv("move", Remark.objects.filter(move=row).order_by("created_at", "id"), REPORT)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """How far it is and what came of it. While a job runs, the page loads itself anew."""
        row = self.own_row(request, object_id, self.right("view"))
        lines = list(moves.remarks_of(row)[: SHOWN + 1])
        response = self._page(
            request,
            "move",
            title=row.address,
            original=row,
            state=capfirst(row.get_state_display()),
            sentence=words.sentence_of(row),
            nouns=list(words.lines_of(row)),
            labels=words.LABELS.values(),
            done=words.progress_of(row),
            number=len(NOUNS),
            lines=[(words.noun_of(line), words.name_of(line), line) for line in lines[:SHOWN]],
            more=len(lines) > SHOWN,
            may_move=request.user.has_perm(self.right("add")),
        )
        if row.is_running:
            response["Refresh"] = "2"
        return response

    def _page(self, request: HttpRequest, name: str, **context: Any) -> HttpResponse:
        shared = {**self.admin_site.each_context(request), "opts": self.opts}
        return render(request, f"moving/admin/{name}.html", {**shared, **context})
