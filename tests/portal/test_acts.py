"""What an operator did, on one page."""

import re

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import BuiltIn, among_operators
from audit.models import AuditEntry
from tenancy.door import Way, inside, outside
from tests.conftest import ON_POSTGRESQL
from tests.world import Browser, World, signed_in, user

LINE = re.compile(r"<strong>([^<]+)</strong> <span class=\"quiet\">([^<]*)</span>")


def lines(browser: Browser) -> list[tuple[str, str]]:
    return LINE.findall(browser.get("/acts/").content.decode())


def name_administrator(operator: Browser, vendor: object, email: str) -> None:
    answer = operator.post(f"/tenancy/vendor/{vendor}/administrator/", {"email": email})
    assert answer.status_code == 302


def test_an_operator_reads_what_he_did_at_all_vendors(world: World) -> None:
    operator = signed_in(world.operator)
    assert lines(operator) == []
    form = {"company_id": "initech", "name": "Initech", "admin_email": "bill@initech.example"}
    assert operator.post("/tenancy/vendor/add/", form).status_code == 302
    assert operator.post(f"/tenancy/vendor/{world.acme.pk}/suspend/").status_code == 302
    page = operator.get("/acts/").content.decode()
    assert sorted(LINE.findall(page)) == [  # all at one moment
        ("Changed", "The vendor"),
        ("Created", "An administrator"),
        ("Created", "The vendor"),
        ("Invited", "An administrator"),
    ]
    assert "Status: <del>Open</del> → <ins>Suspended</ins>" in page
    assert f'<a href="/tenancy/vendor/{world.acme.pk}/change/">Acme Instruments</a>' in page
    # Whom he named is for the vendor to know.
    assert "bill@initech.example" not in page


def test_he_reads_nothing_of_what_others_did(world: World) -> None:
    with among_operators():
        other = user(None, "second@example.com", role=BuiltIn.OPERATOR)
    name_administrator(signed_in(other), world.globex.pk, "ann@globex.example")
    signed_in(world.acme_admin).post("/licenses/product/add/", {"name": "Nova"})
    assert lines(signed_in(world.operator)) == []
    assert len(lines(signed_in(other))) == 2


def test_nobody_of_a_vendor_reads_it(world: World) -> None:
    assert signed_in(world.acme_admin).get("/acts/").status_code == 403
    assert "/acts/" not in signed_in(world.acme_admin).get("/").content.decode()


def test_it_asks_as_often_for_many_as_for_one(world: World) -> None:
    operator = signed_in(world.operator)
    asked = []
    for number in (1, 3):
        for n in range(number):
            name_administrator(operator, world.acme.pk, f"new{number}{n}@acme.example")
        with CaptureQueriesContext(
            connection,
        ) as captured:
            operator.get("/acts/")
        asked.append(len(captured))
    assert asked[0] == asked[1]


def test_the_way_there_opens_nothing_but_acts_of_operators(world: World) -> None:
    """Behind the wall; on SQLite, which has none, the query alone keeps it."""
    name_administrator(signed_in(world.operator), world.acme.pk, "new@acme.example")
    with inside(world.acme):
        all_of_them = AuditEntry.objects.count()
        of_operator = AuditEntry.objects.filter(actor_id=world.operator.pk).count()
    assert all_of_them > of_operator == 2
    with outside(Way.ACTS, "A test."):
        seen = AuditEntry.objects.filter(vendor=world.acme).count()
    assert seen == (of_operator if ON_POSTGRESQL else all_of_them)
