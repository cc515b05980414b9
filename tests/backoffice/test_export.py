"""Exporting lists of the back office: own rows, chosen ones, and a file that can be imported."""

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit import words
from audit.models import AuditEntry
from licenses.models import (
    License,
    LicenseMetadata,
    LicensePolicy,
    LicenseUser,
    MaintenancePolicy,
    Product,
)
from licenses.verbs.details import add_metadata, share
from licenses.verbs.licenses import create_license
from tenancy.door import inside
from tests.imports.test_customers import confirmed, customers, started
from tests.sql import every_statement_names_its_vendor
from tests.world import Browser, World, signed_in

pytestmark = pytest.mark.by_database
CUSTOMERS = "/accounts/user/export.csv"
LICENSES = "/licenses/license/export.csv"


@pytest.fixture
def admin(world: World) -> Browser:
    return signed_in(world.acme_admin)


def content(response: Any) -> str:
    """What is sent, after the request and its scope have ended."""
    assert response.status_code == 200
    with connection.execute_wrapper(every_statement_names_its_vendor):
        return b"".join(response.streaming_content).decode("utf-8-sig")


def rows_of(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content(response))))


def test_an_export_has_the_vendors_own_customers_and_no_staff(admin: Browser) -> None:
    response = admin.get(CUSTOMERS)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="customers.csv"'
    rows = rows_of(response)
    assert [row["email"] for row in rows] == ["ada@example.com", "grace@example.com"]
    assert (rows[0]["last_name"], rows[0]["active"]) == ("Lovelace", "yes")


def test_an_export_has_the_vendors_own_licences(world: World, admin: Browser) -> None:
    rows = {row["key"]: row for row in rows_of(admin.get(LICENSES))}
    assert set(rows) == {world.ada_license.key, world.grace_license.key}
    row = rows[world.ada_license.key]
    assert (row["product"], row["email"]) == ("Orbit", "ada@example.com")
    assert (row["allowed_activations"], row["seats_used"]) == ("3", "1")
    assert (row["status"], row["expires_at"]) == ("Active", "")


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("?q=grace@example.com", ["GRACE1-ACME-ORBIT-0002"]),
        ("?q=ada-laptop", ["ADA111-ACME-ORBIT-0001"]),
        ("?suspended__exact=1", []),
        ("?q=bob@example.com", []),
        ("?o=-1", ["GRACE1-ACME-ORBIT-0002", "ADA111-ACME-ORBIT-0001"]),
        ("?o=1&p=7", ["ADA111-ACME-ORBIT-0001", "GRACE1-ACME-ORBIT-0002"]),
    ],
)
def test_an_export_has_what_the_list_shows(admin: Browser, query: str, keys: list[str]) -> None:
    page = admin.get(f"/licenses/license/{query}", follow=True).content.decode()
    assert "Export as CSV" in page
    assert [row["key"] for row in rows_of(admin.get(LICENSES + query))] == keys


def test_the_link_keeps_what_was_chosen(admin: Browser) -> None:
    page = admin.get("/licenses/license/?q=ada&suspended__exact=0").content.decode()
    assert 'href="export.csv?q=ada&amp;suspended__exact=0"' in page


def test_a_query_that_is_none_is_refused(admin: Browser) -> None:
    assert admin.get(f"{LICENSES}?user__password__startswith=a").status_code == 400
    assert admin.get(f"{LICENSES}?product__id__exact=nothing").status_code == 400


@pytest.mark.parametrize("path", [CUSTOMERS, LICENSES])
def test_only_who_has_the_right_exports(world: World, path: str) -> None:
    support = signed_in(world.acme_support)
    assert support.get(path).status_code == 403
    assert "Export as CSV" not in support.get(path.replace("export.csv", "")).content.decode()
    assert signed_in(world.operator).get(path).status_code == 403
    assert Browser("app").get(path).status_code == 302


def test_the_trail_tells_who_took_a_list(world: World, admin: Browser) -> None:
    content(admin.get(LICENSES))
    with inside(world.acme):
        entry = AuditEntry.objects.first()
    assert entry is not None
    assert (entry.action, entry.details) == ("exported", {"list": "licenses"})
    assert (entry.actor_id, entry.source) == (world.acme_admin.pk, "backoffice")
    assert words.remark(entry) == "licences"


