"""The trail and the numbers of the Web API."""

from typing import Any

import pytest

from licenses.models import TrialActivation
from licenses.verbs.licenses import suspend
from tenancy.door import inside
from tests.api.program import program_of
from tests.world import NOW, World


def test_the_trail_tells_what_a_program_did(world: World) -> None:
    program = program_of(world.acme_admin)
    program.change(f"/v3/users/{world.ada.pk}", {"company": "Analytical Engines"})
    [event] = program.get(f"/v3/event-logs?resourceId={world.ada.pk}&action=changed").json()
    assert event["resource"] == "user"
    assert event["user"]["email"] == "admin@acme.example"
    assert event["ipAddress"] == "127.0.0.1"
    assert {"propertyName": "company", "oldValue": "", "newValue": "Analytical Engines"} in (
        event["changes"]
    )
    assert program.get(f"/v3/event-logs/{event['id']}").json() == event
    found = program.get("/v3/event-logs?query=ada%40example.com&sort=-createdAt&limit=5")
    assert event["id"] in {each["id"] for each in found.json()}


@pytest.mark.parametrize("limit", [1, 100])
def test_whoever_acted_is_looked_up_once(
    world: World, limit: int, django_assert_max_num_queries: Any
) -> None:
    program = program_of(world.acme_admin)
    program.get("/v3/event-logs")
    with django_assert_max_num_queries(6):
        program.get(f"/v3/event-logs?limit={limit}&sort=-createdAt")


def test_numbers(world: World) -> None:
    program = program_of(world.acme_admin)
    with inside(world.acme):
        suspend(world.grace_license)
    assert program.get("/v3/analytics/licenses").json() == {
        "active": 1,
        "expired": 0,
        "expiringSoon": 0,
        "revoked": 0,
        "suspended": 1,
    }
    stats = program.get("/v3/analytics/stats").json()
    assert (stats["licenses"], stats["users"], stats["admins"]) == (2, 2, 2)
    [day] = program.get(f"/v3/analytics/activations?productId={world.orbit.pk}").json()
    assert day["activations"] == 2
    path = "/v3/analytics/activations"
    assert program.get(f"{path}/os").json() == [{"activations": 2, "os": "linux"}]
    assert program.get(f"{path}/os?licenseId={world.ada_license.pk}").json()[0]["activations"] == 1
    assert program.get(f"{path}/app-version?productId={world.quill.pk}").json() == []
    for name in ("os-version", "vm-name", "app-version"):
        assert program.get(f"{path}/{name}?startDate=2000-01-01&endDate=2000-02-01").json() == []
    assert program.get(f"{path}?startDate=2020-01-01").status_code == 400
    assert program.get(f"{path}/geo-location").json() == []
    assert program.get(f"{path}?start=2020-01-01").status_code == 400
    assert program.get(f"{path}?endDate=0001-01-02").status_code == 400


def test_trials_as_numbers(filled: World) -> None:
    program, path = program_of(filled.acme_admin), "/v3/analytics/trial-activations"
    with inside(filled.acme):
        TrialActivation.objects.update(country="DE", os_version="12", vm_name="kvm")
    [day] = program.get(path).json()
    assert (day["activations"], day["activatedAt"][:10]) == (1, NOW.date().isoformat())
    counted = {"os": ("os", "linux"), "os-version": ("osVersion", "12"),
               "vm-name": ("vmName", "kvm"), "geo-location": ("countryCode", "DE")}  # fmt: skip
    for kind, (name, value) in counted.items():
        assert program.get(f"{path}/{kind}").json() == [{"activations": 1, name: value}]
    orbit, spectra = filled.orbit.pk, filled.spectra.pk
    assert len(program.get(f"{path}/os?productId={orbit}").json()) == 1
    assert program.get(f"{path}?productId={spectra}").json() == []
    assert program.get(f"{path}/os?licenseId={filled.ada_license.pk}").status_code == 400
