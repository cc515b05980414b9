"""Viewing as a customer: the link works once, the view ends in time, all of it is recorded."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import BuiltIn, User, ViewAs
from accounts.view_as import verbs as view_as
from accounts.view_as.verbs import (
    AccountOff,
    NoPortalAccess,
    ViewLinkRefused,
    begin,
    find,
    offer,
    stop,
)
from audit.chain import verify
from audit.models import AuditEntry, AuditParticulars
from tenancy.door import inside
from tests import world as worlds
from tests.conftest import ON_POSTGRESQL
from tests.world import Browser, World, set_vendor, signed_in

ORIGIN = "http://acme.portal.localhost:8000"
CHANGE = "/accounts/user/{}/story/"
BUTTON = "/accounts/user/{}/view-as/"


def begun(world: World) -> tuple[ViewAs, str]:
    """A view of Ada's portal by support, and its cookie."""
    return begin(world.acme, offer(world.ada, staff=world.acme_support))


def told(action: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action=action).order_by("sequence"))


# --- The verbs ----------------------------------------------------------------------------------


def test_a_link_opens_a_view_of_fifteen_minutes(acme: World) -> None:
    view, cookie = begun(acme)
    now = timezone.now()
    assert (view.begun_at, view.ends_at) == (now, now + timedelta(minutes=15))
    assert (view.staff, view.customer, view.vendor) == (acme.acme_support, acme.ada, acme.acme)
    found = find(acme.acme, cookie)
    assert found == view
    assert view.is_current(now)


def test_neither_token_is_kept(acme: World) -> None:
    token = offer(acme.ada, staff=acme.acme_support)
    _view, cookie = begin(acme.acme, token)
    models = (ViewAs, AuditEntry, AuditParticulars)
    kept = str([list(model.objects.values()) for model in models])
    assert token not in kept
    assert cookie not in kept


def test_a_link_works_once(acme: World) -> None:
    token = offer(acme.ada, staff=acme.acme_support)
    begin(acme.acme, token)
    with pytest.raises(ViewLinkRefused):
        begin(acme.acme, token)
    assert len(told("view-as-begun")) == 1


@pytest.mark.parametrize(("seconds", "works"), [(59, True), (60, False)])
def test_a_link_works_for_a_minute(
    acme: World, frozen_time: Any, seconds: int, works: bool
) -> None:
    token = offer(acme.ada, staff=acme.acme_support)
    frozen_time.shift(seconds)
    if works:
        begin(acme.acme, token)
        return
    with pytest.raises(ViewLinkRefused):
        begin(acme.acme, token)


@pytest.mark.parametrize(("minutes", "current"), [(14, True), (15, False)])
def test_a_view_lasts_fifteen_minutes(
    acme: World, frozen_time: Any, minutes: int, current: bool
) -> None:
    _view, cookie = begun(acme)
    frozen_time.shift(minutes * 60)
    view = find(acme.acme, cookie)
    assert view is not None
    assert view.is_current(timezone.now()) is current


def test_neither_link_nor_cookie_counts_at_another_vendor(acme: World) -> None:
    token = offer(acme.ada, staff=acme.acme_support)
    with inside(acme.globex), pytest.raises(ViewLinkRefused):
        begin(acme.globex, token)
    _view, cookie = begin(acme.acme, token)
    with inside(acme.globex):
        assert find(acme.globex, cookie) is None
    assert find(acme.acme, token) is None
    assert find(acme.acme, "") is None


@pytest.mark.parametrize(
    ("person", "change"),
    [
        ("acme_support", {"is_active": False}),
        ("acme_support", {"role": BuiltIn.USER}),
        ("ada", {"is_active": False}),
        ("ada", {"allow_customer_portal_access": False}),
        ("ada", {"role": BuiltIn.ADMIN}),
    ],
)
def test_a_view_is_over_when_one_of_the_two_may_no_longer(
    acme: World, person: str, change: dict[str, Any]
) -> None:
    unused = offer(acme.ada, staff=acme.acme_support)
    _view, cookie = begun(acme)
    User.objects.filter(pk=getattr(acme, person).pk).update(**change)
    view = find(acme.acme, cookie)
    assert view is not None
    assert not view.is_current(timezone.now())
    with pytest.raises(ViewLinkRefused):
        begin(acme.acme, unused)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"is_active": False}, AccountOff),
        ({"allow_customer_portal_access": False}, NoPortalAccess),
        ({"role": BuiltIn.SUPPORT}, NoPortalAccess),
    ],
)
def test_who_may_not_use_the_portal_can_not_be_viewed(
    acme: World, change: dict[str, Any], error: type[Exception]
) -> None:
    for name, value in change.items():
        setattr(acme.ada, name, value)
    with pytest.raises(error):
        offer(acme.ada, staff=acme.acme_support)
    assert not ViewAs.objects.exists()


