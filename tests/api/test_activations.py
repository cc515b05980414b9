"""Activations of the Web API: programs without a token, and staff with one."""

import json
from base64 import urlsafe_b64decode
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from audit.models import AuditEntry
from licenses.models import Activation, License, LicenseMeterAttribute, LicenseUser
from licenses.verbs.activations import activate
from licenses.verbs.licenses import create_license
from tenancy.door import inside
from tests import geoip
from tests.api.program import Program, program_of
from tests.conftest import NOW
from tests.offline.requests_maker import MachineKeys
from tests.world import PASSWORD, World, fingerprint, machine, set_vendor

MACHINE = MachineKeys()


def body_of(license: License, name: str = "lab", **more: Any) -> dict[str, Any]:
    """What a program on a machine of this name sends."""
    return {
        "productId": str(license.product_id),
        "key": license.key,
        "fingerprint": fingerprint(name),
        "os": "linux",
        "hostname": name,
        **more,
    }


def spare(world: World) -> License:
    """A licence of Grace's without machines."""
    with inside(world.acme):
        return create_license(product=world.orbit, user=world.grace, allowed_activations=3)


def claims_of(response: Any) -> dict[str, Any]:
    """What the token in an answer says."""
    [token] = response.json().values()
    payload = token.split(".")[1]
    return dict(json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))


def change(license: License, **fields: Any) -> None:
    with inside(license.vendor):
        License.objects.filter(pk=license.pk).update(**fields)


def seats(license: License) -> tuple[int, int]:
    """Seats that are counted, and machines that are there."""
    with inside(license.vendor):
        counted = License.objects.get(pk=license.pk).total_activations
        return counted, Activation.objects.filter(license=license).count()


def test_a_program_activates_syncs_and_deactivates(world: World, frozen_time: Any) -> None:
    license, program = spare(world), Program()
    made = program.create(
        "/v3/activations", body_of(license, metadata=[{"key": "a", "value": "b"}])
    )
    assert made.status_code == 201
    claims = claims_of(made)
    assert (claims["lid"], claims["key"]) == (str(license.pk), license.key)
    assert {"pmd", "lmd", "umd", "amd", "lma", "ama"} <= claims.keys()
    again = program.create("/v3/activations", body_of(license, appVersion="2"))
    assert claims_of(again)["aid"] == claims["aid"]
    path = f"/v3/activations/{claims['aid']}"
    frozen_time.shift(60)
    synced = program.change(path, {"appVersion": "3"})
    assert synced.status_code == 200
    assert claims_of(synced)["iat"] == claims["iat"] + 60
    told = program_of(world.acme_admin).get(path).json()
    assert (told["appVersion"], told["hostname"]) == ("3", "lab")
    assert seats(license) == (1, 1)
    assert program.remove(path).status_code == 204
    assert program.remove(path).status_code == 404
    assert seats(license) == (0, 0)
    with inside(world.acme):
        acts = AuditEntry.objects.filter(subject_id=claims["aid"]).order_by("sequence")
        assert [(each.action, each.source, each.actor_id) for each in acts] == [
            ("activated", "api", None),
            ("deactivated", "api", None),
        ]


