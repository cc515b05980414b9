"""Imports in the back office: a file is uploaded, checked, looked at and confirmed."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from backoffice.base import WithButtons, receives_files, refused
from backoffice.export import BOM, written
from backoffice.lists import Empty
from imports import words
from imports.errors import NotReady, TableRefused
from imports.forms import ColumnsForm, ImportForm
from imports.kinds import KINDS, FileKind
from imports.models import DataImport
from imports.verbs import columns, files
from tenancy.door import current_vendor
from web.errors import PortalError
from web.uploads import OnDiskUploadHandler

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def may_import(request: HttpRequest) -> bool:
    return request.user.has_perm("imports.add_dataimport")


def _confirm(row: DataImport) -> None:
    files.confirm(row)


@admin.register(DataImport)
class DataImportAdmin(WithButtons):
    """Files of customers and licences: uploaded, checked, looked at, confirmed."""

    add_text = _("Import a file")
    empty = Empty(
        "upload",
        _("Customers and licences come in from a spreadsheet, and each row is checked before."),
    )
    verbs = {"import": (_confirm, _("%(row)s is being imported."))}
    list_display = ("file_name", "kind_label", "state", "rows", "created_by", "created_at")
    list_filter = ("state",)
    list_select_related = ("created_by",)
    search_fields = ("file_name",)
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[DataImport]:
        """Without the files themselves."""
        return super().get_queryset(request).defer("content", "original")

    def right(self, action: str) -> str:
        """Who may upload a file may confirm it; nothing else about it can be changed."""
        return super().right("add" if action == "change" else action)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        receive = receives_files(OnDiskUploadHandler, may_import)
        return [
            path("add/", receive(view(self.upload_view)), name="imports_dataimport_add"),
            path("example/<str:kind>.csv", view(self.example_view), name="accounts_import_example"),
            path(
                "template/<str:kind>.<str:ending>",
                view(self.template_view),
                name="imports_dataimport_template",
            ),
            path(
                "<uuid:row_id>/columns/",
                view(self.columns_view),
                name="imports_dataimport_columns",
            ),
            *super().get_urls(),
        ]

    def upload_view(self, request: HttpRequest) -> HttpResponseBase:
        """Takes a file and has it checked; what is wrong with it as a whole is said at once."""
        if not may_import(request):
            raise PermissionDenied
        form = ImportForm(
            request.POST or None,
            request.FILES or None,
            initial={"kind": request.GET.get("kind", "")},
        )
        if request.method == "POST" and form.is_valid():
            try:
                row = self._start(form)
                return redirect("admin:imports_dataimport_change", row.pk)
            except TableRefused as error:
                form.add_error("file", error.sentence)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import a file"),
            "opts": self.opts,
            "form": form,
            "kinds": [_described(kind) for kind in KINDS.values()],
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
        rows = [list(row) for row in self._asked(request, kind).rows.example]
        return _download(written(rows).encode(), CSV, f"{kind}-example.csv")

    def template_view(self, request: HttpRequest, kind: str, ending: str) -> HttpResponse:
        """A file that has the columns and no rows, to be filled in."""
        rows = self._asked(request, kind).rows
        names = [*rows.required, *rows.optional]
        if ending == "csv":
            return _download((BOM + written([names])).encode(), CSV, f"{kind}.csv")
        if ending == "xlsx":
            from imports.blank_files import in_workbook  # noqa: PLC0415  large, and seldom needed

            return _download(in_workbook(names, kind), XLSX, f"{kind}.xlsx")
        raise Http404

    @staticmethod
    def _asked(request: HttpRequest, kind: str) -> FileKind:
        """The kind of file. Raises PermissionDenied, and Http404 for one that there isn't."""
        if not may_import(request):
            raise PermissionDenied
        if kind not in KINDS:
            raise Http404
        return KINDS[kind]

    def columns_view(self, request: HttpRequest, row_id: UUID) -> HttpResponseBase:
        """How the file is read: a look at it, and what its columns mean."""
        row = self.own_row(request, row_id, self.right("change"))
        if not row.may_be_read_otherwise:
            return self.back_to(row)
        form = ColumnsForm(row, request.POST or None)
        if request.method == "POST" and self._is_said(request, form):
            return self.back_to(row)
        context = {
            **self.admin_site.each_context(request),
            "title": _("How is %(file)s read?") % {"file": row.file_name},
            "opts": self.opts,
            "original": row,
            "form": form,
            "read_as": words.read_as(row),
            "kinds": [_described(KINDS[row.kind])],
        }
        return render(request, "imports/admin/columns.html", context)

    @staticmethod
    def _is_said(request: HttpRequest, form: ColumnsForm) -> bool:
        """Whether the form has led somewhere; if not, it has its errors."""
        try:
            otherwise = form.otherwise()
            if otherwise:
                columns.read_otherwise(form.row, **otherwise)
                return True
            if "show" in request.POST:
                return True
            if form.is_stale():
                messages.warning(request, _("The file is read in another way by now. Look again."))
                return True
            if form.is_valid():
                columns.answer(form.row, form.means())
                return True
        except NotReady as error:
            refused(request, error)
            return True
        except PortalError as error:
            form.is_valid()
            form.add_error(None, error.sentence)
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """How far the import is and what it found. While a job runs, the page loads itself anew."""
        row = self.own_row(request, object_id, self.right("view"))
        if row.state == DataImport.State.ASKING and may_import(request):
            return redirect("admin:imports_dataimport_columns", row.pk)
        kind = KINDS[row.kind]
        context = {
            **self.admin_site.each_context(request),
            "title": row.file_name,
            "opts": self.opts,
            "original": row,
            "kind": kind,
            "button": kind.button(row.rows),
            "may_import": may_import(request),
            "may_read_list": request.user.has_perm(kind.to_list.right),
            "state": capfirst(row.get_state_display()),
            "sentence": words.sentence_of(row),
            "read_as": words.read_as(row),
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
        return str(KINDS[obj.kind].label)


def _download(content: bytes, content_type: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _described(kind: FileKind) -> dict[str, Any]:
    """A kind of file with its columns: name, whether it has to be there, and what it holds."""
    rows = kind.rows
    columns = [
        (name, name in rows.required, rows.explained.get(name, ""))
        for name in (*rows.required, *rows.optional)
    ]
    return {"kind": kind, "columns": columns, "read_only": ", ".join(rows.read_only)}
