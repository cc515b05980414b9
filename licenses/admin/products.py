"""Products and policies in the back office."""

import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.admin.metadata import WithMetadata
from accounts.metadata import METADATA_FORM
from backoffice.base import WithDuplicate, Writes
from backoffice.lists import Empty
from backoffice.pages import MOST_COUNTED, counted
from licenses.admin.lengths import LENGTHS
from licenses.lengths import in_words
from licenses.models import (
    TERMS,
    LicensePolicy,
    MaintenancePolicy,
    Product,
)
from licenses.verbs.maintenance import (
    change_maintenance_policy,
    create_maintenance_policy,
    delete_maintenance_policy,
)
from licenses.verbs.policies import change_policy, create_policy, delete_policy
from licenses.verbs.products import change_product, create_product
from licenses.verbs.signing_keys import product_file, rotate_product_key
from web.requests import PAGE_SIZE

FIRST_TERMS = (
    "type",
    "allowed_activations",
    "subscription_interval",
    "expiration_strategy",
    "allowed_deactivations",
)


@admin.display(description=_("validity"))
def valid_for(model_admin: Any, obj: Any) -> str:
    """How long."""
    return in_words(obj.interval)


@admin.register(Product)
class ProductAdmin(WithMetadata):
    add_text = _("Add a product")
    empty = Empty("box", _("A product is a program that you sell licences for."))
    writes = {Product: Writes(create=create_product, change=change_product)}
    formfield_overrides = LENGTHS | METADATA_FORM
    list_display = ("name", "display_name", "customers_may_deactivate", "created_at")
    search_fields = ("name", "display_name")
    fields = (
        "name",
        "display_name",
        "description",
        "default_policy",
        "default_maintenance_policy",
        "metadata",
        "internal_notes",
        "customers_may_deactivate",
        "expired_licenses_keep_releases",
        "offline_response_validity",
        "allowed_key_replacements",
        "product_file_link",
    )
    readonly_fields = ("product_file_link",)
    actions = ("rotate_key",)

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
            return ""
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


class PolicyAdmin(WithDuplicate):
    """What licences are on."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Counts the licences that keep a policy: to name them all there may be too many; and names
        the products."""
        kept = sum(counted(policy.licenses.order_by()) for policy in objs)
        text = ngettext("%(n)d licence", "%(n)d licences", kept) % {"n": kept}
        if kept > MOST_COUNTED:
            text = gettext("many licences")
        keeping = [text] if kept else []
        keeping += [str(each) for policy in objs for each in policy.products.all()[:PAGE_SIZE]]
        doomed, counts = (
            [str(policy) for policy in objs],
            {self.opts.verbose_name_plural: len(objs)},
        )
        return doomed, counts, set(), keeping


@admin.register(LicensePolicy)
class LicensePolicyAdmin(PolicyAdmin):
    add_text = _("Add a policy")
    empty = Empty(
        "sliders",
        _("A policy has the terms that new licences begin with: how many machines, for how long."),
    )
    writes = {LicensePolicy: Writes(create_policy, change_policy, delete_policy)}
    formfield_overrides = LENGTHS
    list_display = ("name", "type", "allowed_activations", "valid_for", "expiration_strategy")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "name",
                    "type",
                    "allowed_activations",
                    "subscription_interval",
                    "expiration_strategy",
                    "allowed_deactivations",
                    "key_pattern",
                )
            },
        ),
        (
            _("For the program"),
            {
                "classes": ("collapse",),
                "fields": tuple(name for name in TERMS if name not in FIRST_TERMS),
            },
        ),
    )
    search_fields = ("name",)
    valid_for = valid_for


@admin.register(MaintenancePolicy)
class MaintenancePolicyAdmin(PolicyAdmin):
    add_text = _("Add a maintenance policy")
    empty = Empty(
        "clock",
        _("A maintenance policy says which new versions a licence brings, and for how long."),
    )
    writes = {
        MaintenancePolicy: Writes(
            create_maintenance_policy, change_maintenance_policy, delete_maintenance_policy
        )
    }
    formfield_overrides = LENGTHS
    list_display = (
        "name",
        "valid_for",
        "expiration_strategy",
        "allow_major_version_updates",
        "allow_minor_version_updates",
    )
    search_fields = ("name",)
    valid_for = valid_for