REFUSED: list[tuple[dict[str, Any], dict[str, Any], int, str]] = [
    ({}, {"productId": ""}, 400, "INVALID_PRODUCT_ID"),
    ({}, {"productId": "nobody"}, 400, "INVALID_PRODUCT_ID"),
    ({}, {"productId": str(uuid4())}, 400, "INVALID_PRODUCT_ID"),
    ({}, {"key": ""}, 400, "INVALID_LICENSE_KEY"),
    ({}, {"key": "nobody's key \x00"}, 400, "INVALID_LICENSE_KEY"),
    ({}, {"fingerprint": "short"}, 400, "INVALID_ACTIVATION_FINGERPRINT"),
    ({}, {"fingerprint": "f" * 257}, 400, "INVALID_ACTIVATION_FINGERPRINT"),
    ({}, {"fingerprint": "\u202e" * 64}, 400, "INVALID_ACTIVATION_FINGERPRINT"),
    ({}, {"os": None}, 400, "INVALID_REQUEST"),
    ({}, {"os": "beos"}, 400, "INVALID_REQUEST"),
    ({}, {"container": "perhaps"}, 400, "INVALID_REQUEST"),
    ({}, {"metadata": "none"}, 400, "INVALID_REQUEST"),
    ({}, {"metadata": [{"key": "k" * 257}]}, 400, "INVALID_REQUEST"),
    ({}, {"metadata": [{"key": "k"}, {"key": "k"}]}, 400, "INVALID_REQUEST"),
    ({}, {"meterAttributes": [{"name": "m", "uses": -1}]}, 400, "INVALID_REQUEST"),
    ({}, {"meterAttributes": [{"name": "m", "usesIncrement": 2**40}]}, 400, "INVALID_REQUEST"),
    ({"revoked": True}, {}, 400, "REVOKED_LICENSE"),
    ({"allow_vm_activation": False}, {"vmName": "kvm"}, 400, "VM_ACTIVATION_NOT_ALLOWED"),
    (
        {"allow_container_activation": False},
        {"container": "true"},
        400,
        "CONTAINER_ACTIVATION_NOT_ALLOWED",
    ),
    ({"allowed_activations": 1, "total_activations": 1}, {}, 400, "ACTIVATION_LIMIT_REACHED"),
]


def test_what_is_refused_takes_no_seat(world: World) -> None:
    license, program = spare(world), Program()
    for terms, sent, status, code in REFUSED:
        before = {name: getattr(license, name) for name in terms}
        change(license, **terms)
        refused = program.create("/v3/activations", body_of(license, **sent))
        assert (refused.status_code, refused.json()["code"]) == (status, code), sent
        assert "file" not in refused.json()["message"]
        change(license, **before)
    assert seats(license) == (0, 0)


def test_the_key_of_another_vendors_licence_is_none(world: World) -> None:
    for program in (Program(), program_of(world.acme_admin)):
        sent = body_of(spare(world), key=world.bob_license.key)
        assert program.create("/v3/activations", sent).json()["code"] == "INVALID_LICENSE_KEY"
    # A token names its vendor, whatever else is named.
    sent = body_of(world.bob_license)
    response = program_of(world.acme_admin).create("/v3/activations", sent)
    assert response.json()["code"] == "INVALID_PRODUCT_ID"
    path = f"/v3/activations/{world.bob_machine.pk}"
    for answer in (
        program_of(world.acme_admin).change(path, {}),
        program_of(world.acme_admin).remove(path),
    ):
        assert answer.status_code == 404
    assert seats(world.bob_license) == (1, 1)


def test_an_inactive_vendors_programs_are_told(world: World) -> None:
    set_vendor(world.acme, status="inactive")
    path = f"/v3/activations/{world.ada_machine.pk}"
    for answer in (
        Program().create("/v3/activations", body_of(spare(world))),
        Program().change(path, {}),
        Program().remove(path),
        Program().create(f"{path}/deactivate"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "VENDOR_INACTIVE")
    assert seats(world.ada_license) == (1, 1)


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"fingerprint": fingerprint("other")}, 400, "INVALID_ACTIVATION_FINGERPRINT"),
        ({"key": "another"}, 400, "INVALID_LICENSE_KEY"),
        ({"productId": "nobody"}, 400, "INVALID_PRODUCT_ID"),
        ({"productId": str(uuid4())}, 400, "INVALID_PRODUCT_ID"),
        ({"hostname": "x" * 300, "osVersion": "a\x00b"}, 200, ""),
        (None, 200, ""),
        (b"null", 200, ""),
    ],
)
def test_a_sync_that_names_something_else_is_refused(
    world: World, sent: Any, status: int, code: str
) -> None:
    response = Program().change(f"/v3/activations/{world.ada_machine.pk}", sent)
    assert response.status_code == status, response.content
    assert response.json().get("code", "") == code
    assert Program().change("/v3/activations/nobody", sent).status_code == 404


def test_a_licence_that_has_ended_is_synced_and_a_revoked_one_not(world: World) -> None:
    """The program judges by the claims of its token."""
    path = f"/v3/activations/{world.ada_machine.pk}"
    change(world.ada_license, suspended=True, expires_at=NOW - timedelta(days=1))
    claims = claims_of(Program().change(path, {}))
    assert (claims["suspended"], claims["eat"] < claims["iat"]) == (True, True)
    change(world.ada_license, revoked=True)
    assert Program().change(path, {}).json()["code"] == "REVOKED_LICENSE"


