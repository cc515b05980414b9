"""Machines that use seats."""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.metadata import validate_metadata
from licenses.ends import End
from licenses.models.ends import day_has_moment, end_at
from licenses.models.license import License
from tenancy.finding import Ordered
from tenancy.rows import SameVendor, TenantRow, personal, secret
from tenancy.texts import Line

YEAR = timedelta(days=365)


class OperatingSystem(models.TextChoices):
    WINDOWS = "windows", "Windows"
    LINUX = "linux", "Linux"
    MACOS = "macos", "macOS"
    ANDROID = "android", "Android"
    IOS = "ios", "iOS"


class Activation(TenantRow):
    """One machine that uses one seat. The row exists as long as the seat is used."""

    license = models.ForeignKey(
        License, models.PROTECT, related_name="activations", verbose_name=_("licence")
    )
    fingerprint = personal(Ordered(_("fingerprint"), max_length=256))
    os = models.CharField(_("operating system"), max_length=10, choices=OperatingSystem)
    os_version = Line(_("version of the operating system"), max_length=256, blank=True)
    hostname = personal(Line(_("host name"), max_length=256, blank=True))
    vm_name = personal(Line(_("virtual machine"), max_length=256, blank=True))
    container = models.BooleanField(_("container"), default=False)
    app_version = Line(_("version of the program"), max_length=256, blank=True)
    client_version = Line(_("version of the client"), max_length=256, blank=True)
    user_hash = personal(Line(_("user hash"), max_length=256, blank=True))
    metadata = personal(
        models.JSONField(_("metadata"), default=list, validators=[validate_metadata])
    )
    meter_attributes = models.JSONField(_("meter attributes"), default=list)
    country = models.CharField(
        _("country"), max_length=2, blank=True, help_text=_("Where it was activated from.")
    )
    offline = models.BooleanField(_("offline"), default=False)
    machine_jwk = secret(
        models.JSONField(null=True, help_text="The public key of an offline machine.")
    )
    machine_thumbprint = models.CharField(max_length=43, blank=True)
    key_replaced_at = models.JSONField(
        default=list,
        help_text="When the machine came with another key, in seconds, at least of the last year.",
    )
    offline_response_valid_until = models.DateTimeField(
        _("response can be installed until"), null=True
    )
    last_synced_at = models.DateTimeField(_("last seen"))
    lease_expires_at = models.DateTimeField(_("lease expires"), null=True)
    expires_at = models.DateTimeField(
        _("expires"), null=True, help_text=_("Of a rolling licence alone.")
    )
    expires_on = models.DateField(_("expires"), null=True)

    class Meta(TenantRow.Meta):
        verbose_name = _("activation")
        verbose_name_plural = _("activations")
        ordering = ("-created_at", "id")
        constraints = (
            models.UniqueConstraint(
                name="activation_fingerprint_once", fields=("license", "fingerprint")
            ),
            models.UniqueConstraint(name="activation_vendor_pair", fields=("vendor", "id")),
            SameVendor(
                name="activation_license_vendor", field="license", to_table="licenses_license"
            ),
            models.CheckConstraint(
                name="activation_offline_has_machine_key",
                condition=Q(offline=False) | ~Q(machine_thumbprint=""),
            ),
            day_has_moment("activation_day_has_moment"),
        )
        indexes = (
            models.Index(name="activation_newest", fields=("vendor", "-created_at", "id")),
            models.Index(name="activation_by_seen", fields=("vendor", "last_synced_at", "id")),
            # Which leases have ended, at all vendors (verbs/leases.py).
            models.Index(
                name="activation_leases",
                fields=("lease_expires_at",),
                condition=Q(lease_expires_at__isnull=False),
            ),
            models.Index(name="activation_by_host", fields=("vendor", "hostname", "id")),
            # By it, or by its beginning, a machine is found.
            models.Index(name="activation_by_print", fields=("vendor", "fingerprint")),
            # What kinds of machines there are, for statistics.py.
            models.Index(
                name="activation_kinds", fields=("vendor", "app_version", "os", "offline")
            ),
        )

    named_after_person = True

    @property
    def end(self) -> End | None:
        """When a machine of a rolling licence ends."""
        return end_at(self.expires_at, self.expires_on)

    def __str__(self) -> str:
        return self.hostname or self.fingerprint[:16]

    def concerns(self) -> dict[str, Any]:
        return {"license_id": self.license_id, "visible": True}

    def key_replacements(self, now: datetime) -> list[int]:
        """When, in the year before now, the machine came with another key, in seconds."""
        since = (now - YEAR).timestamp()
        return [moment for moment in self.key_replaced_at if moment > since]
