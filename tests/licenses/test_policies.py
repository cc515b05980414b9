"""A licence remembers the policy that it began on, and the policy is kept for it."""

import pytest
from django.db import IntegrityError, connection, transaction

from licenses.errors import DayIsOver, PolicyIsUsed
from licenses.models import License, LicensePolicy, MaintenancePolicy
from licenses.verbs.issuing import issue
from licenses.verbs.licenses import create_license
from licenses.verbs.maintenance import delete_maintenance_policy
from licenses.verbs.policies import delete_policy
from tenancy.door import inside
from tests.conftest import NOW
from tests.world import World, signed_in


def policy(world: World) -> LicensePolicy:
    return LicensePolicy.objects.create(
        vendor=world.acme, name="Yearly", subscription_interval="P1D"
    )


def test_it_is_remembered_and_can_t_be_deleted(acme: World) -> None:
    yearly = policy(acme)
    license = create_license(product=acme.orbit, user=acme.ada, policy=yearly)
    assert License.objects.get(pk=license.pk).policy == yearly
    with pytest.raises(PolicyIsUsed):
        delete_policy(yearly)
    License.objects.filter(pk=license.pk).update(policy=None)
    delete_policy(yearly)
    assert not LicensePolicy.objects.exists()


def test_maintenance_keeps_its_policy_too(acme: World) -> None:
    updates = MaintenancePolicy.objects.create(vendor=acme.acme, name="Updates")
    create_license(product=acme.orbit, user=acme.ada, maintenance_policy=updates)
    with pytest.raises(PolicyIsUsed):
        delete_maintenance_policy(updates)
    assert MaintenancePolicy.objects.exists()


def test_the_back_office_says_how_many_licences_keep_it(world: World) -> None:
    with inside(world.acme):
        yearly = policy(world)
        create_license(product=world.orbit, user=world.ada, policy=yearly)
    admin = signed_in(world.acme_admin)
    path = f"/licenses/licensepolicy/{yearly.pk}/delete/"
    page = admin.get(path).content.decode()
    assert "1 licence" in page
    assert "Delete it" not in page
    admin.post(path, {"post": "yes"})
    with inside(world.acme):
        License.objects.update(policy=None)
        assert LicensePolicy.objects.filter(pk=yearly.pk).exists()
    assert "Delete it" in admin.get(path).content.decode()
    assert admin.post(path, {"post": "yes"}).status_code == 302
    with inside(world.acme):
        assert not LicensePolicy.objects.filter(pk=yearly.pk).exists()


def test_another_vendor_s_policy_is_refused_by_the_database(world: World) -> None:
    with inside(world.acme):
        yearly = policy(world)
    with inside(world.globex), pytest.raises(IntegrityError), transaction.atomic():
        License.objects.filter(pk=world.bob_license.pk).update(policy_id=yearly.pk)
        connection.check_constraints()


def test_a_day_that_is_over_is_refused_by_the_verb(acme: World) -> None:
    today, yesterday = NOW.date(), NOW.date().replace(day=NOW.day - 1)
    with pytest.raises(DayIsOver):
        issue(product=acme.orbit, email="new@example.com", last_day=yesterday)
    license = issue(product=acme.orbit, email="new@example.com", last_day=today)
    assert license.expires_at
    assert license.expires_at.isoformat() == "2026-11-24T23:59:59+00:00"