def test_deactivations_are_counted_and_limited(world: World) -> None:
    change(world.ada_license, allowed_deactivations=0)
    path = f"/v3/activations/{world.ada_machine.pk}/deactivate"
    refused = Program().create(path)
    assert (refused.status_code, refused.json()["code"]) == (409, "DEACTIVATION_LIMIT_REACHED")
    change(world.ada_license, allowed_deactivations=1)
    assert Program().create(path).status_code == 204
    assert Program().create(path).status_code == 404


def test_meters_are_counted_with_their_limits(world: World) -> None:
    license, program = spare(world), Program()
    with inside(world.acme):
        for name, floating in (("pages", False), ("jobs", True)):
            LicenseMeterAttribute.objects.create(
                vendor=world.acme, license=license, name=name, allowed_uses=10, floating=floating
            )
    uses = [{"name": "pages", "usesIncrement": 4}, {"name": "jobs", "uses": "5"}]
    aid = claims_of(program.create("/v3/activations", body_of(license, meterAttributes=uses)))[
        "aid"
    ]

    def add(name: str, more: int) -> Any:
        body = {"activationId": aid, "increment": more}
        return program.create(f"/v3/activations/meter-attributes/{name}", body)

    def now() -> dict[str, tuple[int, int]]:
        with inside(world.acme):
            rows = LicenseMeterAttribute.objects.filter(license=license)
            return {each.name: (each.total_uses, each.gross_uses) for each in rows}

    assert add("pages", 6).json() == {
        "name": "pages",
        "uses": 10,
        "licenseAllowedUses": 10,
        "licenseTotalUses": 10,
        "licenseGrossUses": 10,
    }
    over = add("pages", 1)
    assert (over.status_code, over.json()["code"]) == (400, "METER_ATTRIBUTE_USES_LIMIT_REACHED")
    assert add("nothing", 1).json()["code"] == "METER_ATTRIBUTE_NOT_FOUND"
    program.change(f"/v3/activations/{aid}", {"meterAttributes": [{"name": "jobs", "uses": 2}]})
    assert now() == {"pages": (10, 10), "jobs": (2, 5)}
    assert add("jobs", -9).json()["uses"] == 0
    both = [{"name": "jobs", "usesIncrement": 3}, {"name": "pages", "usesIncrement": 1}]
    refused = program.change(f"/v3/activations/{aid}", {"meterAttributes": both})
    assert refused.status_code == 400
    assert now() == {"pages": (10, 10), "jobs": (0, 5)}
    program.change(f"/v3/activations/{aid}", {"meterAttributes": both[:1]})
    assert program.remove(f"/v3/activations/{aid}").status_code == 204
    assert now() == {"pages": (10, 10), "jobs": (0, 8)}


def test_a_floating_seat_is_leased(world: World, frozen_time: Any) -> None:
    license, program = spare(world), Program()
    change(license, type="hosted-floating", allowed_activations=1, lease_duration=600)
    first = claims_of(program.create("/v3/activations", body_of(license, "one")))
    assert first["leat"] == first["iat"] + 600
    frozen_time.shift(500)
    assert (
        claims_of(program.change(f"/v3/activations/{first['aid']}"))["leat"] == first["leat"] + 500
    )
    frozen_time.shift(599)
    full = program.create("/v3/activations", body_of(license, "two"))
    assert full.json()["code"] == "ACTIVATION_LIMIT_REACHED"
    frozen_time.shift(1)
    assert program.create("/v3/activations", body_of(license, "two")).status_code == 201
    assert program.change(f"/v3/activations/{first['aid']}").status_code == 404
    assert seats(license) == (1, 1)


LISTED = [
    ("", 3),
    ("hostname=ada-laptop", 1),
    ("licenseId={license}", 1),
    ("productId={product}", 3),
    ("productId[ne]={product}", 0),
    ("query=lab", 1),
    ("metadata.key=room&metadata.value=b%20\u00e4", 1),
    ("metadataKey=room&metadataValue=other", 0),
    ("metadata.key=room", 1),
    ("createdAt[gt]=2020-01-01&lastSyncedAt[lt]=2020-01-01", 0),
    ("offline=False&sort=-lastSyncedAt", 3),
]


