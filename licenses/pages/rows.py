"""What the pages show of a licence, a machine and an event: texts and numbers, ready to print."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.utils.translation import gettext as _

from audit import words as audit_words
from audit.models import AuditEntry
from licenses import words
from licenses.errors import LicensingError, OfflineMachineKeepsItsSeat
from licenses.history import WITHHELD, Event
from licenses.models import Activation, License, SeatRequest, Usable
from licenses.pages.listing import Listed
from licenses.status import Standing, Status
from licenses.verbs.activations import check_customer_may_deactivate
from licenses.verbs.releasing import may_release_own
from tenancy.models import Vendor
from web.links import path_to
from web.moments import Moment, moment
from web.remembered import remembered


@dataclass(frozen=True, slots=True)
class Seats:
    """Seats as numbers and words; `percent` is None for an unlimited licence."""

    used: int
    allowed: int | None
    text: str
    percent: int | None
    full: bool


@dataclass(frozen=True, slots=True)
class LicenseRow:
    """One licence in the list; `name` tells it apart from others of its product."""

    url: str
    key: str
    product: str
    name: str
    status: words.StatusText
    seats: Seats
    expires: words.EndText | None
    no_expiry: str
    next_step: str
    next_url: str


@dataclass(frozen=True, slots=True)
class MachineRow:
    """One machine on the licence's page; either `deactivate_url` or `no_deactivation` is set."""

    id: str
    name: str
    system: str
    app_version: str
    offline: bool
    activated: Moment | None
    last_seen: Moment | None
    expires: words.EndText | None
    lease_expires: Moment | None
    response_url: str
    response_until: Moment | None
    deactivate_url: str
    no_deactivation: str
    release_url: str
    asked: bool
    needs_file: bool
    own_release: bool
    set_up_anew: str


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request to release a machine, and what came of it."""

    machine: str
    reason: str
    asked: Moment | None
    is_open: bool
    state: str
    code: str
    icon: str
    answered: Moment | None
    answer: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """One line of the licence's history."""

    at: Moment | None
    title: str
    text: str
    actor: str


def called(license: License | Listed) -> str:
    """What tells a licence apart from others of its product: its name, else its order number or
    what else its customer reads of it; empty where there is nothing."""
    return license.name or license.order_number or license.note


def license_row(
    license: License | Listed, now: datetime, today: date, support: str = ""
) -> LicenseRow:
    """The licence in the list; its product is loaded. `today` is the vendor's, `support` where its
    support is asked (`support_of`)."""
    standing, url = license.standing, path_to("license", license.pk)
    step, next_url = next_step(license, standing, url, support)
    return LicenseRow(
        url=url,
        key=license.key,
        product=str(license.product),
        name=called(license),
        status=words.status_text(standing),
        seats=seats(license),
        expires=words.ending(license.end, now, today),
        no_expiry=words.no_expiry(license),
        next_step=step,
        next_url=next_url,
    )


def support_of(vendor: Vendor) -> str:
    """The address where the vendor's support is asked; empty where it has said none."""
    return vendor.support_url or (f"mailto:{vendor.support_email}" if vendor.support_email else "")


def seats(license: Usable) -> Seats:
    """How many seats are used of how many."""
    return _seats(license.total_activations, license.allowed_activations)


