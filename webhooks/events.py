"""What webhooks tell of: the events by name, in groups, and what they are in the trail's words."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.followers import Happening

LICENSE, ACTIVATION = "licenses.license", "licenses.activation"
RELEASE, USER = "releases.release", "accounts.user"

EXPIRING_SOON = "license.expiring-soon"
EXPIRED = "license.expired"
MAINTENANCE_EXPIRED = "license.maintenance-expired"
TEST = "webhook.test"  # sent by a button alone


@dataclass(frozen=True, slots=True)
class Group:
    """Events that stand together, each with what it says in words."""

    title: str | Promise
    events: Mapping[str, str | Promise]


GROUPS = (
    Group(
        _("Licences"),
        {
            "license.created": _("A licence is made"),
            "license.first-activated": _("It is activated for the first time"),
            "license.renewed": _("It is renewed"),
            "license.extended": _("It is extended"),
            "license.expiresAt.updated": _("Its end is set to another day"),
            "license.subscription.updated": _("Its subscription interval changes"),
            EXPIRING_SOON: _("It expires soon"),
            EXPIRED: _("It has expired"),
            MAINTENANCE_EXPIRED: _("Its maintenance has ended"),
            "license.suspended": _("It is suspended"),
            "license.revoked": _("It is revoked"),
            "license.deleted": _("It is deleted"),
            "license.activation.limit-reached": _("A machine finds no seat left"),
        },
    ),
    Group(
        _("Machines"),
        {
            "activation.created": _("A machine is activated"),
            "activation.deleted": _("A machine gives its seat back"),
            "activation.lease-expired": _("A machine’s lease has ended"),
        },
    ),
    Group(_("Releases"), {"release.published": _("A release is published")}),
    Group(_("People"), {"user.created": _("A person is added")}),
)
EVENTS: Mapping[str, str | Promise] = {
    name: label for group in GROUPS for name, label in group.events.items()
}
# By the kind of row and the trail's action.
_RECORDED = {
    (LICENSE, "created"): "license.created",
    (LICENSE, "first-activated"): "license.first-activated",
    (LICENSE, "renewed"): "license.renewed",
    (LICENSE, "extended"): "license.extended",
    (LICENSE, "last-day-set"): "license.expiresAt.updated",
    (LICENSE, "suspended"): "license.suspended",
    (LICENSE, "revoked"): "license.revoked",
    (LICENSE, "deleted"): "license.deleted",
    (LICENSE, "activation-limit-reached"): "license.activation.limit-reached",
    (ACTIVATION, "activated"): "activation.created",
    (ACTIVATION, "deactivated"): "activation.deleted",
    (ACTIVATION, "freed"): "activation.deleted",
    (ACTIVATION, "released-by-customer"): "activation.deleted",
    (RELEASE, "published"): "release.published",
    (USER, "created"): "user.created",
}
# What a change of a licence means, by the field.
_CHANGED = {
    "expires_at": "license.expiresAt.updated",
    "expires_on": "license.expiresAt.updated",
    "subscription_interval": "license.subscription.updated",
    "expiration_strategy": "license.subscription.updated",
}


def events_of(happening: Happening) -> list[str]:
    """The events that something is: in their order, none for most."""
    kind = happening.row._meta.label_lower
    if kind == LICENSE and happening.action == "changed":
        return list(dict.fromkeys(_CHANGED[name] for name in happening.changes if name in _CHANGED))
    event = _RECORDED.get((kind, happening.action))
    if event and happening.details.get("lease_ended"):
        return ["activation.lease-expired", event]
    return [event] if event else []


def label_of(event: str) -> str:
    """The event in words; its name where it has none."""
    return str(EVENTS.get(event) or (_("A test") if event == TEST else event))