def test_machines_are_listed_and_exported(world: World, django_assert_num_queries: Any) -> None:
    with inside(world.acme):
        activate(
            spare(world),
            machine("lab", metadata=[{"key": "room", "value": "b ä"}]),
        )
    program = program_of(world.acme_admin)
    for query, number in LISTED:
        asked = query.format(license=world.ada_license.pk, product=world.orbit.pk)
        found = program.get(f"/v3/activations?{asked}")
        assert (query, len(found.json())) == (query, number)
    for limit in (1, 100):
        with django_assert_num_queries(4):
            program.get(f"/v3/activations?limit={limit}")
    assert program.get("/v3/activations?nobody=x").status_code == 400
    exported = program.get(f"/v3/activations/export?licenseId={world.ada_license.pk}")
    lines = exported.getvalue().decode().splitlines()
    assert len(lines) == 2
    assert str(world.ada_machine.pk) in lines[1]


def test_staff_releases_all_machines_of_a_licence(world: World) -> None:
    program = program_of(world.acme_admin)
    for query in (
        "",
        "?licenseId=",
        "?licenseId=nobody",
        f"?licenseId={world.bob_license.pk}",
        f"?licenseId={world.ada_license.pk}&os=linux",
        f"?licenseId={world.ada_license.pk}&createdAt[lt]=never",
        "?hostname=ada-laptop",
    ):
        assert program.remove(f"/v3/activations{query}").status_code in {400, 404}
    named = f"/v3/activations?licenseId={world.ada_license.pk}"
    assert program.remove(f"{named}&createdAt[lt]=2020-01-01").status_code == 204
    assert seats(world.ada_license) == (1, 1)
    assert program.remove(named).status_code == 204
    assert seats(world.ada_license) == (0, 0)
    assert seats(world.bob_license) == (1, 1)


def test_offline_requests_are_answered_by_token(world: World) -> None:
    license = spare(world)
    request = MACHINE.activation(license.product_id, license.key)
    staff, own, other = map(program_of, (world.acme_admin, world.grace, world.ada))
    body = {"offlineRequest": request, "responseValidity": 86400, "licenseId": str(license.pk)}
    path = "/v3/activations/offline-activate"
    assert other.create(path, body).json()["code"] == "INVALID_LICENSE_KEY"
    assert program_of(world.globex_admin).create(path, body).status_code == 400
    for wrong in ({"licenseId": str(world.ada_license.pk)}, {"licenseId": "nobody"}):
        assert staff.create(path, {**body, **wrong}).json()["code"] == "INVALID_LICENSE_KEY"
    for wrong in ({}, {"offlineRequest": "a.b.c"}, {"offlineRequest": ""}):
        assert staff.create(path, wrong).json()["code"] == "INVALID_OFFLINE_REQUEST"
    answered = staff.create(path, body)
    claims = claims_of(answered)
    assert claims["orv"] == claims["iat"] + 86400
    assert own.create(path, body).json() == answered.json()
    # Its id alone gives no offline seat back, but to staff.
    assert Program().remove(f"/v3/activations/{claims['aid']}").status_code == 409
    back = MACHINE.deactivation(license.product_id, license.key, claims["aid"])
    path = "/v3/activations/offline-deactivate"
    assert other.create(path, {"offlineRequest": back}).status_code == 400
    assert own.create(path, {"offlineRequest": request}).status_code == 400
    assert own.create(path, {"offlineRequest": back}).status_code == 200
    assert seats(license) == (0, 0)


def test_staff_releases_an_offline_machine(world: World) -> None:
    license = spare(world)
    request = MACHINE.activation(license.product_id, license.key)
    body = {"offlineRequest": request}
    staff = program_of(world.acme_admin)
    staff.create("/v3/activations/offline-activate", body)
    [machine] = staff.get(f"/v3/activations?licenseId={license.pk}").json()
    assert machine["offline"] is True
    assert program_of(world.grace).remove(f"/v3/activations/{machine['id']}").status_code == 409
    assert staff.remove(f"/v3/activations/{machine['id']}").status_code == 204
    assert seats(license) == (0, 0)


