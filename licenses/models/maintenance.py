"""How long and how far a licence brings new versions."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from licenses import versions
from licenses.intervals import Interval, parse
from licenses.models.terms import IntervalField
from tenancy.rows import TenantRow
from tenancy.texts import Line


def validate_version(value: str) -> None:
    """Raises ValidationError unless the value is a version of two to four numbers."""
    try:
        versions.parse(value)
    except ValueError:
        raise ValidationError(
            _("Use two to four numbers with dots between, such as 4.2.1."), code="invalid_version"
        ) from None


class MaintenancePolicy(TenantRow):
    """What maintenance brings: the versions published while it runs, and which of them.

    A licence that has a policy keeps its own end (`License.maintenance_expires_at`); which
    versions are included is read from the policy whenever somebody asks for a file.
    """

    class ExpirationStrategy(models.TextChoices):
        IMMEDIATE = "immediate", _("from the licence's creation")
        DELAYED = "delayed", _("from the first activation")

    name = Line(_("name"), max_length=100)
    subscription_interval = IntervalField(
        _("validity"), help_text=_("Such as 1 year; or perpetual.")
    )
    expiration_strategy = models.CharField(
        _("validity counts"),
        max_length=10,
        choices=ExpirationStrategy,
        default=ExpirationStrategy.IMMEDIATE,
    )
    allow_major_version_updates = models.BooleanField(
        _("includes new major versions"),
        default=True,
        help_text=_("From 4.x to 5.0. Counted from the version that was current at the purchase."),
    )
    allow_minor_version_updates = models.BooleanField(
        _("includes new minor versions"), default=True, help_text=_("From 4.1 to 4.2.")
    )

    class Meta(TenantRow.Meta):
        verbose_name = _("maintenance policy")
        verbose_name_plural = _("maintenance policies")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                name="maintenance_policy_name_unique_per_vendor",
                fields=("vendor", "name"),
                violation_error_message=_("There is a policy of this name already."),
            ),
            models.UniqueConstraint(name="maintenance_policy_vendor_pair", fields=("vendor", "id")),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def interval(self) -> Interval:
        """How long it lasts."""
        return parse(self.subscription_interval)
