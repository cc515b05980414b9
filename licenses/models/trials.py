"""Machines that try a product."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.metadata import validate_metadata
from licenses.models.activation import OperatingSystem
from licenses.models.product import Product
from tenancy.finding import Ordered
from tenancy.rows import SameVendor, TenantRow, personal
from tenancy.texts import Line


class TrialActivation(TenantRow):
    """A machine's one trial of a product; it stays when the trial is over, so that none begins
    again."""

    product = models.ForeignKey(
        Product, models.PROTECT, related_name="trial_activations", verbose_name=_("product")
    )
    fingerprint = personal(Ordered(_("fingerprint"), max_length=256))
    os = models.CharField(_("operating system"), max_length=10, choices=OperatingSystem)
    os_version = Line(_("version of the operating system"), max_length=256, blank=True)
    hostname = personal(Line(_("host name"), max_length=256, blank=True))
    vm_name = personal(Line(_("virtual machine"), max_length=256, blank=True))
    container = models.BooleanField(_("container"), default=False)
    app_version = Line(_("version of the program"), max_length=256, blank=True)
    user_hash = personal(Line(_("user hash"), max_length=256, blank=True))
    metadata = personal(
        models.JSONField(_("metadata"), default=list, blank=True, validators=[validate_metadata])
    )
    country = models.CharField(
        _("country"), max_length=2, blank=True, help_text=_("Where it was begun from.")
    )
    offline = models.BooleanField(_("offline"), default=False)
    expires_at = models.DateTimeField(_("trial ends"))

    class Meta(TenantRow.Meta):
        verbose_name = _("trial")
        verbose_name_plural = _("trials")
        ordering = ("-created_at", "id")
        constraints = (
            models.UniqueConstraint(name="trial_once", fields=("vendor", "product", "fingerprint")),
            SameVendor(name="trial_product_vendor", field="product", to_table="licenses_product"),
        )
        indexes = (
            models.Index(name="trial_newest", fields=("vendor", "-created_at", "id")),
            models.Index(name="trial_by_print", fields=("vendor", "fingerprint")),
        )

    named_after_person = True

    def __str__(self) -> str:
        return self.hostname or self.fingerprint[:16]

    @property
    def is_over(self) -> bool:
        return self.expires_at <= timezone.now()
