"""Activation logs of the Web API: what the audit trail says of machines."""

from typing import Any

import pytest

from licenses.verbs.releasing import free
from tenancy.door import inside
from tests.api.program import Program, program_of
from tests.api.test_activations import body_of, claims_of, spare
from tests.world import World


def test_what_happened_to_machines_is_listed(world: World, django_assert_num_queries: Any) -> None:
    license, program = spare(world), program_of(world.acme_admin)
    sent = body_of(license, osVersion="Debian 12", vmName="kvm", appVersion="4.2", container=True)
    claims_of(Program().create("/v3/activations", sent))
    with inside(world.acme):
        free(license.activations.get(), reason="It burnt down")
    path = "/v3/activation-logs"
    logs = program.get(f"{path}?licenseId={license.pk}&sort=createdAt").json()
    assert {each["action"] for each in logs} == {"activated", "freed"}
    [begun] = [each for each in logs if each["action"] == "activated"]
    assert begun == {
        "id": begun["id"],
        "createdAt": "2026-11-24T12:00:00Z",
        "updatedAt": "2026-11-24T12:00:00Z",
        "action": "activated",
        "os": "linux",
        "osVersion": "Debian 12",
        "hostname": "lab",
        "vmName": "kvm",
        "container": True,
        "appVersion": "4.2",
        "location": {"ipAddress": "127.0.0.1"},
        "licenseId": str(license.pk),
    }
    assert program.get(f"{path}/{begun['id']}").json() == begun
    for limit in (1, 3):
        with django_assert_num_queries(4):
            program.get(f"{path}?limit={limit}")
    lines = program.get(f"{path}/export?licenseId={license.pk}").getvalue().decode().splitlines()
    assert len(lines) == 3
    assert '"lab","linux","Debian 12","kvm","yes","4.2"' in "".join(lines)


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("", 2),
        ("productId={orbit}", 2),
        ("productId={spectra}", 0),
        ("productId=nobody", 0),
        ("action=activated&createdAt[gte]=2026-11-24", 2),
        ("createdAt[lt]=2026-11-24", 0),
        ("query={key}", 1),
        ("query=nobody", 0),
    ],
)
def test_logs_are_narrowed(world: World, query: str, number: int) -> None:
    asked = query.format(
        orbit=world.orbit.pk, spectra=world.spectra.pk, key=world.ada_license.key.lower()
    )
    found = program_of(world.acme_admin).get(f"/v3/activation-logs?{asked}")
    assert len(found.json()) == number


@pytest.mark.parametrize("query", ["os=linux", "productId[ne]=x", "sort=hostname"])
def test_what_logs_do_not_know_is_refused(world: World, query: str) -> None:
    assert program_of(world.acme_admin).get(f"/v3/activation-logs?{query}").status_code == 400
