"""Single-use links: each is used once, however many come at once and whatever comes back later."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.db import connection

from accounts.links import Purpose, make_token
from accounts.models import BuiltIn, User
from accounts.verbs import links
from accounts.verbs.people import create_person
from accounts.view_as.verbs import offer
from audit.models import AuditEntry
from tenancy.door import inside
from tests import world as worlds
from tests.licenses.test_activation import run_at_once
from tests.world import PASSWORD, Browser, World, set_vendor, signed_in

AT_ONCE = 4


def link_to_reset(world: World) -> str:
    Browser("acme").post("/password-reset/", {"email": "ada@example.com"})
    return path_in(mail.outbox[-1])


def link_of_staff(world: World) -> str:
    form = {"email": "admin@acme.example", "company_id": "acme"}
    Browser("app").post("/password-reset/", form)
    return path_in(mail.outbox[-1])


def link_of_an_operator(world: World) -> str:
    Browser("app").post("/password-reset/", {"email": "root@example.com"})
    return path_in(mail.outbox[-1])


def invitation(world: World) -> str:
    with inside(world.acme):
        create_person(person=User(vendor=world.acme, email="new@example.com"))
    return path_in(mail.outbox[-1])


def link_to_a_new_address(world: World) -> str:
    form = {"new_email": "countess@example.com", "current_password": PASSWORD}
    signed_in(world.ada).post("/profile/email/", form)
    return path_in(mail.outbox[-1])


def link_to_sign_in(world: World) -> str:
    set_vendor(world.acme, sign_in_by_link=True)
    Browser("acme").post("/login/link/", {"email": "ada@example.com"})
    return path_in(mail.outbox[-1])


def registration(world: World) -> str:
    set_vendor(world.acme, registration="open")
    Browser("acme").post("/register/", {"email": "eve@example.com"})
    return path_in(mail.outbox[-1])


def path_in(message: Any) -> str:
    [found] = re.findall(r"http://[a-z.]+:8000(/\S+/[^/\s]+:[^/\s]+/)\s", message.body)
    return str(found)


def passwords(n: int) -> dict[str, str]:
    return {"new_password": f"battery {n} staple", "new_password_again": f"battery {n} staple"}


Make = Callable[[World], str]
# How it is made, on which host it is used, what a use is recorded as.
LINKS: dict[str, tuple[Make, str, str]] = {
    "reset": (link_to_reset, "acme", "password-set"),
    "of staff": (link_of_staff, "app", "password-set"),
    "of an operator": (link_of_an_operator, "app", ""),
    "invitation": (invitation, "acme", "password-set"),
    "address": (link_to_a_new_address, "acme", "email-changed"),
    "registration": (registration, "acme", "registered"),
    "to sign in": (link_to_sign_in, "acme", "signed-in"),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", LINKS)
def test_of_four_who_come_at_once_with_one_link_one_gets_through(kind: str) -> None:
    make, label, action = LINKS[kind]
    world = worlds.build()
    path = make(world)

    def act(n: int) -> str:
        return str(Browser(label).post(path, passwords(n)).status_code)

    assert sorted(run_at_once(AT_ONCE, act)) == ["302", *["410"] * (AT_ONCE - 1)]
    with inside(world.acme):
        assert AuditEntry.objects.filter(action=action).count() == (1 if action else 0)
    assert Browser(label).post(path, passwords(9)).status_code == 410


@pytest.mark.django_db(transaction=True)
def test_a_view_as_a_customer_is_opened_once() -> None:
    world = worlds.build()
    with inside(world.acme):
        token = offer(world.ada, staff=world.acme_support)

    def act(n: int) -> str:
        return str(Browser("acme").post(f"/view-as/{token}/").status_code)

    assert sorted(run_at_once(AT_ONCE, act)) == ["302", *["410"] * (AT_ONCE - 1)]


@pytest.mark.django_db(transaction=True)
def test_of_two_links_of_one_person_at_once_one_gets_through() -> None:
    """A new password and a new address: whichever is first voids the other."""
    world = worlds.build()
    paths = [link_to_reset(world), link_to_a_new_address(world)]

    def act(n: int) -> str:
        return str(Browser("acme").post(paths[n % 2], passwords(n)).status_code)

    assert sorted(run_at_once(AT_ONCE, act)) == ["302", *["410"] * (AT_ONCE - 1)]


@pytest.mark.django_db(transaction=True)
def test_of_two_changes_at_once_by_the_old_password_one_is_made() -> None:
    world = worlds.build()
    browsers = [signed_in(world.ada) for _ in range(AT_ONCE)]

    def act(n: int) -> str:
        form = {"current_password": PASSWORD, **passwords(n)}
        # Whose session the first change has ended is led to the sign-in page.
        return browsers[n].post("/profile/password/", form).headers.get("Location", "")

    assert run_at_once(AT_ONCE, act).count("/profile/") == 1


@pytest.mark.unfound
def test_a_link_stays_used_when_the_old_address_comes_back(world: World) -> None:
    there = link_to_a_new_address(world)
    assert Browser("acme").post(there).status_code == 302
    with inside(world.acme):
        ada = User.objects.select_related("vendor").get(pk=world.ada.pk)
        links.use(ada, email="ada@example.com")
    assert Browser("acme").get(there).status_code == 410
    assert Browser("acme").post(there).status_code == 410


def test_a_link_of_before_the_mark_still_counts(world: World) -> None:
    """People have had none before they used a link; their digest is the one of then."""
    assert world.ada.link_mark == ""
    path = f"/password-reset/{make_token(Purpose.RESET, world.ada)}/"
    assert Browser("acme").post(path, passwords(1)).status_code == 302
    with inside(world.acme):
        assert User.objects.get(pk=world.ada.pk).link_mark != ""


@pytest.mark.unfound
def test_a_use_is_one_statement(acme: World, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1, connection=connection):
        links.use(acme.ada, email="countess@example.com")
    assert acme.ada.role == BuiltIn.USER


def test_what_a_page_loads_is_not_told_its_address(world: World) -> None:
    """A style sheet's line in a log has the address of the page that wanted it."""
    with inside(world.acme):
        view = offer(world.ada, staff=world.acme_support)
    paths = [make(world) for make in (link_to_reset, invitation, link_to_a_new_address)]
    for path in (*paths, f"/view-as/{view}/", "/view-as/x/", "/password-reset/x/"):
        assert Browser("acme").get(path)["Referrer-Policy"] == "strict-origin"
