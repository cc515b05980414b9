"""Vendors (for operators) and a vendor's people, in the back office."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.db import models
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import import_words, imports
from accounts.acting import origin
from accounts.forms import ImportForm
from accounts.import_tables import TableRefused
from accounts.invitations import create_and_invite, invite
from accounts.models import CUSTOMER_ROLES, STAFF_ROLES, DataImport, User, Vendor
from accounts.vendors import create_vendor
from portal.backoffice import WithButtons, receives_files, scope_vendor
from portal.backoffice_export import WithExport, written


class NewVendorForm(forms.ModelForm[Vendor]):
    admin_email = forms.EmailField(
        label=_("E-mail of the first administrator"),
        help_text=_("An invitation to set a password is sent there."),
    )


@admin.register(Vendor)
class VendorsAdmin(admin.ModelAdmin[Vendor]):
    """Operators create vendors and switch them off; everything else is the vendor's own."""

    list_display = ("name", "company_id", "status", "created_at")
    list_filter = ("status",)
    search_fields = ("name", "company_id")
    fields = ("company_id", "name", "status", "support_email", "support_url", "website")
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None:
            kwargs["form"] = NewVendorForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Vendor | None = None) -> Any:
        return (*self.fields, "admin_email") if obj is None else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Vendor | None = None) -> Any:
        return ("company_id",) if obj else ()

    def save_model(
        self, request: HttpRequest, obj: Vendor, form: ModelForm[Vendor], change: bool
    ) -> None:
        if change:
            obj.save()
        else:
            create_vendor(obj, admin_email=form.cleaned_data["admin_email"])


@admin.register(User)
class UsersAdmin(WithExport):
    """The vendor's customers and staff. A new one is invited to set a password."""

    export_right = "accounts.export_user"
    export_name = "customers"
    export_columns = {
        "email": lambda user: user.email,
        "first_name": lambda user: user.first_name,
        "last_name": lambda user: user.last_name,
        "company": lambda user: user.company,
        "role": lambda user: user.role,
        "active": lambda user: user.is_active,
        "portal_access": lambda user: user.allow_customer_portal_access,
        "last_seen": lambda user: user.last_seen_at,
        "created": lambda user: user.created_at,
    }

    list_display = ("email", "full_name", "company", "role", "is_active", "last_login")
    list_filter = ("role", "is_active", "allow_customer_portal_access")
    search_fields = ("email", "first_name", "last_name", "company")
    fields = (
        "email", "first_name", "last_name", "company", "role", "is_active",
        "allow_customer_portal_access", "metadata", "last_login", "last_seen_at",
    )  # fmt: skip
    readonly_fields = ("last_login", "last_seen_at")
    actions = ("send_invitation",)

    def export_rows(self, rows: QuerySet[User]) -> QuerySet[User]:
        """Customers alone: an import elsewhere would take staff for customers."""
        return rows.filter(role__in=CUSTOMER_ROLES)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "role":
            kwargs["choices"] = [
                (role.value, role.label) for role in (*CUSTOMER_ROLES, *STAFF_ROLES)
            ]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def create(self, request: HttpRequest, obj: User) -> None:
        create_and_invite(obj)

    @admin.action(description=_("Send the invitation again"), permissions=["change"])
    def send_invitation(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        users = list(queryset)
        for user in users:
            invite(user)
        sent = ngettext(
            "%(n)d invitation is on its way.", "%(n)d invitations are on their way.", len(users)
        )
        messages.success(request, sent % {"n": len(users)})


def may_import(request: HttpRequest) -> bool:
    return request.user.has_perm("accounts.add_dataimport")


def _confirm(row: DataImport) -> None:
    imports.confirm(row, actor=origin().who())


@admin.register(DataImport)
class DataImportAdmin(WithButtons):
    """Files of customers and licences: uploaded, checked, looked at, confirmed."""

    verbs = {"import": (_confirm, _("%(row)s is being imported."))}
    errors = (imports.NotReady,)
    say = staticmethod(
        lambda error: str(_("This import is under way already, or there is nothing to confirm."))
    )
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
            path("add/", receive(view(self.upload_view)), name="accounts_dataimport_add"),
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
                return redirect("admin:accounts_dataimport_change", row.pk)
            except TableRefused as error:
                form.add_error("file", str(error))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import a CSV file"),
            "opts": self.opts,
            "form": form,
            "kinds": [_described(kind) for kind in imports.KINDS.values()],
        }
        return render(request, "accounts/admin/import_upload.html", context)

    @staticmethod
    def _start(form: ImportForm) -> DataImport:
        given = form.cleaned_data
        return imports.start(
            vendor=cast(Vendor, scope_vendor()), kind=given["kind"],
            file_name=given["file"].name, data=given["file"].read(),
            options={"send_emails": given["send_emails"]}, actor=origin().who(),
        )  # fmt: skip

    def example_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        """A file as it can be imported."""
        if not may_import(request):
            raise PermissionDenied
        if kind not in imports.KINDS:
            raise Http404
        rows = [list(row) for row in imports.KINDS[kind].rows.example]
        response = HttpResponse(written(rows), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{kind}-example.csv"'
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """How far the import is and what it found. While a job runs, the page loads itself anew."""
        row = self.own_row(request, object_id, self.right("view"))
        kind = imports.KINDS[row.kind]
        context = {
            **self.admin_site.each_context(request),
            "title": row.file_name,
            "opts": self.opts,
            "original": row,
            "kind": kind,
            "button": kind.button(row.rows),
            "may_import": may_import(request),
            "state": capfirst(row.get_state_display()),
            "sentence": import_words.sentence_of(row),
            "problems": import_words.problems_in(row),
            "counts": import_words.counted(row),
            "first_rows": import_words.first_rows(row),
            "headers": kind.rows.shown.values(),
            "lines": [
                [line.get(name, "") for name in kind.rows.shown]
                for line in row.preview.get("rows", [])
            ],
        }
        response = render(request, "accounts/admin/import.html", context)
        if row.is_running:
            response["Refresh"] = "2"
        return response

    @admin.display(description=_("what is in it"), ordering="kind")
    def kind_label(self, obj: DataImport) -> str:
        return str(imports.KINDS[obj.kind].label)


def _described(kind: imports.Kind) -> dict[str, Any]:
    """A kind of file with its columns: name, whether it has to be there, and what it holds."""
    rows = kind.rows
    columns = [
        (name, name in rows.required, rows.explained.get(name, ""))
        for name in (*rows.required, *rows.optional)
    ]
    return {"kind": kind, "columns": columns, "read_only": ", ".join(rows.read_only)}
