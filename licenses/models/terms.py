"""What a licence allows: the terms that a policy prescribes and a licence then has for itself.

Field names are those of the Cryptlex Web API v3 in snake case. How long a licence lasts is an
interval by the calendar (licenses/intervals.py); lengths that programs count are seconds.
"""

from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from licenses import lengths
from licenses.intervals import LONGEST, LONGEST_TEXT, Interval, of_seconds, parse
from licenses.keys import validate_pattern
from tenancy.rows import TenantRow
from tenancy.texts import Line

UNLIMITED = -1
F = TypeVar("F", bound=models.Field[Any, Any])


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


def validate_interval(value: str) -> None:
    """Raises ValidationError unless the value is an interval of ISO 8601, or empty."""
    try:
        parse(value)
    except ValueError:
        raise ValidationError(
            _("Use an interval such as P1Y, P18M, P30D or PT8H."), code="invalid_interval"
        ) from None


class IntervalField(models.CharField[str, str]):
    """An interval as ISO 8601 writes it; empty for no end."""

    default_validators = [validate_interval]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        defaults: dict[str, Any] = {"max_length": LONGEST_TEXT, "blank": True, "default": ""}
        super().__init__(*args, **defaults | kwargs)

    @staticmethod
    def in_words(value: str) -> str:
        """What people read of a value."""
        return lengths.in_words(parse(value))


def seconds_field(
    label: Any, default: int, help_text: Any = ""
) -> models.PositiveBigIntegerField[int, int]:
    """A length of time in whole seconds, up to a hundred years, so that no date overflows."""
    return told_as_length(
        models.PositiveBigIntegerField(
            label,
            default=default,
            validators=[MaxValueValidator(LONGEST)],
            help_text=help_text or _("Such as 1 hour or 30 minutes."),
        )
    )


def told_as_length(field: F) -> F:
    """The field of whole seconds, marked: people read how long that is (tenancy.rows.label_of)."""
    field.in_words = seconds_in_words  # type: ignore[attr-defined]
    return field


def seconds_in_words(value: int) -> str:
    return lengths.in_words(of_seconds(value)) if value else "0"


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
    subscription_interval = IntervalField(
        _("validity"),
        help_text=_("Such as 1 year, 18 months, 30 days or 8 hours; or perpetual."),
    )
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
        _("server sync grace period"), 0, _("Such as 7 days; 0 is no limit.")
    )
    allowed_clock_offset = seconds_field(_("allowed clock offset"), 3600)
    lease_duration = seconds_field(
        _("lease duration"),
        0,
        _("Such as 8 hours, for floating licences and machines without network; 0 is no lease."),
    )
    leasing_strategy = models.CharField(
        _("leasing"), max_length=12, choices=LeasingStrategy, default=LeasingStrategy.PER_MACHINE
    )
    allowed_floating_clients = models.IntegerField(
        _("allowed floating clients"), default=0, validators=[MinValueValidator(UNLIMITED)]
    )

    class Meta:
        abstract = True

    @property
    def interval(self) -> Interval:
        """How long it lasts."""
        return parse(self.subscription_interval)


TERMS = tuple(field.name for field in LicenseTerms._meta.local_fields)


class LicensePolicy(TenantRow, LicenseTerms):
    """The template that a licence is created from."""

    name = Line(_("name"), max_length=100)
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
            models.UniqueConstraint(name="license_policy_vendor_pair", fields=("vendor", "id")),
        )

    def __str__(self) -> str:
        return self.name
