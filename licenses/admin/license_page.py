"""A licence's page in the back office: its state in a sentence, what can be done about it, and what
there is to know, in plain words. What can be typed stands on a page of its own, below the state.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.tagged import RIGHT as READ_TAGS
from accounts.tagged import names_of
from accounts.view_as.admin import may_view_as
from audit import words as audit_words
from audit.models import AuditEntry
from audit.trail import told_to
from licenses import words
from licenses.admin.many import Change, worth_offering
from licenses.admin.meanings import versions_of
from licenses.features import features_of
from licenses.history import Event
from licenses.intervals import of_seconds
from licenses.lengths import in_words
from licenses.models import WHERE, Activation, License, LicenseMetadata, SeatRequest
from licenses.pages.rows import seats
from licenses.status import Status
from tenancy.door import current_vendor
from tenancy.hosts import vendor_url
from web.moments import at, day, days_away, relative

MOST_MACHINES = MOST_PEOPLE = 25
LAST_EVENTS = 10
STOPPED_BY = {Status.SUSPENDED: Event.SUSPENDED, Status.REVOKED: Event.REVOKED}
# Their titles say all; what a row began with stands on the page, or what changed it since.
SAYING_ALL = {
    Event.CREATED,
    Event.ACTIVATED,
    Event.SUSPENDED,
    Event.UNSUSPENDED,
    Event.REVOKED,
    Event.UNREVOKED,
}
# What is most likely wanted of a licence in this state; then whatever comes first in `CHANGES`.
LIKELY = {
    Status.REVOKED: ("unrevoke",),
    Status.SUSPENDED: ("unsuspend",),
    Status.EXPIRED: ("renew", "extend", "set_last_day"),
    Status.EXPIRING_SOON: ("renew", "extend", "set_last_day"),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """What is called `label`, in words; with `url` it is a link. `name` is the field's."""

    name: str
    label: str
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine in the short list."""

    id: str
    name: str
    system: str
    kind: str
    seen: str
    seen_at: str
    request: str  # the id of a customer's open request to release it; empty without one


@dataclass(frozen=True, slots=True)
class Told:
    """An entry of the history: what was done, to what beside the licence, by whom, and what was
    otherwise before."""

    at: str
    title: str
    about: str
    who: str
    changes: list[tuple[str, str, str]]


def page_of(request: HttpRequest, license: License) -> dict[str, Any]:
    """All that the page shows; the licence has product, customer and policies."""
    may, now = request.user.has_perm, timezone.now()
    machines = _machines(license, now) if may("licenses.view_activation") else None
    history = list(told_to(request.user, _history(license))[: LAST_EVENTS + 1])
    people = _people(license) if may("licenses.view_licenseuser") else []
    changes = changes_of(license) if may("licenses.change_license") else []
    metadata = list(license.metadata.all()) if may("licenses.view_licensemetadata") else []
    return {
        "license": license,
        **state_shown(license, history),
        "seats": seats(license),
        "deactivations": words.deactivations_text(license),
        "unsaid_seats": _unsaid_seats(license),
        "changes": [each for each in changes if not each[1].dangerous],
        "dangers": [each for each in changes if each[1].dangerous],
        "may_send": may("licenses.send_license") and license.user_id is not None,
        "may_release": may("licenses.release_activation"),
        "may_see_people": may("accounts.view_user"),
        "may_view_as": _may_view_as(request, license.user),
        "portal_url": vendor_url(current_vendor(), "license", license.pk),
        "portal_path": reverse("license", urlconf="portal.urls.customer", args=[license.pk]),
        "machines": machines and machines[:MOST_MACHINES],
        "all_machines": _all_machines(license) if machines and machines[MOST_MACHINES:] else "",
        "people": people[:MOST_PEOPLE],
        "more_people": len(people) > MOST_PEOPLE,
        "for_customer": [*_for_customer(license), *_values(metadata, visible=True)],
        "internal": [
            *_tags(request, license),
            *_internal(license),
            *_values(metadata, visible=False),
        ],
        "terms": _terms(request, license),
        "for_program": _for_program(license),
        "events": [_told(entry, license) for entry in history[:LAST_EVENTS]],
        "more_events": len(history) > LAST_EVENTS,
    }


# --- The state and what can be done about it ----------------------------------------------------


def state_shown(license: License, history: Iterable[AuditEntry] = ()) -> dict[str, Any]:
    """The state, for the page and for the form; `history` are entries that are known anyway."""
    stopped = _stopped(license, history)
    return {
        "state": state_of(license, today=timezone.localdate(), stopped=stopped),
        "status": words.status_text(license.standing),
    }


def state_of(license: License, *, today: date, stopped: AuditEntry | None = None) -> str:
    """The licence's state in one sentence; `stopped` is the entry that tells who suspended or
    revoked it. `today` is the vendor's."""
    status = license.standing.status
    if status in STOPPED_BY:
        return f"{_stop(status, stopped)}: {_meanwhile(status)}."
    return _("%(state)s; %(seats)s.") % {
        "state": _validity(license, status, today),
        "seats": in_use(license.total_activations, license.allowed_activations),
    }


