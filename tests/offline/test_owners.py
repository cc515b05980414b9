"""A licence that changes hands: what was answered for its earlier owner is nobody else's."""

import base64
import json
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from accounts.models import User
from licenses.errors import ActivationNotFound
from licenses.models import Activation, License, LicenseUser
from licenses.verbs.licenses import change_license
from offline.models import OfflineExchange
from offline.verbs.answering import answer
from tenancy.door import inside
from tests.offline.requests_maker import MachineKeys
from tests.roles import everywhere
from tests.world import World, signed_in

MACHINE = MachineKeys()


def activation(world: World) -> str:
    return MACHINE.activation(world.orbit.pk, world.ada_license.key, "lab")


def deactivation(world: World, exchange: OfflineExchange) -> str:
    made = MACHINE.deactivation(
        world.orbit.pk, world.ada_license.key, exchange.activation_id, "lab"
    )
    return str(made)


def given_to(world: World, person: User | None) -> None:
    """As the back office does it."""
    license = License.objects.get(pk=world.ada_license.pk)
    license.user = person
    change_license(license, fields=["user"])


def named_in(exchange: OfflineExchange) -> str:
    payload = exchange.response.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return str(claims["email"])


def paths_of(exchange: OfflineExchange) -> list[str]:
    return [
        f"/offline/{exchange.pk}/",
        f"/offline/{exchange.pk}/response/",
        f"/offline/machines/{exchange.activation_id}/response/",
    ]


def codes(person: User, exchange: OfflineExchange) -> list[int]:
    browser = signed_in(person)
    return [browser.get(path).status_code for path in paths_of(exchange)]


def test_a_new_owner_gets_no_response_of_the_earlier_one(world: World) -> None:
    with inside(world.acme):
        exchange = answer(world.ada, activation(world))
    assert codes(world.ada, exchange) == [200, 200, 200]
    with inside(world.acme):
        given_to(world, world.grace)
    assert codes(world.grace, exchange) == [404, 404, 404]
    assert codes(world.ada, exchange) == [404, 404, 404]
    page = signed_in(world.grace).get(f"/licenses/{world.ada_license.pk}/").content.decode()
    assert paths_of(exchange)[2] not in page
    assert "lab" in page


def test_nor_does_who_shares_it_with_the_new_owner(world: World) -> None:
    with inside(world.acme):
        exchange = answer(world.ada, activation(world))
        sharing = LicenseUser(vendor=world.acme, license=world.ada_license, user=world.grace)
        sharing.save()
    assert codes(world.grace, exchange) == [200, 200, 200]
    with inside(world.acme):
        given_to(world, None)
    assert codes(world.grace, exchange) == [404, 404, 404]


def test_the_new_owner_hands_the_request_in_again_and_gets_his_own(acme: World) -> None:
    first = answer(acme.ada, activation(acme))
    assert named_in(first) == "ada@example.com"
    seats = License.objects.get(pk=acme.ada_license.pk).total_activations
    given_to(acme, acme.grace)
    second = answer(acme.grace, activation(acme))
    assert named_in(second) == "grace@example.com"
    assert (second.pk, second.activation_id) == (first.pk, first.activation_id)
    assert (second.user, second.owner) == (acme.grace, acme.grace)
    assert License.objects.get(pk=acme.ada_license.pk).total_activations == seats
    assert codes(acme.grace, second) == [200, 200, 200]
    given_to(acme, acme.ada)
    assert codes(acme.ada, second)[:2] == [404, 404]


def test_what_was_answered_is_its_owners_again_when_the_licence_comes_back(acme: World) -> None:
    exchange = answer(acme.ada, activation(acme))
    given_to(acme, acme.grace)
    given_to(acme, acme.ada)
    assert codes(acme.ada, exchange)[:2] == [200, 200]
    assert answer(acme.ada, activation(acme)).response == exchange.response


def test_a_receipt_is_the_earlier_owners_too(acme: World) -> None:
    begun = answer(acme.ada, activation(acme))
    receipt = answer(acme.ada, deactivation(acme, begun))
    assert codes(acme.ada, receipt)[:2] == [200, 200]
    given_to(acme, acme.grace)
    assert codes(acme.grace, receipt)[:2] == [404, 404]
    with pytest.raises(ActivationNotFound):
        answer(acme.grace, deactivation(acme, begun))


def test_other_changes_leave_the_responses_where_they_are(acme: World) -> None:
    exchange = answer(acme.ada, activation(acme))
    license = License.objects.get(pk=acme.ada_license.pk)
    license.name = "Lab"
    change_license(license, fields=["name"])
    assert codes(acme.ada, exchange) == [200, 200, 200]
    machine = Activation.objects.get(pk=exchange.activation_id)
    assert machine.offline_response_valid_until == exchange.valid_until


def test_the_migration_finds_whose_they_are(world: World) -> None:
    """Ada's own; one that names her though another handed it in; one of an earlier owner."""
    fill_in: Any = import_module("offline.migrations.0003_owners").fill_in
    with inside(world.acme):
        own = answer(world.ada, activation(world))
        keys = MachineKeys("another")
        request = keys.activation(world.orbit.pk, world.ada_license.key, "other")
        shared = answer(world.ada, request)
        OfflineExchange.objects.filter(pk=shared.pk).update(user=world.grace)
        earlier = answer(
            world.grace, keys.activation(world.orbit.pk, world.grace_license.key, "third")
        )
        License.objects.filter(pk=world.grace_license.pk).update(user=world.ada)
    with everywhere():
        OfflineExchange.objects.update(owner=None)
        fill_in(apps, None)
        found = dict(OfflineExchange.objects.values_list("pk", "owner"))
    assert found == {own.pk: world.ada.pk, shared.pk: world.ada.pk, earlier.pk: None}
