"""Every kind of link with a token in it: opened by GET, which uses nothing up, acts by POST alone,
once, on its own vendor's host. tests/accounts/test_links.py has what comes at once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.urls import resolve

from accounts.links import Purpose, make_token
from accounts.reminders import off_link
from accounts.view_as.verbs import offer
from tenancy.door import inside
from tenancy.hosts import Site
from tests.accounts import test_links as links
from tests.portal.test_url_matrix import routes_with
from tests.world import Browser, World, set_vendor

pytestmark = pytest.mark.unfound


@dataclass
class Kind:
    """How a link of this kind is made, on which host it counts, and what is typed into its page."""

    make: Callable[[World], str]
    label: str = "acme"
    typed: dict[str, str] = field(default_factory=dict)
    used: int = 302
    again: int = 410


def view_as(world: World) -> str:
    with inside(world.acme):
        return f"/view-as/{offer(world.ada, staff=world.acme_support)}/"


def reminders_off(world: World) -> str:
    with inside(world.acme):
        return off_link(world.ada).partition(":8000")[2]


def sign_out_everywhere(world: World) -> str:
    return f"/sign-out-everywhere/{make_token(Purpose.END_SESSIONS, world.ada)}/"


def sign_out_everywhere_of_staff(world: World) -> str:
    return f"/sign-out-everywhere/{make_token(Purpose.END_SESSIONS, world.acme_admin)}/"


NEW = links.passwords(1)
KINDS = {
    "new password": Kind(links.link_to_reset, typed=NEW),
    "new password of staff": Kind(links.link_of_staff, "app", NEW),
    "new password of an operator": Kind(links.link_of_an_operator, "app", NEW),
    "invitation": Kind(links.invitation, typed=NEW),
    "new address": Kind(links.link_to_a_new_address),
    "signing in": Kind(links.link_to_sign_in),
    "registration": Kind(links.registration, typed=NEW),
    "signing out everywhere": Kind(sign_out_everywhere),
    "signing out everywhere of staff": Kind(sign_out_everywhere_of_staff, "app"),
    "view as a customer": Kind(view_as),
    # Says by law and RFC 8058 as often as it is followed that reminders are off.
    "reminders off": Kind(reminders_off, used=200, again=200),
}
SCANNERS = ("Mozilla/5.0 (compatible; SafeLinks)", "Slackbot-LinkExpanding 1.0", "")


def everything() -> dict[str, list[str]]:
    """All rows of all tables."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found[table] = sorted(map(repr, cursor.fetchall()))
    return found


def begins_something(answer: Any) -> bool:
    cookies = {settings.SESSION_COOKIE_NAME, settings.FIRST_STEP_COOKIE_NAME,
               settings.VIEW_AS_COOKIE_NAME}  # fmt: skip
    return bool(cookies & {name for name, each in answer.cookies.items() if each.value})


@pytest.mark.parametrize("name", KINDS)
def test_a_link_is_opened_by_get_and_acts_by_post_once(world: World, name: str) -> None:
    kind = KINDS[name]
    set_vendor(
        world.globex, sign_in_by_link=True, registration="open"
    )  # it is not for that that it refuses
    path = kind.make(world)
    before = everything()
    for scanner in SCANNERS:
        browser = Browser(kind.label, HTTP_USER_AGENT=scanner)
        for look in (browser.head, browser.get, browser.get):
            opened = look(path)
            assert opened.status_code == 200
            assert not begins_something(opened)
        assert browser.put(path).status_code == 405
    other = Browser("globex")
    for follow in (other.get, other.head, lambda there: other.post(there, kind.typed)):
        refused = follow(path)
        assert refused.status_code in {404, 410}
        assert not begins_something(refused)
    strict = Browser(kind.label, enforce_csrf_checks=True)
    if name != "reminders off":
        assert strict.post(path, kind.typed).status_code == 403
    assert everything() == before

    assert Browser(kind.label).post(path, kind.typed).status_code == kind.used
    after = everything()
    assert after != before
    refused = Browser(kind.label).post(path, kind.typed)
    assert refused.status_code == kind.again
    assert not begins_something(refused)
    assert Browser(kind.label).get(path).status_code == kind.again
    assert everything() == after
    if kind.again == 410:
        assert "This link can’t be used" in refused.content.decode()


def test_every_route_with_a_token_is_in_the_table(world: World) -> None:
    tried = set()
    for kind in KINDS.values():
        site = Site.BACKOFFICE if kind.label == "app" else Site.CUSTOMER
        tried.add((site, resolve(kind.make(world), f"portal.urls.{site}").url_name))
    known = {
        (site, name)
        for site in (Site.CUSTOMER, Site.BACKOFFICE)
        for name in routes_with("token", site)
    }
    # Counts only in the browser that asked for it: tests/accounts/test_single_sign_on.py.
    known -= {(site, "single_sign_on_link") for site in (Site.CUSTOMER, Site.BACKOFFICE)}
    # One page at both sites; staff are invited as customers are.
    assert known - tried == {(Site.BACKOFFICE, "invitation")}
    assert tried <= known
