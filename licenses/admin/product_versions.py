"""Product versions and feature flags in the back office."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from backoffice.base import VendorAdmin, Writes
from backoffice.filters import RelatedFilter
from backoffice.lists import Empty
from licenses.admin.inlines import OwnedInline
from licenses.models import FeatureFlag, ProductVersion, VersionFeature
from licenses.verbs.product_versions import (
    MOST_FEATURES,
    add_feature,
    change_feature,
    change_feature_flag,
    change_product_version,
    create_feature_flag,
    create_product_version,
    delete_feature_flag,
    delete_product_version,
    remove_feature,
)


class OfProduct(VendorAdmin):
    """Rows of a product, with which they stay."""

    list_filter = (("product", RelatedFilter),)
    list_select_related = ("product",)
    takes_any_number = True

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("product",) if obj else ()


@admin.register(FeatureFlag)
class FeatureFlagAdmin(OfProduct):
    add_text = _("Add a feature flag")
    empty = Empty(
        "switch",
        _("A feature flag names a feature of a product, which some product versions have."),
    )
    writes = {FeatureFlag: Writes(create_feature_flag, change_feature_flag, delete_feature_flag)}
    list_display = ("name", "product", "description")
    search_fields = ("name", "description")
    fields = ("product", "name", "description")


class FeatureInline(OwnedInline):
    """What a version says of features is the version's."""

    model = VersionFeature
    fields = ("flag", "enabled", "data")
    max_num = MOST_FEATURES

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """With the flags of the version's product."""
        formset = super().get_formset(request, obj, **kwargs)
        flag: Any = formset.form.base_fields.get("flag")
        if flag is not None and obj is not None:
            flag.queryset = FeatureFlag.objects.filter(product=obj.product_id)
        return formset

    def get_queryset(self, request: HttpRequest) -> QuerySet[VersionFeature]:
        return super().get_queryset(request).select_related("flag").order_by("flag__name")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("licenses.view_productversion")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("licenses.change_productversion")

    has_add_permission = has_change_permission
    has_delete_permission = has_change_permission


@admin.register(ProductVersion)
class ProductVersionAdmin(OfProduct):
    add_text = _("Add a product version")
    empty = Empty(
        "layers",
        _("A product version, such as Basic or Professional, says which features are on."),
    )
    writes = {
        ProductVersion: Writes(
            create_product_version, change_product_version, delete_product_version
        ),
        VersionFeature: Writes(add_feature, change_feature, remove_feature),
    }
    list_display = ("name", "display_name", "product", "created_at")
    search_fields = ("name", "display_name")
    fields = ("product", "name", "display_name", "description")
    inlines = (FeatureInline,)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Of which product the features are is known once it is saved."""
        return self.inlines if obj else ()

    def response_add(
        self, request: HttpRequest, obj: ProductVersion, post_url_continue: str | None = None
    ) -> HttpResponse:
        """A new version wants features next."""
        response = super().response_add(request, obj, post_url_continue)
        if "_addanother" in request.POST or not self.has_change_permission(request, obj):
            return response
        return redirect("admin:licenses_productversion_change", obj.pk)
