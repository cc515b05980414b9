"""What waits for somebody at a vendor: how much of it there is, and the list of exactly that.

Runs in the vendor's scope.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import ngettext

from accounts.models import User
from backoffice import charts
from backoffice.pages import MOST_COUNTED, counted
from branding.models import CustomDomain
from licenses.models import SeatRequest
from licenses.statistics import HORIZONS
from mail.models import OutgoingEmail
from mail.recent import RECENT, recent


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many requests to release are open, e-mails of the last RECENT days failed, and domains
    fail; of each at most MOST_COUNTED + 1."""

    requests: int
    emails: int
    domains: int


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
            {"state__exact": OutgoingEmail.State.FAILED, "recent": RECENT}, waiting.emails,
            ngettext("e-mail that failed in %(n)d days", "e-mails that failed in %(n)d days",
                     waiting.emails) % {"n": RECENT},
        ),
        _Kind(
            "branding.customdomain", "globe", {"state__exact": CustomDomain.State.FAILING},
            waiting.domains,
            ngettext("domain that fails", "domains that fail", waiting.domains),
        ),
        _Kind(
            "licenses.license", "clock", {"expiring": soon}, expiring,
            ngettext("licence that ends within %(n)d days", "licences that end within %(n)d days",
                     expiring) % {"n": soon},
        ),
    )  # fmt: skip
    seen = [kind for kind in kinds if user.has_perm(kind.right)]
    return [kind.need for kind in seen if kind.number] if seen else None


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
