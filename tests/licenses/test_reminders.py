"""Reminders of licences that expire: each once, and only what is still true."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import close_old_connections, connections
from django.utils import timezone

from accounts.models import User
from accounts.verbs.profile import turn_reminders
from licenses.ends import End, end_of, until
from licenses.intervals import Interval
from licenses.models import VALIDITY, License, LicenseUser
from licenses.verbs import licenses
from licenses.verbs.reminders import days_before, expiring, once_for
from mail.delivery import deliver
from mail.models import OutgoingEmail
from mail.outbox import queue
from tenancy.door import inside
from tenancy.models import Vendor
from tests.world import Browser, World, build, set_vendor

pytestmark = pytest.mark.by_database


def ends_in(license: License, **distance: float) -> License:
    """The licence, which now ends so far from now, at a moment."""
    VALIDITY.put(license, until(End(timezone.now() + timedelta(**distance)), UTC))
    license.save(update_fields=VALIDITY.fields)
    return license


def remind() -> int:
    """Runs the command; returns how many reminders went out."""
    before = len(mail.outbox)
    out = StringIO()
    call_command("send_reminders", stdout=out)
    sent = len(mail.outbox) - before
    assert out.getvalue() == f"Queued {sent} reminders.\n"
    return sent


@pytest.mark.parametrize(
    ("left", "days"),
    [
        (timedelta(days=61), None),
        (timedelta(days=60, seconds=1), None),
        (timedelta(days=60), 60),
        (timedelta(days=30, seconds=1), 60),
        (timedelta(days=30), 30),
        (timedelta(days=7), 7),
        (timedelta(days=5), 7),
        (timedelta(days=1), 1),
        (timedelta(seconds=1), 1),
        (timedelta(0), None),
        (timedelta(days=-1), None),
    ],
)
def test_the_smallest_number_of_days_that_is_reached(left: timedelta, days: int | None) -> None:
    now = timezone.now()
    assert days_before(End(now + left), now, UTC) == days


@pytest.mark.parametrize(
    ("now", "days"),
    [
        ("2026-11-30T22:59:59+00:00", None),  # 30 November in Berlin, 61 days before
        ("2026-11-30T23:00:00+00:00", 60),
        ("2026-12-30T22:59:59+00:00", 60),
        ("2026-12-30T23:00:00+00:00", 30),
        ("2027-01-22T23:00:00+00:00", 7),
        ("2027-01-28T22:59:59+00:00", 7),
        ("2027-01-28T23:00:00+00:00", 1),
        ("2027-01-30T22:59:58+00:00", 1),
        ("2027-01-30T22:59:59+00:00", None),
    ],
)
def test_of_a_day_it_is_reached_as_a_day_begins_there(now: str, days: int | None) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    end = end_of(date(2027, 1, 30), berlin)
    assert days_before(end, datetime.fromisoformat(now), berlin) == days


@pytest.mark.takes_turns
def test_the_owner_is_reminded_at_each_number_of_days_once(acme: World, frozen_time: Any) -> None:
    LicenseUser.objects.create(vendor=acme.acme, license=acme.ada_license, user=acme.grace)
    ends_in(acme.ada_license, days=61)
    subjects = []
    for _day in range(63):
        remind()
        remind()
        frozen_time.shift(86400)
    for message in mail.outbox:
        assert message.to == ["ada@example.com"]
        subjects.append(message.subject)
    assert subjects == [
        "Your licence for Orbit expires in 60 days",
        "Your licence for Orbit expires in 30 days",
        "Your licence for Orbit expires in 7 days",
        "Your licence for Orbit expires in 1 day",
    ]
    text = mail.outbox[0].body
    assert "ADA111-ACME-ORBIT-0001" in text
    assert "24 January 2027" in text
    assert f"http://acme.portal.localhost:8000/licenses/{acme.ada_license.pk}/" in text
    assert "support@acme.example" in text


def test_a_day_is_reminded_of_by_the_day(acme: World, frozen_time: Any) -> None:
    new_york = ZoneInfo("America/New_York")
    set_vendor(acme.acme, time_zone=new_york.key)
    licenses.set_last_day(acme.ada_license, day=date(2027, 1, 31))
    told = []
    for day in (62, 61, 60, 30, 29, 7, 1, 0, -1):
        for hour in (0, 23):
            at = datetime(2027, 1, 31, hour, tzinfo=new_york) - timedelta(days=day)
            frozen_time.move_to(at)
            if remind():
                told.append((day, hour, mail.outbox[-1].subject.partition("expires ")[2]))
    assert told == [
        (60, 0, "in 60 days"), (30, 0, "in 30 days"), (7, 0, "in 7 days"), (1, 0, "in 1 day"),
    ]  # fmt: skip
    assert "on 31 January 2027." in mail.outbox[0].body


def test_what_begins_late_is_reminded_of_once(acme: World) -> None:
    ends_in(acme.ada_license, days=5)
    assert [remind(), remind()] == [1, 0]


def test_a_renewal_begins_anew(acme: World, frozen_time: Any) -> None:
    license = ends_in(acme.ada_license, days=5)
    assert remind() == 1
    licenses.extend(license, by=Interval(days=1))
    frozen_time.shift(86400)
    assert [remind(), remind()] == [1, 0]


def test_both_vendors_customers_are_reminded_in_their_vendors_name(world: World) -> None:
    for vendor, license in ((world.acme, world.ada_license), (world.globex, world.bob_license)):
        with inside(vendor):
            ends_in(license, days=5)
    assert remind() == 2
    senders = {message.from_email.partition(" <")[0]: message.to for message in mail.outbox}
    assert senders == {
        "Acme Instruments": ["ada@example.com"],
        "Globex Software": ["bob@example.com"],
    }


def revoke(world: World) -> None:
    licenses.revoke(world.ada_license)


def suspend(world: World) -> None:
    licenses.suspend(world.ada_license)


def extend(world: World) -> None:
    licenses.extend(world.ada_license, by=Interval(hours=1))


def never_end(world: World) -> None:
    License.objects.filter(pk=world.ada_license.pk).update(expires_at=None)


def switch_off_customer(world: World) -> None:
    User.objects.filter(pk=world.ada.pk).update(is_active=False)


def switch_off_reminders(world: World) -> None:
    set_vendor(world.acme, send_expiry_reminders=False)


def want_none(world: World) -> None:
    turn_reminders(world.ada, on=False)


def switch_off_vendor(world: World) -> None:
    set_vendor(world.acme, status=Vendor.Status.INACTIVE)


CHANGES = [revoke, suspend, never_end, switch_off_customer, switch_off_reminders, want_none]


@pytest.mark.parametrize("change", [*CHANGES, switch_off_vendor])
def test_who_is_not_reminded(acme: World, change: Callable[[World], None]) -> None:
    ends_in(acme.ada_license, days=5)
    change(acme)
    assert remind() == 0
    assert not OutgoingEmail.objects.exists()


@pytest.mark.parametrize("change", [*CHANGES, extend])
def test_what_is_not_true_any_more_is_not_sent(
    acme: World, settings: Any, change: Callable[[World], None]
) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    ends_in(acme.ada_license, days=5)
    call_command("send_reminders", stdout=StringIO())
    change(acme)
    email = OutgoingEmail.objects.get()
    deliver.call(vendor_id=str(acme.acme.pk), email_id=str(email.pk))
    assert (OutgoingEmail.objects.get().state, mail.outbox) == ("not-needed", [])


def test_a_reminder_that_waited_gives_way_to_the_next(
    acme: World, settings: Any, frozen_time: Any
) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    ends_in(acme.ada_license, days=8)
    for _ in range(2):
        call_command("send_reminders", stdout=StringIO())
        frozen_time.shift(86400)
    for email in OutgoingEmail.objects.all():
        deliver.call(vendor_id=str(acme.acme.pk), email_id=str(email.pk))
    assert len(mail.outbox) == 1


def test_reading_costs_the_same_for_one_and_three(
    acme: World, django_assert_num_queries: Any
) -> None:
    for number in (1, 3):
        while expiring(timezone.now()).count() < number:
            ends_in(licenses.create_license(product=acme.orbit, user=acme.ada), days=5)
        remind()
        # The vendors; of Acme the licences' ids, licences and reminders; at Globex none ends.
        with django_assert_num_queries(5):
            assert remind() == 0
        OutgoingEmail.objects.all().delete()


def more(world: World, number: int, **distance: float) -> list[License]:
    """So many further licences of Ada's that end so far from now."""
    made = [
        licenses.create_license(product=world.orbit, user=world.ada) for _number in range(number)
    ]
    return [ends_in(license, **distance) for license in made]


