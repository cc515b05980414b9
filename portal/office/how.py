"""How the installation is, for operators: what waits, who works, how each chore went the last time,
and at which vendors something fails."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backoffice import charts
from branding.models import CustomDomain
from jobs.chores import CHORES, LABELS, Rhythm
from jobs.models import ChoreTurn, SeenWorker
from portal import VERSION
from portal.office.needs import needs_of_vendors
from portal.office.vendor_page import Line
from portal.seeing import facts, numbers
from portal.seeing.readiness import LATE
from tenancy.door import Way, outside
from tenancy.models import Vendor
from tenancy.table import every_vendor
from web.moments import at

RIGHT = "tenancy.view_vendor"
SOON = timedelta(days=21)  # a certificate is renewed before: 30 days are usual
SHOWN = 50  # certificates
UNITS = {"s": 1, "min": 60, "h": 3600}  # seconds
EXACTLY, ENOUGH = 10, 120  # seconds that are told exactly; of a unit, before the next one is told
LATE_ROUNDS = 3  # a chore that is due for so many rounds, and a minute, waits for a worker

E_MAILS: Mapping[str, Promise] = {
    "emails.queued": gettext_lazy("E-mails queued"),
    "emails.sending": gettext_lazy("E-mails being sent"),
    "emails.handed-over": gettext_lazy("E-mails handed over, without a reply yet"),
}
FAILING: Mapping[str, Promise] = {
    "failing-emails": gettext_lazy("E-mails refused twice that are tried again"),
    "emails.failed": gettext_lazy("E-mails that failed in 30 days"),
}
EVENTS: Mapping[str, Promise] = {
    "events.queued": gettext_lazy("Events queued for webhooks"),
    "events.sending": gettext_lazy("Events being sent"),
}
WEBHOOKS: Mapping[str, Promise] = {
    "switched-off-webhooks": gettext_lazy("Webhooks switched off, since nothing arrived"),
    "domains.failing": gettext_lazy("Custom domains that fail"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A chore: what it does, how often, how it went; `state` only where something is wrong."""

    title: str
    often: str
    last: str
    seconds: str
    said: str
    next: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Of a custom domain: one that ends soon, or can't be read."""

    domain: str
    vendor: str
    url: str
    text: str


