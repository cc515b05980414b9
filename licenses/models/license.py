"""Licences and what hangs on them."""

from datetime import date, datetime
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from licenses.ends import End
from licenses.keys import validate_key
from licenses.models.ends import MAINTENANCE, day_has_moment, end_at
from licenses.models.maintenance import MaintenancePolicy, VersionField
from licenses.models.product import Product
from licenses.models.product_versions import ProductVersion, SameProduct
from licenses.models.terms import (
    NO_LIMIT,
    UNLIMITED,
    ExpirationStrategy,
    LicensePolicy,
    LicenseTerms,
    LicenseType,
)
from licenses.status import Standing, standing_of
from tenancy.finding import StoredForm
from tenancy.rows import SameVendor, TenantRow, labelled, moment_of, personal
from tenancy.spelling import form_of
from tenancy.texts import Line, Prose, UrlLine


class Usable:
    """What a licence's status and its free seats follow from, whoever has these values: the licence
    or a line of a list."""

    revoked: bool
    suspended: bool
    expires_at: datetime | None
    expires_on: date | None
    expiration_strategy: str
    subscription_interval: str
    allowed_activations: int
    total_activations: int

    @property
    def end(self) -> End | None:
        """When it ends; None is never, not yet known, or each machine by itself."""
        return end_at(self.expires_at, self.expires_on)

    @property
    def unlimited_activations(self) -> bool:
        return self.allowed_activations <= 0

    @property
    def seats_left(self) -> int | None:
        """How many more machines can be activated; None is no limit."""
        if self.unlimited_activations:
            return None
        return max(0, self.allowed_activations - self.total_activations)

    @property
    def standing(self) -> Standing:
        """Status and reason at this moment."""
        return standing_of(
            now=timezone.now(),
            revoked=self.revoked,
            suspended=self.suspended,
            end=self.end,
            waits_for_first_activation=self.waits_for_first_activation,
        )

    @property
    def waits_for_first_activation(self) -> bool:
        """Whether the validity has not begun to count."""
        return (
            self.expiration_strategy == ExpirationStrategy.DELAYED
            and self.subscription_interval != ""
            and self.expires_at is None
        )