def test_twelve_licences_are_one_e_mail(acme: World) -> None:
    ends_in(acme.ada_license, days=5)
    twelve = [acme.ada_license, *more(acme, 11, days=25)]
    assert [remind(), remind()] == [1, 0]
    [message] = mail.outbox
    assert message.subject == "12 of your licences expire soon, the first in 5 days"
    html = str(message.alternatives[0][0])
    for text in (message.body, html):
        for license in twelve:
            assert license.key in text
            assert f"http://acme.portal.localhost:8000/licenses/{license.pk}/" in text
        assert text.index(acme.ada_license.key) < text.index(twelve[1].key)
        assert text.count("Expires in 25 days, on ") == 11
        assert "To renew them, write to support@acme.example." in text
    [email] = OutgoingEmail.objects.all()
    assert (email.user_id, email.license_id) == (acme.ada.pk, None)


def test_mail_programs_can_turn_them_off(acme: World) -> None:
    """RFC 2369 and 8058; in the bytes that go out, where long headers are folded."""
    more(acme, 2, days=5)
    ends_in(acme.grace_license, days=5)
    assert remind() == 2
    for message in mail.outbox:
        sent = message_from_bytes(message.message().as_bytes(), policy=policy.default)
        link = "http://acme.portal.localhost:8000/reminders-off/"
        found = re.search(rf"{link}\S+/", message.body)
        assert found
        assert sent["List-Unsubscribe"].strip() == f"<{found[0]}>"
        assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert sent["Auto-Submitted"] == "auto-generated"
        assert f'href="{found[0]}"' in str(message.alternatives[0][0])
        path = found[0].removeprefix("http://acme.portal.localhost:8000")
        assert Browser("acme").post(path).status_code == 200
    assert not User.objects.filter(
        email__in=["ada@example.com", "grace@example.com"], reminders=True
    )


