"""Versions of a product that have more or fewer features, such as Basic and Professional."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from licenses.models.product import Product
from tenancy.rows import SameVendor, TenantRow
from tenancy.texts import Line, Prose


class SameProduct(SameVendor):
    """The row that a foreign key points to is of this row's product, as `SameVendor` has it for
    vendors. The table pointed to carries the unique pair (product, id)."""

    common = "product"
    refusal = _("This product version is of another product.")


class FeatureFlag(TenantRow):
    """A feature of a product that its program asks for by name."""

    product = models.ForeignKey(
        Product, models.PROTECT, related_name="feature_flags", verbose_name=_("product")
    )
    name = Line(_("name"), max_length=100, help_text=_("As the program asks for it."))
    description = Prose(_("description"), max_length=2000, blank=True)

    class Meta(TenantRow.Meta):
        verbose_name = _("feature flag")
        verbose_name_plural = _("feature flags")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                name="feature_flag_name_once",
                fields=("product", "name"),
                violation_error_message=_("The product has a feature flag of this name already."),
            ),
            models.UniqueConstraint(name="feature_flag_vendor_pair", fields=("vendor", "id")),
            SameVendor(
                name="feature_flag_product_vendor", field="product", to_table="licenses_product"
            ),
        )
        indexes = (models.Index(name="feature_flag_by_name", fields=("vendor", "name", "id")),)

    def __str__(self) -> str:
        return self.name


class ProductVersion(TenantRow):
    """What licences of a product are for: a name, and which features are on."""

    product = models.ForeignKey(
        Product, models.PROTECT, related_name="product_versions", verbose_name=_("product")
    )
    name = Line(_("name"), max_length=100, help_text=_("As the program knows it."))
    display_name = Line(
        _("display name"), max_length=100, blank=True, help_text=_("As customers read it.")
    )
    description = Prose(_("description"), max_length=2000, blank=True)

    class Meta(TenantRow.Meta):
        verbose_name = _("product version")
        verbose_name_plural = _("product versions")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                name="product_version_name_once",
                fields=("product", "name"),
                violation_error_message=_(
                    "The product has a product version of this name already."
                ),
            ),
            models.UniqueConstraint(name="product_version_vendor_pair", fields=("vendor", "id")),
            # To which SameProduct leads.
            models.UniqueConstraint(name="product_version_product_pair", fields=("product", "id")),
            SameVendor(
                name="product_version_product_vendor", field="product", to_table="licenses_product"
            ),
        )
        indexes = (models.Index(name="product_version_by_name", fields=("vendor", "name", "id")),)

    def __str__(self) -> str:
        return self.display_name or self.name


class VersionFeature(TenantRow):
    """Whether a product version has a feature, and what else the program is told of it."""

    version = models.ForeignKey(ProductVersion, models.CASCADE, related_name="features")
    flag = models.ForeignKey(
        FeatureFlag, models.PROTECT, related_name="features", verbose_name=_("feature flag")
    )
    enabled = models.BooleanField(_("is on"), default=False)
    data = Prose(
        _("data"), max_length=4000, blank=True, help_text=_("For the program: it reads them.")
    )

    class Meta(TenantRow.Meta):
        verbose_name = _("feature")
        verbose_name_plural = _("features")
        ordering = ("flag__name",)
        constraints = (
            models.UniqueConstraint(
                name="version_feature_once",
                fields=("version", "flag"),
                violation_error_message=_("The product version has this feature already."),
            ),
            SameVendor(
                name="version_feature_version_vendor",
                field="version",
                to_table="licenses_productversion",
            ),
            SameVendor(
                name="version_feature_flag_vendor", field="flag", to_table="licenses_featureflag"
            ),
        )

    def __str__(self) -> str:
        return self.flag.name

    def clean(self) -> None:
        """Raises ValidationError for a feature of another product."""
        if self.flag_id and self.flag.product_id != self.version.product_id:
            raise ValidationError(_("This feature flag is of another product."))
