"""Which events are queued: all that happened, none that did not, and each as its GET shows it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.verbs.people import create_person
from licenses.errors import ActivationLimitReached
from licenses.intervals import parse
from licenses.models import Activation, License, MaintenancePolicy
from licenses.verbs import leases, licenses
from licenses.verbs.activations import Machine, activate, deactivate
from licenses.verbs.licenses import change_license, create_license
from tenancy.door import inside
from tests.api.program import program_of
from tests.webhooks.hooks import events_at, hook_of, queued, said
from tests.world import NOW, PASSWORD, World
from webhooks.models import Webhook
from webhooks.verbs import looking
from webhooks.verbs.webhooks import change_webhook

URL = "https://shop.example/hooks"


@pytest.fixture
def hook(world: World) -> Webhook:
    return hook_of(world.acme, URL)


def machine(name: str) -> Machine:
    return Machine(fingerprint=name * 64, os="linux", hostname=name)


def licence(world: World, **terms: Any) -> License:
    with inside(world.acme):
        return create_license(product=world.orbit, user=world.ada, **terms)


def last(world: World) -> Any:
    return said(queued(world.acme)[-1])


def test_what_happens_to_a_licence(world: World, hook: Webhook) -> None:
    mine = licence(world, subscription_interval="P1M")
    with inside(world.acme):
        licenses.renew(mine)
        licenses.extend(mine, by=parse("P1D"))
        licenses.set_last_day(mine, day=NOW.date() + timedelta(days=90))
        mine.refresh_from_db()
        mine.subscription_interval = "P1Y"
        change_license(mine, fields=["subscription_interval"])
        licenses.suspend(mine)
        licenses.suspend(mine)
        licenses.revoke(mine)
        licenses.delete_license(mine)
    assert events_at(world.acme) == [
        "license.created",
        "license.renewed",
        "license.extended",
        "license.expiresAt.updated",
        "license.subscription.updated",
        "license.suspended",
        "license.revoked",
        "license.deleted",
    ]
    assert {each.thing_id for each in queued(world.acme)} == {mine.pk}
    assert last(world)["data"]["key"] == mine.key
    assert last(world)["data"]["user"]["email"] == world.ada.email


def test_what_happens_to_machines(world: World, hook: Webhook) -> None:
    mine = licence(world, allowed_activations=2, allowed_deactivations=9)
    with inside(world.acme):
        one = activate(mine, machine("a"))
        activate(mine, machine("b"))
        activate(mine, machine("b"))
        deactivate(one)
        licenses.delete_license(mine)
    assert events_at(world.acme) == [
        "license.created",
        "activation.created",
        "license.first-activated",
        "activation.created",
        "activation.deleted",
        "activation.deleted",
        "license.deleted",
    ]
    assert said(queued(world.acme)[4])["data"]["hostname"] == "a"
    assert {each.thing_id for each in queued(world.acme)} == {mine.pk}


def test_a_lease_that_ends(world: World, hook: Webhook) -> None:
    mine = licence(world, type="hosted-floating", lease_duration=60)
    with inside(world.acme):
        activate(mine, machine("a"))
        Activation.objects.filter(license_id=mine.pk).update(lease_expires_at=NOW)
    leases.free_seats()
    leases.free_seats()
    assert events_at(world.acme)[-2:] == ["activation.lease-expired", "activation.deleted"]


def test_a_person_and_a_release(world: World, hook: Webhook) -> None:
    with inside(world.acme):
        person = User(vendor=world.acme, email="new@acme.example", role="user")
        create_person(person=person, invited=False)
    assert events_at(world.acme) == ["user.created"]
    assert last(world)["data"]["email"] == "new@acme.example"


def test_what_is_told_is_what_the_api_shows(world: World, hook: Webhook) -> None:
    program = program_of(world.acme_admin)
    body = {
        "productId": str(world.orbit.pk),
        "userId": str(world.ada.pk),
        "metadata": [{"key": "order", "value": "17", "visible": True}],
    }
    made = program.create("/v3/licenses", body).json()
    assert last(world) == {
        "event": "license.created",
        "data": program.get(f"/v3/licenses/{made['id']}").json(),
        "triggeredAt": "2026-11-24T12:00:00Z",
    }
    person = program.create(
        "/v3/users",
        {"email": "new@acme.example", "firstName": "N", "lastName": "E", "password": PASSWORD},
    ).json()
    assert last(world)["data"] == program.get(f"/v3/users/{person['id']}").json()
    mine = License.objects
    with inside(world.acme):
        one = activate(mine.get(pk=made["id"]), machine("a"))
    told = next(each for each in queued(world.acme) if each.event == "activation.created")
    assert said(told)["data"] == program.get(f"/v3/activations/{one.pk}").json()


def test_what_did_not_happen_is_not_told(world: World, hook: Webhook) -> None:
    with inside(world.acme), pytest.raises(RuntimeError), transaction.atomic():
        licence(world)
        raise RuntimeError
    with inside(world.acme), transaction.atomic():
        licence(world)
        transaction.set_rollback(True)
    assert events_at(world.acme) == []


def test_a_refusal_is_told_although_nothing_was_changed(world: World, hook: Webhook) -> None:
    mine = licence(world, allowed_activations=1)
    with inside(world.acme):
        activate(mine, machine("a"))
        with pytest.raises(ActivationLimitReached), transaction.atomic():
            licence(world)
            activate(mine, machine("b"))
    assert events_at(world.acme)[-1] == "license.activation.limit-reached"
    assert events_at(world.acme).count("license.created") == 1
    assert last(world)["data"]["id"] == str(mine.pk)


def test_an_end_that_comes_is_told_once(world: World, hook: Webhook, time_machine: Any) -> None:
    with inside(world.acme):
        upkeep = MaintenancePolicy.objects.create(
            vendor=world.acme, name="upkeep", subscription_interval="P10D"
        )
    mine = licence(
        world,
        subscription_interval="P20D",
        expiring_soon_event_offset=5 * 86400,
        maintenance_policy=upkeep,
    )

    def found_after(**passed: int) -> list[str]:
        time_machine.move_to(NOW + timedelta(**passed), tick=False)
        before = {each.pk for each in queued(world.acme)}
        looking.look_for_ends()
        looking.look_for_slow_ends()
        looking.look_for_ends()
        looking.look_for_slow_ends()
        found = [each for each in queued(world.acme) if each.thing_id == mine.pk]
        return [each.event for each in found if each.pk not in before]

    assert found_after(days=1) == []
    assert found_after(days=11) == ["license.maintenance-expired"]
    assert found_after(days=17) == ["license.expiring-soon"]
    assert found_after(days=17, minutes=2) == []
    assert found_after(days=21) == ["license.expired"]
    with inside(world.acme):
        licenses.renew(mine)
    assert found_after(days=22) == []
    assert found_after(days=60) == ["license.expired"]


def test_an_end_that_is_set_to_the_past_is_told(world: World, hook: Webhook) -> None:
    mine = licence(world, subscription_interval="P60D")
    with inside(world.acme):
        licenses.set_last_day(mine, day=NOW.date() + timedelta(days=7))
        licenses.set_last_day(mine, day=NOW.date() - timedelta(days=7))
    looking.look_for_ends()
    assert events_at(world.acme)[1:] == [
        "license.expiresAt.updated",
        "license.expiring-soon",
        "license.expiresAt.updated",
        "license.expired",
    ]


def test_ends_of_before_are_not_told(world: World, time_machine: Any) -> None:
    licence(world, subscription_interval="P1D")
    time_machine.move_to(NOW + timedelta(days=3), tick=False)
    hook = hook_of(world.acme, URL, ["license.created"])
    time_machine.move_to(NOW + timedelta(days=4), tick=False)
    licence(world, subscription_interval="P1D")
    time_machine.move_to(NOW + timedelta(days=9), tick=False)
    with inside(world.acme):
        hook.events = ["license.expired", "license.expiring-soon"]
        change_webhook(hook, fields=["events"])
    looking.look_for_ends()
    looking.look_for_slow_ends()
    assert events_at(world.acme) == ["license.created"]


def test_only_what_is_wanted_is_queued_and_only_at_the_vendor(world: World) -> None:
    hook_of(world.acme, URL, ["license.created"])
    hook_of(world.acme, URL, ["license.created", "license.suspended"])
    off = hook_of(world.acme, URL)
    hook_of(world.globex, URL)
    with inside(world.acme):
        off.active = False
        change_webhook(off, fields=["active"])
    mine = licence(world)
    with inside(world.acme):
        licenses.suspend(mine)
        licenses.revoke(mine)
    assert events_at(world.acme) == ["license.created", "license.created", "license.suspended"]
    assert events_at(world.globex) == []


def test_many_of_one_transaction_cost_a_few_statements_more(world: World) -> None:
    def statements(number: int) -> int:
        with (
            CaptureQueriesContext(connection) as made,
            inside(world.acme),
            transaction.atomic(),
        ):
            for _ in range(number):
                licence(world)
        return len(made)

    few, many = statements(1), statements(6)
    hook_of(world.acme, URL)
    assert statements(1) - few <= 12
    assert statements(6) - many == statements(1) - few
    assert events_at(world.acme) == ["license.created"] * 8
