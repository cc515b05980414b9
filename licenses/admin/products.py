"""Products and policies in the back office."""

import json
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.admin.metadata import WithMetadata
from accounts.metadata import METADATA_FORM
from backoffice.base import WithDuplicate, Writes
from backoffice.lists import Empty
from backoffice.pages import MOST_COUNTED, counted
from licenses.admin import meanings, product_page
from licenses.admin.lengths import LENGTHS
from licenses.lengths import in_words
from licenses.models import (
    TERMS,
    WHERE,
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
# Of a policy's form and of a licence's.
WHERE_ACTIVATED: Any = (
    _("Where it may be activated"),
    {
        "classes": ("collapse",),
        "fields": WHERE,
    },
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
        "trial_policy",
        "metadata",
        "internal_notes",
        "customers_may_deactivate",
        "expired_licenses_keep_releases",
        "offline_response_validity",
        "allowed_key_replacements",
    )
    change_form_template = "licenses/admin/product.html"
    actions = ("rotate_key",)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """What there is of the product, above its form."""
        product = context.get("original")
        shown = product_page.page_of(request, product) if product else {}
        return super().render_change_form(request, context | shown, *args, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """By the Web API alone."""
        return False

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

    change_form_template = "licenses/admin/policy.html"
    takes_any_number = True
    # What the policy means for a customer, in a sentence, and what a change of it does to licences.
    meaning: Callable[[Any], str]
    reaches: str | Promise

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """What the policy means, above its form."""
        policy = context.get("original")
        shown = (
            {
                "meaning": type(self).meaning(policy),
                "on_it": _on_it(policy),
                "reaches": self.reaches,
            }
            if policy
            else {}
        )
        return super().render_change_form(request, context | shown, *args, **kwargs)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Counts the licences that keep a policy: to name them all there may be too many; and names
        the products."""
        kept = sum(counted(policy.licenses.order_by()) for policy in objs)
        text = ngettext("%(n)d licence", "%(n)d licences", kept) % {"n": kept}
        if kept > MOST_COUNTED:
            text = gettext("many licences")
        keeping = [text] if kept else []
        keeping += [str(each) for policy in objs for each in policy.products.all()[:PAGE_SIZE]]
        return [str(policy) for policy in objs], {}, set(), keeping


def _on_it(policy: Any) -> str:
    """How many licences there are on the policy."""
    n = counted(policy.licenses.order_by())
    if n > MOST_COUNTED:
        return gettext("Very many licences are on it.")
    if not n:
        return gettext("No licence is on it.")
    return ngettext("%(n)d licence is on it.", "%(n)d licences are on it.", n) % {"n": n}


@admin.register(LicensePolicy)
class LicensePolicyAdmin(PolicyAdmin):
    add_text = _("Add a policy")
    empty = Empty(
        "sliders",
        _("A policy has the terms that new licences begin with: how many machines, for how long."),
    )
    writes = {LicensePolicy: Writes(create_policy, change_policy, delete_policy)}
    meaning = staticmethod(meanings.of_policy)
    reaches = _("Licences keep the terms that they began on.")
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
                    "required_metadata_keys",
                    "required_meter_attributes",
                )
            },
        ),
        WHERE_ACTIVATED,
        (
            _("For the program"),
            {
                "classes": ("collapse",),
                "fields": tuple(name for name in TERMS if name not in {*FIRST_TERMS, *WHERE}),
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
    meaning = staticmethod(meanings.of_maintenance)
    reaches = _(
        "A change of the versions counts for licences that are on it, too; their end stays."
    )
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
