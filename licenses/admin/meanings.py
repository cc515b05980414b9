"""What policies mean for a customer, each in one sentence."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from licenses.lengths import in_words
from licenses.models import ExpirationStrategy, LicensePolicy, LicenseType, MaintenancePolicy


def of_policy(policy: LicensePolicy) -> str:
    """How long licences made with the policy last, and on how many machines."""
    told = {"last": _last(policy), "machines": _machines(policy)}
    if policy.type == LicenseType.NODE_LOCKED:
        return _("Licences made with this policy %(last)s, on %(machines)s.") % told
    return _("Licences made with this policy %(last)s, on %(machines)s at a time.") % told


def _last(policy: LicensePolicy) -> str:
    if not policy.interval:
        return _("never end")
    length = {"length": in_words(policy.interval)}
    if policy.expiration_strategy == ExpirationStrategy.DELAYED:
        return _("last %(length)s from their first activation") % length
    if policy.expiration_strategy == ExpirationStrategy.ROLLING:
        return _("last %(length)s on each machine, from its activation") % length
    return _("last %(length)s from their creation") % length


def _machines(policy: LicensePolicy) -> str:
    seats = policy.allowed_activations
    if seats <= 0:
        return _("any number of machines")
    return ngettext("%(n)d machine", "%(n)d machines", seats) % {"n": seats}


def of_maintenance(policy: MaintenancePolicy) -> str:
    """Which new versions the policy brings, and for how long."""
    told = {"versions": versions_of(policy), "time": _time(policy)}
    return _("Licences with this maintenance get %(versions)s %(time)s.") % told


def versions_of(policy: MaintenancePolicy) -> str:
    """Which versions come with it, as a part of a sentence."""
    major, minor = policy.allow_major_version_updates, policy.allow_minor_version_updates
    return {
        (True, True): _("every new version"),
        (True, False): _("new major versions"),
        (False, True): _("new minor versions"),
        (False, False): _("corrections alone"),
    }[major, minor]


def _time(policy: MaintenancePolicy) -> str:
    if not policy.interval:
        return _("without an end")
    length = {"length": in_words(policy.interval)}
    if policy.expiration_strategy == MaintenancePolicy.ExpirationStrategy.DELAYED:
        return _("for %(length)s from their first activation") % length
    return _("for %(length)s from their creation") % length
