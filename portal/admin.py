"""Vendors, for operators, in the back office."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.timezone import get_default_timezone, override
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.forms import company_id_field
from accounts.verbs.vendors import (
    change_vendor,
    create_vendor,
    invite_administrators,
    name_administrator,
    resume_vendor,
    suspend_vendor,
)
from backoffice.base import history_page
from backoffice.lists import Empty, ListAdmin
from portal.office import vendor_page
from tenancy.door import inside
from tenancy.hosts import vendor_url
from tenancy.models import NO_COMPANY_ID, Vendor
from tenancy.texts import AddressField


class NewVendorForm(forms.ModelForm[Vendor]):
    company_id = company_id_field(
        required=True,
        help_text=Vendor._meta.get_field("company_id").help_text,
        refused=NO_COMPANY_ID,
    )
    admin_email = AddressField(
        label=_("E-mail of the first administrator"),
        help_text=_("An invitation to set a password is sent there."),
    )


class AdministratorForm(forms.Form):
    email = AddressField(
        label=_("E-mail of the administrator"),
        help_text=_("An invitation to set a password is sent there."),
    )


@admin.register(Vendor)
class VendorsAdmin(ListAdmin):
    """Operators create vendors and suspend them; everything else is the vendor's own."""

    add_text = _("Add a vendor")
    empty = Empty("people", _("A vendor is a company with a portal of its own."))
    actions = ("invite_administrators",)
    list_display = ("name", "company_id", "status", "created_at")
    list_filter = ("status",)
    search_fields = ("name", "company_id")
    fields = ("company_id", "name", "support_email", "support_url", "website")
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    change_form_template = "portal/admin/vendor.html"

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

    def get_urls(self) -> list[URLPattern]:
        pages = {
            "suspend": self.suspend_view,
            "resume": self.resume_view,
            "administrator": self.administrator_view,
        }
        own = [
            path(f"<uuid:row_id>/{name}/", self.admin_site.admin_view(view), name=f"vendor_{name}")
            for name, view in pages.items()
        ]
        return [*own, *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Above the form: where the portal is, who administers it, how much there is."""
        vendor: Vendor | None = context["original"]
        if vendor is not None:
            # The page's times are the operator's.
            with inside(vendor), override(get_default_timezone()):
                context |= {
                    "portal": vendor_url(vendor, "home"),
                    "administrators": vendor_page.administrators(),
                    "alarm": vendor_page.alarm(),
                    "domains": vendor_page.domains(),
                    "amounts": vendor_page.amounts(),
                }
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: Vendor, form: ModelForm[Vendor], change: bool
    ) -> None:
        if change:
            change_vendor(obj)
        else:
            create_vendor(obj, admin_email=form.cleaned_data["admin_email"])

    def response_add(self, request: HttpRequest, obj: Vendor, *args: Any, **kwargs: Any) -> Any:
        """As Django's, and that the first administrator was written to."""
        response = super().response_add(request, obj, *args, **kwargs)
        messages.success(request, _("An invitation is on its way to its administrator."))
        return response

    def suspend_view(self, request: HttpRequest, row_id: UUID) -> HttpResponseBase:
        """Says what suspending does and, by POST, does it."""
        vendor = self._own(request, row_id)
        if request.method == "POST":
            suspend_vendor(vendor)
            messages.success(request, _("%(vendor)s is suspended.") % {"vendor": vendor})
            return self._back_to(vendor)
        with inside(vendor):
            sessions = vendor_page.signed_in()
        return self._page(
            request, vendor, _("Suspend %(vendor)s?") % {"vendor": vendor}, "suspend",
            sessions=sessions, portal=vendor_url(vendor, "home"),
        )  # fmt: skip

    def resume_view(self, request: HttpRequest, row_id: UUID) -> HttpResponseBase:
        """Takes a suspension back, by POST."""
        vendor = self._own(request, row_id)
        if request.method != "POST":
            raise Http404
        resume_vendor(vendor)
        messages.success(request, _("The portal of %(vendor)s is open again.") % {"vendor": vendor})
        return self._back_to(vendor)

    def administrator_view(self, request: HttpRequest, row_id: UUID) -> HttpResponseBase:
        """Names an administrator, also where none is left who could do it."""
        vendor = self._own(request, row_id)
        form = AdministratorForm(request.POST or None)
        if form.is_valid():
            email = form.cleaned_data["email"]
            try:
                named = name_administrator(vendor, email=email)
            except ValidationError as error:
                form.add_error("email", error.messages)
            else:
                messages.success(request, said_of(named))
                return self._back_to(vendor)
        title = _("Name an administrator of %(vendor)s") % {"vendor": vendor}
        return self._page(request, vendor, title, "administrator", form=form)

    @admin.action(description=_("Invite the administrators again"), permissions=["change"])
    def invite_administrators(self, request: HttpRequest, queryset: QuerySet[Vendor]) -> None:
        sent = sum(invite_administrators(vendor) for vendor in queryset)
        text = ngettext(
            "%(n)d invitation is on its way.", "%(n)d invitations are on their way.", sent
        )
        messages.success(request, text % {"n": sent})

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """What was done to the vendor itself; of its rows an operator learns nothing."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        vendor = self.get_object(request, object_id)
        if vendor is None:
            return super().history_view(request, object_id)
        with inside(vendor):
            return history_page(self.admin_site, request, self.opts, vendor)

    def _own(self, request: HttpRequest, row_id: UUID) -> Vendor:
        """The vendor; raises PermissionDenied for who may not change vendors, or Http404."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        vendor: Vendor | None = self.get_object(request, str(row_id))
        if vendor is None:
            raise Http404
        return vendor

    def _page(
        self, request: HttpRequest, vendor: Vendor, title: str, name: str, **context: Any
    ) -> HttpResponseBase:
        page = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "original": vendor,
            **context,
        }
        return render(request, f"portal/admin/vendor_{name}.html", page)

    @staticmethod
    def _back_to(vendor: Vendor) -> HttpResponseBase:
        return redirect("admin:tenancy_vendor_change", vendor.pk)


def said_of(named: Any) -> str:
    """What happened to who was named."""
    if named.has_usable_password():
        return _("%(email)s is an administrator and can sign in.") % {"email": named.email}
    return _("An invitation is on its way to %(email)s.") % {"email": named.email}
