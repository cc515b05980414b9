"""Tags by which a vendor sorts people and licences; customers never see them."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from tenancy.rows import SameVendor, TenantRow
from tenancy.texts import Line

MOST_TAGS = 50  # of a row


class Tag(TenantRow):
    """A word that the vendor puts on people and licences."""

    name = Line(_("name"), max_length=100)
    description = Line(_("description"), max_length=300, blank=True)

    class Meta(TenantRow.Meta):
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                name="tag_name_unique_per_vendor",
                fields=("vendor", "name"),
                violation_error_message=_("There is a tag of this name already."),
            ),
            models.UniqueConstraint(name="tag_vendor_pair", fields=("vendor", "id")),
        )

    def __str__(self) -> str:
        return self.name


class UserTag(TenantRow):
    """That a person has a tag."""

    user = models.ForeignKey(User, models.CASCADE, related_name="user_tags")
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="user_tags", verbose_name=_("tag"))

    class Meta(TenantRow.Meta):
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        constraints = (
            models.UniqueConstraint(name="user_tag_once", fields=("user", "tag")),
            SameVendor(name="user_tag_user_vendor", field="user", to_table="accounts_user"),
            SameVendor(name="user_tag_tag_vendor", field="tag", to_table="accounts_tag"),
        )
        indexes = (
            models.Index(name="user_by_tag", fields=("vendor", "tag", "user")),
            models.Index(name="tags_of_user", fields=("vendor", "user")),
        )

    def __str__(self) -> str:
        return str(self.tag)

    def concerns(self) -> dict[str, Any]:
        return {"customer_id": self.user_id}
