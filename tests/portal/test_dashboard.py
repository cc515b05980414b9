"""The back office's first page: how things are at a glance, for whom, and how old."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from unittest.mock import Mock

import pytest
from django.core.cache import cache
from django.utils import timezone
from time_machine import Traveller

from accounts.verbs.vendors import begin_vendor
from audit import trail
from audit.models import AuditEntry
from licenses.models import Activation, License
from licenses.verbs.licenses import create_license, suspend
from portal.office import dashboard
from portal.office.dashboard import Numbers
from releases.models import Download
from tenancy.door import inside
from tenancy.models import Vendor
from tests.conftest import NOW
from tests.world import Browser, World, file_of, fingerprint, release, signed_in

pytestmark = pytest.mark.by_database


# Session, vendor and person, six that count (files take two), three for what waits, one for the
# requests that wait now, and one for the first steps.
QUERIES = 14
SECRET = "6.6.6-of-globex-only"


def page(browser: Browser, *, kept: bool = False) -> str:
    """The first page; a slow machine's kept numbers are thrown away unless they are wanted."""
    if not kept:
        cache.clear()
    response = browser.get("/")
    assert response.status_code == 200
    return response.content.decode()


def figures(browser: Browser, *, kept: bool = False) -> dict[str, str]:
    """The big number of each card."""
    if not kept:
        cache.clear()
    return {card.name: card.figure for card in browser.get("/").context["cards"] if card.figure}


def grow(world: World, number: int) -> None:
    """So many more licences, machines of a version of their own, activations and downloads."""
    for _ in range(number):
        license = create_license(product=world.orbit, user=world.ada, subscription_interval="P1D")
        Activation.objects.create(
            vendor=world.acme,
            license=license,
            fingerprint=fingerprint(license.key),
            os="macos",
            app_version=f"5.{number}",
            last_synced_at=timezone.now(),
        )
        trail.record("activated", license, license_id=license.pk)
        made = release(world.spectra, f"2.{Download.objects.count()}.0")
        download(world, made)


def download(world: World, made: Any) -> None:
    Download.objects.create(
        vendor_id=made.vendor_id,
        file=file_of(made),
        first_byte=0,
        bytes_asked=1,
        complete=True,
        counted=True,
    )


# --- Who sees what ------------------------------------------------------------------------------


@pytest.mark.parametrize("person", ["acme_admin", "acme_support"])
def test_staff_see_their_vendors_numbers(world: World, person: str) -> None:
    with inside(world.acme):
        activated = AuditEntry.objects.filter(action="activated").count()
        suspend(world.ada_license)
        trail.record("activated", world.ada_license)
        download(world, world.orbit_release)
    browser = signed_in(getattr(world, person))
    assert figures(browser) == {
        "status": "2",
        "expiring": "0",
        "machines": "2",
        "activations": str(activated + 1),
        "downloads": "1",
    }
    text = page(browser)
    assert "<title>Overview · Acme Instruments</title>" in text
    assert "<h1>Overview</h1>" in text
    assert 'href="/licenses/license/?status=suspended"' in text
    assert "Counted on 24 November 2026, 12:00 UTC." in text


def test_another_vendors_numbers_stay_there(world: World) -> None:
    browser = signed_in(world.acme_admin)
    before = figures(browser)
    with inside(world.globex):
        Activation.objects.filter(pk=world.bob_machine.pk).update(app_version=SECRET, os="ios")
        create_license(product=world.quill, user=world.bob, subscription_interval="P1D")
        trail.record("activated", world.bob_license)
        download(world, world.quill_release)
    assert figures(browser) == before
    text = page(browser)
    for theirs in (SECRET, "iOS", "Globex", "quill-1.2.0.bin"):
        assert theirs not in text
    assert SECRET in page(signed_in(world.globex_admin))


def test_an_operator_sees_vendors_and_nothing_of_theirs(world: World) -> None:
    begin_vendor(Vendor(company_id="gone", name="Gone", status="inactive"))
    browser = signed_in(world.operator)
    response = browser.get("/")
    assert [(row.label, row.value) for row in response.context["vendor_counts"]] == [
        ("Open", 2),
        ("Suspended", 1),
    ]
    assert "cards" not in response.context
    assert "Licences by status" not in response.content.decode()
    assert browser.get("/tenancy/vendor/?status__exact=inactive").status_code == 200


def test_a_visitor_is_sent_to_sign_in(world: World) -> None:
    assert Browser("app").get("/").status_code == 302


# --- The page -----------------------------------------------------------------------------------


def test_the_number_of_queries_does_not_grow(world: World, django_assert_num_queries: Any) -> None:
    browser = signed_in(world.acme_admin)
    with inside(world.acme):
        grow(world, 1)
    page(browser)
    with django_assert_num_queries(QUERIES):
        page(browser)
    with inside(world.acme):
        grow(world, 3)
    with django_assert_num_queries(QUERIES):
        page(browser)


def test_what_machines_tell_is_escaped(world: World) -> None:
    with inside(world.acme):
        Activation.objects.update(app_version="<script>alert(1)</script>")
    text = page(signed_in(world.acme_admin))
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_every_link_leads_to_a_page(world: World) -> None:
    browser = signed_in(world.acme_admin)
    with inside(world.acme):
        grow(world, 1)
        Activation.objects.filter(pk=world.ada_machine.pk).update(app_version="4 & 5?a=b#c")
    links = set(re.findall(r'<a class="name" href="([^"]*)"', page(browser)))
    assert len(links) >= 15
    for link in links:
        assert browser.get(unescape(link)).status_code == 200, link


