"""Trials and their policies by the Web API: machines without a token, forms of any origin, staff."""

from typing import Any
from uuid import uuid4

import pytest

from licenses.models import Product, TrialActivation, TrialPolicy
from tenancy.door import inside
from tests.api.program import Program, program_of
from tests.api.test_activations import claims_of
from tests.offline.requests_maker import MachineKeys
from tests.world import World, fingerprint, set_vendor

MACHINE, OTHER = MachineKeys(), MachineKeys("formatted anew")
PATH = "/v3/trial-activations"
DAY = 86400


def tried(world: World, **terms: Any) -> str:
    """Orbit may be tried from now on; its id."""
    with inside(world.acme):
        terms = {"trial_length": 14 * DAY, **terms}
        policy = TrialPolicy.objects.create(vendor=world.acme, name=str(uuid4()), **terms)
        Product.objects.filter(pk=world.orbit.pk).update(trial_policy=policy)
    return str(world.orbit.pk)


def body_of(product: object, name: str = "lab", **more: Any) -> dict[str, Any]:
    return {
        "productId": str(product),
        "fingerprint": fingerprint(name),
        "os": "windows",
        "hostname": name,
        **more,
    }


def trials_of(world: World) -> int:
    with inside(world.acme):
        return TrialActivation.objects.count()


def test_a_machine_tries_a_product_once(world: World, frozen_time: Any) -> None:
    orbit, program = tried(world), Program()
    made = program.create(PATH, body_of(orbit, metadata=[{"key": "from", "value": "web"}]))
    assert made.status_code == 201
    claims = claims_of(made)
    assert (claims["type"], claims["pid"], claims["key"]) == ("trial", orbit, "")
    assert claims["eat"] == claims["iat"] + 14 * DAY
    assert {"pmd", "lmd", "umd", "amd", "lma", "ama"} <= claims.keys()
    frozen_time.shift(20 * DAY)
    again = claims_of(program.create(PATH, body_of(orbit, "lab", hostname="renamed")))
    assert (again["aid"], again["eat"]) == (claims["aid"], claims["eat"])
    assert again["eat"] < again["iat"]
    assert claims_of(program.create(PATH, body_of(orbit, "two")))["aid"] != claims["aid"]
    assert trials_of(world) == 2


REFUSED: list[tuple[dict[str, Any], dict[str, Any], int, str]] = [
    ({}, {"productId": "nobody"}, 400, "INVALID_PRODUCT_ID"),
    ({}, {"productId": str(uuid4())}, 400, "INVALID_PRODUCT_ID"),
    ({}, {"fingerprint": "short"}, 400, "INVALID_ACTIVATION_FINGERPRINT"),
    ({}, {"os": ""}, 400, "INVALID_REQUEST"),
    ({}, {"metadata": [{"key": ""}]}, 400, "INVALID_REQUEST"),
    ({"allow_vm_activation": False}, {"vmName": "kvm"}, 400, "VM_ACTIVATION_NOT_ALLOWED"),
    (
        {"allow_container_activation": False},
        {"container": True},
        400,
        "CONTAINER_ACTIVATION_NOT_ALLOWED",
    ),
    ({"disallowed_ip_addresses": ["127.0.0.1"]}, {}, 400, "IP_ADDRESS_NOT_ALLOWED"),
    ({"allowed_countries": ["DE"]}, {}, 400, "COUNTRY_NOT_ALLOWED"),
    ({"user_locked": True}, {}, 400, "USER_NOT_ALLOWED"),
]


def test_what_is_refused_begins_no_trial(world: World) -> None:
    for terms, sent, status, code in REFUSED:
        orbit = tried(world, **terms)
        refused = Program().create(PATH, body_of(orbit) | sent)
        assert (refused.status_code, refused.json()["code"]) == (status, code), sent
    refused = Program().create(PATH, body_of(world.spectra.pk))
    assert (refused.status_code, refused.json()["code"]) == (400, "TRIAL_NOT_ALLOWED")
    orbit = tried(world)
    set_vendor(world.acme, status="inactive")
    assert Program().create(PATH, body_of(orbit)).json()["code"] == "VENDOR_INACTIVE"
    assert trials_of(world) == 0


@pytest.mark.takes_turns
def test_new_trials_are_limited_by_address(world: World) -> None:
    orbit = tried(world)
    answers = [Program().create(PATH, body_of(orbit, f"m{n}")).status_code for n in range(32)]
    assert answers == [201] * 30 + [429] * 2
    assert Program().create(PATH, body_of(orbit, "m0")).status_code == 201