def test_each_customer_gets_an_e_mail_of_his_own(acme: World) -> None:
    for license in (acme.ada_license, acme.grace_license, *more(acme, 2, days=3)):
        ends_in(license, days=5)
    assert remind() == 2
    by_customer = {message.to[0]: message for message in mail.outbox}
    assert by_customer.keys() == {"ada@example.com", "grace@example.com"}
    assert acme.grace_license.key not in by_customer["ada@example.com"].body
    assert acme.ada_license.key not in by_customer["grace@example.com"].body


def test_what_comes_up_later_that_day_waits_for_the_next(acme: World, frozen_time: Any) -> None:
    ends_in(acme.ada_license, days=5)
    assert remind() == 1
    [later] = more(acme, 1, days=7, hours=1)
    told = []
    for hour in range(48):
        told += [hour] * remind()
        frozen_time.shift(3600)
    assert told == [12]  # at midnight
    assert mail.outbox[1].to == ["ada@example.com"]
    assert later.key in mail.outbox[1].body
    assert acme.ada_license.key not in mail.outbox[1].body


@pytest.mark.takes_turns
def test_a_year_of_many_licences_is_at_most_one_e_mail_a_day(acme: World, frozen_time: Any) -> None:
    """Every licence is told of at each of its four times, and nobody is written to twice a day."""
    kept = [acme.ada_license, *more(acme, 5, days=1)]
    for number, license in enumerate(kept):
        ends_in(license, days=61 + number // 2, hours=number)
    days = []
    for _hour in range(0, 24 * 66, 3):
        for _sent in range(remind()):
            days.append(timezone.now().date())
        frozen_time.shift(3 * 3600)
    assert len(set(days)) == len(days)
    for license in kept:
        assert sum(license.key in message.body for message in mail.outbox) == 4


def test_only_what_is_still_true_is_in_the_e_mail(acme: World, settings: Any) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    ends_in(acme.ada_license, days=5)
    [renewed, kept] = more(acme, 2, days=6)
    call_command("send_reminders", stdout=StringIO())
    licenses.revoke(acme.ada_license)
    ends_in(renewed, days=90)
    email = OutgoingEmail.objects.get()
    deliver.call(vendor_id=str(acme.acme.pk), email_id=str(email.pk))
    [message] = mail.outbox
    assert message.subject == "Your licence for Orbit expires in 6 days"
    assert kept.key in message.body
    assert acme.ada_license.key not in message.body
    assert renewed.key not in message.body


@pytest.mark.takes_turns
def test_a_very_long_list_is_cut_and_counted(acme: World) -> None:
    more(acme, 53, days=5)
    assert remind() == 1
    body = mail.outbox[0].body
    assert body.count("Expires in 5 days") == 50
    assert "And 3 more, which are in your portal." in body
    assert "http://acme.portal.localhost:8000/licenses/\n" in body


def test_what_was_queued_before_reminders_were_gathered_counts(acme: World, settings: Any) -> None:
    """An e-mail of its own for each licence, by the name of its reminder."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    license = ends_in(acme.ada_license, days=5)
    name = once_for(license, timezone.now(), UTC)
    email = queue("expiry-reminder", user=acme.ada, license_id=license.pk, once=name)
    assert email
    call_command("send_reminders", stdout=StringIO())
    assert OutgoingEmail.objects.count() == 1
    deliver.call(vendor_id=str(acme.acme.pk), email_id=str(email.pk))
    assert license.key in mail.outbox[0].body


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_remind_once(settings: Any) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    world = build()
    with inside(world.acme):
        for license in (world.ada_license, world.grace_license):
            ends_in(license, days=5)

    def run(_: int) -> None:
        try:
            call_command("send_reminders", stdout=StringIO())
        finally:
            close_old_connections()
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, range(8)))
    with inside(world.acme):
        assert OutgoingEmail.objects.count() == 2
