"""Tags on licences (accounts/models/tags.py); customers never see them."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from licenses.models.license import License
from tenancy.rows import SameVendor, TenantRow


class LicenseTag(TenantRow):
    """That a licence has a tag."""

    license = models.ForeignKey(License, models.CASCADE, related_name="license_tags")
    tag = models.ForeignKey(
        "accounts.Tag", models.CASCADE, related_name="license_tags", verbose_name=_("tag")
    )

    class Meta(TenantRow.Meta):
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        constraints = (
            models.UniqueConstraint(name="license_tag_once", fields=("license", "tag")),
            SameVendor(
                name="license_tag_license_vendor", field="license", to_table="licenses_license"
            ),
            SameVendor(name="license_tag_tag_vendor", field="tag", to_table="accounts_tag"),
        )
        indexes = (models.Index(name="license_by_tag", fields=("vendor", "tag", "license")),)

    def __str__(self) -> str:
        return str(self.tag)

    def concerns(self) -> dict[str, Any]:
        return {"license_id": self.license_id}