def test_an_offline_request_is_answered_to_a_page_of_any_origin(world: World) -> None:
    orbit, path = tried(world), f"{PATH}/offline-activate"
    asked = Program().send("OPTIONS", path, headers={"origin": "https://acme.example"})
    assert asked.status_code == 204
    assert asked["Access-Control-Allow-Origin"] == "*"
    assert asked["Access-Control-Allow-Headers"] == "Content-Type"
    body = {"offlineRequest": MACHINE.trial(orbit), "productId": orbit, "responseValidity": DAY}
    answered = Program().create(path, body)
    assert (answered.status_code, answered["Access-Control-Allow-Origin"]) == (200, "*")
    claims = claims_of(answered)
    assert claims["cnf"] == {"jkt": MACHINE.thumbprint}
    assert claims["orv"] == claims["iat"] + DAY
    again = claims_of(Program().create(path, {**body, "offlineRequest": OTHER.trial(orbit)}))
    assert (again["aid"], again["cnf"]) == (claims["aid"], {"jkt": OTHER.thumbprint})
    for wrong, code in (
        ({"offlineRequest": "a.b.c"}, "INVALID_OFFLINE_REQUEST"),
        ({"offlineRequest": MACHINE.activation(orbit, "key")}, "INVALID_OFFLINE_REQUEST"),
        ({"offlineRequest": MACHINE.trial(world.spectra.pk)}, "INVALID_PRODUCT_ID"),
        ({"productId": ""}, "INVALID_PRODUCT_ID"),
        ({"responseValidity": -1}, "INVALID_REQUEST"),
    ):
        refused = Program().create(path, {**body, **wrong})
        assert (refused.status_code, refused.json()["code"]) == (400, code)
        assert refused["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in Program().get("/v3/products")
    assert trials_of(world) == 1


def test_staff_sees_extends_and_deletes_trials(
    world: World, frozen_time: Any, django_assert_num_queries: Any
) -> None:
    orbit, staff = tried(world), program_of(world.acme_admin)
    for name in ("one", "two", "three"):
        Program().create(PATH, body_of(orbit, name))
    found = staff.get(f"{PATH}?productId={orbit}&query=one").json()
    assert [each["hostname"] for each in found] == ["one"]
    path = f"{PATH}/{found[0]['id']}"
    extended = staff.create(f"{path}/extend", {"extensionLength": str(DAY)})
    assert extended.json()["expiresAt"] == "2026-12-09T12:00:00Z"
    frozen_time.shift(30 * DAY)
    extended = staff.create(f"{path}/extend", {"extensionLength": DAY})
    assert extended.json()["expiresAt"] == "2026-12-25T12:00:00Z"
    ended = staff.change(f"{path}/expires-at", {"expiresAt": "2027-01-01"})
    assert ended.json()["expiresAt"] == "2027-01-01T00:00:00Z"
    for wrong in ({}, {"extensionLength": -1}, {"extensionLength": "soon"}):
        assert staff.create(f"{path}/extend", wrong).status_code == 400
    for wrong in ({}, {"expiresAt": ""}, {"expiresAt": "soon"}):
        assert staff.change(f"{path}/expires-at", wrong).status_code == 400
    for limit in (1, 3):
        with django_assert_num_queries(4):
            staff.get(f"{PATH}?limit={limit}")
    assert len(staff.get(f"{PATH}/export?productId={orbit}").getvalue().splitlines()) == 4
    assert program_of(world.acme_support).remove(path).status_code == 403
    assert staff.remove(path).status_code == 204
    assert staff.remove(path).status_code == 404
    assert trials_of(world) == 2


def test_policies_are_made_changed_and_deleted(
    world: World, django_assert_num_queries: Any
) -> None:
    staff, path = program_of(world.acme_admin), "/v3/trial-policies"
    made = staff.create(path, {"name": "Two weeks", "trialLength": "1209600", "userLocked": None})
    assert made.status_code == 201
    policy = made.json()
    changed = staff.change(
        f"{path}/{policy['id']}", {"allowedCountries": ["de", "AT"], "allowedIpRanges": ["::/0"]}
    )
    older = staff.change(f"{path}/{policy['id']}", {"allowedIpRange": "192.0.2.0/24"})
    assert older.json()["allowedIpRanges"] == ["192.0.2.0/24"]
    both = {"allowedIpRange": "192.0.2.0/24", "allowedIpRanges": ["::/0"]}
    assert staff.change(f"{path}/{policy['id']}", both).json()["allowedIpRanges"] == ["::/0"]
    none = staff.change(f"{path}/{policy['id']}", {"allowedIpRange": ""})
    assert none.json()["allowedIpRanges"] == []
    assert changed.json()["allowedCountries"] == ["DE", "AT"]
    assert changed.json()["trialLength"] == 1209600
    for wrong in (
        {},
        {"name": ""},
        {"name": "Two weeks"},
        {"name": "x", "trialLength": 0},
        {"name": "x", "trialLength": 10**12},
        {"name": "x", "allowedCountries": ["Germany"]},
        {"name": "x", "allowedIpAddresses": ["nowhere"]},
        {"name": "x", "allowedIpRanges": "0.0.0.0/0"},
    ):
        assert staff.create(path, wrong).status_code == 400, wrong
    product = staff.change(f"/v3/products/{world.orbit.pk}", {"trialPolicyId": policy["id"]})
    assert product.json()["trialPolicy"]["name"] == "Two weeks"
    assert staff.remove(f"{path}/{policy['id']}").status_code == 409
    foreign = program_of(world.globex_admin).change(
        f"/v3/products/{world.quill.pk}", {"trialPolicyId": policy["id"]}
    )
    assert foreign.status_code == 404
    other = staff.create(path, {"name": "Other"}).json()
    for limit in (1, 3):
        with django_assert_num_queries(4):
            staff.get(f"{path}?limit={limit}&sort=-name")
    assert staff.remove(f"{path}/{other['id']}").status_code == 204
    assert [each["name"] for each in staff.get(path).json()] == ["Two weeks"]