def test_a_version_leads_to_its_machines(world: World) -> None:
    with inside(world.acme):
        Activation.objects.filter(pk=world.ada_machine.pk).update(app_version="4 & 5?a=b#c")
    found = signed_in(world.acme_admin).get(
        "/licenses/activation/", {"app_version__exact": "4 & 5?a=b#c"}
    )
    assert [row.pk for row in found.context["cl"].result_list] == [world.ada_machine.pk]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status=suspended", ["ada"]),
        ("status=active", ["grace"]),
        ("status=revoked", []),
        ("expiring=30", []),
        ("expiring=60", ["grace"]),
    ],
)
def test_the_list_of_licences_can_be_narrowed(
    world: World, query: str, expected: list[str]
) -> None:
    with inside(world.acme):
        suspend(world.ada_license)
        License.objects.update(expires_at=NOW + timedelta(days=40))
    found = signed_in(world.acme_admin).get(f"/licenses/license/?{query}")
    assert found.status_code == 200
    names = [row.user.email.partition("@")[0] for row in found.context["cl"].result_list]
    assert names == expected


@pytest.mark.parametrize("query", ["status=better", "status=", "expiring=31", "expiring=x"])
def test_a_filter_that_does_not_exist_is_dropped(world: World, query: str) -> None:
    response = signed_in(world.acme_admin).get(f"/licenses/license/?{query}")
    assert response.status_code == 302
    assert response["Location"] == "/licenses/license/?e=1"


# --- Numbers that are kept ----------------------------------------------------------------------


def clock(took: float) -> Callable[[], float]:
    """A clock that has moved by so many seconds when it is read again."""
    times = iter([100.0, 100.0 + took])
    return lambda: next(times)


def numbers(vendor: Vendor, took: float) -> Numbers:
    with inside(vendor):
        return dashboard.numbers_of(vendor, timezone.now(), clock(took))


@pytest.mark.parametrize(
    ("took", "kept"), [(0.0, 0), (0.099, 0), (0.1, 5), (2.0, 100), (12.0, 600), (90.0, 600)]
)
def test_numbers_are_kept_in_proportion_to_what_they_took(took: float, kept: float) -> None:
    assert dashboard.kept_for(took) == pytest.approx(kept)


def test_quick_numbers_are_always_of_the_present(world: World, frozen_time: Traveller) -> None:
    assert numbers(world.acme, 0.09).at == NOW
    frozen_time.shift(1)
    assert numbers(world.acme, 0.09).at == NOW + timedelta(seconds=1)


def test_slow_numbers_are_kept_and_the_page_says_as_of_when(
    world: World, frozen_time: Traveller
) -> None:
    browser = signed_in(world.acme_admin)
    assert numbers(world.acme, 6.0).standings.total == 2
    with inside(world.acme):
        create_license(product=world.orbit, user=world.ada)
    frozen_time.shift(299)
    text = page(browser, kept=True)
    assert "Counted on 24 November 2026, 12:00 UTC." in text
    assert figures(browser, kept=True)["status"] == "2"
    frozen_time.shift(2)
    assert "Counted on 24 November 2026, 12:05 UTC." in page(browser, kept=True)
    assert figures(browser, kept=True)["status"] == "3"


def test_kept_numbers_are_the_vendors_own(world: World) -> None:
    with inside(world.acme):
        create_license(product=world.orbit, user=world.ada)
    assert numbers(world.acme, 6.0).standings.total == 3
    assert numbers(world.globex, 6.0).standings.total == 2
    assert figures(signed_in(world.globex_admin), kept=True)["status"] == "2"
    assert figures(signed_in(world.acme_admin), kept=True)["status"] == "3"
    cache.delete(f"overview:{world.acme.pk}")
    kept, _until = cache.get(f"overview:{world.globex.pk}")
    assert kept.standings.total == 2


def test_while_somebody_counts_anew_the_others_get_the_old_numbers(
    world: World, frozen_time: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert numbers(world.acme, 2.0).at == NOW
    frozen_time.shift(101)
    count, counting = dashboard.count, []

    def slow(now: datetime) -> Numbers:
        counting.append(now)
        with ThreadPoolExecutor(4) as pool:  # they come while this one counts
            others = list(pool.map(lambda _: numbers(world.acme, 2.0), range(4)))
        assert {other.at for other in others} == {NOW}
        return count(now)

    monkeypatch.setattr(dashboard, "count", slow)
    later = NOW + timedelta(seconds=101)
    assert numbers(world.acme, 2.0).at == later
    assert counting == [later]
    assert numbers(world.acme, 2.0).at == later


def test_who_fails_to_count_leaves_it_to_the_next(
    world: World, frozen_time: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers(world.acme, 2.0)
    frozen_time.shift(101)
    with monkeypatch.context() as patch:
        patch.setattr(dashboard, "count", Mock(side_effect=ZeroDivisionError))
        with pytest.raises(ZeroDivisionError):
            numbers(world.acme, 2.0)
    assert numbers(world.acme, 2.0).at == NOW + timedelta(seconds=101)


def test_who_never_ends_is_waited_for_only_so_long(world: World, frozen_time: Traveller) -> None:
    numbers(world.acme, 12.0)
    frozen_time.shift(601)
    assert cache.add(f"overview:{world.acme.pk}:counter", True, dashboard.OLD_FOR)
    assert numbers(world.acme, 12.0).at == NOW
    frozen_time.shift(dashboard.OLD_FOR)
    assert numbers(world.acme, 12.0).at == NOW + timedelta(seconds=601 + dashboard.OLD_FOR)


def test_numbers_that_became_quick_are_no_longer_kept(world: World, frozen_time: Traveller) -> None:
    numbers(world.acme, 2.0)
    frozen_time.shift(101)
    assert numbers(world.acme, 0.0).at == NOW + timedelta(seconds=101)
    frozen_time.shift(1)
    assert numbers(world.acme, 0.0).at == NOW + timedelta(seconds=102)
