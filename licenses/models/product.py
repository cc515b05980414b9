"""Products and the keys that sign their tokens."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.metadata import validate_metadata
from licenses.intervals import DAY
from licenses.models.maintenance import MaintenancePolicy
from licenses.models.terms import LicensePolicy, told_as_length
from licenses.models.trial_policies import TrialPolicy
from tenancy.rows import SameVendor, TenantRow, secret
from tenancy.texts import Line, Prose


class Product(TenantRow):
    """A program that a vendor licenses."""

    name = Line(
        _("name"),
        max_length=100,
        help_text=_("As commands and file names know it."),
    )
    display_name = Line(_("display name"), max_length=100, blank=True)
    description = Prose(_("description"), max_length=2000, blank=True)
    metadata = models.JSONField(
        _("metadata"),
        default=list,
        blank=True,
        validators=[validate_metadata],
    )
    internal_notes = Prose(
        _("internal notes"), max_length=4000, blank=True, help_text=_("For your staff alone.")
    )
    # What new licences are on unless something else is chosen for them (verbs/defaults.py).
    default_policy = models.ForeignKey(
        LicensePolicy,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="products",
        verbose_name=_("default policy"),
        help_text=_("The terms of new licences for which nothing else is chosen."),
    )
    default_maintenance_policy = models.ForeignKey(
        MaintenancePolicy,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="products",
        verbose_name=_("default maintenance policy"),
        help_text=_("The new versions that such licences bring; without one, all of them."),
    )
    trial_policy = models.ForeignKey(
        TrialPolicy,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="products",
        verbose_name=_("trial policy"),
        help_text=_("The terms on which anybody may try it; without one, nobody may."),
    )
    customers_may_deactivate = models.BooleanField(
        _("customers may deactivate machines on the portal"),
        default=True,
        help_text=_("A machine that was activated offline always needs its own deactivation file."),
    )
    expired_licenses_keep_releases = models.BooleanField(
        _("expired licences keep their downloads"),
        default=False,
        help_text=_("Versions that were published before the licence expired can be downloaded."),
    )
    offline_response_validity = told_as_length(
        models.PositiveIntegerField(
            _("offline responses are valid for"),
            default=30 * DAY,
            validators=[MinValueValidator(60), MaxValueValidator(3660 * DAY)],
            help_text=_("Such as 30 days."),
        )
    )
    allowed_key_replacements = models.PositiveSmallIntegerField(
        _("times a machine may be set up anew"),
        default=3,
        help_text=_(
            "In a year, of a machine without network that comes without its own deactivation file. "
            "What was installed before goes on running, so each counts as a deactivation."
        ),
    )

    # Its programs may run for ever on machines that trust its keys, so it stays.
    has_been_activated = models.BooleanField(default=False, editable=False)

    class Meta(TenantRow.Meta):
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                name="product_name_unique_per_vendor",
                fields=("vendor", "name"),
                violation_error_message=_("There is a product of this name already."),
            ),
            models.UniqueConstraint(name="product_vendor_pair", fields=("vendor", "id")),
            SameVendor(
                name="product_policy_vendor",
                field="default_policy",
                to_table="licenses_licensepolicy",
            ),
            SameVendor(
                name="product_maintenance_policy_vendor",
                field="default_maintenance_policy",
                to_table="licenses_maintenancepolicy",
            ),
            SameVendor(
                name="product_trial_policy_vendor",
                field="trial_policy",
                to_table="licenses_trialpolicy",
            ),
        )

    def __str__(self) -> str:
        return self.display_name or self.name


class SigningKey(TenantRow):
    """An RSA key pair that signs a product's activation tokens; verbs in signing_keys.py."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="signing_keys")
    kid = models.CharField(max_length=43)
    public_pem = models.TextField()
    encrypted_private_pem = secret(
        models.TextField(help_text="Under KEY_ENCRYPTION_KEYS, never in clear.")
    )
    retired_at = models.DateTimeField(null=True)

    class Meta(TenantRow.Meta):
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                name="one_signing_key_in_use",
                fields=("product",),
                condition=Q(retired_at=None),
            ),
            models.UniqueConstraint(name="signing_key_kid_unique", fields=("product", "kid")),
            SameVendor(
                name="signing_key_product_vendor", field="product", to_table="licenses_product"
            ),
        )

    def __str__(self) -> str:
        return self.kid
