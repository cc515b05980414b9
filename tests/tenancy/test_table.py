"""The table of hosts: what is read before a vendor's scope, and what the database refuses."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from tenancy.door import inside, is_inside
from tenancy.hosts import Address, Site
from tenancy.models import Host, Vendor
from tenancy.table import (
    every_vendor,
    find_vendor,
    vendor_by_company_id,
    vendor_by_id,
    vendors_by_status,
)
from tenancy.verbs import add_vendor, serve, serve_no_more, serve_until
from tests.conftest import NOW
from tests.roles import everywhere
from tests.sql import tables_of, tenant_tables
from tests.world import Browser, World, set_vendor, signed_in

ROOT = Path(__file__).resolve().parents[2]
DOMAIN = "licenses.acme.example"
# What one message reads before the vendor is known to us: tests/tenancy/test_prepared.py looks in.
AT_A_HOST = {"tenancy_host", "tenancy_vendor", "branding_branding"}
AT_DOMAIN = Address(Site.CUSTOMER, domain=DOMAIN)
# Who asks the table of vendors itself, apart from tenancy/, and why.
OWN_ROW = "It locks and changes its own vendor's row, inside that vendor's scope or a transaction."
ASK_FOR_VENDORS = {
    "accounts/verbs/people.py": OWN_ROW,
    "accounts/verbs/roles.py": OWN_ROW,
    "accounts/verbs/settings.py": OWN_ROW,
    "accounts/verbs/sign_in.py": OWN_ROW,
    "accounts/verbs/vendors.py": OWN_ROW,
    "api/accounts.py": OWN_ROW,
    "branding/verbs/brands.py": OWN_ROW,
    "branding/domains/verbs.py": OWN_ROW,
    "webhooks/verbs/webhooks.py": OWN_ROW,
    "portal/office/first_steps.py": "One query on the vendor's own row tells which steps are done.",
}
VENDORS = tenant_tables() | {"tenancy_vendor"}


class Statements:
    """An execute wrapper that notes which tables are reached, and whether that is in a scope."""

    def __init__(self) -> None:
        self.seen: list[tuple[set[str], bool]] = []

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        self.seen.append((tables_of(sql), is_inside()))
        return execute(sql, params, many, context)

    def before_the_scope(self) -> set[str]:
        """The tables that were reached outside every scope."""
        return {table for tables, scoped in self.seen if not scoped for table in tables}


def watched(act: Callable[[], Any]) -> tuple[Any, Statements]:
    statements = Statements()
    with connection.execute_wrapper(statements):
        return act(), statements


# --- Before the scope ---------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["acme.portal.localhost", DOMAIN])
def test_no_vendors_row_is_read_before_its_scope(world: World, host: str) -> None:
    serve(world.acme.pk, DOMAIN)
    ada = Browser()
    ada.defaults["HTTP_HOST"] = host
    ada.sign_in("ada@example.com")
    for path in ("/licenses/", "/nothing-here/", "/branding.css"):
        _page, statements = watched(lambda path=path: ada.get(path))  # type: ignore[misc]
        assert statements.seen[0][0] >= AT_A_HOST
        # What asks whose the host is finds the vendor's rows by that, and nothing else does so.
        assert all(scoped or "tenancy_host" in tables for tables, scoped in statements.seen)


@pytest.mark.parametrize("host", ["evil.example", "nobody.portal.localhost", f"x.{DOMAIN}"])
def test_nobodys_host_costs_one_query(world: World, host: str) -> None:
    serve(world.acme.pk, DOMAIN)
    page, statements = watched(lambda: Browser().get("/login/", headers={"host": host}))
    assert page.status_code == 421
    assert statements.seen == [(AT_A_HOST, False)]


def test_a_closed_vendor_is_found_inside_its_scope(world: World) -> None:
    set_vendor(world.acme, status="inactive")
    page, statements = watched(lambda: Browser().get("/login/"))
    assert page.status_code == 403
    assert statements.seen == [(AT_A_HOST, False)]


def test_staff_are_found_inside_their_vendors_scope(world: World) -> None:
    form = {"company_id": "acme", "email": "admin@acme.example", "password": "wrong"}
    _page, statements = watched(lambda: Browser("app").post("/login/", form))
    assert not statements.before_the_scope() & VENDORS
    admin = signed_in(world.acme_admin)
    page, statements = watched(lambda: admin.get("/licenses/license/"))
    assert page.status_code == 200
    assert not statements.before_the_scope() & VENDORS


# --- Whose a host is ----------------------------------------------------------------------------


def test_a_domain_is_found_until_its_end(world: World, frozen_time: Any) -> None:
    assert find_vendor(AT_DOMAIN) is None
    serve(world.acme.pk, DOMAIN)
    assert find_vendor(AT_DOMAIN) == world.acme
    serve_until(world.globex.pk, DOMAIN, NOW)  # not globex's to say
    assert find_vendor(AT_DOMAIN) == world.acme
    serve_until(world.acme.pk, DOMAIN, NOW + timedelta(days=1))
    assert find_vendor(AT_DOMAIN) == world.acme
    frozen_time.shift(86400)
    assert find_vendor(AT_DOMAIN) is None
    serve_until(world.acme.pk, DOMAIN, None)
    serve_no_more(world.globex.pk, DOMAIN)
    assert find_vendor(AT_DOMAIN) == world.acme
    serve_no_more(world.acme.pk, DOMAIN)
    assert find_vendor(AT_DOMAIN) is None


@pytest.mark.parametrize("site", [site for site in Site if site is not Site.CUSTOMER])
def test_our_own_sites_are_nobodys(world: World, site: Site) -> None:
    assert find_vendor(Address(site, "acme")) is None


def test_a_company_id_is_no_domain(world: World) -> None:
    serve(world.acme.pk, DOMAIN)
    assert vendor_by_company_id("acme") == world.acme
    for typed in (DOMAIN, "ACME", "nobody", "", "acme\0", "app"):
        assert vendor_by_company_id(typed) is None


def test_a_session_names_a_vendor_by_its_id(world: World) -> None:
    assert vendor_by_id(str(world.globex.pk)) == world.globex
    assert vendor_by_id(uuid4()) is None
    with pytest.raises(ValueError, match="UUID"):
        vendor_by_id("acme")


# --- All of them --------------------------------------------------------------------------------


def test_every_vendor_is_walked_in_order(world: World) -> None:
    set_vendor(world.globex, status="inactive")
    assert every_vendor() == [world.acme, world.globex]
    assert every_vendor(among={world.globex.pk, uuid4()}) == [world.globex]
    assert every_vendor(among=()) == []
    assert vendors_by_status() == {"active": 1, "inactive": 1}


def test_nobody_else_asks_the_table_of_vendors() -> None:
    asking = set()
    for path in ROOT.rglob("*.py"):
        room = path.relative_to(ROOT).parts[0]
        if room in {".venv", "tests", "tenancy"}:
            continue
        if re.search(r"\bVendor\.(objects|_default_manager|_base_manager)\b", path.read_text()):
            asking.add(path.relative_to(ROOT).as_posix())
    assert asking == set(ASK_FOR_VENDORS)


# --- What the database refuses ------------------------------------------------------------------


def test_a_host_is_one_vendors(world: World) -> None:
    serve(world.acme.pk, DOMAIN)
    for vendor in (world.acme, world.globex):
        with pytest.raises(IntegrityError), transaction.atomic():
            serve(vendor.pk, DOMAIN)
    with pytest.raises(IntegrityError), transaction.atomic():
        serve(world.globex.pk, "acme")


def test_a_vendor_and_its_host_begin_together(world: World) -> None:
    serve(world.globex.pk, "initech")
    with pytest.raises(IntegrityError), transaction.atomic():
        add_vendor(Vendor(company_id="initech", name="Initech"))
    assert [vendor.company_id for vendor in every_vendor()] == ["acme", "globex"]


@pytest.mark.parametrize(
    "fields", [{"name": "Licenses.acme.example"}, {"name": "label", "served_until": NOW}]
)
def test_a_host_is_in_lower_case_and_a_label_has_no_end(
    world: World, fields: dict[str, Any]
) -> None:
    with inside(world.acme), pytest.raises(IntegrityError), transaction.atomic():
        Host.objects.create(vendor=world.acme, **fields)


# --- Kept by its verbs --------------------------------------------------------------------------


def test_the_command_names_the_hosts_that_differ(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("verify_hosts")
    assert capsys.readouterr().out == "The table of hosts is right.\n"
    serve(world.acme.pk, DOMAIN)  # that nobody has proved
    with everywhere():
        Host.objects.filter(name="acme").update(vendor=world.globex)
        Host.objects.filter(name="globex").delete()
    with pytest.raises(CommandError, match="3 hosts differ"):
        call_command("verify_hosts")
    assert capsys.readouterr().out.splitlines() == ["acme", "globex", DOMAIN]


def test_nobody_saves_a_vendor_without_its_host() -> None:
    for path in ROOT.rglob("*.py"):
        if ".venv" in path.parts or path.is_relative_to(ROOT / "tests/tenancy"):
            continue
        for way in ("create(", "get_or_create(", "update_or_create(", "bulk_create("):
            assert f"Vendor.objects.{way}" not in path.read_text(), path
