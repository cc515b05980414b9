"""Maintenance: when it ends, when it begins, and how it is renewed."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from licenses.ends import end_of
from licenses.errors import (
    DayIsOver,
    MaintenanceEndsLater,
    MaintenanceHasNoPolicy,
    MaintenanceNotRenewable,
)
from licenses.history import history_of
from licenses.models import License, LicensePolicy, MaintenancePolicy
from licenses.verbs.activations import activate
from licenses.verbs.licenses import create_license, renew_maintenance, set_maintenance_end
from tenancy.door import inside
from tests.backoffice.test_base import license_form
from tests.licenses.test_backoffice import choose, confirm, new, seen_in
from tests.world import World, machine, signed_in

DAYS = 86400


def policy(world: World, **fields: Any) -> MaintenancePolicy:
    return MaintenancePolicy.objects.create(
        vendor=world.acme, **{"name": "Ten days", "subscription_interval": "P10D", **fields}
    )


def licensed(world: World, **fields: Any) -> License:
    return create_license(product=world.orbit, user=world.ada, **fields)


def test_it_counts_from_the_creation(acme: World) -> None:
    license = licensed(acme, maintenance_policy=policy(acme))
    assert license.maintenance_end == end_of(date(2026, 12, 4), UTC)


@pytest.mark.parametrize("fields", [{}, {"subscription_interval": ""}])
def test_without_a_length_it_never_ends(acme: World, fields: dict[str, Any]) -> None:
    with_policy = {"maintenance_policy": policy(acme, **fields)} if fields else {}
    assert licensed(acme, **with_policy).maintenance_expires_at is None


def test_it_counts_from_the_first_activation(acme: World, frozen_time: Any) -> None:
    delayed = policy(acme, expiration_strategy="delayed")
    license = licensed(acme, maintenance_policy=delayed, allowed_activations=2)
    assert license.maintenance_expires_at is None
    frozen_time.shift(DAYS)
    activate(license, machine("one"))
    frozen_time.shift(DAYS)
    activate(license, machine("two"))
    license.refresh_from_db()
    assert license.maintenance_expires_on == date(2026, 12, 5)


def test_renewing_counts_from_the_anchor_or_from_now(acme: World, frozen_time: Any) -> None:
    frozen_time.move_to(datetime(2027, 1, 31, 9, tzinfo=UTC))
    license = licensed(acme, maintenance_policy=policy(acme, subscription_interval="P1M"))
    assert license.maintenance_expires_on == date(2027, 2, 28)
    assert renew_maintenance(license).maintenance_expires_on == date(2027, 3, 31)
    frozen_time.move_to(datetime(2027, 5, 1, 9, tzinfo=UTC))
    assert renew_maintenance(license).maintenance_expires_on == date(2027, 6, 1)
    event = history_of(license).first()
    assert event
    assert event.action == "maintenance-renewed"


def test_another_length_of_the_policy_counts_from_the_end(acme: World) -> None:
    monthly = policy(acme, subscription_interval="P1M")
    license = licensed(acme, maintenance_policy=monthly)
    MaintenancePolicy.objects.update(subscription_interval="P1Y")
    assert renew_maintenance(license).maintenance_expires_on == date(2027, 12, 24)


@pytest.mark.parametrize(
    "fields", [None, {"subscription_interval": ""}, {"expiration_strategy": "delayed"}]
)
def test_what_has_no_end_is_not_renewed(acme: World, fields: dict[str, Any] | None) -> None:
    with_policy = {} if fields is None else {"maintenance_policy": policy(acme, **fields)}
    with pytest.raises(MaintenanceNotRenewable):
        renew_maintenance(licensed(acme, **with_policy))


def test_another_vendors_policy_is_refused(world: World) -> None:
    with inside(world.globex):
        foreign = MaintenancePolicy.objects.create(vendor=world.globex, name="Theirs")
    with (
        inside(world.acme),
        pytest.raises(ValidationError, match=r"belongs to another vendor|does not exist"),
    ):
        licensed(world, maintenance_policy=foreign)
    form = license_form(world, maintenance_policy=str(foreign.pk))
    path = f"/licenses/license/{world.ada_license.pk}/change/"
    page = signed_in(world.acme_admin).post(path, form)
    assert "Select a valid choice" in page.content.decode()


def test_choosing_a_policy_in_the_back_office_begins_it(world: World) -> None:
    with inside(world.acme):
        chosen = policy(world)
    admin = signed_in(world.acme_admin)
    path = f"/licenses/license/{world.ada_license.pk}/change/"
    form = license_form(world, maintenance_policy=str(chosen.pk), max_allowed_release_version="4.2")
    assert admin.post(path, form).status_code == 302
    with inside(world.acme):
        license = License.objects.get(pk=world.ada_license.pk)
    assert license.maintenance_expires_on == date(2026, 12, 4)
    page = signed_in(world.ada).get(f"/licenses/{license.pk}/").content.decode()
    assert "Until 4 December 2026" in page
    assert "Highest version" in page
    seen = seen_in(choose(admin, "renew_maintenance", license))
    renewed = confirm(admin, "renew_maintenance", seen)
    assert "1 licence is changed." in renewed.content.decode()
    bad = admin.post(path, license_form(world, max_allowed_release_version="four"))
    assert "Use two to four numbers with dots between" in bad.content.decode()


# --- Until a day --------------------------------------------------------------------------------


def now(license: License) -> License:
    with inside(license.vendor_id):
        return License.objects.get(pk=license.pk)


@pytest.mark.parametrize(
    ("kind", "day", "refused"),
    [
        ("Ten days", "2027-03-31", ""),
        ("Ten days", "2026-11-01", "This day is over"),
        ("none", "2027-03-31", "Choose a maintenance policy, too"),
    ],
)
def test_a_licence_is_sold_with_maintenance_until_a_day(
    world: World, kind: str, day: str, refused: str
) -> None:
    with inside(world.acme):
        chosen = kind if kind == "none" else str(policy(world).pk)
        yearly = LicensePolicy.objects.create(vendor=world.acme, name="Yearly")
    form = new(world, yearly, maintenance_policy=chosen, maintenance_ends=day)
    page = signed_in(world.acme_admin).post("/licenses/license/add/", form).content.decode()
    with inside(world.acme):
        sold = License.objects.filter(user__email="mary@example.com")
        ends = [(each.maintenance_expires_on, each.maintenance_end) for each in sold]
    until = date(2027, 3, 31)
    assert ends == ([] if refused else [(until, end_of(until, UTC))])
    assert refused in page
    assert page.count('class="errorlist" id="id_maintenance_ends_error"') == bool(refused)


@pytest.mark.parametrize("fields", [{}, {"subscription_interval": ""}, {"name": "Other"}])
def test_its_day_is_set_on_the_licences_page(world: World, fields: dict[str, str]) -> None:
    """Also of maintenance that never ends, and together with another policy."""
    with inside(world.acme):
        first, chosen = policy(world, name="First"), policy(world, **fields)
        license = licensed(world, maintenance_policy=first if "name" in fields else chosen)
    admin, path = signed_in(world.acme_admin), f"/licenses/license/{license.pk}/change/"
    form = license_form(world, maintenance_policy=str(chosen.pk), maintenance_ends="2027-03-31")
    assert admin.post(path, form).status_code == 302
    assert now(license).maintenance_end == end_of(date(2027, 3, 31), UTC)
    assert 'value="2027-03-31"' in admin.get(f"{path}?change=yes").content.decode()
    with inside(world.acme):
        assert history_of(license)[0].changes["maintenance_expires_on"][1] == "2027-03-31"
    assert admin.post(path, form | {"maintenance_ends": ""}).status_code == 302
    ends = None if "subscription_interval" in fields else date(2026, 12, 4)
    assert now(license).maintenance_expires_on == ends
    without = form | {"maintenance_policy": "", "maintenance_ends": "2027-03-30"}
    assert "Choose a maintenance policy, too" in admin.post(path, without).content.decode()


def test_maintenance_is_renewed_until_a_day_and_never_made_shorter(world: World) -> None:
    with inside(world.acme):
        license = licensed(world, maintenance_policy=policy(world))
    admin = signed_in(world.acme_admin)
    first = choose(admin, "renew_maintenance", license)
    assert "14 December 2026" in first.content.decode()  # by the policy's length, seen at once
    path = "/licenses/license/many/renew_maintenance/"
    looked = admin.post(path, {"seen": seen_in(first), "look": "", "day": "2027-03-31"})
    assert "31 March 2027" in looked.content.decode()
    done = confirm(admin, "renew_maintenance", seen_in(looked), day="2027-03-31")
    assert "1 licence is changed." in done.content.decode()
    assert now(license).maintenance_end == end_of(date(2027, 3, 31), UTC)
    for day, refusal in (("2027-03-31", MaintenanceEndsLater), ("2026-11-01", DayIsOver)):
        with inside(world.acme), pytest.raises(refusal):
            renew_maintenance(license, until=date.fromisoformat(day))
    with inside(world.acme), pytest.raises(MaintenanceNotRenewable):
        renew_maintenance(world.ada_license, until=date(2028, 1, 1))
    with inside(world.acme), pytest.raises(MaintenanceHasNoPolicy):
        set_maintenance_end(world.ada_license, day=date(2028, 1, 1))


def test_a_day_of_maintenance_that_waits_is_kept_by_the_first_machine(acme: World) -> None:
    license = licensed(acme, maintenance_policy=policy(acme, expiration_strategy="delayed"))
    set_maintenance_end(license, day=date(2027, 3, 31))
    activate(license, machine("one"))
    license.refresh_from_db()
    assert license.maintenance_expires_on == date(2027, 3, 31)
