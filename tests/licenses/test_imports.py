"""Importing licences: what a row becomes, and that all of them come or none."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit.acting import actor
from audit.models import AuditEntry
from imports.kinds import KINDS
from licenses.ends import end_of
from licenses.models import (
    License,
    LicenseMetadata,
    LicensePolicy,
    LicenseUser,
    MaintenancePolicy,
    Product,
    ProductVersion,
)
from licenses.values import read, written
from tenancy import transactions
from tenancy.door import inside
from tenancy.spelling import form_of
from tests.conftest import NOW
from tests.imports.test_customers import Slow, confirmed, problems, started
from tests.imports.test_steps import when_done
from tests.world import World, set_vendor

HEADER = (
    "product,email,first_name,last_name,company,policy,key,allowed_activations,"
    "allowed_deactivations,validity,validity_days,expires_at,maintenance_policy,maintenance_ends,"
    "max_allowed_release_version,additional_users,order_number,metadata,visible_metadata,notes,"
    "internal_notes\n"
)
KEY = "EVE000-ACME-ORBIT-0009"


def line(**cells: str) -> str:
    names = HEADER.strip().split(",")
    row = {"product": "Orbit", "email": "eve@example.com", "policy": "none"} | cells
    return ",".join(row.get(name, "") for name in names) + "\n"


def imported(world: World, *lines: str, **options: Any) -> Any:
    row = confirmed(world, started(world, HEADER + "".join(lines), "licenses", **options))
    assert row.state == "done", (row.preview, row.errors)
    return row


def policy(world: World, **terms: Any) -> LicensePolicy:
    with inside(world.acme):
        return LicensePolicy.objects.create(vendor=world.acme, name="Yearly", **terms)


def number_of_licenses(world: World) -> int:
    with inside(world.acme):
        return License.objects.count()


@pytest.mark.parametrize(
    ("cells", "column", "sentence"),
    [
        ({"product": ""}, "product", "This can't be empty."),
        ({"product": "Quill"}, "product", "There is no product “Quill”."),
        ({"policy": "Foreign"}, "policy", "There is no licence policy “Foreign”."),
        ({"email": "eve"}, "email", "This is not an e-mail address."),
        ({"email": "admin@acme.example"}, "email",
         "This address belongs to a member of your staff."),
        ({"key": "ADA111-ACME-ORBIT-0001"}, "key", "There is a licence with this key already."),
        ({"key": "short"}, "key", "A key is 16 to 256 visible characters without spaces."),
        ({"key": "with a space in the key"}, "key",
         "A key is 16 to 256 visible characters without spaces."),
        ({"allowed_activations": "many"}, "allowed_activations",
         "This is not a whole number of at most 9 digits."),
        ({"allowed_activations": "1.5"}, "allowed_activations",
         "This is not a whole number of at most 9 digits."),
        ({"allowed_activations": "٣"}, "allowed_activations",
         "This is not a whole number of at most 9 digits."),
        ({"allowed_activations": "-2"}, "allowed_activations",
         "Ensure this value is greater than or equal to -1."),
        ({"allowed_deactivations": "-2"}, "allowed_deactivations",
         "Ensure this value is greater than or equal to -1."),
        ({"validity": "365"}, "validity", "365 of what? Type “365 days” or “365 months”."),
        ({"validity": "soon"}, "validity",
         "Type a length such as 1 year, 18 months, 90 days or 8 hours, or perpetual."),
        ({"validity": "101 years"}, "validity", "A length is at most 100 years, or perpetual."),
        ({"validity": "1 year", "validity_days": "365"}, "validity_days",
         "Fill in validity or this, not both."),
        ({"validity_days": "-1"}, "validity_days", "This is not a number of days from 0 to 36,600."),
        ({"validity_days": "NaN"}, "validity_days", "This is not a number of days from 0 to 36,600."),
        ({"validity_days": "1e99"}, "validity_days",
         "This is not a number of days from 0 to 36,600."),
        ({"expires_at": "soon"}, "expires_at",
         "This is not a date such as 2027-12-31 or a moment such as 2027-12-31T18:00Z."),
        ({"expires_at": "03/04/2027"}, "expires_at",
         "Is this 2027-04-03 or 2027-03-04? Write it so."),
        ({"expires_at": "3-4-2027"}, "expires_at",
         "Is this 2027-04-03 or 2027-03-04? Write it so."),
        ({"expires_at": "31.13.2027"}, "expires_at",
         "This is not a date such as 2027-12-31 or a moment such as 2027-12-31T18:00Z."),
        ({"expires_at": "31.12.27"}, "expires_at",
         "This is not a date such as 2027-12-31 or a moment such as 2027-12-31T18:00Z."),
        ({"expires_at": "31 Dez 2027"}, "expires_at",
         "This is not a date such as 2027-12-31 or a moment such as 2027-12-31T18:00Z."),
        ({"expires_at": "46752"}, "expires_at",
         "This is not a date such as 2027-12-31 or a moment such as 2027-12-31T18:00Z."),
        ({"validity_days": "1.000"}, "validity_days",
         "A thousand, or a fraction? Write the number without a point."),
        ({"validity_days": "36601"}, "validity_days",
         "This is not a number of days from 0 to 36,600."),
        ({"key": "1.23457E+15"}, "key",
         "A spreadsheet has made a rounded number of this key. Make the cell a text and type the "
         "key again."),
        ({"key": "9E+20"}, "key",
         "A spreadsheet has made a rounded number of this key. Make the cell a text and type the "
         "key again."),
        ({"expires_at": "2027-02-30"}, "expires_at",
         "This is not a date such as 2027-12-31 or a moment such as 2027-12-31T18:00Z."),
        ({"expires_at": "2027-12-31T18:00"}, "expires_at",
         "This moment has no time zone. Write 2027-12-31T18:00Z for UTC."),
        ({"expires_at": "9999-12-31T23:00-05:00"}, "expires_at",
         "This is not in the years from 1970 to 2999."),
        ({"notes": "n" * 4001}, "notes",
         "This is longer than 4000 characters."),
        ({"company": "c" * 151}, "company", "This is longer than 150 characters."),
        ({"maintenance_policy": "Foreign"}, "maintenance_policy",
         "There is no maintenance policy “Foreign”."),
        ({"maintenance_ends": "2027-06-30"}, "maintenance_ends",
         "Choose a maintenance policy, too: without one the licence brings all versions."),
        ({"maintenance_ends": "30.6."}, "maintenance_ends",
         "This is not a date such as 2027-12-31 or a moment such as 2027-12-31T18:00Z."),
        ({"max_allowed_release_version": "newest"}, "max_allowed_release_version",
         "Use two to four numbers with dots between, such as 4.2.1, and for a pre-release a hyphen "
         "and what it is, such as 4.2.1-rc.1."),
        ({"additional_users": "grace@example.com; eve"}, "additional_users",
         "eve: This is not an e-mail address."),
        ({"additional_users": "support@acme.example"}, "additional_users",
         "support@acme.example: This address belongs to a member of your staff."),
        ({"order_number": "o" * 101}, "order_number", "This is longer than 100 characters."),
        ({"metadata": "Cost centre"}, "metadata",
         "Line 1 is no name=value, such as Cost centre=4711."),
        ({"metadata": "=4711"}, "metadata", "Row 1: This value needs a name."),
        ({"metadata": "a=1", "visible_metadata": "a=2"}, "metadata",
         "Row 2: This name is there already."),
        ({"visible_metadata": "a=" + "x" * 257}, "metadata",
         "Row 1: This is longer than 256 characters."),
        ({"internal_notes": "n" * 4001}, "internal_notes", "This is longer than 4000 characters."),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_row_is_said(
    world: World, cells: dict[str, str], column: str, sentence: str
) -> None:
    with inside(world.globex):
        LicensePolicy.objects.create(vendor=world.globex, name="Foreign")
    before = number_of_licenses(world)
    text = HEADER + line() + line(**cells) + line(email="ada@example.com")
    assert problems(world, text, "licenses") == [[3, column, sentence]]
    assert number_of_licenses(world) == before


def test_the_same_key_in_two_chunks_is_found(world: World) -> None:
    text = HEADER + line(key=KEY) + line() * 700 + line(key=KEY)
    assert problems(world, text, "licenses") == [[703, "key", "Row 2 has this key already."]]


def test_another_vendors_key_is_free_here(world: World) -> None:
    imported(world, line(key=world.bob_license.key))
    with inside(world.acme):
        assert License.objects.get(key=world.bob_license.key).user.email == "eve@example.com"


def test_terms_come_from_the_policy_and_the_row_changes_them(world: World) -> None:
    policy(
        world,
        allowed_activations=7,
        allowed_deactivations=2,
        subscription_interval="P1Y",
        key_pattern="YEARLY-[A-Z]{12}",
    )
    imported(
        world,
        line(policy="Yearly", email="ADA@example.com", first_name="Ignored"),
        line(
            policy="Yearly",
            key=KEY,
            allowed_activations="0",
            allowed_deactivations="-1",
            validity_days="0.5",
            notes="'=SUM(A1)",
        ),
        line(expires_at="2027-12-31"),
        line(expires_at="2027-12-31T18:00+02:00"),
    )
    with inside(world.acme):
        eve = User.objects.get(email="eve@example.com")
        ada = User.objects.get(email="ada@example.com")
        first = ada.licenses.exclude(pk=world.ada_license.pk).get()
        second = License.objects.get(key=KEY)
        ends = {each.expires_at for each in eve.licenses.exclude(pk=second.pk)}
    assert ada.first_name == "Ada"
    assert first.key.startswith("YEARLY-")
    assert (first.allowed_activations, first.allowed_deactivations) == (7, 2)
    assert (first.subscription_interval, first.expires_on) == ("P1Y", date(2027, 11, 24))
    assert (second.allowed_activations, second.allowed_deactivations) == (0, -1)
    assert (second.subscription_interval, second.notes) == ("PT12H", "=SUM(A1)")
    assert second.expires_at == NOW + timedelta(hours=12)
    assert ends == {
        datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2027, 12, 31, 16, tzinfo=UTC),
    }


@pytest.mark.parametrize(
    ("cells", "interval", "last_day"),
    [
        ({"validity": "1 year"}, "P1Y", date(2027, 11, 24)),
        ({"validity": "18 months"}, "P18M", date(2028, 5, 24)),
        ({"validity": "1 Jahr und 6 Monate"}, "P1Y6M", date(2028, 5, 24)),
        ({"validity": "P2Y"}, "P2Y", date(2028, 11, 24)),
        ({"validity": "perpetual"}, "", None),
        ({"validity_days": "365"}, "P365D", date(2027, 11, 24)),
        ({"validity_days": "0"}, "", None),
        ({}, "P3M", date(2027, 2, 24)),
    ],
)
def test_a_length_is_by_the_calendar(
    world: World, cells: dict[str, str], interval: str, last_day: date | None
) -> None:
    policy(world, subscription_interval="P3M")
    imported(world, line(key=KEY, policy="Yearly", **cells))
    with inside(world.acme):
        license = License.objects.get(key=KEY)
    assert (license.subscription_interval, license.expires_on) == (interval, last_day)
    assert (license.anchor, license.periods) == (
        ("2026-11-24T12:00:00", 1) if last_day else ("", 0)
    )


@pytest.mark.parametrize(
    "text",
    ["2027-12-31", "31.12.2027", "31. 12. 2027", "31/12/2027", "12/31/2027", "31-12-2027"],
)
def test_a_day_is_read_as_others_write_it(world: World, text: str) -> None:
    imported(world, line(key=KEY, expires_at=text))
    with inside(world.acme):
        assert License.objects.get(key=KEY).expires_on == date(2027, 12, 31)


def test_a_fraction_of_a_day_may_have_a_comma(world: World) -> None:
    imported(world, line(key=KEY, validity_days='"0,5"'))
    with inside(world.acme):
        assert License.objects.get(key=KEY).subscription_interval == "PT12H"


def test_a_day_ends_by_the_vendors_clocks(world: World) -> None:
    set_vendor(world.acme, time_zone="Europe/Berlin")
    imported(world, line(key=KEY, expires_at="2027-12-31"))
    with inside(world.acme):
        license = License.objects.get(key=KEY)
    assert license.expires_on == date(2027, 12, 31)
    assert license.expires_at == datetime(2027, 12, 31, 22, 59, 59, tzinfo=UTC)


def test_a_validity_from_the_first_activation_does_not_begin(world: World) -> None:
    policy(world, subscription_interval="P30D", expiration_strategy="delayed")
    imported(world, line(policy="Yearly", key=KEY))
    with inside(world.acme):
        assert License.objects.get(key=KEY).expires_at is None


def test_a_new_customer_is_made_once_for_many_licences(world: World) -> None:
    row = imported(
        world, line(first_name="Eve"), line(first_name="Other"), line(email="Eve@Example.com")
    )
    assert row.preview["counts"] == {"new_customers": 1, "known_customers": 0, "licenses": 3}
    with inside(world.acme):
        eve = User.objects.get(email="eve@example.com")
        assert (eve.first_name, eve.licenses.count()) == ("Eve", 3)


def test_the_preview_says_what_each_row_becomes(world: World) -> None:
    policy(
        world, subscription_interval="P30D", expiration_strategy="delayed", allowed_activations=0
    )
    row = started(
        world,
        HEADER
        + line()
        + line(email="ada@example.com", key=KEY, expires_at="2027-12-31")
        + line(policy="Yearly"),
        "licenses",
    )
    shown = [
        (each["customer"], each["key"], each["seats"], each["expires"])
        for each in row.preview["rows"]
    ]
    assert shown == [
        ("new customer", "made when it is imported", "1 machine", "Never"),
        ("known customer", KEY, "1 machine", "31 December 2027"),
        (
            "new customer",
            "made when it is imported",
            "any number of machines",
            "Starts with the first machine",
        ),
    ]


def test_every_licence_begins_with_an_entry_by_who_confirmed(world: World) -> None:
    imported(world, line(key=KEY), line())
    with inside(world.acme):
        license = License.objects.get(key=KEY)
        entry = AuditEntry.objects.get(license_id=license.pk)
    assert (entry.action, entry.visible, entry.customer_id) == ("created", True, license.user_id)
    assert (entry.source, entry.actor_id) == ("backoffice", world.acme_admin.pk)
    assert entry.actor_for_customers == "Acme Instruments"


def test_the_same_file_again_is_refused_row_by_row(world: World) -> None:
    lines = [line(key=f"{KEY}{n}") for n in range(3)]
    imported(world, *lines)
    before = number_of_licenses(world)
    assert problems(world, HEADER + "".join(lines), "licenses") == [
        [n, "key", "There is a licence with this key already."] for n in (2, 3, 4)
    ]
    assert number_of_licenses(world) == before


@pytest.mark.unfound
def test_a_key_taken_in_between_stops_it_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    row = started(world, HEADER + line() + line(key=KEY), "licenses")
    before = number_of_licenses(world)

    def quicker() -> None:
        license = License.objects.get(pk=world.ada_license.pk)
        License.objects.filter(pk=license.pk).update(key=KEY, key_form=form_of(KEY))

    Slow(monkeypatch, quicker)
    row = confirmed(world, row)
    assert (row.state, row.errors) == (
        "failed",
        [[3, "key", "There is a licence with this key already."]],
    )
    assert number_of_licenses(world) == before
    with inside(world.acme):
        assert not User.objects.filter(email="eve@example.com").exists()
        assert not AuditEntry.objects.filter(about__said__subject="eve@example.com").exists()


def test_each_licence_is_given_to_who_sends_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, Any]] = []
    kind = replace(
        KINDS["licenses"],
        after_create=lambda license: sent.append((license.key, actor().who())),
    )
    monkeypatch.setitem(KINDS, "licenses", kind)
    imported(world, line(key=KEY))
    assert sent == []
    imported(world, line(key=f"{KEY}2"), send_emails=True)
    assert sent == [(f"{KEY}2", world.acme_admin)]


def test_checking_asks_no_more_for_more_rows(world: World) -> None:
    def queries(n: int) -> int:
        text = HEADER + "".join(line(key=f"{KEY}{n}-{each}") for each in range(n))
        with CaptureQueriesContext(connection) as captured:
            started(world, text, "licenses")
        return len(captured)

    assert queries(3) == queries(30) == 20


def test_a_licence_comes_with_a_version_of_its_product(world: World) -> None:
    header = "product,product_version,email,policy\n"
    with inside(world.acme):
        for product in (world.orbit, world.spectra):
            ProductVersion.objects.create(vendor=world.acme, product=product, name=f"{product} pro")
    found = problems(world, f"{header}Orbit,Spectra pro,eve@example.com,none\n", "licenses")
    assert "Orbit has no product version “Spectra pro”." in str(found)
    confirmed(world, started(world, f"{header}Orbit,Orbit pro,eve@example.com,none\n", "licenses"))
    with inside(world.acme):
        license = License.objects.get(user__email="eve@example.com")
        assert str(license.product_version) == "Orbit pro"
        told = AuditEntry.objects.get(subject_id=license.pk, action="created")
        assert told.changes["product_version"] == [None, "Orbit pro"]


# --- What else licences go out with --------------------------------------------------------------


FULL = {
    "maintenance_policy": "Upkeep",
    "max_allowed_release_version": "v4.2",
    "additional_users": "grace@example.com; mary@example.com; eve@example.com",
    "order_number": "PO-7",
    "metadata": '"Margin=30 %\nA\\=b=c=d"',
    "visible_metadata": "Cost centre = 4711",
    "internal_notes": "Pays late",
}


def test_a_row_brings_all_that_a_licence_goes_out_with(world: World) -> None:
    with inside(world.acme):
        MaintenancePolicy.objects.create(
            vendor=world.acme, name="Upkeep", subscription_interval="P1Y"
        )
    row = started(world, HEADER + line(key=KEY, **FULL), "licenses")
    shown = row.preview["rows"][0]
    assert (shown["maintenance"], shown["more"]) == (
        "Upkeep",
        "PO-7; up to 4.2; Margin: 30 %; A=b: c=d; Cost centre: 4711; grace@example.com; …",
    )
    assert confirmed(world, row).state == "done"
    with inside(world.acme):
        license = License.objects.select_related("maintenance_policy").get(key=KEY)
        assert license.maintenance_policy
        assert license.maintenance_policy.name == "Upkeep"
        assert license.maintenance_expires_on == date(2027, 11, 24)
        assert license.max_allowed_release_version == "4.2"
        assert (license.order_number, license.internal_notes) == ("PO-7", "Pays late")
        assert list(license.metadata.values_list("key", "value", "visible")) == [
            ("A=b", "c=d", False),
            ("Cost centre", "4711", True),
            ("Margin", "30 %", False),
        ]
        assert {person.email for person in license.additional_users.all()} == {
            "grace@example.com",
            "mary@example.com",
        }
        assert User.objects.filter(email="mary@example.com", role="user").exists()
        assert License.objects.filter(words__word="4711").get() == license
        created = AuditEntry.objects.filter(action="created", license_id=license.pk)
        subjects = sorted(created.values_list("subject_type", flat=True))
    assert subjects == [
        "licenses.license",
        *["licenses.licensemetadata"] * 3,
        *["licenses.licenseuser"] * 2,
    ]


@pytest.mark.parametrize(("cell", "day"), [("2027-06-30", date(2027, 6, 30)), ("30.06.2027", date(2027, 6, 30)), ("2027-06-30T10:00Z", None)])  # fmt: skip
def test_a_row_says_when_its_maintenance_ends(world: World, cell: str, day: date | None) -> None:
    with inside(world.acme):
        MaintenancePolicy.objects.create(
            vendor=world.acme, name="Upkeep", subscription_interval="P1Y"
        )
    imported(world, line(key=KEY, maintenance_policy="Upkeep", maintenance_ends=cell))
    with inside(world.acme):
        license = License.objects.get(key=KEY)
    assert license.maintenance_expires_on == day
    end = end_of(date(2027, 6, 30), UTC).at if day else datetime(2027, 6, 30, 10, tzinfo=UTC)
    assert license.maintenance_expires_at == end


def test_an_empty_cell_is_the_products_policy(world: World) -> None:
    yearly = policy(world, subscription_interval="P1Y")
    with inside(world.acme):
        updates = MaintenancePolicy.objects.create(vendor=world.acme, name="Upkeep")
        Product.objects.filter(pk=world.orbit.pk).update(
            default_policy=yearly, default_maintenance_policy=updates
        )
    imported(
        world,
        line(key=f"{KEY}1", policy=""),
        line(key=f"{KEY}2", policy="None", maintenance_policy="NONE"),
    )
    with inside(world.acme):
        made = License.objects.filter(key__startswith=KEY)
        found = dict(made.values_list("key", "policy__name"))
        upkeep = License.objects.get(key=f"{KEY}1").maintenance_policy_id
        none = License.objects.get(key=f"{KEY}2").maintenance_policy_id
    assert found == {f"{KEY}1": "Yearly", f"{KEY}2": None}
    assert (upkeep, none) == (updates.pk, None)


def test_what_hangs_on_licences_is_taken_back_with_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A further user becomes staff while what hangs on the licences is written."""

    def hire() -> None:
        User.objects.filter(email="user11@example.com").update(role="support")

    with inside(world.acme):
        for n in range(12):
            User.objects.create_user(vendor=world.acme, email=f"user{n}@example.com")
        before = License.objects.count()
    users = "; ".join(f"user{n}@example.com" for n in range(12))
    given = FULL | {"maintenance_policy": "", "additional_users": users}
    monkeypatch.setattr(transactions, "LONGEST", -1.0)  # each step has its own
    when_done(monkeypatch, 2, hire, kind="details")
    row = confirmed(world, started(world, HEADER + line(key=KEY, **given), "licenses"))
    assert row.state == "failed"
    assert "Row 2: this customer is not there any more" in row.preview["failure"]
    with inside(world.acme):
        assert License.objects.count() == before
        assert not LicenseMetadata.objects.exists()
        assert not LicenseUser.objects.exists()
        assert not User.objects.filter(email="eve@example.com").exists()


@pytest.mark.parametrize(
    "values",
    [
        [],
        [("a", "")],
        [("a=b", "c=d"), ("back\\slash", "x\\=y"), ("ends\\", "1")],
        [("\\=", "="), ("=", "\\")],
    ],
)
def test_a_cell_of_values_reads_as_it_was_written(values: list[tuple[str, str]]) -> None:
    assert read(written(values)) == values
