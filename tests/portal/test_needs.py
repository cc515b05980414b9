"""The overview begins with what needs somebody, and each number leads to exactly that."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Role, User
from branding.domains.verbs import claim
from branding.models import CustomDomain
from licenses.models import License, SeatRequest
from licenses.verbs.releasing import refuse
from mail.models import OutgoingEmail
from portal.office import dashboard
from tenancy.door import inside
from tests.world import Browser, World, signed_in

pytestmark = pytest.mark.by_database


def needs(browser: Browser) -> dict[str, str]:
    """The numbers and where they lead."""
    cache.clear()
    found = browser.get("/").context["needs"]
    return {need.url: need.number for need in found}


def ask(world: World, **fields: Any) -> None:
    SeatRequest.objects.create(
        vendor=world.acme, license=world.ada_license, owner=world.ada, user=world.ada,
        hostname="ada-laptop", reason="It broke", **fields,
    )  # fmt: skip


def email(world: World, *, days: int = 0, state: str = "failed") -> None:
    made = OutgoingEmail.objects.create(
        vendor=world.acme, kind="license", recipient="ada@example.com", state=state
    )
    long_ago = timezone.now() - timedelta(days=days)
    OutgoingEmail.objects.filter(pk=made.pk).update(created_at=long_ago)


@pytest.fixture
def waiting(world: World) -> World:
    """Acme, where something of each kind waits, and something does no more."""
    with inside(world.acme):
        ask(world, activation_id=world.ada_machine.pk)
        ask(world, activation_id=world.grace.pk)
        ask(world, activation_id=world.ada.pk, state="refused", answer="No")
        email(world)
        email(world, days=29)
        email(world, days=32)
        email(world, state="sent")
        claimed = claim(world.acme, "licenses.acme.example")
        claim(world.acme, "other.acme.example")
        CustomDomain.objects.filter(pk=claimed.pk).update(
            state="failing", failing_since=timezone.now()
        )
        ends = timezone.now() + timedelta(days=3)
        License.objects.filter(pk=world.ada_license.pk).update(expires_at=ends)
    return world


def test_each_number_leads_to_exactly_these_rows(waiting: World) -> None:
    browser = signed_in(waiting.acme_admin)
    found = needs(browser)
    since = timezone.localdate() - timedelta(days=30)
    assert found == {
        "/licenses/seatrequest/?state__exact=open": "2",
        f"/mail/outgoingemail/?state__exact=failed&created_at__from={since}": "2",
        "/branding/customdomain/?state__exact=failing": "1",
        "/licenses/license/?expiring=30": "1",
    }
    for url, number in found.items():
        assert str(browser.get(url).context["cl"].result_count) == number, url
    text = browser.get("/").content.decode()
    assert "Needs somebody" in text
    assert "requests to release a machine" in text
    assert "Nothing needs you." not in text
    # Before everything else.
    assert text.index("Needs somebody") < text.index("Licences by status")


def test_where_nothing_waits_a_sentence_says_so(world: World) -> None:
    browser = signed_in(world.acme_support)  # who has no first steps
    assert needs(browser) == {}
    text = browser.get("/").content.decode()
    assert "Nothing needs you." in text
    assert "Needs somebody" not in text


def test_nobody_reads_of_lists_that_are_closed_to_them(waiting: World) -> None:
    support = needs(signed_in(waiting.acme_support))
    assert "/branding/customdomain/?state__exact=failing" not in support
    assert "/licenses/seatrequest/?state__exact=open" in support
    with inside(waiting.acme):
        Role.objects.create(vendor=waiting.acme, name="prints", claims=["releases.view_release"])
        User.objects.filter(pk=waiting.acme_support.pk).update(role="prints")
        person = User.objects.select_related("vendor").get(pk=waiting.acme_support.pk)
    response = signed_in(person).get("/")
    assert response.context["needs"] is None
    assert "Nothing needs you." not in response.content.decode()


def test_what_waits_at_another_vendor_stays_there(waiting: World) -> None:
    assert needs(signed_in(waiting.globex_admin)) == {}


def test_a_request_that_was_answered_waits_no_more_beside_kept_numbers(
    waiting: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard, "kept_for", lambda took: 60)
    support, path = signed_in(waiting.acme_support), "/licenses/seatrequest/?state__exact=open"
    assert needs(support)[path] == "2"
    with inside(waiting.acme):
        for asked in SeatRequest.objects.filter(state="open"):
            refuse(asked, answer="No")
    assert path not in needs(support)
    assert cache.get(f"overview:{waiting.acme.pk}") is not None  # the others were kept


def test_very_many_are_not_counted_to_their_end(
    waiting: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backoffice.pages.MOST_COUNTED", 1)
    monkeypatch.setattr("portal.office.needs.MOST_COUNTED", 1)
    found = needs(signed_in(waiting.acme_admin))
    assert found["/licenses/seatrequest/?state__exact=open"] == "1+"


# --- Operators ----------------------------------------------------------------------------------


def test_an_operator_sees_at_which_vendors_something_fails(waiting: World) -> None:
    with inside(waiting.globex):
        OutgoingEmail.objects.create(
            vendor=waiting.globex, kind="license", recipient="bob@example.com", state="failed"
        )
    page = signed_in(waiting.operator).get("/")
    acme, globex = (f"/tenancy/vendor/{each.pk}/change/" for each in (waiting.acme, waiting.globex))
    assert [(need.number, need.text, need.url) for need in page.context["needs"]] == [
        ("2", "e-mails of Acme Instruments failed in 30 days", acme),
        ("1", "e-mail of Globex Software failed in 30 days", globex),
        ("1", "domain of Acme Instruments fails", acme),
    ]
    text = page.content.decode()
    assert "e-mails of Acme Instruments failed in 30 days" in text
    for private in ("ada@example.com", "bob@example.com", "licenses.acme.example"):
        assert private not in text


def test_an_operator_is_told_of_the_vendors_with_most(
    waiting: World, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    operator = signed_in(waiting.operator)
    operator.get("/")
    with CaptureQueriesContext(connection) as first:
        operator.get("/")
    for vendor in (waiting.globex, waiting.acme):
        with inside(vendor):
            OutgoingEmail.objects.bulk_create(
                OutgoingEmail(vendor=vendor, kind="license", recipient="x@example.com",
                              state="failed") for _ in range(3)
            )  # fmt: skip
    with django_assert_num_queries(len(first)):
        found = operator.get("/").context["needs"]
    assert [need.number for need in found] == ["5", "3", "1"]
    monkeypatch.setattr("portal.office.needs.MOST_VENDORS", 1)
    assert [need.number for need in operator.get("/").context["needs"]] == ["5", "1"]


def test_where_nothing_fails_an_operator_needs_nothing(world: World) -> None:
    page = signed_in(world.operator).get("/")
    assert page.context["needs"] == []
    assert "Needs somebody" not in page.content.decode()
