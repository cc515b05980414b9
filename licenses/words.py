"""What people read of a licence: its status, seats, end and type in words, the same everywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from licenses.ends import End
from licenses.lengths import in_words
from licenses.models import (
    VALIDITY,
    Activation,
    ExpirationStrategy,
    License,
    LicenseType,
    ProductVersion,
    Usable,
)
from licenses.status import Standing, Status
from web.moments import at, day, days_away, relative
from web.remembered import remembered


@dataclass(frozen=True, slots=True)
class StatusText:
    """A status in words: code and icon for the style, its name, and the reason in a sentence."""

    code: str
    icon: str
    name: str
    reason: str


ICONS = {
    Status.REVOKED: "cross",
    Status.SUSPENDED: "pause",
    Status.EXPIRED: "cross",
    Status.EXPIRING_SOON: "clock",
    Status.NOT_STARTED: "clock",
    Status.ACTIVE: "check",
}


NAMES = {
    Status.REVOKED: _lazy("Revoked"),
    Status.SUSPENDED: _lazy("Suspended"),
    Status.EXPIRED: _lazy("Expired"),
    Status.EXPIRING_SOON: _lazy("Expires soon"),
    Status.NOT_STARTED: _lazy("Not started"),
    Status.ACTIVE: _lazy("Active"),
}
REASONS = {
    Status.REVOKED: _lazy(
        "The vendor has withdrawn this licence. Its machines can't be activated."
    ),
    Status.SUSPENDED: _lazy(
        "The vendor has paused this licence. Its machines keep their seats meanwhile."
    ),
    Status.EXPIRED: _lazy(
        "This licence was valid until %(date)s. Renew it to use the product again."
    ),
    Status.EXPIRING_SOON: _lazy(
        "This licence is valid until %(date)s. Renew it to keep your machines running."
    ),
    Status.NOT_STARTED: _lazy(
        "The validity of this licence begins with the first machine that is activated."
    ),
    Status.ACTIVE: _lazy("This licence is valid until %(date)s."),
}
WITHOUT_END = _lazy("This licence can be used.")


def status_text(standing: Standing) -> StatusText:
    """The status and its reason, in the customer's words."""
    end = standing.end
    zone = timezone.get_current_timezone() if end and end.on is None else None
    return _status_text(standing, zone)


@remembered
def _status_text(standing: Standing, _zone: tzinfo | None) -> StatusText:
    status, end = standing.status, standing.end
    reason = REASONS[status]
    if status is Status.ACTIVE and end is None:
        reason = WITHOUT_END
    date = end_text(end) if end else ""
    return StatusText(status.value, ICONS[status], str(NAMES[status]), reason % {"date": date})


@dataclass(frozen=True, slots=True)
class EndText:
    """An end in words, how far away it is, and how machines read it."""

    text: str
    relative: str
    iso: str


def ending(end: End | None, now: datetime, today: date) -> EndText | None:
    """The end as a page shows it; `today` is the vendor's. None for None."""
    if end is None:
        return None
    if end.on is not None:
        return EndText(day(end.on), days_away(end.on, today), end.on.isoformat())
    iso = end.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return EndText(end_text(end), relative(end.at, now), iso)


def end_text(end: End) -> str:
    """The day until whose end something lasts. Of an end that is a moment its time, too, in the
    vendor's zone."""
    return day(end.on) if end.on else at(end.at)


def seats_used(license: Usable) -> str:
    """How many seats are used, of how many."""
    return seats_text(license.total_activations, license.allowed_activations)


@remembered
def seats_text(used: int, allowed: int) -> str:
    """The same by the numbers; none or fewer are no limit."""
    if allowed <= 0:
        return ngettext("%(used)d in use, no limit", "%(used)d in use, no limit", used) % {
            "used": used
        }
    return _("%(used)d of %(allowed)d") % {"used": used, "allowed": allowed}


def seats_allowed(license: License) -> str:
    """How many machines may use the licence at a time."""
    if license.unlimited_activations:
        return _("any number of machines")
    seats = license.allowed_activations
    return ngettext("%(n)d machine", "%(n)d machines", seats) % {"n": seats}


def no_expiry(license: Usable) -> str:
    """What stands where the expiry would, for a licence that has none."""
    if license.expires_at is not None:
        return ""
    if not license.subscription_interval:
        return _("Never")
    if license.expiration_strategy == ExpirationStrategy.ROLLING:
        return _("Per machine")
    return _("Starts with the first machine")


def valid_text(license: License) -> str:
    """Until when the licence is valid or, while that is open, how long it will be."""
    end = license.end
    return _("until %(date)s") % {"date": end_text(end)} if end else validity_text(license)


