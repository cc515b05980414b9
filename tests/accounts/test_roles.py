"""Roles are a vendor's rows: what their claims let people do, and whose they can be."""

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from accounts.admin.people import RoleFilter
from accounts.models import VENDOR_ROLES, BuiltIn, Role, User
from accounts.models.roles import role_label
from accounts.rights import CLAIMS, OPERATORS_RIGHTS, given_to
from accounts.sessions import find_session
from accounts.verbs.people import change_person, create_person
from accounts.verbs.roles import give_built_in_roles
from accounts.verbs.vendors import begin_vendor
from audit.models import AuditEntry
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.rows import SameVendor
from tests.backoffice.test_base import user_form
from tests.world import World, signed_in, user

ROOT = Path(__file__).resolve().parents[2]
MIGRATE_IN_TWO_STEPS = """
from django.core.management import call_command
from tenancy.models import Vendor
from tenancy.verbs import add_vendor
call_command("migrate", "tenancy", verbosity=0)
add_vendor(Vendor(company_id="acme", name="Acme"))
call_command("migrate", verbosity=0)
"""
SEE_PEOPLE = "accounts.view_user"
BUYER = ["licenses.view_license", "licenses.change_license"]


def role(vendor: Vendor, name: str, *claims: str) -> Role:
    """A saved role of the vendor's own."""
    made = Role(vendor=vendor, name=name, claims=list(claims))
    made.full_clean()
    made.save(force_insert=True)
    return made


def person(vendor: Vendor, name: str, *claims: str) -> User:
    """Somebody of the vendor's with a role of its own that has these claims."""
    with inside(vendor):
        role(vendor, name, *claims)
        return user(vendor, f"{name}@{vendor.company_id}.example", role=name)


def told(row: Model) -> list[tuple[str, Any]]:
    entries = AuditEntry.objects.filter(subject_id=row.pk).order_by("sequence")
    return [(entry.action, entry.changes.get("claims")) for entry in entries]


# --- What claims let people do ------------------------------------------------------------------


@pytest.mark.by_database
def test_a_role_of_the_vendors_own_can_do_what_it_claims_and_nothing_else(world: World) -> None:
    browser = signed_in(person(world.acme, "sales", "accounts.view_user", "accounts.invite_user"))
    with inside(world.acme):
        eve = create_person(person=User(vendor=world.acme, email="eve@x.example"), invited=False)
    for path, code in (
        ("/", 200),
        ("/accounts/user/", 200),
        (f"/accounts/user/{eve.pk}/story/", 200),
        ("/accounts/user/add/", 403),
        ("/accounts/user/export.csv", 403),
        ("/accounts/portalsettings/", 403),
        ("/licenses/license/", 403),
        ("/licenses/product/", 403),
        ("/audit/auditentry/", 403),
        ("/tenancy/vendor/", 403),
    ):
        assert browser.get(path).status_code == code, path
    assert browser.post(f"/accounts/user/{eve.pk}/do/invite/").status_code == 302
    assert browser.post(f"/accounts/user/{eve.pk}/view-as/").status_code == 403
    with inside(world.acme):
        assert [action for action, _claims in told(eve)] == ["created", "invited"]


@pytest.mark.parametrize(
    ("claim", "cards", "chapters"),
    [
        ("licenses.view_license", {"status", "expiring"}, {"licenses"}),
        (
            "licenses.view_activation",
            {"machines", "platforms", "activations", "versions"},
            {"machines", "offline"},
        ),
        ("releases.view_download", {"downloads", "files"}, {"downloads"}),
        ("mail.view_outgoingemail", set(), {"emails"}),
        ("audit.view_auditentry", set(), {"sign-ins", "refusals", "trail"}),
        (SEE_PEOPLE, set(), set()),
    ],
)
def test_pages_of_many_lists_show_those_that_the_role_may_view(
    world: World, claim: str, cards: set[str], chapters: set[str]
) -> None:
    alone = signed_in(person(world.acme, "narrow", claim))
    assert {card.name for card in alone.get("/").context["cards"]} == cards
    for text, right in (
        ("ADA111-ACME-ORBIT-0001", "licenses.view_license"),
        ("ada111 acme", "licenses.view_license"),
        ("ada-laptop", "licenses.view_activation"),
        ("ada-lap", "licenses.view_activation"),
        ("ada@example.com", SEE_PEOPLE),
        ("lovelace", SEE_PEOPLE),
    ):
        is_found = alone.get("/find/", {"q": text}).status_code == 302
        assert is_found is (right == claim), text
    claims = sorted({claim, SEE_PEOPLE})
    story = signed_in(person(world.acme, "wide", *claims)).get(
        f"/accounts/user/{world.ada.pk}/story/"
    )
    assert {section.id for section in story.context["chapters"]} == chapters


