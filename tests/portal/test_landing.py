"""The page at PARENT_HOST, and the demo data."""

from io import StringIO

import pytest
from django.core.management import call_command

from accounts.models import User
from demo.seed import ACME, demo_key
from licenses.models import Activation, License
from licenses.status import Status
from tenancy.door import inside
from tenancy.table import every_vendor, vendor_by_company_id
from tests.world import Browser, World


@pytest.mark.parametrize("typed", ["acme", " ACME ", "nobody-has-this"])
def test_it_leads_to_a_portal_without_looking(world: World, typed: str) -> None:
    response = Browser("").get("/", {"company_id": typed})
    assert response.status_code == 302
    assert response["Location"] == f"http://{typed.strip().lower()}.portal.localhost:8000/"


@pytest.mark.parametrize("typed", ["", "app", "a.b", "evil.example/", "-x", "x" * 64, "a@b"])
def test_it_says_what_is_no_company_id(world: World, typed: str) -> None:
    response = Browser("").get("/", {"company_id": typed})
    assert response.status_code == 200
    assert "errors" in response.content.decode()


def test_the_demo_is_the_same_each_time(db: None) -> None:
    def everything() -> object:
        rows = []
        for vendor in every_vendor():
            with inside(vendor):
                rows.append((vendor.pk, sorted(User.objects.values_list("pk", "email"))))
                rows.append(sorted(License.objects.values_list("pk", "key", "total_activations")))
                rows.append(sorted(Activation.objects.values_list("fingerprint", flat=True)))
        return rows

    out = StringIO()
    call_command("seed_demo", stdout=out)
    first = everything()
    call_command("seed_demo", stdout=StringIO())
    assert everything() == first
    assert "demo-acme-ada" in out.getvalue()
    assert demo_key("acme", "lab") == "7FEFAB-36978D-5805A6-09B8A4-FA377F-AD2026"


def test_the_demo_shows_every_status(db: None) -> None:
    call_command("seed_demo", stdout=StringIO())
    acme = vendor_by_company_id("acme")
    assert acme
    with inside(acme):
        ada = User.objects.get(email="ada@example.com")
        statuses = {license.standing.status for license in License.objects.filter(user=ada)}
        assert statuses == set(Status)
        free = License.objects.filter(user=ada, type="node-locked", allowed_activations__gt=1)
        assert any(each.seats_left and each.standing.usable for each in free)
    Browser("acme").sign_in("ada@example.com", "demo-acme-ada")
    Browser("globex").sign_in("ada@example.com", "demo-globex-ada")
    Browser("app").sign_in("root@example.com", "demo-root")
    assert len(ACME.samples) == 12