def test_the_database_keeps_staff_and_customer_at_one_vendor(acme: World) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        offer(acme.ada, staff=acme.globex_admin)
        connection.check_constraints()


@pytest.mark.django_db(transaction=True)
def test_of_twenty_who_come_at_once_one_gets_in() -> None:
    world = worlds.build()
    with inside(world.acme):
        token = offer(world.ada, staff=world.acme_support)

    def attempt(_number: int) -> bool:
        try:
            with inside(world.acme):
                begin(world.acme, token)
        except ViewLinkRefused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sorted(pool.map(attempt, range(20))) == [False] * 19 + [True]
    with inside(world.acme):
        assert len(told("view-as-begun")) == 1
    assert verify(world.acme).faults == []


# --- What is recorded ---------------------------------------------------------------------------


def test_beginning_and_ending_are_recorded_once_with_both_people(acme: World) -> None:
    view, _cookie = begun(acme)
    stop(view)
    stop(view)
    for action in ("view-as-begun", "view-as-ended"):
        [entry] = told(action)
        assert entry.actor_id == acme.acme_support.pk
        assert entry.customer_id == entry.subject_id == acme.ada.pk
        assert entry.visible
        assert entry.actor_for_customers == "Acme Instruments"
    assert view.stopped_at == timezone.now()
    assert verify(acme.acme).faults == []


def test_the_vendor_may_keep_it_from_the_customer(acme: World) -> None:
    set_vendor(acme.acme, show_support_views=False)
    acme.acme.refresh_from_db()
    view, _cookie = begun(acme)
    stop(view)
    assert [told(each)[0].visible for each in ("view-as-begun", "view-as-ended")] == [False, False]
    page = signed_in(acme.ada).get("/profile/activity/").content.decode()
    assert "Support looked at your portal" not in page


def test_cleaning_up_ends_what_ran_out_and_deletes_what_is_old(
    acme: World, frozen_time: Any, settings: Any
) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    view, _cookie = begun(acme)
    ended = view.ends_at
    offer(acme.ada, staff=acme.acme_support)
    frozen_time.shift(16 * 60)
    assert view_as.clean_up(acme.acme) == 0
    view.refresh_from_db()
    assert view.stopped_at == ended
    assert len(told("view-as-ended")) == 1
    frozen_time.shift(timedelta(days=29))
    _young, _cookie = begun(acme)
    frozen_time.shift(timedelta(days=1))
    call_command("clean_up", verbosity=0)
    assert ViewAs.objects.count() == 1


# --- The customer's history ---------------------------------------------------------------------


def test_the_customer_sees_that_support_looked(world: World) -> None:
    with inside(world.acme):
        begun(world)
    browser = signed_in(world.ada)
    page = browser.get("/profile/activity/").content.decode()
    assert page.count("Support looked at your portal") == 1
    assert "24 November 2026, 12:00 UTC" in page
    assert "Acme Instruments" in page
    assert "support@acme.example" not in page.partition("<main")[2].partition("</main>")[0]
    assert 'href="/profile/activity/"' in browser.get("/profile/").content.decode()
    for other in (world.grace, world.ada_of_globex):
        answer = signed_in(other).get("/profile/activity/")
        assert answer.status_code == 200
        assert "Support looked at your portal" not in answer.content.decode()


@pytest.mark.parametrize("views", [1, 3, 30])
def test_activity_takes_few_queries(
    world: World, views: int, django_assert_num_queries: Any
) -> None:
    browser = Browser("acme").sign_in("ada@example.com")  # itself a line of the activity
    browser.get("/profile/activity/")
    with inside(world.acme):
        for _number in range(views):
            begun(world)
    with django_assert_num_queries(3 if ON_POSTGRESQL else 4):  # who, count, page
        page = browser.get("/profile/activity/").content.decode()
    assert page.count("Support looked at your portal") == min(views, 25)
    assert ("1 to 25 of 31" in page) is (views == 30)