class License(Usable, TenantRow, LicenseTerms):
    """The right to use a product; verbs in verbs/.

    It is a customer's, or nobody's yet. What customers may see of it is listed in history.py.
    """

    key = models.CharField(_("key"), max_length=256, validators=[validate_key])
    # Two keys that differ in case, dashes or blanks alone are one.
    key_form = StoredForm(of="key", max_length=256)
    product = models.ForeignKey(
        Product, models.PROTECT, related_name="licenses", verbose_name=_("product")
    )
    product_version = models.ForeignKey(
        ProductVersion,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="licenses",
        verbose_name=_("product version"),
    )
    user = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="licenses",
        verbose_name=_("customer"),
    )
    policy = models.ForeignKey(
        LicensePolicy,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="licenses",
        verbose_name=_("policy"),
        help_text=_("On whose terms the licence began; it has kept its own since."),
    )
    name = personal(
        Line(
            _("name"),
            max_length=100,
            blank=True,
            help_text=_("Tells it apart from others. Its customer reads and may change it."),
        )
    )
    order_number = personal(
        Line(
            _("order number"),
            max_length=100,
            blank=True,
            help_text=_("The customer can read it."),
        )
    )
    renewal_url = personal(
        UrlLine(
            _("renewal link"),
            max_length=500,
            blank=True,
            help_text=_("Where the customer can renew this licence."),
        )
    )
    additional_users = models.ManyToManyField(
        "accounts.User",
        through="LicenseUser",
        related_name="additional_licenses",
        verbose_name=_("additional users"),
    )
    tags = models.ManyToManyField(
        "accounts.Tag", through="LicenseTag", related_name="licenses", verbose_name=_("tags")
    )
    # Of an end that is a day, both the day and its last moment in the vendor's zone.
    expires_at = moment_of("expires_on", models.DateTimeField(_("expires"), null=True, blank=True))
    expires_on = models.DateField(_("expires"), null=True, blank=True, editable=False)
    anchor = models.CharField(max_length=19, blank=True, editable=False)
    periods = models.PositiveIntegerField(default=0, editable=False)
    maintenance_policy = models.ForeignKey(
        MaintenancePolicy,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="licenses",
        verbose_name=_("maintenance policy"),
        help_text=_("Which new versions the licence brings; without one, all of them."),
    )
    maintenance_expires_at = moment_of(
        "maintenance_expires_on",
        models.DateTimeField(_("maintenance ends"), null=True, blank=True),
    )
    maintenance_expires_on = models.DateField(
        _("maintenance ends"), null=True, blank=True, editable=False
    )
    maintenance_anchor = models.CharField(max_length=19, blank=True, editable=False)
    maintenance_periods = models.PositiveIntegerField(default=0, editable=False)
    max_allowed_release_version = VersionField(
        _("highest version"),
        blank=True,
        help_text=_("4.2 allows every 4.2.x and nothing above; empty is no limit."),
    )
    suspended = models.BooleanField(_("suspended"), default=False)
    revoked = models.BooleanField(_("revoked"), default=False)
    notes = personal(
        Prose(_("notes"), max_length=4000, blank=True, help_text=_("The customer can read them."))
    )
    internal_notes = personal(
        Prose(
            _("internal notes"), max_length=4000, blank=True, help_text=_("For your staff alone.")
        )
    )
    total_activations = models.PositiveIntegerField(_("seats used"), default=0, editable=False)
    total_deactivations = models.PositiveIntegerField(
        _("deactivations used"), default=0, editable=False
    )
    first_activated_at = models.DateTimeField(_("first activated"), null=True, editable=False)

    class Meta(TenantRow.Meta):
        verbose_name = _("licence")
        verbose_name_plural = _("licences")
        ordering = ("-created_at", "id")
        constraints = (
            models.UniqueConstraint(
                name="license_key_form_once",
                fields=("vendor", "key_form"),
                violation_error_message=_("There is a licence with this key already."),
            ),
            models.UniqueConstraint(name="license_vendor_pair", fields=("vendor", "id")),
            SameVendor(name="license_product_vendor", field="product", to_table="licenses_product"),
            SameVendor(
                name="license_product_version_vendor",
                field="product_version",
                to_table="licenses_productversion",
            ),
            SameProduct(
                name="license_product_version_product",
                field="product_version",
                to_table="licenses_productversion",
            ),
            SameVendor(name="license_user_vendor", field="user", to_table="accounts_user"),
            SameVendor(
                name="license_policy_vendor", field="policy", to_table="licenses_licensepolicy"
            ),
            SameVendor(
                name="license_maintenance_policy_vendor",
                field="maintenance_policy",
                to_table="licenses_maintenancepolicy",
            ),
            day_has_moment("license_day_has_moment"),
            day_has_moment("license_maintenance_day_has_moment", "maintenance_"),
        )
        indexes = (
            # A customer's list by time; all that its totals count, and by which it is in order.
            models.Index(
                name="license_of_customer", fields=("vendor", "user", "-created_at", "id")
            ),
            models.Index(
                name="license_totals",
                fields=(
                    "vendor",
                    "user",
                    "expires_at",
                    "revoked",
                    "suspended",
                    "expiration_strategy",
                    "subscription_interval",
                    "product",
                    "-created_at",
                    "id",
                    "allowed_activations",
                    "total_activations",
                ),
            ),
            models.Index(name="license_by_key", fields=("vendor", "key", "id")),
            models.Index(name="license_by_end", fields=("vendor", "expires_at", "id")),
            models.Index(name="license_newest", fields=("vendor", "-created_at", "id")),
            # In the order of the list, which offers this filter: some types are rare.
            models.Index(name="license_by_type", fields=("vendor", "type", "-created_at", "id")),
            # What a licence's status depends on, for statistics.py.
            models.Index(
                name="license_standing",
                fields=(
                    "vendor",
                    "revoked",
                    "suspended",
                    "expires_at",
                    "expiration_strategy",
                    "subscription_interval",
                ),
            ),
        )

    def __str__(self) -> str:
        return self.key

    def clean(self) -> None:
        """Sets the key's stored form, which has to be unique."""
        self.key_form = form_of(self.key)

    def concerns(self) -> dict[str, Any]:
        return {"license_id": self.pk, "customer_id": self.user_id, "visible": True}

    @property
    def note(self) -> str:
        """The first line of the notes."""
        return self.notes.partition("\n")[0]

    @property
    def unlimited_deactivations(self) -> bool:
        return self.allowed_deactivations < 0 or self.type == LicenseType.HOSTED_FLOATING

    @property
    def deactivations_left(self) -> int | None:
        """How many more seats can be given back; None is no limit."""
        if self.unlimited_deactivations:
            return None
        return max(0, self.allowed_deactivations - self.total_deactivations)

    @property
    def waits_for_maintenance(self) -> bool:
        """Whether the maintenance has not begun to count."""
        policy = self.maintenance_policy
        return (
            policy is not None
            and policy.expiration_strategy == MaintenancePolicy.ExpirationStrategy.DELAYED
            and bool(policy.subscription_interval)
            and self.maintenance_expires_at is None
        )

    @property
    def maintenance_end(self) -> End | None:
        """When the maintenance ends; None is never, or not yet known."""
        return MAINTENANCE.end(self)

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()


