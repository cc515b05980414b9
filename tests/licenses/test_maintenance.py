"""Maintenance: when it ends, when it begins, and how it is renewed."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from licenses.ends import end_of
from licenses.errors import MaintenanceNotRenewable
from licenses.history import history_of
from licenses.models import License, MaintenancePolicy
from licenses.verbs.activations import activate
from licenses.verbs.licenses import create_license, renew_maintenance
from tenancy.door import inside
from tests.backoffice.test_base import license_form
from tests.licenses.test_backoffice import choose, confirm, seen_in
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