def test_a_licence_may_ask_for_its_customers_sign_in(world: World) -> None:
    license, program = spare(world), Program()
    change(license, require_authentication=True)
    own = {"email": "GRACE@example.com", "password": PASSWORD}
    for wrong in (
        {},
        {**own, "password": "another"},
        {**own, "password": ""},
        {"email": "ada@example.com", "password": PASSWORD},
        {"email": "admin@acme.example", "password": PASSWORD},
    ):
        refused = program.create("/v3/activations", body_of(license, **wrong))
        assert (refused.status_code, refused.json()["code"]) == (400, "AUTHENTICATION_FAILED")
    assert seats(license) == (0, 0)
    assert program.create("/v3/activations", body_of(license, **own)).status_code == 201
    with inside(world.acme):
        LicenseUser.objects.create(vendor=world.acme, license=license, user=world.ada)
    shared = body_of(license, "two", email="ada@example.com", password=PASSWORD)
    assert program.create("/v3/activations", shared).status_code == 201
    tries = [
        program.create("/v3/activations", body_of(license, **{**own, "password": "guess"}))
        for _each in range(8)
    ]
    assert tries[-1].status_code == 429


def test_a_licence_may_be_bound_to_places_and_users(world: World) -> None:
    license, program = spare(world), Program()
    for terms, code in (
        ({"disallowed_ip_addresses": ["127.0.0.1"]}, "IP_ADDRESS_NOT_ALLOWED"),
        ({"allowed_ip_ranges": ["192.0.2.0/24"]}, "IP_ADDRESS_NOT_ALLOWED"),
        ({"allowed_countries": ["DE"]}, "COUNTRY_NOT_ALLOWED"),
        ({"user_locked": True}, "USER_NOT_ALLOWED"),
    ):
        change(license, **terms)
        refused = program.create("/v3/activations", body_of(license))
        assert (refused.status_code, refused.json()["code"]) == (400, code)
        change(license, **{name: getattr(license, name) for name in terms})
    change(license, user_locked=True)
    made = program.create("/v3/activations", body_of(license, userHash="first"))
    path = f"/v3/activations/{claims_of(made)['aid']}"
    assert program.change(path, {"userHash": "second"}).json()["code"] == "USER_NOT_ALLOWED"
    again = program.create("/v3/activations", body_of(license, userHash="second"))
    assert again.json()["code"] == "USER_NOT_ALLOWED"
    assert program.change(path, {"userHash": "first"}).status_code == 200
    assert seats(license) == (1, 1)


def test_a_program_may_choose_its_lease_where_it_is_allowed(world: World) -> None:
    license, program = spare(world), Program()
    change(license, type="hosted-floating", lease_duration=600)

    def lease(**sent: Any) -> int:
        claims = claims_of(program.create("/v3/activations", body_of(license, **sent)))
        return int(claims["leat"] - claims["iat"])

    assert lease(leaseDuration=60) == 600
    change(license, allow_client_lease_duration=True)
    assert [lease(leaseDuration=n) for n in (60, 0, "90")] == [60, 600, 90]
    assert lease() == 600


def test_the_country_of_an_activation_is_kept_where_it_may_be(
    world: World, settings: Any, tmp_path: Path
) -> None:
    license, program, staff = spare(world), Program(), program_of(world.acme_admin)

    def place_of(name: str, ip: str) -> Any:
        made = program.send("POST", "/v3/activations", body_of(license, name), REMOTE_ADDR=ip)
        return staff.get(f"/v3/activations/{claims_of(made)['aid']}").json().get("location")

    assert place_of("one", geoip.BERLIN) is None
    settings.GEOIP_DATABASE = geoip.written(tmp_path / "places.mmdb")
    assert place_of("two", geoip.BERLIN) == {"countryCode": "DE"}
    countries = staff.get("/v3/analytics/activations/geo-location").json()
    assert countries == [{"activations": 1, "countryCode": "DE"}]
    change(license, disable_geo_location=True)
    assert place_of("three", geoip.BERLIN) is None