def _stop(status: Status, entry: AuditEntry | None) -> str:
    """That it was stopped, and as far as the trail tells when and by whom."""
    name = str(words.NAMES[status])
    if entry is None:
        return name
    on = day(timezone.localdate(entry.created_at))
    told = {"name": name, "day": on, "who": entry.actor}
    return (_("%(name)s on %(day)s by %(who)s") if entry.actor else _("%(name)s on %(day)s")) % told


def _meanwhile(status: Status) -> str:
    if status is Status.SUSPENDED:
        return _("no machine can be activated; the activated ones stay")
    return _("no machine can be activated, and programs stop as they next ask the portal")


def _validity(license: License, status: Status, today: date) -> str:
    end = license.end
    if status is Status.NOT_STARTED:
        length = {"length": in_words(license.interval)}
        return _("Not started: valid for %(length)s from the first activation") % length
    if end is None:
        if license.interval:  # each machine has an end of its own
            length = {"length": in_words(license.interval)}
            return _("Active: each machine for %(length)s from its activation") % length
        return _("Active without an end")
    told = {
        "date": words.end_text(end),
        "away": days_away(end.on or timezone.localdate(end.at), today),
    }
    if status is Status.EXPIRED:
        return _("Expired %(away)s, on %(date)s") % told
    if status is Status.EXPIRING_SOON:
        return _("Expires %(away)s: active until %(date)s") % told
    return _("Active until %(date)s") % told


def in_use(used: int, allowed: int) -> str:
    """How many seats of a licence are in use, as a part of a sentence."""
    if allowed <= 0:
        text = ngettext(
            "%(used)d seat in use, of any number",
            "%(used)d seats in use, of any number",
            used,
        )
    else:
        text = ngettext(
            "%(used)d of %(allowed)d seat in use",
            "%(used)d of %(allowed)d seats in use",
            allowed,
        )
    return text % {"used": used, "allowed": allowed}


def changes_of(license: License) -> list[tuple[str, Change]]:
    """What can be changed now, the most likely first and what is dangerous last."""
    wanted = list(LIKELY.get(license.standing.status, ()))
    if license.seats_left == 0:
        wanted.append("set_seats")
    places = {name: place for place, name in enumerate(wanted)}
    offered = worth_offering(license)
    return sorted(offered, key=lambda each: (each[1].dangerous, places.get(each[0], len(places))))


def _stopped(license: License, history: Iterable[AuditEntry]) -> AuditEntry | None:
    """The entry that tells who suspended or revoked the licence as it is now."""
    event = STOPPED_BY.get(license.standing.status)
    if event is None:
        return None
    near = (entry for entry in history if entry.action == event)
    return next(near, None) or _history(license).filter(action=event).first()


