"""Vendors (for operators) and a vendor's people, in the back office."""

from copy import copy
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.finding import people_places
from accounts.forms import company_id_field
from accounts.metadata import METADATA_FORM
from accounts.models import CUSTOMER_ROLES, BuiltIn, Role, User
from accounts.models.roles import role_label
from accounts.story import story_of
from accounts.verbs.invitations import invite, invite_waiting
from accounts.verbs.people import change_person, create_person, delete_person
from accounts.verbs.vendors import change_vendor, create_vendor, invite_administrators
from accounts.view_as.admin import WithViewAs, let_button_work, may_view_as
from backoffice.base import WithButtons, history_page
from backoffice.export import WithExport
from backoffice.lists import MOST_OFFERED, KeysetList, ListAdmin, is_long
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.texts import AddressField


class NewVendorForm(forms.ModelForm[Vendor]):
    company_id = company_id_field(
        required=True, help_text=Vendor._meta.get_field("company_id").help_text
    )
    admin_email = AddressField(
        label=_("E-mail of the first administrator"),
        help_text=_("An invitation to set a password is sent there."),
    )


@admin.register(Vendor)
class VendorsAdmin(ListAdmin):
    """Operators create vendors and switch them off; everything else is the vendor's own."""

    actions = ("invite_administrators",)
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
            change_vendor(obj)
        else:
            create_vendor(obj, admin_email=form.cleaned_data["admin_email"])

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


class OfPerson(KeysetList):
    """A list of people leads to their stories."""

    def url_for_result(self, result: Any) -> str:
        return reverse("admin:accounts_user_story", args=[result.pk])


def with_roles(field: Any) -> Any:
    """The field `role`, which offers the scope's vendor's roles: the built-in ones first, and not
    more than a select offers."""
    first = Role.objects.order_by("-built_in", "name")[:MOST_OFFERED]
    names = set(first.values_list("name", flat=True))
    built_in = [name for name in BuiltIn.values if name in names]
    offering = copy(field)
    offering.choices = [
        (name, role_label(name)) for name in (*built_in, *sorted(names.difference(built_in)))
    ]
    return offering


def validate_role(name: str) -> None:
    """Raises ValidationError unless the scope's vendor has such a role."""
    if not Role.objects.filter(name=name).exists():
        raise ValidationError(_("There is no such role."), code="no_role")


class RoleFilter(admin.ChoicesFieldListFilter):
    """People by one of the vendor's roles."""

    def __init__(self, field: Any, *args: Any, **options: Any) -> None:
        super().__init__(with_roles(field), *args, **options)


@admin.register(User)
class UsersAdmin(WithViewAs, WithExport, WithButtons):
    """The vendor's customers and staff. A new one is invited to set a password."""

    verbs = {"invite": (invite, _("An invitation is on its way to %(row)s."))}
    rights = {"invite": "invite"}
    formfield_overrides = METADATA_FORM
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
    list_display = ("email", "full_name", "company", "role_shown", "is_active", "last_login")
    list_filter = (("role", RoleFilter), "is_active", "allow_customer_portal_access")
    search_fields = ("email",)  # for the box to be there
    search_help_text = _("Beginnings of words: e-mail, name, company.")
    places = staticmethod(people_places)
    fields = (
        "email",
        "first_name",
        "last_name",
        "company",
        "role",
        "is_active",
        "allow_customer_portal_access",
        "reminders",
        "metadata",
        "last_login",
        "last_seen_at",
    )
    readonly_fields = ("role_shown", "last_login", "last_seen_at")
    actions = ("send_invitation",)

    @admin.display(description=_("role"))
    def role_shown(self, user: User) -> str:
        return user.role_label

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.story_view)
        return [path("<uuid:row_id>/story/", view, name="accounts_user_story"), *super().get_urls()]

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Who may only look reads the role's label."""
        if self.has_change_permission(request, obj) or obj is None:
            return self.fields
        return ["role_shown" if name == "role" else name for name in self.fields]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        usual = super().get_changelist(request, **kwargs)
        return OfPerson if usual is KeysetList else usual

    def export_rows(self, rows: QuerySet[User]) -> QuerySet[User]:
        """Customers alone: an import elsewhere would take staff for customers."""
        return rows.filter(role__in=CUSTOMER_ROLES)

    def back_to(self, row: User) -> HttpResponseBase:
        return redirect("admin:accounts_user_story", row.pk)

    def story_view(self, request: HttpRequest, row_id: UUID) -> HttpResponseBase:
        """Everything about one person on one page."""
        user = self.own_row(request, row_id, "accounts.view_user")
        context = {
            **self.admin_site.each_context(request),
            "title": user.full_name,
            "opts": self.opts,
            "original": user,
            "chapters": story_of(user, reader=cast(User, request.user)),
            "may_change": self.has_change_permission(request, user),
            "may_view_as": may_view_as(request, user),
            "may_invite": request.user.has_perm("accounts.invite_user")
            and not user.has_usable_password(),
        }
        return let_button_work(render(request, "accounts/admin/story.html", context))

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A role is chosen; where there are more than a select offers, its name is typed."""
        if db_field.name != "role":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        if not is_long(Role.objects.all()):
            return super().formfield_for_dbfield(with_roles(db_field), request, **kwargs)
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        field.validators.append(validate_role)
        return field

    def create(self, request: HttpRequest, obj: User) -> None:
        create_person(person=obj)

    def save_model(
        self, request: HttpRequest, obj: User, form: ModelForm[User], change: bool
    ) -> None:
        if change:
            change_person(person=obj, fields=form.changed_data)
        else:
            self.create(request, obj)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        delete_person(person=obj)

    @admin.action(description=_("Send the invitation again"), permissions=["invite"])
    def send_invitation(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        sent = invite_waiting(list(queryset))
        text = ngettext(
            "%(n)d invitation is on its way.", "%(n)d invitations are on their way.", sent
        )
        messages.success(request, text % {"n": sent})

    def has_invite_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.invite_user")
