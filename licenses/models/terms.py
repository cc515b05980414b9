"""What a licence allows: the terms that a policy prescribes and a licence then has for itself.

Field names are those of the Cryptlex Web API v3 in snake case. How long a licence lasts is an
interval by the calendar (licenses/intervals.py); lengths that programs count are seconds.
"""

from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from licenses import lengths, places
from licenses.intervals import DAY, LONGEST, LONGEST_TEXT, Interval, of_seconds, parse
from licenses.keys import validate_pattern
from licenses.models.lists import APART, TextsField
from tenancy.rows import TenantRow, labelled, personal, told_by
from tenancy.texts import Line

UNLIMITED = -1
NO_LIMIT = {UNLIMITED: _("no limit")}  # in words
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
    return told_by(field, seconds_in_words)


def addresses_field(label: Any, help_text: Any = "") -> TextsField:
    return personal(
        TextsField(
            label,
            spelled=places.address,
            refusal=_("“%(text)s” is no IP address."),
            apart=APART,
            help_text=help_text,
        )
    )


def countries_field(label: Any, help_text: Any) -> TextsField:
    return TextsField(
        label,
        spelled=places.country,
        refusal=_("“%(text)s” is no country: use codes of two letters, such as DE."),
        apart=APART,
        help_text=help_text,
    )


def seconds_in_words(value: int) -> str:
    return lengths.in_words(of_seconds(value)) if value else "0"


class Restrictions(models.Model):
    """On which machines, from where and by whom something may be activated."""

    allow_vm_activation = models.BooleanField(_("virtual machines may be activated"), default=True)
    allow_container_activation = models.BooleanField(_("containers may be activated"), default=True)
    allowed_countries = countries_field(
        _("allowed countries"), _("Codes such as DE, AT, CH; empty is everywhere.")
    )
    disallowed_countries = countries_field(_("disallowed countries"), _("Codes such as DE."))
    allowed_ip_addresses = addresses_field(
        _("allowed IP addresses"),
        _("With the ranges below, the only ones; both empty is everywhere."),
    )
    allowed_ip_ranges = personal(
        TextsField(
            _("allowed IP ranges"),
            spelled=places.network,
            refusal=_("“%(text)s” is no range of IP addresses: use one such as 192.0.2.0/24."),
            apart=APART,
            help_text=_("Such as 192.0.2.0/24 or 2001:db8::/32."),
        )
    )
    disallowed_ip_addresses = addresses_field(_("disallowed IP addresses"))
    user_locked = models.BooleanField(
        _("locked to the first user"),
        default=False,
        help_text=_("Machines are activated for the same user of the operating system alone."),
    )
    disable_geo_location = models.BooleanField(
        _("where machines are is not looked up"), default=False
    )

    class Meta:
        abstract = True


# What each trial policy has of it.
RESTRICTIONS = tuple(field.name for field in Restrictions._meta.local_fields)


class LicenseTerms(Restrictions):
    """What a policy prescribes and a licence then has for itself."""

    type = models.CharField(
        _("type"), max_length=20, choices=LicenseType, default=LicenseType.NODE_LOCKED
    )
    allowed_activations = labelled(
        models.IntegerField(
            _("seats"),
            default=1,
            validators=[MinValueValidator(UNLIMITED)],
            help_text=_("How many machines may be active at a time; 0 or −1 is unlimited."),
        ),
        {0: _("no limit"), **NO_LIMIT},
    )
    allowed_deactivations = labelled(
        models.IntegerField(
            _("allowed deactivations"),
            default=UNLIMITED,
            validators=[MinValueValidator(UNLIMITED)],
            help_text=_("How often a seat may be given back; −1 is unlimited."),
        ),
        NO_LIMIT,
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
    require_authentication = models.BooleanField(
        _("activation asks for the customer's sign-in"), default=False
    )
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
    allow_client_lease_duration = models.BooleanField(
        _("programs may choose the lease duration"), default=False
    )
    allowed_floating_clients = labelled(
        models.IntegerField(
            _("allowed floating clients"), default=0, validators=[MinValueValidator(UNLIMITED)]
        ),
        NO_LIMIT,
    )
    expiring_soon_event_offset = seconds_field(
        _("said to expire soon"),
        30 * DAY,
        _("Such as 30 days: so long before its end programs that listen are told."),
    )

    class Meta:
        abstract = True

    @property
    def interval(self) -> Interval:
        """How long it lasts."""
        return parse(self.subscription_interval)


TERMS = tuple(field.name for field in LicenseTerms._meta.local_fields)
# Those that are about the machine, and where and whose it is.
WHERE = (
    "allow_vm_activation",
    "allow_container_activation",
    "allowed_countries",
    "disallowed_countries",
    "allowed_ip_addresses",
    "allowed_ip_ranges",
    "disallowed_ip_addresses",
    "user_locked",
    "require_authentication",
    "disable_geo_location",
)


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
    required_metadata_keys = TextsField(
        _("required metadata"),
        help_text=_("Names of values without which no licence is created on it, one a line."),
    )
    required_meter_attributes = TextsField(
        _("required meter attributes"),
        help_text=_("Names of meters without which no licence is created on it, one a line."),
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