class LicenseUser(TenantRow):
    """One further customer who may see and use a licence."""

    license = models.ForeignKey(License, models.CASCADE, related_name="license_users")
    user = models.ForeignKey(
        "accounts.User", models.CASCADE, related_name="license_users", verbose_name=_("customer")
    )

    class Meta(TenantRow.Meta):
        verbose_name = _("additional user")
        verbose_name_plural = _("additional users")
        constraints = (
            models.UniqueConstraint(name="license_user_once", fields=("license", "user")),
            SameVendor(
                name="license_user_license_vendor", field="license", to_table="licenses_license"
            ),
            SameVendor(name="license_user_user_vendor", field="user", to_table="accounts_user"),
        )

    named_after_person = True

    def __str__(self) -> str:
        return str(self.user)

    def concerns(self) -> dict[str, Any]:
        return {"license_id": self.license_id, "customer_id": self.user_id}


class LicenseMetadata(TenantRow):
    """A named value on a licence; customers see and search the visible ones only."""

    license = models.ForeignKey(License, models.CASCADE, related_name="metadata")
    key = Line(_("key"), max_length=256)
    value = personal(Line(_("value"), max_length=256, blank=True))
    visible = models.BooleanField(_("visible to the customer"), default=False)

    class Meta(TenantRow.Meta):
        verbose_name = _("metadata")
        verbose_name_plural = _("metadata")
        ordering = ("key",)
        constraints = (
            models.UniqueConstraint(name="license_metadata_key_once", fields=("license", "key")),
            SameVendor(
                name="license_metadata_license_vendor", field="license", to_table="licenses_license"
            ),
        )
        # By what a payment system calls its subscription its bridge finds the licences of it.
        indexes = (models.Index(name="license_metadata_found", fields=("vendor", "value", "key")),)

    def __str__(self) -> str:
        return self.key

    def concerns(self) -> dict[str, Any]:
        return {
            "license_id": self.license_id,
            "customer_id": self.license.user_id,
            "visible": self.visible,
        }


class LicenseMeterAttribute(TenantRow):
    """A counted feature of a licence: how many uses are allowed and how many are taken."""

    license = models.ForeignKey(License, models.CASCADE, related_name="meter_attributes")
    name = Line(_("name"), max_length=256)
    allowed_uses = labelled(
        models.IntegerField(
            _("allowed uses"), default=0, validators=[MinValueValidator(UNLIMITED)]
        ),
        NO_LIMIT,
    )
    total_uses = models.PositiveBigIntegerField(_("uses"), default=0, editable=False)
    gross_uses = models.PositiveBigIntegerField(_("uses ever"), default=0, editable=False)
    floating = models.BooleanField(_("a deactivated machine gives its uses back"), default=False)
    visible = models.BooleanField(_("visible to the customer"), default=False)

    class Meta(TenantRow.Meta):
        verbose_name = _("meter attribute")
        verbose_name_plural = _("meter attributes")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(name="license_meter_name_once", fields=("license", "name")),
            SameVendor(
                name="license_meter_license_vendor", field="license", to_table="licenses_license"
            ),
        )

    def __str__(self) -> str:
        return self.name

    def concerns(self) -> dict[str, Any]:
        return {
            "license_id": self.license_id,
            "customer_id": self.license.user_id,
            "visible": self.visible,
        }