def _history(license: License) -> Any:
    """What happened to the licence and to its machines, newest first."""
    return AuditEntry.objects.filter(license_id=license.pk).exclude(action="view-as-page")


def _may_view_as(request: HttpRequest, owner: User | None) -> bool:
    """Whether the portal can be looked at as the licence's customer."""
    return (
        owner is not None
        and may_view_as(request, owner)
        and owner.is_active
        and owner.may_use_portal
    )


def _told(entry: AuditEntry, license: License) -> Told:
    """An entry in words."""
    about = (entry.subject if entry.subject != license.key else "", audit_words.remark(entry))
    changes = [] if entry.action in SAYING_ALL else audit_words.changed_fields(entry)
    return Told(
        at(entry.created_at),
        audit_words.title(entry),
        " · ".join(filter(None, about)),
        entry.actor,
        changes,
    )


# --- Machines and people ------------------------------------------------------------------------


def _machines(license: License, now: datetime) -> list[Machine]:
    """The newest machines, one more than the page shows."""
    asked = dict(
        SeatRequest.objects.filter(license=license, state=SeatRequest.State.OPEN)
        .order_by()
        .values_list("activation_id", "pk")
    )
    return [
        Machine(
            id=str(each.pk),
            name=str(each),
            system=" ".join(filter(None, (each.get_os_display(), each.os_version))),
            kind=_("offline") if each.offline else _("online"),
            seen=relative(each.last_synced_at, now),
            seen_at=at(each.last_synced_at),
            request=str(asked.get(each.pk, "")),
        )
        for each in Activation.objects.filter(license=license)[: MOST_MACHINES + 1]
    ]


def _all_machines(license: License) -> str:
    return reverse("admin:licenses_activation_changelist", query={"license": str(license.pk)})


def _people(license: License) -> list[User]:
    """Whom the licence is shared with, one more than the page shows."""
    shared = license.license_users.select_related("user").order_by("user__email")
    return [each.user for each in shared[: MOST_PEOPLE + 1]]


# --- What there is to know ----------------------------------------------------------------------


def _for_customer(license: License) -> list[Fact]:
    """What the customer reads beside the terms; `portal/licenses` shows it."""
    fields = ("name", "order_number", "renewal_url", "notes")
    meters = (
        Fact("meter", each.name, _uses(each.total_uses, each.allowed_uses))
        for each in license.meter_attributes.all()
        if each.visible
    )
    return [*_typed(license, fields), *meters]


def _uses(used: int, allowed: int) -> str:
    if allowed < 0:
        return _("%(used)d used, no limit") % {"used": used}
    return _("%(used)d of %(allowed)d used") % {"used": used, "allowed": allowed}


def _internal(license: License) -> list[Fact]:
    return _typed(license, ("internal_notes",))


def _tags(request: HttpRequest, license: License) -> list[Fact]:
    """For who may read tags."""
    names = names_of(license) if request.user.has_perm(READ_TAGS) else []
    return [Fact("tags", _label(License, "tags"), ", ".join(names))] if names else []


def _values(metadata: Iterable[LicenseMetadata], *, visible: bool) -> list[Fact]:
    """The metadata that the customer reads, or that he does not."""
    return [Fact("metadata", each.key, each.value) for each in metadata if each.visible is visible]


def _typed(license: License, names: Iterable[str]) -> list[Fact]:
    """The fields in which something was typed."""
    return [
        Fact(name, _label(License, name), text)
        for name in names
        if (text := getattr(license, name))
    ]


