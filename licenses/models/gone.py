"""Machines that have no seat any more, by which somebody on the phone is found."""

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from licenses.models.license import License
from tenancy.rows import SameVendor, TenantRow, personal
from tenancy.texts import Line


class GoneMachine(TenantRow):
    """That a machine of this name had a seat of a licence, and when and how it last became free:
    one row for each name, however often a seat is taken and given back. The trail has all of it."""

    license = models.ForeignKey(
        License, models.CASCADE, related_name="gone_machines", verbose_name=_("licence")
    )
    hostname = personal(Line(_("host name"), max_length=256))
    how = models.CharField(_("how"), max_length=40)  # the action of the trail's entry
    gone_at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta(TenantRow.Meta):
        verbose_name = _("machine without a seat")
        verbose_name_plural = _("machines without a seat")
        ordering = ("-gone_at", "id")
        constraints = (
            models.UniqueConstraint(name="gone_machine_once", fields=("license", "hostname")),
            models.UniqueConstraint(name="gone_machine_vendor_pair", fields=("vendor", "id")),
            SameVendor(
                name="gone_machine_license_vendor", field="license", to_table="licenses_license"
            ),
        )
        indexes = (models.Index(name="gone_machine_newest", fields=("vendor", "-gone_at", "id")),)

    named_after_person = True

    def __str__(self) -> str:
        return self.hostname

    def concerns(self) -> dict[str, Any]:
        return {"license_id": self.license_id}