# --- The button in the back office --------------------------------------------------------------


@pytest.mark.parametrize("who", ["acme_support", "acme_admin"])
def test_the_button_leads_to_the_vendors_own_host(world: World, who: str) -> None:
    browser = signed_in(getattr(world, who))
    page = browser.get(CHANGE.format(world.ada.pk))
    assert BUTTON.format(world.ada.pk) in page.content.decode()
    assert 'target="_blank"' in page.content.decode()
    policy = page.headers["Content-Security-Policy"]
    assert f"form-action 'self' {ORIGIN}; " in policy
    answer = browser.post(BUTTON.format(world.ada.pk))
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{ORIGIN}/view-as/")
    with inside(world.acme):
        [view] = ViewAs.objects.all()
        assert (view.staff_id, view.customer_id) == (getattr(world, who).pk, world.ada.pk)
        assert view.begun_at is None


def test_a_vendor_with_a_domain_of_its_own_is_viewed_there(world: World) -> None:
    set_vendor(world.acme, canonical_domain="portal.acme.example")
    browser, own = signed_in(world.acme_support), "http://portal.acme.example:8000"
    page = browser.get(CHANGE.format(world.ada.pk))
    assert f"form-action 'self' {own}; " in page.headers["Content-Security-Policy"]
    answer = browser.post(BUTTON.format(world.ada.pk))
    assert answer.headers["Location"].startswith(f"{own}/view-as/")


def test_the_address_of_the_button_has_nothing_to_look_at(world: World) -> None:
    assert signed_in(world.acme_support).get(BUTTON.format(world.ada.pk)).status_code == 404


@pytest.mark.parametrize("who", ["bob", "ada_of_globex", "acme_admin", "acme_support"])
def test_other_vendors_customers_and_staff_can_not_be_viewed(world: World, who: str) -> None:
    browser = signed_in(world.acme_support)
    person = getattr(world, who)
    assert browser.post(BUTTON.format(person.pk)).status_code == 404
    if person.vendor_id == world.acme.pk:
        page = browser.get(CHANGE.format(person.pk)).content.decode()
        assert BUTTON.format(person.pk) not in page
    with inside(world.acme):
        assert not ViewAs.objects.exists()


def test_operators_and_strangers_can_not(world: World) -> None:
    assert signed_in(world.operator).post(BUTTON.format(world.ada.pk)).status_code == 403
    answer = Browser("app").post(BUTTON.format(world.ada.pk))
    assert answer.status_code == 302
    assert "/login/" in answer.headers["Location"]


def test_without_the_right_there_is_no_button(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = User.has_perm
    monkeypatch.setattr(
        User,
        "has_perm",
        lambda self, right, obj=None: right != "accounts.view_as_user" and allowed(self, right),
    )
    browser = signed_in(world.acme_support)
    assert browser.post(BUTTON.format(world.ada.pk)).status_code == 403
    assert (
        BUTTON.format(world.ada.pk) not in browser.get(CHANGE.format(world.ada.pk)).content.decode()
    )


def test_the_back_office_says_why_a_customer_can_not_be_viewed(world: World) -> None:
    with inside(world.acme):
        User.objects.filter(pk=world.ada.pk).update(allow_customer_portal_access=False)
    browser = signed_in(world.acme_support)
    answer = browser.post(BUTTON.format(world.ada.pk), follow=True)
    assert answer.redirect_chain == [(CHANGE.format(world.ada.pk), 302)]
    assert "This customer may not use the portal" in answer.content.decode()


def test_activity_says_what_from_where_and_with_which_browser(world: World) -> None:
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    ada = Browser("acme", HTTP_USER_AGENT=firefox, REMOTE_ADDR="192.0.2.7")
    ada.sign_in("ada@example.com")
    form = {"first_name": "Ada", "last_name": "Byron", "company": "Engines"}
    assert ada.post("/profile/", form).status_code == 302
    with inside(world.acme):
        begun(world)
    page = ada.get("/profile/activity/").content.decode()
    told = " ".join(re.sub("<[^>]*>", "", page).split())
    assert "Signed in 24 November 2026, 12:00 UTC · You · Firefox on Linux · from 192.0.2.7" in told
    assert "Profile changed: Last name, Company" in told
    # Where staff was, is nobody's business.
    assert (
        "Support looked at your portal 24 November 2026, 12:00 UTC · Acme Instruments ·" not in told
    )
