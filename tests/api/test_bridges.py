"""What bridges between payment platforms and the Web API send, as public ones do: a customer is
looked up or made, licences are made, suspended, renewed and deleted by what the platform calls
its subscription."""

import csv
from typing import Any

from licenses.models import LicensePolicy
from tenancy.door import inside
from tests.api.program import Program, token_of
from tests.api.test_activations import MACHINE
from tests.world import PASSWORD, World

BUYER = "sub@buyer.example"
SUBSCRIPTION = "metadata.key[eq]=platform_subscription_id&metadata.value[eq]=sub-1"


def policy_of(world: World, **terms: Any) -> str:
    with inside(world.acme):
        return str(LicensePolicy.objects.create(vendor=world.acme, name="Bridged", **terms).pk)


def bridge_of(world: World) -> Program:
    """With the scopes that such a bridge asks for, by the names of today."""
    made = Program().create(
        "/v3/accounts/login",
        {"companyId": "acme", "email": world.acme_admin.email, "password": PASSWORD},
    )
    scopes = ["license:read", "license:write", "user:read", "user:write", "licenseTemplate:read"]
    person = Program(made.json()["accessToken"])
    token = person.create("/v3/personal-access-tokens", {"name": "A bridge", "scopes": scopes})
    assert token.status_code == 201
    return Program(token.json()["accessToken"])


def looked_up(bridge: Program) -> list[str]:
    return [each["id"] for each in bridge.get(f"/v3/users?email[eq]={BUYER}").json()]


def order(world: World, bridge: Program, policy: str, **more: Any) -> Any:
    body = {
        "productId": str(world.orbit.pk),
        "licenseTemplateId": policy,
        "metadata": [{"key": "platform_subscription_id", "value": "sub-1", "viewPermissions": []}],
        "userId": looked_up(bridge)[0],
        **more,
    }
    made = bridge.create("/v3/licenses", body)
    assert made.status_code == 201
    return made.json()


def test_a_subscription_from_order_to_end(world: World, frozen_time: Any) -> None:
    bridge, policy = bridge_of(world), policy_of(world, subscription_interval="P1Y")
    assert looked_up(bridge) == []
    person = {"email": BUYER, "firstName": "Sub", "lastName": "Buyer", "company": "Buyer Ltd"}
    assert (
        bridge.create("/v3/users", {**person, "password": "V1StGXR8_Z", "role": "user"}).status_code
        == 201
    )
    # Two events at once both make the customer; who comes second looks again.
    again = bridge.create("/v3/users", {**person, "password": "Z5jdHi6B-m", "role": "user"})
    assert (again.status_code >= 400, len(looked_up(bridge))) == (True, 1)

    template = bridge.get(f"/v3/license-templates/{policy}").json()
    assert (template["subscriptionInterval"], template["subscriptionStartTrigger"]) == (
        "P1Y",
        "creation",
    )
    monthly = order(world, bridge, policy, subscriptionInterval="P1M")
    addon = order(
        world, bridge, policy, subscriptionInterval="P1Y", subscriptionStartTrigger="creation"
    )
    order(world, bridge, policy, metadata=[], subscriptionInterval="", allowedActivations=3)
    assert [each["visible"] for each in monthly["metadata"]] == [False]

    found = bridge.get(f"/v3/licenses?{SUBSCRIPTION}").json()
    assert {each["id"] for each in found} == {monthly["id"], addon["id"]}
    for each in found:
        suspended = bridge.change(f"/v3/licenses/{each['id']}", {"suspended": True})
        assert suspended.json()["suspended"] is True
    for each in found:
        renewed = bridge.create(f"/v3/licenses/{each['id']}/renew")
        assert renewed.json()["expiresAt"] > each["expiresAt"]
        lifted = bridge.change(f"/v3/licenses/{each['id']}", {"suspended": False})
        assert (lifted.status_code, lifted.json()["suspended"]) == (200, False)
    for each in found:
        assert bridge.remove(f"/v3/licenses/{each['id']}").status_code == 204
    assert bridge.get(f"/v3/licenses?{SUBSCRIPTION}").json() == []
    assert len(bridge.get(f"/v3/licenses?email={BUYER}").json()) == 1


def test_a_function_that_signs_in_for_each_call(world: World) -> None:
    """By the vendor's id, then a floating licence with all its terms, and a machine's file."""
    account = {"accountId": str(world.acme.pk), "email": world.acme_admin.email}
    refused = Program().create("/v3/accounts/login", {**account, "password": "wrong"})
    assert (refused.status_code, refused.json()["code"]) == (400, "AUTHENTICATION_FAILED")
    signed_in = Program().create("/v3/accounts/login", {**account, "password": PASSWORD})
    program = Program(signed_in.json()["accessToken"])
    floating = {
        "productId": str(world.orbit.pk),
        "allowedActivations": 2,
        "type": "hosted-floating",
        "licenseTemplateId": policy_of(world),
        "validity": 31_536_000,
        "metadata": [
            {
                "key": "EDITION",
                "value": "full",
                "viewPermissions": ["activation"],
                "visible": True,
            }
        ],
    }
    made = program.create("/v3/licenses", floating).json()
    assert (made["type"], made["metadata"][0]["visible"]) == ("hosted-floating", True)
    body = {
        "licenseId": str(world.ada_license.pk),
        "offlineRequest": MACHINE.activation(str(world.orbit.pk), world.ada_license.key),
        "responseValidity": 3600,
    }
    answered = program.create("/v3/activations/offline-activate", body)
    assert (answered.status_code, list(answered.json())) == (200, ["offlineResponse"])


def test_rows_of_a_file_are_all_text(world: World) -> None:
    """A script that imports licences sends what it reads: numbers as text, moments without zone."""
    program = Program(token_of(world.acme_admin))
    lines = [
        "key,allowedActivations,validity,createdAt",
        "92A4DB-17FD8-F399C-FF065-21523,5,86500,2015-05-01 11:16:16",
    ]
    [row] = csv.DictReader(lines)
    assert program.get("/v3/users?email=john.doe@example.com").json() == []
    person = {"firstName": "John", "lastName": "Doe", "roles": ["user"]}
    user = program.create(
        "/v3/users", {**person, "email": "john.doe@example.com", "password": "a-long-uuid-as-one"}
    ).json()
    metadata = [{"key": "order_id", "value": "12345", "visible": True}]
    body = {**row, "productId": str(world.orbit.pk), "metadata": metadata, "userId": user["id"]}
    made = program.create("/v3/licenses", body)
    assert made.status_code == 201
    license = made.json()
    assert (license["key"], license["allowedActivations"]) == (row["key"], 5)
    twice = program.create("/v3/licenses", body)
    assert (twice.status_code, bool(twice.json()["message"])) == (400, True)
