"""Products, policies, licences, activations and what happened to them.

Field names are those of the Cryptlex Web API v3 in snake case. Lengths of time are seconds.
"""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.tenants import SameVendor, TenantRow
from licenses.keys import validate_key, validate_pattern
from licenses.metadata import validate_metadata
from licenses.status import Standing, standing_of

DAY = 24 * 60 * 60
UNLIMITED = -1


class LicenseType(models.TextChoices):
    NODE_LOCKED = "node-locked", _("node-locked")
    HOSTED_FLOATING = "hosted-floating", _("hosted floating")
    ON_PREMISE_FLOATING = "on-premise-floating", _("on-premise floating")


class ExpirationStrategy(models.TextChoices):
    IMMEDIATE = "immediate", _("from creation")
    DELAYED = "delayed", _("from the first activation")
    ROLLING = "rolling", _("per machine, from its activation")


class FingerprintMatching(models.TextChoices):
    EXACT = "exact", _("exact")
    FUZZY = "fuzzy", _("fuzzy")
    LOOSE = "loose", _("loose")


class LeasingStrategy(models.TextChoices):
    PER_MACHINE = "per-machine", _("per machine")
    PER_INSTANCE = "per-instance", _("per instance")


class OperatingSystem(models.TextChoices):
    WINDOWS = "windows", "Windows"
    LINUX = "linux", "Linux"
    MACOS = "macos", "macOS"
    ANDROID = "android", "Android"
    IOS = "ios", "iOS"


def limit_field(label: Any, default: int) -> models.IntegerField[int, int]:
    """A number that may be −1 for unlimited."""
    return models.IntegerField(label, default=default, validators=[MinValueValidator(UNLIMITED)])


def seconds_field(
    label: Any, default: int, help_text: Any = ""
) -> models.PositiveBigIntegerField[int, int]:
    """A length of time in whole seconds, up to a hundred years, so that no date overflows."""
    return models.PositiveBigIntegerField(
        label,
        default=default,
        validators=[MaxValueValidator(100 * 366 * DAY)],
        help_text=help_text or _("In seconds."),
    )


class LicenseTerms(models.Model):
    """What a policy prescribes and a licence then has for itself."""

    type = models.CharField(
        _("type"), max_length=20, choices=LicenseType, default=LicenseType.NODE_LOCKED
    )
    allowed_activations = models.IntegerField(
        _("seats"),
        default=1,
        validators=[MinValueValidator(UNLIMITED)],
        help_text=_("How many machines may be active at a time; 0 or −1 is unlimited."),
    )
    allowed_deactivations = models.IntegerField(
        _("allowed deactivations"),
        default=UNLIMITED,
        validators=[MinValueValidator(UNLIMITED)],
        help_text=_("How often a seat may be given back; −1 is unlimited."),
    )
    validity = seconds_field(_("validity"), 0, _("In seconds; 0 never expires."))
    expiration_strategy = models.CharField(
        _("validity counts"),
        max_length=10,
        choices=ExpirationStrategy,
        default=ExpirationStrategy.IMMEDIATE,
    )
    fingerprint_matching_strategy = models.CharField(
        _("fingerprint matching"),
        max_length=5,
        choices=FingerprintMatching,
        default=FingerprintMatching.EXACT,
    )
    allow_vm_activation = models.BooleanField(_("virtual machines may be activated"), default=True)
    allow_container_activation = models.BooleanField(_("containers may be activated"), default=True)
    server_sync_interval = seconds_field(_("server sync interval"), 3600)
    server_sync_grace_period = seconds_field(
        _("server sync grace period"), 0, _("In seconds; 0 is no limit.")
    )
    allowed_clock_offset = seconds_field(_("allowed clock offset"), 3600)
    lease_duration = seconds_field(
        _("lease duration"), 0, _("In seconds, for floating licences; 0 is no lease.")
    )
    leasing_strategy = models.CharField(
        _("leasing"), max_length=12, choices=LeasingStrategy, default=LeasingStrategy.PER_MACHINE
    )
    allowed_floating_clients = models.IntegerField(
        _("allowed floating clients"), default=0, validators=[MinValueValidator(UNLIMITED)]
    )

    class Meta:
        abstract = True


TERMS = tuple(field.name for field in LicenseTerms._meta.local_fields)


