"""What waits for somebody at a vendor: how much of it there is, and the list of exactly that.

Runs in the vendor's scope, but for what operators are told: at which vendors something fails.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.translation import ngettext

from accounts.models import User
from backoffice import charts
from backoffice.pages import MOST_COUNTED, counted
from branding.models import CustomDomain
from licenses.models import SeatRequest
from licenses.statistics import HORIZONS
from mail.models import OutgoingEmail
from mail.recent import RECENT, first_day, recent
from tenancy.door import Way, outside
from tenancy.table import every_vendor
from webhooks.models import Webhook

MOST_VENDORS = 50  # that an operator is told of


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many requests to release are open, e-mails failed `since` RECENT days, domains fail, and
    webhooks were switched off because nothing arrived; of each at most MOST_COUNTED + 1."""

    requests: int
    emails: int
    domains: int
    webhooks: int
    since: date


@dataclass(frozen=True, slots=True)
class Need:
    """So many of something, and the list of them."""

    icon: str  # its name in static/icons.svg
    number: str
    text: str
    url: str


def count(now: datetime) -> Waiting:
    """What waits, at `now`."""
    # In the order of an index, by which older e-mails, and another vendor's, need not be read.
    failed = recent(OutgoingEmail.objects.all(), now)
    return Waiting(
        requests=_open_requests(),
        emails=counted(failed.filter(state=OutgoingEmail.State.FAILED)),
        domains=counted(CustomDomain.objects.order_by().filter(state=CustomDomain.State.FAILING)),
        webhooks=counted(Webhook.objects.order_by().filter(active=False).exclude(switched_off="")),
        since=first_day(now),
    )


def with_requests(waiting: Waiting) -> Waiting:
    """The same with the requests counted now: whoever has just answered the last one reads it."""
    return replace(waiting, requests=_open_requests())


def _open_requests() -> int:
    return counted(SeatRequest.objects.order_by().filter(state=SeatRequest.State.OPEN))


def needs_of(waiting: Waiting, expiring: int, user: User) -> list[Need] | None:
    """What needs somebody, of the lists that the person may view, and what there is none of left
    out; `expiring` are the licences that end within the nearest of HORIZONS. None for who may view
    none of these lists."""
    soon = HORIZONS[0]
    kinds = (
        _Kind(
            "licenses.seatrequest", "help", {"state__exact": SeatRequest.State.OPEN},
            waiting.requests,
            ngettext("request to release a machine", "requests to release a machine",
                     waiting.requests),
        ),
        _Kind(
            "mail.outgoingemail", "mail",
            {"state__exact": OutgoingEmail.State.FAILED, "created_at__from": waiting.since},
            waiting.emails,
            ngettext("e-mail that failed in %(n)d days", "e-mails that failed in %(n)d days",
                     waiting.emails) % {"n": RECENT},
        ),
        _Kind(
            "branding.customdomain", "globe", {"state__exact": CustomDomain.State.FAILING},
            waiting.domains,
            ngettext("domain that fails", "domains that fail", waiting.domains),
        ),
        _Kind(
            "webhooks.webhook", "plug", {"standing": "switched-off"}, waiting.webhooks,
            ngettext("webhook that was switched off", "webhooks that were switched off",
                     waiting.webhooks),
        ),
        _Kind(
            "licenses.license", "clock", {"expiring": soon}, expiring,
            ngettext("licence that ends within %(n)d days", "licences that end within %(n)d days",
                     expiring) % {"n": soon},
        ),
    )  # fmt: skip
    seen = [kind for kind in kinds if user.has_perm(kind.right)]
    return [kind.need for kind in seen if kind.number] if seen else None


def needs_of_vendors(now: datetime) -> list[Need]:
    """For an operator: at which vendors e-mails of the last RECENT days failed, at `now`, and at
    which domains fail, most first, MOST_VENDORS of each; each leads to the vendor's page."""
    vendors = {vendor.pk: vendor for vendor in every_vendor()}
    with outside(Way.EMAILS, "Only at which vendors e-mails failed, and how many, gets out."):
        failed = OutgoingEmail.objects.filter(state=OutgoingEmail.State.FAILED)
        emails = _by_vendor(recent(failed, now), vendors)
    with outside(Way.DOMAINS, "Only at which vendors domains fail, and how many, gets out."):
        failing = CustomDomain.objects.filter(state=CustomDomain.State.FAILING)
        domains = _by_vendor(failing, vendors)

    def need(icon: str, number: int, text: str, vendor: UUID) -> Need:
        url = reverse("admin:tenancy_vendor_change", args=[vendor])
        told = text % {"vendor": vendors[vendor], "n": RECENT}
        return Need(icon, charts.grouped(number), told, url)

    return [
        *(need("mail", n, ngettext("e-mail of %(vendor)s failed in %(n)d days",
                                   "e-mails of %(vendor)s failed in %(n)d days", n), vendor)
          for vendor, n in emails.items()),
        *(need("globe", n, ngettext("domain of %(vendor)s fails",
                                    "domains of %(vendor)s fail", n), vendor)
          for vendor, n in domains.items()),
    ]  # fmt: skip


def _by_vendor(rows: QuerySet[Any], vendors: Collection[UUID]) -> dict[UUID, int]:
    """How many of the rows those of the vendors have that have most of them."""
    counts = rows.filter(vendor__in=vendors).order_by().values_list("vendor").annotate(n=Count("*"))
    return dict(counts.order_by("-n", "vendor")[:MOST_VENDORS])


@dataclass(frozen=True, slots=True)
class _Kind:
    model: str  # `<app>.<model>`
    icon: str
    query: Mapping[str, Any]
    number: int
    text: str

    @property
    def right(self) -> str:
        return self.model.replace(".", ".view_")

    @property
    def need(self) -> Need:
        url = reverse(f"admin:{self.model.replace('.', '_')}_changelist", query=self.query)
        many = self.number > MOST_COUNTED
        number = charts.grouped(min(self.number, MOST_COUNTED)) + ("+" if many else "")
        return Need(self.icon, number, self.text, url)
