"""Vendors (for operators) and a vendor's people, in the back office."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.invitations import create_and_invite, invite
from accounts.models import CUSTOMER_ROLES, STAFF_ROLES, User, Vendor
from accounts.vendors import create_vendor
from accounts.view_as_admin import WithViewAs
from portal.backoffice import VendorAdmin


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
class UsersAdmin(WithViewAs, VendorAdmin):
    """The vendor's customers and staff. A new one is invited to set a password."""

    list_display = ("email", "full_name", "company", "role", "is_active", "last_login")
    list_filter = ("role", "is_active", "allow_customer_portal_access")
    search_fields = ("email", "first_name", "last_name", "company")
    fields = (
        "email", "first_name", "last_name", "company", "role", "is_active",
        "allow_customer_portal_access", "metadata", "last_login", "last_seen_at",
    )  # fmt: skip
    readonly_fields = ("last_login", "last_seen_at")
    actions = ("send_invitation",)

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
