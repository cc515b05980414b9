"""The offline files that were answered."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenancy.rows import SameVendor, TenantRow, personal
from tenancy.texts import Line


class OfflineExchange(TenantRow):
    """One offline request and its response, kept so that the same request gets the same answer.

    It outlives its activation: the receipt of a deactivation can be fetched again, too.
    """

    class Kind(models.TextChoices):
        ACTIVATION = "activation", _("activation")
        DEACTIVATION = "deactivation", _("deactivation")

    license = models.ForeignKey(
        "licenses.License", models.CASCADE, related_name="offline_exchanges"
    )
    user = models.ForeignKey(
        "accounts.User",
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("handed in by"),
    )
    # A response tells of him; a later owner of the licence does not get it.
    owner = models.ForeignKey(
        "accounts.User",
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("owner of the licence at that time"),
    )
    kind = models.CharField(max_length=12, choices=Kind)
    digest = models.CharField(
        max_length=64, help_text="SHA-256 of what the machine signed, in hex."
    )
    jti = models.UUIDField()
    activation_id = models.UUIDField()
    hostname = personal(Line(_("host name"), max_length=256, blank=True))
    response = models.TextField()
    valid_until = models.DateTimeField(
        null=True, help_text="Until when a response can be installed; a receipt has no end."
    )

    class Meta(TenantRow.Meta):
        ordering = ("-created_at", "id")
        constraints = (
            models.UniqueConstraint(name="offline_request_once", fields=("license", "digest")),
            SameVendor(
                name="offline_exchange_license_vendor", field="license", to_table="licenses_license"
            ),
            SameVendor(name="offline_exchange_user_vendor", field="user", to_table="accounts_user"),
            SameVendor(
                name="offline_exchange_owner_vendor", field="owner", to_table="accounts_user"
            ),
        )
        indexes = (models.Index(fields=("activation_id",)),)

    def __str__(self) -> str:
        return f"{self.kind} {self.jti}"
