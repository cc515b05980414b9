"""Products, policies, licences and machines in the back office."""

import json
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.forms import BaseInlineFormSet, ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import CUSTOMER_ROLES, User
from licenses import lifecycle
from licenses.admin_filters import ExpiringFilter, StatusFilter
from licenses.errors import LicensingError
from licenses.keys import new_key
from licenses.models import (
    Activation,
    License,
    LicenseMetadata,
    LicensePolicy,
    LicenseUser,
    MaintenancePolicy,
    Product,
)
from licenses.rows import status_text
from licenses.sentences import sentence
from licenses.signing_keys import create_product, product_file, rotate_product_key
from portal.backoffice import VendorAdmin, owned, scope_vendor


@admin.register(Product)
class ProductAdmin(VendorAdmin):
    list_display = ("name", "display_name", "customers_may_deactivate", "created_at")
    search_fields = ("name", "display_name")
    fields = (
        "name", "display_name", "description", "metadata", "customers_may_deactivate",
        "expired_licenses_keep_releases", "offline_response_validity", "product_file_link",
    )  # fmt: skip
    readonly_fields = ("product_file_link",)
    actions = ("rotate_key",)

    def create(self, request: HttpRequest, obj: Product) -> None:
        create_product(obj)

    def get_urls(self) -> list[URLPattern]:
        download = self.admin_site.admin_view(self.download_product_file)
        name = "licenses_product_file"
        return [path("<uuid:product_id>/product.json", download, name=name), *super().get_urls()]

    def download_product_file(self, request: HttpRequest, product_id: Any) -> HttpResponse:
        """`product.json`, what the vendor's program ships with."""
        product = self.get_object(request, str(product_id))
        if product is None or not self.has_view_permission(request, product):
            raise Http404
        response = HttpResponse(
            json.dumps(product_file(product), indent=2) + "\n", content_type="application/json"
        )
        response["Content-Disposition"] = 'attachment; filename="product.json"'
        return response

    @admin.display(description=_("product file"))
    def product_file_link(self, obj: Product) -> str:
        if obj._state.adding:
            return "-"
        return format_html(
            '<a href="{}">product.json</a>', reverse("admin:licenses_product_file", args=[obj.pk])
        )

    @admin.action(description=_("Make a new signing key"), permissions=["change"])
    def rotate_key(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        products = list(queryset)
        for product in products:
            rotate_product_key(product)
        done = ngettext(
            "%(n)d product has a new signing key: ship its new product file.",
            "%(n)d products have new signing keys: ship their new product files.",
            len(products),
        )
        messages.success(request, done % {"n": len(products)})


@admin.register(LicensePolicy)
class LicensePolicyAdmin(VendorAdmin):
    list_display = ("name", "type", "allowed_activations", "validity", "expiration_strategy")
    search_fields = ("name",)


@admin.register(MaintenancePolicy)
class MaintenancePolicyAdmin(VendorAdmin):
    list_display = (
        "name", "validity", "expiration_strategy", "allow_major_version_updates",
        "allow_minor_version_updates",
    )  # fmt: skip
    search_fields = ("name",)


class OwnedInline(admin.TabularInline[Any, Any]):
    """Rows below a licence; they belong to the scope's vendor like the licence itself."""

    extra = 0

    def get_formset(
        self, request: HttpRequest, obj: Any = None, **kwargs: Any
    ) -> type[BaseInlineFormSet[Any, Any, Any]]:
        formset = super().get_formset(request, obj, **kwargs)
        formset.form = owned(formset.form, scope_vendor())
        return formset


class MetadataInline(OwnedInline):
    model = LicenseMetadata
    fields = ("key", "value", "visible")


class LicenseUserInline(OwnedInline):
    model = LicenseUser
    fields = ("user",)
    autocomplete_fields = ("user",)


Verb = Callable[..., License]


@admin.register(License)
class LicenseAdmin(VendorAdmin):
    """A licence is created from a policy's terms; its state changes through the verbs."""

    list_display = ("key", "product", "user", "status", "seats", "expires_at")
    list_filter = (StatusFilter, ExpiringFilter, "product", "suspended", "revoked", "type")
    list_select_related = ("product", "user")
    search_fields = (
        "key",
        "user__email",
        "notes",
        "activations__hostname",
        "activations__fingerprint",
    )
    autocomplete_fields = ("user", "product")
    inlines = (MetadataInline, LicenseUserInline)
    actions = ("renew", "renew_maintenance", "suspend", "unsuspend", "revoke", "unrevoke")
    fieldsets = (
        (None, {"fields": ("key", "product", "user", "status", "expires_at", "notes")}),
        (
            _("Terms"),
            {
                "fields": (
                    "type", "allowed_activations", "allowed_deactivations", "validity",
                    "expiration_strategy", "allow_vm_activation", "allow_container_activation",
                )
            },
        ),
        (
            _("Downloads"),
            {
                "fields": (
                    "maintenance_policy", "maintenance_expires_at", "max_allowed_release_version",
                )
            },
        ),
        (
            _("Use"),
            {"fields": ("total_activations", "total_deactivations", "first_activated_at")},
        ),
        (
            _("For the program"),
            {
                "classes": ("collapse",),
                "fields": (
                    "fingerprint_matching_strategy", "server_sync_interval",
                    "server_sync_grace_period", "allowed_clock_offset", "lease_duration",
                    "leasing_strategy", "allowed_floating_clients",
                ),
            },
        ),
    )  # fmt: skip
    created_once = ("key", "product", "validity", "expiration_strategy", "type")
    counters = (
        "status", "expires_at", "maintenance_expires_at", "total_activations",
        "total_deactivations", "first_activated_at",
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: License | None = None) -> Any:
        return (*self.counters, *self.created_once) if obj else self.counters

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"key": new_key(), **super().get_changeform_initial_data(request)}

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user":
            kwargs["queryset"] = User.objects.filter(role__in=CUSTOMER_ROLES)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def create(self, request: HttpRequest, obj: License) -> None:
        lifecycle.save_new_license(obj, actor=request.user)  # type: ignore[arg-type]

    @transaction.atomic
    def save_model(
        self, request: HttpRequest, obj: License, form: ModelForm[Any], change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if change and "maintenance_policy" in form.changed_data:
            lifecycle.begin_maintenance(obj)

    @admin.display(description=_("status"))
    def status(self, obj: License) -> str:
        return "-" if obj._state.adding else status_text(obj.standing).name

    @admin.display(description=_("seats"))
    def seats(self, obj: License) -> str:
        allowed = "∞" if obj.unlimited_activations else obj.allowed_activations
        return f"{obj.total_activations} / {allowed}"

    @admin.action(description=_("Renew by the validity"), permissions=["change"])
    def renew(self, request: HttpRequest, queryset: QuerySet[License]) -> None:
        self._each(request, queryset, lifecycle.renew)

    @admin.action(description=_("Renew the maintenance"), permissions=["change"])
    def renew_maintenance(self, request: HttpRequest, queryset: QuerySet[License]) -> None:
        self._each(request, queryset, lifecycle.renew_maintenance)

    @admin.action(description=_("Suspend"), permissions=["change"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[License]) -> None:
        self._each(request, queryset, lifecycle.suspend)

    @admin.action(description=_("Lift the suspension"), permissions=["change"])
    def unsuspend(self, request: HttpRequest, queryset: QuerySet[License]) -> None:
        self._each(request, queryset, lifecycle.unsuspend)

    @admin.action(description=_("Revoke"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[License]) -> None:
        self._each(request, queryset, lifecycle.revoke)

    @admin.action(description=_("Lift the revocation"), permissions=["change"])
    def unrevoke(self, request: HttpRequest, queryset: QuerySet[License]) -> None:
        self._each(request, queryset, lifecycle.unrevoke)

    def _each(self, request: HttpRequest, queryset: QuerySet[License], verb: Verb) -> None:
        """Calls the verb for each chosen licence and says what came of it, by key where refused."""
        done = 0
        for license in queryset:
            try:
                verb(license, actor=request.user)
                done += 1
            except LicensingError as error:
                messages.error(request, f"{license.key}: {sentence(error)}")
        if done:
            text = ngettext("%(n)d licence is changed.", "%(n)d licences are changed.", done)
            messages.success(request, text % {"n": done})


@admin.register(Activation)
class ActivationAdmin(VendorAdmin):
    """Machines, to look at; they come and go through the verbs."""

    list_display = ("hostname", "license", "os", "offline", "app_version", "last_synced_at")
    list_filter = ("os", "offline")
    list_select_related = ("license",)
    search_fields = ("hostname", "fingerprint", "license__key")