class Product(TenantRow):
    """A program that a vendor licenses."""

    name = models.CharField(
        _("name"),
        max_length=100,
        validators=[
            RegexValidator(
                r"^[^\x00-\x1f\x7f]+\Z", _("Control characters can't be part of a name.")
            )
        ],
        help_text=_("As commands and file names know it."),
    )
    display_name = models.CharField(_("display name"), max_length=100, blank=True)
    description = models.TextField(_("description"), max_length=2000, blank=True)
    metadata = models.JSONField(
        _("metadata"),
        default=list,
        blank=True,
        validators=[validate_metadata],
        help_text=_('A list of {"key": …, "value": …, "visible": true or false}.'),
    )
    customers_may_deactivate = models.BooleanField(
        _("customers may deactivate machines on the portal"),
        default=True,
        help_text=_("A machine that was activated offline always needs its own deactivation file."),
    )
    offline_response_validity = models.PositiveIntegerField(
        _("offline responses are valid for"),
        default=30 * DAY,
        validators=[MinValueValidator(60), MaxValueValidator(3660 * DAY)],
        help_text=_("In seconds."),
    )

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
        )

    def __str__(self) -> str:
        return self.display_name or self.name


class SigningKey(TenantRow):
    """An RSA key pair that signs a product's activation tokens; verbs in signing_keys.py."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="signing_keys")
    kid = models.CharField(max_length=43)
    public_pem = models.TextField()
    encrypted_private_pem = models.TextField(help_text="Under KEY_ENCRYPTION_KEYS, never in clear.")
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


class LicensePolicy(TenantRow, LicenseTerms):
    """The template that a licence is created from."""

    name = models.CharField(_("name"), max_length=100)
    key_pattern = models.CharField(
        _("key pattern"),
        max_length=256,
        blank=True,
        validators=[validate_pattern],
        help_text=_("A regular expression; empty for six groups of six hexadecimal digits."),
    )

    class Meta(TenantRow.Meta):
        verbose_name = _("licence policy")
        verbose_name_plural = _("licence policies")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                name="license_policy_name_unique_per_vendor",
                fields=("vendor", "name"),
                violation_error_message=_("There is a policy of this name already."),
            ),
        )

    def __str__(self) -> str:
        return self.name


class License(TenantRow, LicenseTerms):
    """The right of a customer to use a product; verbs in lifecycle.py and activation.py."""

    key = models.CharField(_("key"), max_length=256, validators=[validate_key])
    product = models.ForeignKey(
        Product, models.PROTECT, related_name="licenses", verbose_name=_("product")
    )
    user = models.ForeignKey(
        "accounts.User", models.PROTECT, related_name="licenses", verbose_name=_("customer")
    )
    additional_users = models.ManyToManyField(
        "accounts.User",
        through="LicenseUser",
        related_name="additional_licenses",
        verbose_name=_("additional users"),
    )
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    suspended = models.BooleanField(_("suspended"), default=False)
    revoked = models.BooleanField(_("revoked"), default=False)
    notes = models.TextField(
        _("notes"), max_length=4000, blank=True, help_text=_("The customer can read them.")
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
                name="license_key_unique_per_vendor",
                fields=("vendor", "key"),
                violation_error_message=_("There is a licence with this key already."),
            ),
            models.UniqueConstraint(name="license_vendor_pair", fields=("vendor", "id")),
            SameVendor(name="license_product_vendor", field="product", to_table="licenses_product"),
            SameVendor(name="license_user_vendor", field="user", to_table="accounts_user"),
        )
        indexes = (models.Index(fields=("vendor", "user", "expires_at")),)

    def __str__(self) -> str:
        return self.key

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
    def unlimited_deactivations(self) -> bool:
        return self.allowed_deactivations < 0 or self.type == LicenseType.HOSTED_FLOATING

    @property
    def deactivations_left(self) -> int | None:
        """How many more seats can be given back; None is no limit."""
        if self.unlimited_deactivations:
            return None
        return max(0, self.allowed_deactivations - self.total_deactivations)

    @property
    def standing(self) -> Standing:
        """Status and reason at this moment."""
        return standing_of(
            now=timezone.now(),
            revoked=self.revoked,
            suspended=self.suspended,
            expires_at=self.expires_at,
            waits_for_first_activation=self.waits_for_first_activation,
        )

    @property
    def waits_for_first_activation(self) -> bool:
        """Whether the validity has not begun to count."""
        return (
            self.expiration_strategy == ExpirationStrategy.DELAYED
            and self.validity > 0
            and self.expires_at is None
        )

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

    def __str__(self) -> str:
        return str(self.user)


class LicenseMetadata(TenantRow):
    """A named value on a licence; customers see and search the visible ones only."""

    license = models.ForeignKey(License, models.CASCADE, related_name="metadata")
    key = models.CharField(_("key"), max_length=256)
    value = models.CharField(_("value"), max_length=256, blank=True)
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

    def __str__(self) -> str:
        return self.key


class LicenseMeterAttribute(TenantRow):
    """A counted feature of a licence: how many uses are allowed and how many are taken."""

    license = models.ForeignKey(License, models.CASCADE, related_name="meter_attributes")
    name = models.CharField(_("name"), max_length=256)
    allowed_uses = limit_field(_("allowed uses"), 0)
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


class Activation(TenantRow):
    """One machine that uses one seat. The row exists as long as the seat is used."""

    license = models.ForeignKey(License, models.PROTECT, related_name="activations")
    fingerprint = models.CharField(_("fingerprint"), max_length=256)
    os = models.CharField(_("operating system"), max_length=10, choices=OperatingSystem)
    os_version = models.CharField(_("version of the operating system"), max_length=256, blank=True)
    hostname = models.CharField(_("host name"), max_length=256, blank=True)
    vm_name = models.CharField(_("virtual machine"), max_length=256, blank=True)
    container = models.BooleanField(_("container"), default=False)
    app_version = models.CharField(_("version of the program"), max_length=256, blank=True)
    client_version = models.CharField(_("version of the client"), max_length=256, blank=True)
    user_hash = models.CharField(_("user hash"), max_length=256, blank=True)
    metadata = models.JSONField(_("metadata"), default=list, validators=[validate_metadata])
    meter_attributes = models.JSONField(_("meter attributes"), default=list)
    offline = models.BooleanField(_("offline"), default=False)
    machine_jwk = models.JSONField(null=True, help_text="The public key of an offline machine.")
    machine_thumbprint = models.CharField(max_length=43, blank=True)
    offline_response_valid_until = models.DateTimeField(
        _("response can be installed until"), null=True
    )
    last_synced_at = models.DateTimeField(_("last seen"))
    lease_expires_at = models.DateTimeField(_("lease expires"), null=True)
    expires_at = models.DateTimeField(
        _("expires"), null=True, help_text=_("Of a rolling licence alone.")
    )

    class Meta(TenantRow.Meta):
        verbose_name = _("activation")
        verbose_name_plural = _("activations")
        ordering = ("-created_at", "id")
        constraints = (
            models.UniqueConstraint(
                name="activation_fingerprint_once", fields=("license", "fingerprint")
            ),
            SameVendor(
                name="activation_license_vendor", field="license", to_table="licenses_license"
            ),
            models.CheckConstraint(
                name="activation_offline_has_machine_key",
                condition=Q(offline=False) | ~Q(machine_thumbprint=""),
            ),
        )

    def __str__(self) -> str:
        return self.hostname or self.fingerprint[:16]


class LicenseEvent(TenantRow):
    """Something that happened to a licence, as its history tells it. Written once."""

    class Type(models.TextChoices):
        CREATED = "created", _("Created")
        ACTIVATED = "activated", _("Machine activated")
        MACHINE_KEY_REPLACED = "machine-key-replaced", _("Machine set up again")
        DEACTIVATED = "deactivated", _("Machine deactivated")
        RENEWED = "renewed", _("Renewed")
        EXTENDED = "extended", _("Extended")
        SUSPENDED = "suspended", _("Suspended")
        UNSUSPENDED = "unsuspended", _("Suspension lifted")
        REVOKED = "revoked", _("Revoked")
        UNREVOKED = "unrevoked", _("Revocation lifted")

    license = models.ForeignKey(License, models.CASCADE, related_name="events")
    type = models.CharField(max_length=24, choices=Type)
    # Kept as text: the history outlives the person, and a customer sees no more than this.
    actor = models.CharField(max_length=255, blank=True)
    details = models.JSONField(default=dict)

    class Meta(TenantRow.Meta):
        ordering = ("-created_at", "id")
        constraints = (
            SameVendor(
                name="license_event_license_vendor", field="license", to_table="licenses_license"
            ),
        )
        indexes = (models.Index(fields=("license", "-created_at")),)

    def __str__(self) -> str:
        return self.type
