"""The terms on which a product may be tried."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from licenses.intervals import DAY, LONGEST
from licenses.models.terms import FingerprintMatching, Restrictions, told_as_length
from tenancy.rows import TenantRow
from tenancy.texts import Line


class TrialPolicy(TenantRow, Restrictions):
    """How long a trial is, and where it may be activated."""

    name = Line(_("name"), max_length=100)
    trial_length = told_as_length(
        models.PositiveBigIntegerField(
            _("trial length"),
            default=30 * DAY,
            validators=[MinValueValidator(1), MaxValueValidator(LONGEST)],
            help_text=_("Such as 30 days, from the first activation of a machine."),
        )
    )
    fingerprint_matching_strategy = models.CharField(
        _("fingerprint matching"),
        max_length=5,
        choices=FingerprintMatching,
        default=FingerprintMatching.EXACT,
    )

    class Meta(TenantRow.Meta):
        verbose_name = _("trial policy")
        verbose_name_plural = _("trial policies")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                name="trial_policy_name_unique_per_vendor",
                fields=("vendor", "name"),
                violation_error_message=_("There is a trial policy of this name already."),
            ),
            models.UniqueConstraint(name="trial_policy_vendor_pair", fields=("vendor", "id")),
        )

    def __str__(self) -> str:
        return self.name
