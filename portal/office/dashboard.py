"""What the back office's first page says of a vendor: what needs somebody, first steps, and numbers
as charts.

Numbers that take long are kept for a while, in proportion to what they took, and the page says as
of when they are. A vendor whose numbers are quick always sees the present. When kept numbers have
had their time, one visitor counts anew, and whoever comes meanwhile still gets the old ones.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from backoffice import charts
from backoffice.charts import Bar
from licenses.models import OperatingSystem
from licenses.statistics import (
    DAYS,
    HORIZONS,
    NEXT_MONTH,
    Machines,
    PerDay,
    Standings,
    activations_per_day,
    machines,
    standings,
)
from licenses.status import Status
from licenses.words import NAMES, within
from portal.office import needs
from portal.office.first_steps import first_steps
from portal.office.needs import Waiting, needs_of, needs_of_vendors
from releases.statistics import TopFiles, downloads_per_day, top_files
from tenancy.hosts import vendor_url
from tenancy.models import Vendor
from tenancy.replica import from_replica
from tenancy.table import vendors_by_status
from web.moments import at

QUICK = 0.1  # seconds: what takes less is never kept
KEPT_PER_SECOND = 50  # seconds for each second that it took
KEPT_AT_MOST = 600  # seconds
OLD_FOR = 60  # seconds: for how long old numbers are shown while somebody counts anew


@dataclass(frozen=True, slots=True)
class Numbers:
    """Everything that the page counts, as of one moment."""

    at: datetime
    standings: Standings
    machines: Machines
    activations: PerDay
    downloads: PerDay
    files: TopFiles
    waiting: Waiting

    @property
    def nothing(self) -> bool:
        """Whether there is nothing that a chart could show."""
        everything = (self.standings, self.machines, self.activations, self.downloads)
        return not any(each.total for each in everything)


@dataclass(frozen=True, slots=True)
class Card:
    """A part of the page: what it counts, how many there are, and charts of it."""

    name: str
    title: str
    figure: str
    caption: str
    charts: tuple[SafeString, ...]


def context(user: User) -> dict[str, Any]:
    """What templates/admin/index.html needs. An operator has no vendor, and gets the vendors."""
    now = timezone.now()
    if user.vendor is None:
        return {"needs": needs_of_vendors(now), "vendor_counts": vendor_counts()}
    numbers = numbers_of(user.vendor, now)
    return {
        "needs": needs_of(
            needs.with_requests(numbers.waiting), numbers.standings.expiring[HORIZONS[0]], user
        ),
        "steps": first_steps(user.vendor, user),
        "portal": vendor_url(user.vendor, "home"),
        "cards": [] if numbers.nothing else cards(numbers, user),
        "as_of": at(numbers.at),
    }


# --- Numbers ------------------------------------------------------------------------------------


def numbers_of(
    vendor: Vendor, now: datetime, clock: Callable[[], float] = time.perf_counter
) -> Numbers:
    """The vendor's numbers at `now`, or those that were kept. Runs in the vendor's scope."""
    # SECURITY: tests/portal/test_dashboard.py. The key names the vendor.
    key = f"overview:{vendor.pk}"
    kept: tuple[Numbers, datetime] | None = cache.get(key)
    if kept is None:
        return count_and_keep(key, now, clock)
    numbers, until = kept
    # The counter's mark has a time limit, for a process that ends while it counts.
    counter = f"{key}:counter"
    if now < until or not cache.add(counter, True, OLD_FOR):
        return numbers
    try:
        return count_and_keep(key, now, clock)
    finally:
        cache.delete(counter)


def count_and_keep(key: str, now: datetime, clock: Callable[[], float]) -> Numbers:
    """Counts everything anew, and keeps it under the key for a while if that took long. Of whoever
    has nothing yet nothing is kept: the first of everything is looked for at once."""
    start = clock()
    numbers = count(now)
    seconds = kept_for(clock() - start)
    if seconds and not numbers.nothing:
        cache.set(key, (numbers, now + timedelta(seconds=seconds)), seconds + OLD_FOR)
    else:
        cache.delete(key)
    return numbers


def kept_for(took: float) -> float:
    """For how many seconds numbers are kept that took so many seconds to count."""
    return 0 if took < QUICK else min(KEPT_AT_MOST, took * KEPT_PER_SECOND)


def count(now: datetime) -> Numbers:
    """Counts everything anew: what charts show by the replica, if there is one. What waits for
    somebody is done with at once, so that the primary is asked for it."""
    waiting = needs.count(now)
    return from_replica(lambda: _charted(now, waiting))


def _charted(now: datetime, waiting: Waiting) -> Numbers:
    downloads = downloads_per_day(now)
    return Numbers(
        at=now,
        standings=standings(now),
        machines=machines(),
        activations=activations_per_day(now),
        downloads=downloads,
        files=top_files(now, downloads.total),
        waiting=waiting,
    )


def vendor_counts() -> list[Bar]:
    """Vendors by status, for an operator."""
    counts = vendors_by_status()
    return [
        Bar(
            str(status.label),
            counts.get(status.value, 0),
            _list("tenancy_vendor", {"status__exact": status.value}),
        )
        for status in Vendor.Status
    ]


# --- Cards --------------------------------------------------------------------------------------


LICENSES, MACHINES, DOWNLOADS = (
    "licenses.view_license",
    "licenses.view_activation",
    "releases.view_download",
)


def cards(numbers: Numbers, user: User) -> list[Card]:
    """The parts of the page, in the order in which they are read: those of lists that the user may
    view."""
    parts = (
        (LICENSES, _licences(numbers.standings)),
        (LICENSES, _expiring(numbers.standings)),
        (MACHINES, _machines(numbers.machines)),
        (MACHINES, _platforms(numbers.machines)),
        (MACHINES, _activations(numbers.activations)),
        (MACHINES, _versions(numbers.machines)),
        (DOWNLOADS, _downloads(numbers.downloads)),
        (DOWNLOADS, _files(numbers.files, numbers.downloads.total)),
    )
    return [card for right, card in parts if user.has_perm(right)]


def _licences(counted: Standings) -> Card:
    title = _("Licences by status")
    rows = [
        Bar(str(NAMES[each]), counted.by_status[each], _list("licenses_license", {"status": each}))
        for each in reversed(Status)
    ]
    chart = charts.bars(title, rows, (_("Status"), _("Licences")), counted.total)
    caption = ngettext("licence", "licences", counted.total)
    return Card("status", title, charts.grouped(counted.total), caption, (chart,))


def _expiring(counted: Standings) -> Card:
    title = _("Licences that expire")
    rows = [
        *(
            Bar(within(days), counted.expiring[days], _list("licenses_license", {"expiring": days}))
            for days in HORIZONS
        ),
        Bar(
            _("Next month"), counted.next_month, _list("licenses_license", {"expiring": NEXT_MONTH})
        ),
    ]
    chart = charts.bars(title, rows, (_("When"), _("Licences")))
    soon = counted.expiring[HORIZONS[0]]
    caption = ngettext("within %(n)d day", "within %(n)d days", HORIZONS[0]) % {"n": HORIZONS[0]}
    return Card("expiring", title, charts.grouped(soon), caption, (chart,))


def _machines(counted: Machines) -> Card:
    title = _("Machines online and offline")
    online = Bar(_("Online"), counted.online, _machine_list({"offline__exact": 0}))
    offline = Bar(_("Offline"), counted.offline, _machine_list({"offline__exact": 1}))
    heads = (_("Activated"), _("Machines"))
    chart = charts.two_parts("machines", title, online, offline, heads)
    caption = ngettext("machine", "machines", counted.total)
    return Card(
        "machines", title, charts.grouped(counted.total), caption, _or_nothing(counted.total, chart)
    )


def _platforms(counted: Machines) -> Card:
    title = _("Operating systems")
    names = dict(OperatingSystem.choices)
    rows = [
        Bar(str(names.get(os, os)), n, _machine_list({"os__exact": os}))
        for os, n in counted.platforms.top
    ]
    rows += _other(counted.platforms.other)
    chart = charts.bars(title, rows, (_("Operating system"), _("Machines")), counted.total)
    return Card("platforms", title, "", "", _or_nothing(counted.total, chart))


def _versions(counted: Machines) -> Card:
    title = _("Versions in use")
    rows = [
        Bar(version, n, _machine_list({"app_version__exact": version}))
        if version
        else Bar(_("Not told"), n)
        for version, n in counted.versions.top
    ]
    rows += _other(counted.versions.other)
    chart = charts.bars(title, rows, (_("Version"), _("Machines")), counted.total)
    return Card("versions", title, "", "", _or_nothing(counted.total, chart))


def _activations(counted: PerDay) -> Card:
    title = _("Activations per day")
    chart = charts.per_day("activations", title, counted.days, _("Activations"))
    return Card("activations", title, *_in_all(counted), _or_nothing(counted.total, chart))


def _downloads(counted: PerDay) -> Card:
    title = _("Downloads per day")
    chart = charts.per_day("downloads", title, counted.days, _("Downloads"))
    return Card("downloads", title, *_in_all(counted), _or_nothing(counted.total, chart))


def _files(counted: TopFiles, total: int) -> Card:
    title = _("Most downloaded files")
    rows = [
        Bar(file.name, file.count, reverse("admin:releases_release_change", args=[file.release_id]))
        for file in counted.files
    ]
    rows += _other(counted.other)
    chart = charts.bars(title, rows, (_("File"), _("Downloads")), total)
    return Card("files", title, "", "", _or_nothing(total, chart))


def _in_all(counted: PerDay) -> tuple[str, str]:
    caption = ngettext("in the last %(n)d day", "in the last %(n)d days", DAYS) % {"n": DAYS}
    return charts.grouped(counted.total), caption


def _other(n: int) -> list[Bar]:
    return [Bar(_("Other"), n)] if n else []


def _or_nothing(total: int, chart: SafeString) -> tuple[SafeString, ...]:
    return (chart,) if total else ()


def _machine_list(query: dict[str, Any]) -> str:
    return _list("licenses_activation", query)


def _list(name: str, query: dict[str, Any]) -> str:
    return reverse(f"admin:{name}_changelist", query=query)
