"""Licence policies and maintenance policies of the Web API."""

from typing import Any

import pytest

from licenses.models import LicensePolicy, MaintenancePolicy
from licenses.verbs.licenses import create_license
from tenancy.door import inside
from tests.api.program import program_of
from tests.world import World

LICENSE, TEMPLATE, MAINTENANCE = (
    "/v3/license-policies",
    "/v3/license-templates",
    "/v3/maintenance-policies",
)


def test_a_policy_is_made_changed_and_deleted_under_either_name(world: World) -> None:
    program = program_of(world.acme_admin)
    made = program.create(
        LICENSE,
        {
            "name": "Yearly",
            "type": "hosted-floating",
            "validity": "31536000",
            "expirationStrategy": "delayed",
            "allowedActivations": "10",
            "leaseDuration": 600,
            "allowedIpRange": "192.0.2.9/24",
            "allowedCountries": ["de"],
            "userLocked": "true",
            "keyPattern": None,
            "requiredMetadataKeys": ["Room"],
        },
    )
    assert made.status_code == 201
    body = made.json()
    assert (body["subscriptionInterval"], body["validity"]) == ("P365D", 31536000)
    assert (body["allowedIpRanges"], body["allowedCountries"]) == (["192.0.2.0/24"], ["DE"])
    assert (body["allowedActivations"], body["userLocked"]) == (10, True)
    assert body["requiredMetadataKeys"] == ["Room"]
    one = f"{TEMPLATE}/{body['id']}"
    assert program.get(one).json() == body
    changed = program.change(
        one, {"subscriptionInterval": "P1Y", "subscriptionStartTrigger": "creation"}
    )
    assert changed.json()["validity"] == 31536000
    assert changed.json()["expirationStrategy"] == "immediate"
    # The same number of seconds, which programs send back, leaves the calendar alone.
    assert program.change(one, {"validity": 31536000}).json()["subscriptionInterval"] == "P1Y"
    perpetual = program.change(one, {"subscriptionInterval": "", "name": None}).json()
    assert (perpetual["validity"], perpetual["name"]) == (0, "Yearly")
    assert program.remove(f"{LICENSE}/{body['id']}").status_code == 204
    assert program.get(one).status_code == 404


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "name:"),
        ({"name": ""}, "name:"),
        ({"name": "x" * 101}, "name:"),
        ({"name": "x", "type": "floating"}, "type:"),
        ({"name": "x", "type": ""}, "type:"),
        ({"name": "x", "type": 7}, "type:"),
        ({"name": "x", "validity": -1}, "validity:"),
        ({"name": "x", "validity": "a year"}, "validity:"),
        ({"name": "x", "subscriptionInterval": "1 year"}, "subscriptionInterval:"),
        ({"name": "x", "subscriptionStartTrigger": "now"}, "subscriptionStartTrigger:"),
        ({"name": "x", "allowedActivations": -2}, "allowedActivations:"),
        ({"name": "x", "allowedActivations": "9" * 30}, "allowedActivations:"),
        ({"name": "x", "leaseDuration": 10**12}, "leaseDuration:"),
        ({"name": "x", "allowedCountries": "DE"}, "allowedCountries:"),
        ({"name": "x", "allowedCountries": ["Germany"]}, "allowedCountries:"),
        ({"name": "x", "allowedIpAddresses": ["192.0.2.300"]}, "allowedIpAddresses:"),
        ({"name": "x", "allowedIpRange": "somewhere"}, "allowedIpRanges:"),
        ({"name": "x", "keyPattern": "["}, "keyPattern:"),
        ({"name": "x", "userLocked": "maybe"}, "userLocked:"),
    ],
)
def test_what_a_policy_can_not_be(world: World, body: dict[str, Any], says: str) -> None:
    response = program_of(world.acme_admin).create(LICENSE, body)
    assert (response.status_code, says in response.json()["message"]) == (400, True), (
        response.content
    )
    with inside(world.acme):
        assert not LicensePolicy.objects.exists()


def test_maintenance_is_made_changed_and_deleted(world: World) -> None:
    program = program_of(world.acme_admin)
    made = program.create(
        MAINTENANCE,
        {"name": "Updates", "subscriptionInterval": "P1Y", "allowMajorVersionUpdates": False},
    )
    assert made.status_code == 201
    one = f"{MAINTENANCE}/{made.json()['id']}"
    changed = program.change(one, {"expirationStrategy": "delayed"}).json()
    assert (changed["validity"], changed["expirationStrategy"]) == (31536000, "delayed")
    assert not changed["allowMajorVersionUpdates"]
    for bad in ({"name": ""}, {"expirationStrategy": "rolling"}, {"validity": "x"}):
        assert program.change(one, bad).status_code == 400
    assert program.remove(one).status_code == 204
    assert program.get(one).status_code == 404


def test_what_licences_and_products_are_on_stays(world: World) -> None:
    with inside(world.acme):
        policy = LicensePolicy.objects.create(vendor=world.acme, name="Standard")
        updates = MaintenancePolicy.objects.create(vendor=world.acme, name="Updates")
        create_license(product=world.orbit, user=world.ada, policy=policy)
        world.orbit.default_maintenance_policy = updates
        world.orbit.save()
    program = program_of(world.acme_admin)
    for path in (f"{LICENSE}/{policy.pk}", f"{MAINTENANCE}/{updates.pk}"):
        refused = program.remove(path)
        assert (refused.status_code, refused.json()["code"]) == (409, "POLICY_IN_USE")
        assert program.get(path).status_code == 200


@pytest.mark.parametrize("path", [LICENSE, TEMPLATE, MAINTENANCE])
def test_they_are_listed_by_as_many_queries_whatever_their_number(
    world: World, path: str, django_assert_num_queries: Any
) -> None:
    model = MaintenancePolicy if path == MAINTENANCE else LicensePolicy
    with inside(world.acme):
        for name in ("Three", "One", "Two"):
            model.objects.create(vendor=world.acme, name=name)
    program = program_of(world.acme_admin)
    names = [each["name"] for each in program.get(f"{path}?sort=-name&query=o").json()]
    assert names == ["Two", "One"]
    for limit in (1, 3):
        with django_assert_num_queries(4):
            assert len(program.get(f"{path}?limit={limit}").json()) == limit