def how_view(request: Any, frame: dict[str, Any]) -> HttpResponse:
    """The page."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    now = timezone.now()
    context = {
        **frame,
        "title": _("How is it"),
        "parts": parts(),
        "waiting": waiting(),
        "workers": [_worker(each, now) for each in facts.workers()],
        "chores": chores(now),
        "needs": needs_of_vendors(now),
        "certificates": certificates(now),
    }
    return render(request, "portal/admin/how.html", context)


def parts() -> list[Line]:
    """Version, database, files, Redis where it is set."""
    missing = facts.missing_migrations()
    storage = facts.can_store()
    redis = facts.redis_answers()
    told = [
        Line(_("Version"), VERSION),
        Line(_("Database"), filesizeformat(facts.database_bytes())),
        Line(
            _("Migrations"),
            _("Missing: %(names)s") % {"names": ", ".join(missing)} if missing else _("All there"),
            bool(missing),
        ),
        Line(
            _("Folder for release files"),
            _("Can be written to") if storage else _("Can’t be written to"),
            not storage,
        ),
    ]
    if redis is not None:
        counts = _("Counts calls of the Web API")
        away = _("Can’t be used: calls of the Web API are counted in the database")
        told.append(Line(_("Redis"), counts if redis else away, not redis))
    return told


def waiting() -> list[Line]:
    """The queue as it is, and what a worker has counted within the last minute."""
    queue, counted = facts.queue(), numbers.kept()
    depth = charts.grouped(queue.waiting) + ("+" if queue.waiting >= facts.MOST else "")
    lines = [
        Line(_("Jobs that wait"), depth),
        Line(_("The first of them waits for"), in_words(queue.seconds), queue.seconds > LATE),
        Line(_("Jobs being done"), charts.grouped(queue.running)),
    ]
    for named, is_wrong in ((E_MAILS, False), (EVENTS, False), (FAILING, True), (WEBHOOKS, True)):
        lines += [
            Line(str(label), charts.grouped(counted[name]), is_wrong and counted[name] > 0)
            for name, label in named.items()
            if name in counted
        ]
    return lines


def chores(now: datetime) -> list[Row]:
    """Each of them, in the order of how often they are done."""
    turns = {turn.name: turn for turn in ChoreTurn.objects.all()}
    order = list(Rhythm)
    found = sorted(CHORES.values(), key=lambda chore: order.index(chore.rhythm))
    return [
        _row(str(chore.title), str(LABELS[chore.rhythm]), turns.get(chore.name), now)
        for chore in found
    ]


def _row(title: str, often: str, turn: ChoreTurn | None, now: datetime) -> Row:
    if turn is None:
        return Row(title, often, _("Never"), "", "", "", _("Waits for a worker"))
    return Row(
        title,
        often,
        at(turn.started_at) if turn.ended_at and turn.started_at else _("Never"),
        in_words(turn.seconds) if turn.seconds is not None else "",
        turn.said,
        at(turn.due_at),
        _state(turn, now),
    )


def _state(turn: ChoreTurn, now: datetime) -> str:
    if turn.claimed_until and turn.claimed_until > now and turn.started_at:
        return _("Being done for %(time)s") % {
            "time": in_words((now - turn.started_at).total_seconds())
        }
    if turn.failed:
        return _("Failed")
    late = timedelta(seconds=LATE_ROUNDS * Rhythm.ROUND.seconds + 60)
    return _("Waits for a worker") if turn.due_at < now - late else ""


def _worker(worker: SeenWorker, now: datetime) -> Line:
    name = _("%(machine)s, process %(process)s") % {
        "machine": worker.machine,
        "process": worker.process,
    }
    ago = in_words((now - worker.seen_at).total_seconds())
    since = at(worker.started_at)
    return Line(name, _("Seen %(ago)s ago, since %(since)s") % {"ago": ago, "since": since})


def certificates(now: datetime) -> list[Certificate]:
    """Those of domains that are served that end soon, or that can't be read, the first first."""
    vendors = {vendor.pk: vendor for vendor in every_vendor()}
    with outside(Way.DOMAINS, "Only of which domains certificates end or can't be read gets out."):
        seen = CustomDomain.objects.filter(
            vendor__in=vendors, verified_at__isnull=False, certificate_looked_at__isnull=False
        )
        ending = seen.filter(certificate_ends_at__lt=now + SOON)
        unread = seen.exclude(certificate_fault="")
        found = list((ending | unread).order_by("certificate_ends_at", "name")[:SHOWN])
    return [_certificate(domain, vendors, now) for domain in found]


def _certificate(
    domain: CustomDomain, vendors: Mapping[UUID, Vendor], now: datetime
) -> Certificate:
    told = []
    if domain.certificate_ends_at:
        days = (domain.certificate_ends_at - now).days
        ends = at(domain.certificate_ends_at)
        told.append(
            _("Ended on %(when)s") % {"when": ends}
            if domain.certificate_ends_at <= now
            else ngettext("Ends in %(n)d day", "Ends in %(n)d days", days) % {"n": days}
        )
    if domain.certificate_fault:
        told.append(str(domain.get_certificate_fault_display()))
    vendor = vendors[domain.vendor_id]
    url = reverse("admin:tenancy_vendor_change", args=[vendor.pk])
    return Certificate(str(domain), vendor.name, url, "; ".join(told))


def in_words(seconds: float) -> str:
    """A length of time, as exactly as one wants to know it."""
    if seconds < EXACTLY:
        return _("%(n).2f s") % {"n": seconds}
    for unit, text in (("s", _("%(n)d s")), ("min", _("%(n)d min"))):
        if seconds < ENOUGH * UNITS[unit]:
            return text % {"n": seconds // UNITS[unit]}
    return _("%(n)d h") % {"n": seconds // UNITS["h"]}
