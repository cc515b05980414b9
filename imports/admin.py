"""Imports in the back office: a file is uploaded, checked, looked at and confirmed."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from backoffice.base import WithButtons, receives_files
from backoffice.export import written
from imports import words
from imports.forms import ImportForm
from imports.models import DataImport
from imports.tables import TableRefused
from imports.verbs import files
from tenancy.door import current_vendor


def may_import(request: HttpRequest) -> bool:
    return request.user.has_perm("imports.add_dataimport")


def _confirm(row: DataImport) -> None:
    files.confirm(row)


@admin.register(DataImport)
class DataImportAdmin(WithButtons):
    """Files of customers and licences: uploaded, checked, looked at, confirmed."""

    verbs = {"import": (_confirm, _("%(row)s is being imported."))}
    list_display = ("file_name", "kind_label", "state", "rows", "created_by", "created_at")
    list_filter = ("state",)
    list_select_related = ("created_by",)
    search_fields = ("file_name",)
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[DataImport]:
        """Without the files themselves."""
        return super().get_queryset(request).defer("content")

    def right(self, action: str) -> str:
        """Who may upload a file may confirm it; nothing else about it can be changed."""
        return super().right("add" if action == "change" else action)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        receive = receives_files(TemporaryFileUploadHandler, may_import)
        return [
            path("add/", receive(view(self.upload_view)), name="imports_dataimport_add"),
            path("example/<str:kind>.csv", view(self.example_view), name="accounts_import_example"),
            *super().get_urls(),
        ]

    def upload_view(self, request: HttpRequest) -> HttpResponseBase:
        """Takes a file and has it checked; what is wrong with it as a whole is said at once."""
        if not may_import(request):
            raise PermissionDenied
        form = ImportForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            try:
                row = self._start(form)
                return redirect("admin:imports_dataimport_change", row.pk)
            except TableRefused as error:
                form.add_error("file", error.sentence)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import a CSV file"),
            "opts": self.opts,
            "form": form,
            "kinds": [_described(kind) for kind in files.KINDS.values()],
        }
        return render(request, "imports/admin/upload.html", context)

    @staticmethod
    def _start(form: ImportForm) -> DataImport:
        given = form.cleaned_data
        return files.start(
            vendor=current_vendor(),
            kind=given["kind"],
            file_name=given["file"].name,
            data=given["file"].read(),
            options={"send_emails": given["send_emails"]},
        )

    def example_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        """A file as it can be imported."""
        if not may_import(request):
            raise PermissionDenied
        if kind not in files.KINDS:
            raise Http404
        rows = [list(row) for row in files.KINDS[kind].rows.example]
        response = HttpResponse(written(rows), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{kind}-example.csv"'
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """How far the import is and what it found. While a job runs, the page loads itself anew."""
        row = self.own_row(request, object_id, self.right("view"))
        kind = files.KINDS[row.kind]
        context = {
            **self.admin_site.each_context(request),
            "title": row.file_name,
            "opts": self.opts,
            "original": row,
            "kind": kind,
            "button": kind.button(row.rows),
            "may_import": may_import(request),
            "state": capfirst(row.get_state_display()),
            "sentence": words.sentence_of(row),
            "problems": words.problems_in(row),
            "counts": words.counted(row),
            "first_rows": words.first_rows(row),
            "headers": kind.rows.shown.values(),
            "lines": [
                [line.get(name, "") for name in kind.rows.shown]
                for line in row.preview.get("rows", [])
            ],
        }
        response = render(request, "imports/admin/import.html", context)
        if row.is_running:
            response["Refresh"] = "2"
        return response

    @admin.display(description=_("what is in it"))
    def kind_label(self, obj: DataImport) -> str:
        return str(files.KINDS[obj.kind].label)


def _described(kind: files.FileKind) -> dict[str, Any]:
    """A kind of file with its columns: name, whether it has to be there, and what it holds."""
    rows = kind.rows
    columns = [
        (name, name in rows.required, rows.explained.get(name, ""))
        for name in (*rows.required, *rows.optional)
    ]
    return {"kind": kind, "columns": columns, "read_only": ", ".join(rows.read_only)}