def signed_in_person(staff: User) -> User:
    """The person as a request to the back office knows her."""
    token = signed_in(staff).cookies[settings.SESSION_COOKIE_NAME].value
    session = find_session(token)
    assert session is not None
    return session.user


def test_another_vendors_role_of_the_same_name_does_not_count(world: World) -> None:
    person(world.globex, "buyer", *BUYER)
    ours = person(world.acme, "buyer", "licenses.view_license")
    with inside(world.acme):
        looked_up = User.objects.get(pk=ours.pk)
    for one in (signed_in_person(ours), looked_up):
        assert one.rights == {"licenses.view_license"}
        assert not one.has_perm("licenses.change_license")


def test_what_support_is_given_stands_in_its_row(world: World) -> None:
    with inside(world.acme):
        Role.objects.filter(name="support").update(claims=["mail.view_outgoingemail"])
    browser = signed_in(world.acme_support)
    assert browser.get("/mail/outgoingemail/").status_code == 200
    assert browser.get("/licenses/license/").status_code == 403
    assert signed_in(world.globex_admin).get("/licenses/license/").status_code == 200


def test_a_claim_that_only_operators_have_or_nobody_is_worth_nothing(world: World) -> None:
    one = person(world.acme, "odd")
    with inside(world.acme):
        claims = [*sorted(OPERATORS_RIGHTS), "licenses.print_money"]
        Role.objects.filter(name="odd").update(claims=claims)
    assert one.rights == frozenset()
    assert not one.has_module_perms("tenancy")
    assert signed_in(one).get("/tenancy/vendor/").status_code == 403


def test_who_is_no_staff_or_switched_off_has_no_rights(world: World) -> None:
    with inside(world.acme):
        Role.objects.filter(name="user").update(claims=BUYER)
        assert not User.objects.get(pk=world.ada.pk).has_perm(BUYER[0])
        world.acme_admin.is_active = False
        assert not world.acme_admin.has_perm(BUYER[0])
        assert not world.acme_admin.has_module_perms("licenses")


def test_claims_come_with_the_person_or_are_looked_up_once(
    world: World, django_assert_num_queries: Any
) -> None:
    with inside(world.acme):
        found = signed_in_person(world.acme_support)
        with django_assert_num_queries(0):
            assert found.has_perm("licenses.view_license")
            assert not found.has_perm("licenses.add_license")
        other = User.objects.get(pk=world.acme_support.pk)
        with django_assert_num_queries(1):
            assert other.rights == given_to("support")
            assert other.has_module_perms("licenses")
    with django_assert_num_queries(0):
        assert world.operator.has_perm("tenancy.add_vendor")
        assert not world.ada.is_staff
        assert not world.ada.has_perm("licenses.view_license")
        assert world.acme_admin.is_staff
    with django_assert_num_queries(1):  # outside every scope, too
        assert world.acme_admin.has_perm("licenses.add_license")


@pytest.mark.parametrize(
    "claims",
    [
        "licenses.view_license",
        {"licenses.view_license": True},
        [["licenses.view_license"]],
        ["licenses.view_licence"],
        ["licenses."],
        ["tenancy.view_vendor"],
        ["licenses.view_license", "licenses.view_license"],
    ],
)
def test_claims_are_known_ones_and_none_twice(acme: World, claims: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        Role(vendor=acme.acme, name="odd", claims=claims).full_clean()
    assert set(refused.value.message_dict) == {"claims"}


def test_the_table_gives_known_claims(acme: World) -> None:
    for each in Role.objects.all():
        each.full_clean()
    assert {claim for each in Role.objects.all() for claim in each.claims} == CLAIMS


# --- Whose roles people can have ----------------------------------------------------------------


@pytest.mark.by_database
@pytest.mark.parametrize("name", ["buyer", "nothing", ""])
def test_the_database_refuses_a_role_that_the_vendor_has_not(world: World, name: str) -> None:
    person(world.globex, "buyer", *BUYER)
    with inside(world.acme), pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=world.acme_admin.pk).update(role=name)
        connection.check_constraints()