def test_no_cell_is_run_as_a_formula(world: World, admin: Browser) -> None:
    with inside(world.acme):
        User.objects.filter(pk=world.ada.pk).update(
            first_name='=HYPERLINK("x")', last_name="+1", company="@SUM(A1)"
        )
        License.objects.filter(pk=world.ada_license.pk).update(notes="-1-1\tx")
    row = next(row for row in rows_of(admin.get(LICENSES)) if row["email"] == "ada@example.com")
    assert (row["first_name"], row["last_name"]) == ('\'=HYPERLINK("x")', "'+1")
    assert (row["company"], row["notes"]) == ("'@SUM(A1)", "'-1-1\tx")


def test_what_is_exported_can_be_imported_elsewhere(world: World, admin: Browser) -> None:
    with inside(world.acme):
        User.objects.filter(pk=world.ada.pk).update(first_name="=1+1", company="Say “hi”, Ltd;")
        create_license(
            product=world.orbit,
            user=world.ada,
            subscription_interval="P1Y6MT1H",
            key="=DA-FORMULA-0000001",
            notes="'@home\r\ntwo lines",
            allowed_activations=-1,
            allowed_deactivations=4,
        )
        upkeep = MaintenancePolicy.objects.create(vendor=world.acme, name="Upkeep")
        full = create_license(
            product=world.orbit,
            user=world.ada,
            key="FULL-LICENCE-0000001",
            maintenance_policy=upkeep,
            max_allowed_release_version="4.2",
            order_number="PO-7",
            internal_notes="=Pays late",
        )
        share(LicenseUser(vendor=world.acme, license=full, user=world.grace))
        for key, value, visible in METADATA:
            add_metadata(
                LicenseMetadata(
                    vendor=world.acme, license=full, key=key, value=value, visible=visible
                )
            )
        wanted = set(License.objects.values_list(*COMPARED))
    people, licenses = content(admin.get(CUSTOMERS)), content(admin.get(LICENSES))
    assert started(world, people).state == "ready"
    with inside(world.globex):
        world.quill.name = "Orbit"
        world.quill.save(update_fields=["name"])
        default = LicensePolicy.objects.create(vendor=world.globex, name="Default")
        lasting = MaintenancePolicy.objects.create(vendor=world.globex, name="Lasting")
        MaintenancePolicy.objects.create(vendor=world.globex, name="Upkeep")
        Product.objects.filter(pk=world.quill.pk).update(
            default_policy=default, default_maintenance_policy=lasting
        )
    elsewhere = World(**{**vars(world), "acme": world.globex, "acme_admin": world.globex_admin})
    assert confirmed(elsewhere, started(elsewhere, people)).state == "done"
    assert confirmed(elsewhere, started(elsewhere, licenses, "licenses")).state == "done"
    assert customers(elsewhere)["ada@example.com"] == ("=1+1", "Lovelace", "Say “hi”, Ltd;")
    with inside(world.globex):
        assert wanted <= set(License.objects.values_list(*COMPARED))
        full = License.objects.get(key="FULL-LICENCE-0000001")
        assert [person.email for person in full.additional_users.all()] == ["grace@example.com"]
        assert list(full.metadata.values_list("key", "value", "visible")) == METADATA


METADATA = [("Cost=centre", "4711", True), ("Margin", "=30 %", False), ("Region", "", False)]
COMPARED = (
    "product__name",
    "user__email",
    "key",
    "allowed_activations",
    "allowed_deactivations",
    "subscription_interval",
    "expires_at",
    "expires_on",
    "policy__name",
    "maintenance_policy__name",
    "max_allowed_release_version",
    "order_number",
    "notes",
    "internal_notes",
)


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize(
    ("path", "table"), [(CUSTOMERS, "accounts_user"), (LICENSES, "licenses_license")]
)
def test_an_export_asks_the_same_however_many_rows(
    world: World, admin: Browser, path: str, table: str, n: int
) -> None:
    with inside(world.acme):
        for each in range(n):
            person = User.objects.create_user(vendor=world.acme, email=f"q{each}@example.com")
            create_license(product=world.orbit, user=person)
    with CaptureQueriesContext(connection) as captured:
        rows = rows_of(admin.get(f"{path}?q=example.com"))
    assert len(rows) == n + 2
    statements = [query["sql"] for query in captured if f'FROM "{table}"' in query["sql"]]
    asked = [sql for sql in statements if " IN (" in sql and "ORDER BY" in sql]
    assert len(asked) == 1


def test_a_spreadsheet_that_splits_at_semicolons_gets_one_cell(
    world: World, admin: Browser
) -> None:
    with inside(world.acme):
        User.objects.filter(pk=world.ada.pk).update(company="x;=1+1")
    assert '"x;=1+1"' in content(admin.get(f"{CUSTOMERS}?q=ada@example.com"))