@remembered
def _seats(used: int, allowed: int) -> Seats:
    text = words.seats_text(used, allowed)
    if allowed <= 0:
        return Seats(used, None, text, None, full=False)
    return Seats(used, allowed, text, min(100, 100 * used // allowed), full=used >= allowed)


def next_step(
    license: License | Listed, standing: Standing, url: str, support: str
) -> tuple[str, str]:
    """The one thing that is worth doing next and the address where it is done; empty when there is
    none. Without an address of the vendor's it is the licence's page, which says more."""
    step = _next_step(standing.status, standing.usable, license.seats_left == 0)
    if step is Step.RENEW:
        return _("Renew it"), license.renewal_url or _about(support, license.key) or url
    if step is Step.ASK:
        return _("Ask support"), _about(support, license.key) or url
    if step is Step.FREE:
        return _("Free a seat"), f"{url}#machines"
    return "", ""


class Step(Enum):
    """What there is to do about a licence."""

    RENEW, ASK, FREE, NOTHING = range(4)


def _next_step(status: Status, usable: bool, full: bool) -> Step:
    if status in {Status.EXPIRED, Status.EXPIRING_SOON}:
        return Step.RENEW
    if not usable:
        return Step.ASK
    return Step.FREE if full else Step.NOTHING


def _about(support: str, key: str) -> str:
    """Support's address; of an e-mail with the key as its subject."""
    return f"{support}?subject={quote(key)}" if support.startswith("mailto:") else support


def machine_row(
    activation: Activation,
    license: License,
    now: datetime,
    today: date,
    asked: Collection[UUID] = (),
    *,
    left: int = 0,
) -> MachineRow:
    """The machine on its licence's page, with the way to deactivate it or the reason against and
    then the way to have it released; `asked` are the machines for which support has been asked,
    `left` how many the customer may still release without (`own_releases_left`)."""
    refusal = _refusal(license, activation)
    until = activation.offline_response_valid_until
    downloadable = activation.offline and until is not None and until > now
    return MachineRow(
        id=str(activation.pk),
        name=activation.hostname or _("Machine without a name"),
        system=f"{activation.get_os_display()} {activation.os_version}".strip(),
        app_version=activation.app_version,
        offline=activation.offline,
        activated=moment(activation.created_at, now),
        last_seen=moment(activation.last_synced_at, now),
        expires=words.ending(activation.end, now, today),
        lease_expires=moment(activation.lease_expires_at, now),
        response_url=path_to("offline_machine_response", activation.pk) if downloadable else "",
        response_until=moment(until, now) if downloadable else None,
        deactivate_url=""
        if refusal
        else path_to("activation_deactivate", license.pk, activation.pk),
        no_deactivation=refusal.sentence if refusal else "",
        release_url=path_to("activation_release", license.pk, activation.pk) if refusal else "",
        asked=activation.pk in asked,
        needs_file=isinstance(refusal, OfflineMachineKeepsItsSeat),
        own_release=bool(refusal) and may_release_own(license, activation, left),
        set_up_anew=words.replacements_text(activation, license, now)
        if activation.key_replacements(now)
        else "",
    )


def _refusal(license: License, activation: Activation) -> LicensingError | None:
    try:
        check_customer_may_deactivate(license, activation)
    except LicensingError as error:
        return error
    return None


def request_row(request: SeatRequest, now: datetime) -> RequestRow:
    """The request as its customer reads it."""
    code, icon, state = _request_states()[SeatRequest.State(request.state)]
    return RequestRow(
        machine=str(request),
        reason=request.reason,
        asked=moment(request.created_at, now),
        is_open=request.is_open,
        state=state,
        code=code,
        icon=icon,
        answered=moment(request.answered_at, now),
        answer=request.answer,
    )


def _request_states() -> dict[SeatRequest.State, tuple[str, str, str]]:
    """Of each state style, icon and words."""
    states = SeatRequest.State
    return {
        states.OPEN: ("waiting", "clock", _("Waiting for support")),
        states.RELEASED: ("active", "check", _("Released")),
        states.REFUSED: ("revoked", "cross", _("Refused")),
        states.NOT_NEEDED: ("ended", "check", _("No longer needed")),
    }


def event_row(entry: AuditEntry, now: datetime) -> EventRow:
    """The entry in the licence's history, as its customer sees it."""
    return EventRow(
        at=moment(entry.created_at, now),
        title=audit_words.title(entry),
        text=_event_text(entry),
        actor=entry.actor_for_customers,
    )


def _own_changes(entry: AuditEntry) -> dict[str, Any]:
    """The changes that the customer may see; none of those made as the licence changed hands,
    since their old values were another's."""
    if "user" in entry.changes:
        return {}
    return {name: pair for name, pair in entry.changes.items() if name not in WITHHELD}


def _event_text(entry: AuditEntry) -> str:
    details: dict[str, Any] = entry.details
    if "hostname" in details:
        name = details["hostname"] or _("Machine without a name")
        told = _("%(name)s, offline") % {"name": name} if details.get("offline") else str(name)
        return f"{told} · {details['reason']}" if details.get("reason") else told
    if entry.action in MOVED:
        return _end_told(entry.changes)
    if entry.action == Event.CHANGED:
        changed = audit_words.in_words(License, _own_changes(entry))
        if entry.subject_type != License._meta.label_lower:
            # Metadata may have been changed as the licence changed hands: the old is another's.
            return "; ".join(f"{field}: {new}" for field, _old, new in changed)
        return "; ".join(
            _("%(field)s: %(old)s → %(new)s") % {"field": field, "old": old, "new": new}
            for field, old, new in changed
        )
    return ""


MOVED = {Event.RENEWED, Event.EXTENDED, Event.LAST_DAY_SET, Event.MAINTENANCE_RENEWED}


def _end_told(changes: dict[str, Any]) -> str:
    """The end that an entry tells of: a day, or a moment where there is none."""
    told = audit_words.in_words(License, changes)
    return _("Valid until %(date)s") % {"date": told[0][2]} if told else ""