@pytest.mark.by_database
def test_the_database_keeps_a_role_that_somebody_has(world: World) -> None:
    person(world.acme, "buyer", *BUYER)
    with inside(world.acme), pytest.raises(IntegrityError), transaction.atomic():
        Role.objects.filter(name="buyer").delete()
        connection.check_constraints()


@pytest.mark.by_database
@pytest.mark.parametrize("name", ["admin", "operator"])
def test_the_database_refuses_a_role_twice_and_the_operators(acme: World, name: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Role.objects.create(vendor=acme.acme, name=name)
    with pytest.raises(ValidationError):
        Role(vendor=acme.acme, name=name).full_clean()


def test_people_get_the_roles_of_their_vendor(world: World) -> None:
    person(world.globex, "theirs", *BUYER)
    person(world.acme, "ours", *BUYER)
    with inside(world.acme):
        eve = User(vendor=world.acme, email="eve@example.com", role="theirs")
        with pytest.raises(ValidationError, match="A vendor's people have no such role"):
            create_person(person=eve)
        eve.role = "ours"
        assert create_person(person=eve).is_staff
        world.grace.role = "theirs"
        with pytest.raises(ValidationError, match="A vendor's people have no such role"):
            change_person(person=world.grace, fields=["role"])


def test_the_form_and_the_filter_offer_the_vendors_roles(world: World) -> None:
    person(world.globex, "theirs", *BUYER)
    person(world.acme, "sales", *BUYER)
    person(world.acme, "buyer", *BUYER)
    admin = signed_in(world.acme_admin)
    page = admin.get("/accounts/user/add/")
    assert "An invitation to set a password is sent there." in page.content.decode()
    offered = [
        ("user", "Customer"),
        ("organization-admin", "Customer, organisation's administrator"),
        ("admin", "Administrator"),
        ("support", "Support"),
        ("buyer", "Buyer"),
        ("sales", "Sales"),
    ]
    field = page.context["adminform"].form.fields["role"]
    assert (list(field.choices), str(field.initial)) == (offered, "user")
    form = user_form(role="theirs")
    assert "is not one of the available" in admin.post("/accounts/user/add/", form).content.decode()
    assert admin.post("/accounts/user/add/", form | {"role": "sales"}).status_code == 302
    shown = admin.get("/accounts/user/?role__exact=sales").context["cl"]
    assert {row.email for row in shown.result_list} == {"sales@acme.example", "new@example.com"}
    [by_role] = [each for each in shown.filter_specs if isinstance(each, RoleFilter)]
    choices = list(by_role.choices(shown))
    assert [(each["display"], each["selected"]) for each in choices] == [
        ("All", False),
        *((label, name == "sales") for name, label in offered),
    ]


def test_roles_are_shown_by_their_labels(world: World) -> None:
    ours = person(world.acme, "sales", *BUYER)
    admin = signed_in(world.acme_admin)
    for one, label in (
        (world.acme_support, "Support"),
        (world.ada, "Customer"),
        (ours, "Sales"),
    ):
        story = admin.get(f"/accounts/user/{one.pk}/story/").content.decode()
        assert f"<dd>{label}</dd>" in story
    people = admin.get("/accounts/user/").content.decode()
    assert re.search(r'<td data-label="Role">Administrator</td>', people)
    assert [role_label(name) for name in (BuiltIn.OPERATOR, "sales")] == ["operator", "sales"]


def test_the_trail_says_roles_by_their_labels(world: World) -> None:
    person(world.acme, "sales", *BUYER)
    admin = signed_in(world.acme_admin)
    for name in ("sales", "support"):
        form = user_form(email="grace@example.com", role=name)
        assert admin.post(f"/accounts/user/{world.grace.pk}/change/", form).status_code == 302
    history = admin.get(f"/accounts/user/{world.grace.pk}/history/")
    changes = [
        told for _entry, _title, fields, _remark in history.context["entries"] for told in fields
    ]
    assert ("Role", "customer", "sales") in changes
    assert ("Role", "sales", "support") in changes


# --- The built-in ones --------------------------------------------------------------------------


def test_a_new_vendor_has_the_built_in_roles(db: None) -> None:
    vendor = begin_vendor(Vendor(company_id="initech", name="Initech"))
    with inside(vendor):
        roles = {each.name: each for each in Role.objects.all()}
        assert set(roles) == set(VENDOR_ROLES)
        for name, each in roles.items():
            assert each.built_in
            assert set(each.claims) == given_to(name)
            assert told(each) == [("created", [None, each.claims] if each.claims else None)]
        entry = AuditEntry.objects.get(subject_id=roles["admin"].pk)
        assert (entry.source, entry.actor) == ("system", "")
        assert AuditEntry.objects.get(sequence=1).subject_id == vendor.pk


def test_giving_them_again_changes_nothing(acme: World) -> None:
    before = list(Role.objects.values()), AuditEntry.objects.count()
    give_built_in_roles(vendor=acme.acme)
    assert (list(Role.objects.values()), AuditEntry.objects.count()) == before


def fall_behind(vendor: Vendor) -> tuple[Role, Role]:
    """A vendor of an earlier version, which gave support less and knew no organisations."""
    with inside(vendor):
        Role.objects.filter(name="organization-admin").delete()
        Role.objects.filter(name="support").update(claims=["licenses.view_license"])
        own = role(vendor, "sales", *BUYER)
        return Role.objects.get(name="support"), own


def is_up_to_date(vendor: Vendor, support: Role, own: Role) -> bool:
    """Whether the built-in roles are there, once and recorded, and its own one as it was."""
    given = sorted(given_to("support"))
    with inside(vendor):
        assert (told(own), Role.objects.get(pk=own.pk).claims) == ([], BUYER)
        names = set(Role.objects.values_list("name", flat=True))
        return (
            names == {*VENDOR_ROLES, "sales"}
            and Role.objects.get(pk=support.pk).claims == given
            and told(support)[1:] == [("changed", [["licenses.view_license"], given])]
        )


def test_a_vendor_that_fell_behind_is_brought_up_to_the_table(world: World) -> None:
    support, own = fall_behind(world.acme)
    give_built_in_roles(vendor=world.acme)
    assert is_up_to_date(world.acme, support, own)


def test_a_vendors_own_role_under_a_name_of_ours_is_left_alone(acme: World) -> None:
    Role.objects.filter(name="support").update(built_in=False, claims=BUYER)
    give_built_in_roles(vendor=acme.acme)
    assert Role.objects.get(name="support").claims == BUYER


@pytest.mark.by_database
def test_migrate_brings_every_vendor_up_to_the_table(world: World) -> None:
    behind = [(vendor, *fall_behind(vendor)) for vendor in (world.acme, world.globex)]
    call_command("migrate", plan=True, verbosity=0)
    call_command("migrate", check_unapplied=True, verbosity=0)
    assert not any(is_up_to_date(*each) for each in behind)
    call_command("migrate", verbosity=0)
    assert all(is_up_to_date(*each) for each in behind)


@pytest.mark.in_full
@pytest.mark.processes
def test_migrating_works_from_nothing_and_while_tables_are_missing(tmp_path: Path) -> None:
    environment = {**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": ""}
    command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", MIGRATE_IN_TWO_STEPS]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    with closing(sqlite3.connect(tmp_path / "db.sqlite3")) as database:
        found = database.execute("SELECT name FROM accounts_role WHERE built_in")
        assert {name for (name,) in found} == set(VENDOR_ROLES)
        assert database.execute("SELECT count(*) FROM audit_auditentry").fetchone() == (4,)


# --- The constraint -----------------------------------------------------------------------------


def test_the_constraint_knows_to_which_field_it_leads() -> None:
    parts = {"field": "role", "to_table": "accounts_role", "name": "one"}
    by_name, by_id = SameVendor(**parts, to_field="name"), SameVendor(**parts)
    assert by_name.deconstruct()[2] == {**parts, "to_field": "name"}
    assert by_id.deconstruct()[2] == parts
    for each in (by_name, by_id):
        again = SameVendor(**each.deconstruct()[2])
        assert (again, hash(again)) == (each, hash(each))
    assert by_name != by_id