def _terms(request: HttpRequest, license: License) -> list[Fact]:
    """What the licence allows, in plain words."""
    policy, product = license.policy, license.product
    facts = [
        Fact("product", _label(License, "product"), str(product), link_to(request, product)),
        _product_version(request, license),
        Fact("policy", _label(License, "policy"), str(policy), link_to(request, policy))
        if policy
        else None,
        Fact("type", _label(License, "type"), words.type_text(license)),
        Fact("valid_for", _("Validity"), words.validity_text(license)),
        Fact("expires", _("Expires"), _unsaid_end(license)),
        Fact("counted_from", _("Renewals counted from"), words.counted_from(license)),
        Fact("first_activated_at", _("First activated"), _day_of(license.first_activated_at)),
        Fact("allow_vm_activation", _("May run on"), _runs_on(license)),
        *_places(license),
        _maintenance(request, license),
        Fact("maintenance_ends", _("Maintenance ends"), words.maintenance_text(license)),
        Fact(
            "max_allowed_release_version",
            _("Highest version"),
            license.max_allowed_release_version,
        ),
        Fact("created_at", _("Created"), _day_of(license.created_at)),
    ]
    return [fact for fact in facts if fact and fact.text]


def _product_version(request: HttpRequest, license: License) -> Fact | None:
    """Its product version, and the features that are on."""
    version = license.product_version
    if version is None:
        return None
    text = words.version_text(version, features_of(version.pk))
    label = _label(License, "product_version")
    return Fact("product_version", label, text, link_to(request, version))


def _unsaid_seats(license: License) -> str:
    """How many machines use a licence whose state says something else."""
    if license.standing.status not in STOPPED_BY:
        return ""
    return in_use(license.total_activations, license.allowed_activations)


def _unsaid_end(license: License) -> str:
    """The end of a licence whose state says something else."""
    end = license.end
    return words.end_text(end) if end and license.standing.status in STOPPED_BY else ""


def _maintenance(request: HttpRequest, license: License) -> Fact:
    policy = license.maintenance_policy
    if policy is None:
        return Fact("maintenance_policy", _("New versions"), _("All of them"))
    brings = f"{policy}: {versions_of(policy)}"
    return Fact("maintenance_policy", _("Maintenance"), brings, link_to(request, policy))


def _runs_on(license: License) -> str:
    """On which computers beside real ones."""
    machines, containers = license.allow_vm_activation, license.allow_container_activation
    return {
        (True, True): _("Computers, virtual machines and containers"),
        (True, False): _("Computers and virtual machines, not in containers"),
        (False, True): _("Computers and containers, not on virtual machines"),
        (False, False): _("Computers alone: no virtual machines, no containers"),
    }[machines, containers]


def _places(license: License) -> list[Fact]:
    """Where and for whom it may be activated, as far as that is said."""
    told = {name: getattr(license, name) for name in WHERE}
    lists = {name: ", ".join(value) for name, value in told.items() if isinstance(value, list)}
    flags = ("user_locked", "require_authentication", "disable_geo_location")
    texts = lists | {name: _("yes") for name in flags if told[name]}
    return [Fact(name, _label(License, name), text) for name, text in texts.items()]


def _for_program(license: License) -> list[Fact]:
    """What the vendor's program is told in its token."""
    none = {"server_sync_grace_period": _("No limit"), "lease_duration": _("No lease")}
    lengths = (
        "server_sync_interval",
        "server_sync_grace_period",
        "allowed_clock_offset",
        "lease_duration",
    )
    facts = [
        Fact(
            "fingerprint_matching_strategy",
            _label(License, "fingerprint_matching_strategy"),
            license.get_fingerprint_matching_strategy_display(),
        )
    ]
    for name in lengths:
        value = getattr(license, name)
        text = in_words(of_seconds(value)) if value else none.get(name, _("None"))
        facts.append(Fact(name, _label(License, name), text))
    return facts


def _day_of(moment: datetime | None) -> str:
    return day(timezone.localdate(moment)) if moment else ""


def _label(model: Any, name: str) -> str:
    label = str(model._meta.get_field(name).verbose_name)
    return label[:1].upper() + label[1:]


def link_to(request: HttpRequest, row: Any) -> str:
    """The row's page, for who may look at it."""
    app, model = row._meta.app_label, row._meta.model_name
    if not request.user.has_perm(f"{app}.view_{model}"):
        return ""
    return reverse(f"admin:{app}_{model}_change", args=[row.pk])