def expiry_text(license: License) -> str:
    """When the licence ends, or what stands there for one that has no end."""
    return end_text(license.end) if license.end else no_expiry(license)


def within(days: int) -> str:
    """A nearness of the end, in words."""
    return ngettext("Within %(n)d day", "Within %(n)d days", days) % {"n": days}


def deactivations_text(license: License) -> str:
    """How often a seat was given back, of how often it may be."""
    used = license.total_deactivations
    if license.unlimited_deactivations:
        return ngettext(
            "%(used)d deactivation used, no limit", "%(used)d deactivations used, no limit", used
        ) % {"used": used}
    return ngettext(
        "%(used)d of %(allowed)d deactivation used",
        "%(used)d of %(allowed)d deactivations used",
        license.allowed_deactivations,
    ) % {"used": used, "allowed": license.allowed_deactivations}


def replacements_text(activation: Activation, license: License, now: datetime) -> str:
    """How often a machine was set up anew within a year without giving its seat back first."""
    allowed = license.product.allowed_key_replacements
    return ngettext(
        "%(n)d of %(allowed)d time in the last year",
        "%(n)d of %(allowed)d times in the last year",
        allowed,
    ) % {"n": len(activation.key_replacements(now)), "allowed": allowed}


def works_until(activation: Activation) -> str:
    """What goes on running on a machine that is released, and until when its response can be
    installed; its licence is loaded."""
    if not activation.offline:
        return _("This machine has network: its program learns of it as it next asks.")
    return f"{_installable(activation)} {_runs(activation)}"


def _installable(activation: Activation) -> str:
    told = _("This machine was activated offline and can't be told.")
    until = activation.offline_response_valid_until
    if until is None:
        return told
    ends = (
        _("Its response can be installed until %(when)s.")
        if until > timezone.now()
        else _("Its response could be installed until %(when)s.")
    )
    return f"{told} {ends % {'when': at(until)}}"


def _runs(activation: Activation) -> str:
    """When its program stops by itself: as lease, machine or licence ends, whichever is first."""
    ends = [
        each
        for each in (
            activation.end or activation.license.end,
            End(activation.lease_expires_at) if activation.lease_expires_at else None,
        )
        if each
    ]
    if not ends:
        return _("What is installed there goes on running, without an end.")
    first = min(ends, key=lambda end: end.at)
    return _("What is installed there goes on running until %(when)s at most.") % {
        "when": end_text(first)
    }


def validity_text(license: License) -> str:
    """How long the licence is valid and from when that counts."""
    if not license.subscription_interval:
        return _("No end")
    length = {"length": in_words(license.interval)}
    if license.expiration_strategy == ExpirationStrategy.DELAYED:
        return _("%(length)s from the first activation") % length
    if license.expiration_strategy == ExpirationStrategy.ROLLING:
        return _("%(length)s for each machine, from its activation") % length
    return _("%(length)s from its creation") % length


def counted_from(license: License) -> str:
    """From where renewals are counted, and how many terms lie between that and the end; empty for a
    licence that has none."""
    term = VALIDITY.term(license)
    if term is None:
        return ""
    if not term.periods:
        return _("its end")
    anchor = {"n": term.periods, "day": day(term.anchor.date())}
    return (
        ngettext(
            "%(day)s, %(n)d term before its end",
            "%(day)s, %(n)d terms before its end",
            term.periods,
        )
        % anchor
    )


def maintenance_text(license: License) -> str:
    """Until when the licence brings new versions; empty when that is not limited."""
    if license.maintenance_policy is None:
        return ""
    end = license.maintenance_end
    if license.waits_for_maintenance:
        return _("Starts with the first machine")
    if end is None:
        return _("No end")
    text = _("Ended on %(date)s") if end.at <= timezone.now() else _("Until %(date)s")
    return text % {"date": end_text(end)}


def type_text(license: License) -> str:
    """The type in a few words that need no glossary."""
    return {
        LicenseType.NODE_LOCKED.value: _("Node-locked: one seat for each machine"),
        LicenseType.HOSTED_FLOATING.value: _("Floating: seats are shared by taking turns"),
        LicenseType.ON_PREMISE_FLOATING.value: _(
            "Floating, shared by a licence server of your own"
        ),
    }[license.type]


def version_text(version: ProductVersion, features: Sequence[str]) -> str:
    """A product version and the names of the features that are on."""
    if not features:
        return str(version)
    told = {"version": version, "features": ", ".join(features)}
    return _("%(version)s: %(features)s") % told
