"""Where somebody is signed in: the list, ending one or all others, at portals and in the back
office."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.devices import verbs
from accounts.models import Role, Session, User
from accounts.sessions import people_of
from accounts.verbs import sessions
from audit.models import AuditEntry
from tenancy.door import inside
from tenancy.hosts import Site
from tests import world as worlds
from tests.accounts.test_second_factor_on import below, old_session
from tests.accounts.test_sessions import all_sessions, is_in
from tests.licenses.test_activation import run_at_once
from tests.world import PASSWORD, Browser, World, signed_in

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/17.4 Mobile/15E148 Safari/604.1"
)
EVERYBODY = ("ada", "acme_support", "acme_admin", "operator")


def also_in(person: User, told: str = FIREFOX, *, is_kept: bool = True) -> Session:
    """Another session of the person's."""
    site = Site.CUSTOMER if person.is_customer else Site.BACKOFFICE
    with people_of(person.vendor):
        token = sessions.begin(person, site=site, browser=told, is_kept=is_kept)
        return Session.of_scope.get(digest=sessions.digest(token))


def path_of(person: User) -> str:
    return f"{below(person)}/sessions/"


def rows_of(browser: Browser, person: User) -> list[str]:
    """What each row says."""
    page = browser.get(path_of(person))
    assert page.status_code == 200
    items = re.findall(r'<li class="setting">(.*?)</li>', page.content.decode(), re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", each)).split()) for each in items]


def ends(browser: Browser, session: Session, person: User) -> Any:
    """Ends it as a person does: by the link of the list, and the button of its page."""
    path = f"{path_of(person)}{session.pk}/end/"
    assert f'href="{path}"' in browser.get(path_of(person)).content.decode()
    assert browser.get(path).status_code == 200
    return browser.post(path)


@pytest.mark.parametrize("who", EVERYBODY)
def test_the_list_says_where_with_what_and_since_when(
    world: World, who: str, frozen_time: Any
) -> None:
    person = getattr(world, who)
    also_in(person, is_kept=False)
    frozen_time.shift(timedelta(minutes=20))
    also_in(person, SAFARI)
    also_in(person, "")
    frozen_time.shift(timedelta(minutes=20))
    also_in(world.grace)
    assert rows_of(signed_in(person), person) == [
        "Unknown browser This device Signed in 24 November 2026, 12:40 UTC · "
        "last seen 24 November 2026, 12:40 UTC · stays signed in",
        "Safari on iPhone Signed in 24 November 2026, 12:20 UTC · "
        "last seen 24 November 2026, 12:20 UTC · stays signed in Sign out",
        "Unknown browser Signed in 24 November 2026, 12:20 UTC · "
        "last seen 24 November 2026, 12:20 UTC · stays signed in Sign out",
        "Firefox on Windows Signed in 24 November 2026, 12:00 UTC · "
        "last seen 24 November 2026, 12:00 UTC Sign out",
    ]


def test_what_has_run_out_is_not_there(world: World, frozen_time: Any) -> None:
    also_in(world.ada, is_kept=False)
    frozen_time.shift(timedelta(hours=1))
    assert len(rows_of(signed_in(world.ada), world.ada)) == 1


@pytest.mark.parametrize("who", EVERYBODY)
def test_one_ends_and_all_others_stay(world: World, who: str) -> None:
    person = getattr(world, who)
    browser, other, third = (signed_in(person) for _time in range(3))
    wanted = all_sessions()[1]
    answer = ends(browser, wanted, person)
    assert (answer.status_code, answer["Location"]) == (302, path_of(person))
    assert not is_in(other)
    assert is_in(third)
    assert "Signed out: Unknown browser." in browser.get(path_of(person)).content.decode()
    assert told_of(person) == (["session-ended"] if person.vendor else [])


def told_of(person: User) -> list[str]:
    if person.vendor is None:
        return []
    with inside(person.vendor):
        told = AuditEntry.objects.filter(subject_id=person.pk, action__startswith="session")
        return list(told.order_by("sequence").values_list("action", flat=True))


@pytest.mark.parametrize("who", EVERYBODY)
def test_all_others_end_at_once(world: World, who: str) -> None:
    person = getattr(world, who)
    browser, *others = (signed_in(person) for _time in range(4))
    grace = signed_in(world.grace)
    path = f"{path_of(person)}others/end/"
    assert f'href="{path}"' in browser.get(path_of(person)).content.decode()
    assert browser.get(path).status_code == 200
    assert all(is_in(each) for each in others)
    assert browser.post(path).status_code == 302
    assert not any(is_in(each) for each in others)
    assert is_in(grace)
    page = browser.get(path_of(person)).content.decode()
    assert "All other devices are signed out." in page
    assert "You are signed in nowhere else." in page
    assert told_of(person) == (["sessions-ended"] if person.vendor else [])


@pytest.mark.parametrize(
    ("who", "whose", "code"),
    [
        ("acme_support", "ada", 302),
        ("acme_admin", "acme_support", 302),
        ("acme_support", "acme_admin", 403),
        ("acme_admin", "acme_admin", 403),  # the own ones end on the own list
        ("globex_admin", "ada", 404),
        ("operator", "ada", 403),
    ],
)
def test_support_ends_a_customers_and_administrators_everybodys(
    world: World, who: str, whose: str, code: int
) -> None:
    person, staff = getattr(world, whose), signed_in(getattr(world, who))
    theirs, grace = [signed_in(person) for _time in range(2)], signed_in(world.grace)
    assert all(is_in(each) for each in theirs)
    path = f"/accounts/user/{person.pk}/do/sign-out/"
    story = staff.get(f"/accounts/user/{person.pk}/story/")
    assert (path in story.content.decode()) is (code == 302)
    assert staff.post(path).status_code == code
    assert [is_in(each) for each in theirs] == [code != 302] * 2
    assert is_in(grace)
    assert told_of(person) == (["sessions-ended-by-support"] if code == 302 else [])
    if whose == "ada" and code == 302:
        activity = signed_in(person).get("/profile/activity/").content.decode()
        assert "All devices signed out by support" in activity


def test_without_the_right_nobody_is_signed_out(world: World) -> None:
    with inside(world.acme):
        claims = ["accounts.view_user", "accounts.change_user"]
        Role.objects.create(vendor=world.acme, name="reader", claims=claims)
        reader = worlds.user(world.acme, "reader@acme.example", role="reader")
    browser, hers = signed_in(reader), signed_in(world.ada)
    assert browser.post(f"/accounts/user/{world.ada.pk}/do/sign-out/").status_code == 403
    assert is_in(hers)


def test_nobody_ends_anothers(world: World) -> None:
    """Ids count up, so that anybody guesses them."""
    browsers = [signed_in(world.ada), signed_in(world.acme_admin), signed_in(world.operator)]
    people = (world.ada, world.acme_admin, world.operator)
    victims = [
        also_in(person)
        for person in (world.grace, world.bob, world.acme_support, world.globex_admin)
    ]
    for browser, person in zip(browsers, people, strict=True):
        for victim in victims:
            path = f"{path_of(person)}{victim.pk}/end/"
            assert browser.get(path).status_code == 404
            assert browser.post(path).status_code == 302
    assert {each.pk for each in victims} <= {each.pk for each in all_sessions()}


def test_the_own_one_is_ended_by_signing_out(world: World) -> None:
    browser = signed_in(world.ada)
    [own] = all_sessions()
    assert browser.get(f"/profile/sessions/{own.pk}/end/").status_code == 404
    browser.post(f"/profile/sessions/{own.pk}/end/")
    assert is_in(browser)


@pytest.mark.parametrize("number", ["0", "99999999999999999999999", "1"])
def test_an_id_that_is_none_leads_to_nothing(world: World, number: str) -> None:
    assert signed_in(world.ada).get(f"/profile/sessions/{number}/end/").status_code == 404


@pytest.mark.parametrize("who", ["ada", "acme_admin", "operator"])
def test_ending_asks_for_a_fresh_proof(world: World, who: str, frozen_time: Any) -> None:
    person = getattr(world, who)
    browser, other = old_session(person, frozen_time), also_in(person)
    assert browser.get(path_of(person)).status_code == 200  # looking does not
    for path in (f"{path_of(person)}{other.pk}/end/", f"{path_of(person)}others/end/"):
        for answer in (browser.get(path), browser.post(path)):
            assert f"{below(person)}/prove/?next=" in answer["Location"]
    assert len(all_sessions()) == 2
    place = browser.get(f"{path_of(person)}others/end/")["Location"]
    back = browser.post(place, {"current_password": PASSWORD})["Location"]
    assert browser.post(back).status_code == 302
    assert len(all_sessions()) == 1


def test_support_that_views_as_a_customer_sees_none(world: World) -> None:
    from tests.portal.test_view_as import viewing

    other = also_in(world.ada)
    browser = viewing(world)
    for path in ("", f"{other.pk}/end/", "others/end/"):
        page = browser.get(f"/profile/sessions/{path}")
        assert page.status_code == 403
        assert "Firefox" not in page.content.decode()


def test_the_profile_and_the_account_menu_lead_there(world: World) -> None:
    assert 'href="/profile/sessions/"' in signed_in(world.ada).get("/profile/").content.decode()
    for person in (world.acme_support, world.operator):
        assert 'href="/sessions/"' in signed_in(person).get("/").content.decode()


def test_a_list_takes_as_many_queries_for_many_rows_as_for_one(world: World) -> None:
    browser = signed_in(world.ada)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            browser.get("/profile/sessions/")
        return len(found)

    queries()  # whoever is seen again is noted
    few = queries()
    for _time in range(2):
        also_in(world.ada)
    assert queries() == few


# --- At the same time ---------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_page_that_is_open_as_its_session_ends_revives_nothing() -> None:
    """Of many requests with one cookie some are answered before it ends and some after; it stays
    ended, whatever they note."""
    world = worlds.build()
    browser, stolen = signed_in(world.ada), signed_in(world.ada)
    wanted = all_sessions()[1]
    with inside(world.acme):
        # All of them want to note that it was seen.
        Session.of_scope.filter(pk=wanted.pk).update(seen_at=wanted.seen_at - timedelta(hours=1))

    def act(n: int) -> int:
        if n == 0:
            return int(browser.post(f"/profile/sessions/{wanted.pk}/end/").status_code)
        each = Browser("acme")
        each.cookies[settings.SESSION_COOKIE_NAME] = stolen.cookies[
            settings.SESSION_COOKIE_NAME
        ].value
        return int(each.get("/licenses/").status_code)

    assert set(run_at_once(6, act)) <= {200, 302}
    assert not is_in(stolen)
    assert [each.user for each in all_sessions()] == [world.ada]


@pytest.mark.django_db(transaction=True)
def test_who_signs_in_while_all_others_end_is_first_or_afterwards() -> None:
    """Nobody is half in: who is signed in has a session that counts, and this browser stays."""
    world = worlds.build()
    browser = signed_in(world.ada)
    own = all_sessions()[0]
    others = [Browser("acme") for _time in range(4)]
    form = {"email": "ada@example.com", "password": PASSWORD}

    def act(n: int) -> int:
        if n == 0:
            with inside(world.acme):
                verbs.end_others(world.ada, but=own)
            return 302
        return int(others[n - 1].post("/login/", form).status_code)

    assert set(run_at_once(5, act)) == {302}
    assert is_in(browser)
    assert len(all_sessions()) == 1 + sum(is_in(each) for each in others)
    with inside(world.acme):
        verbs.end_others(world.ada, but=own)
    assert not any(is_in(each) for each in others)


@pytest.mark.django_db(transaction=True)
def test_two_that_end_each_other_leave_one_or_none() -> None:
    """Whoever was ended first has ended nobody: the second request finds no session, or its own
    page was answered before."""
    world = worlds.build()
    pair = [signed_in(world.ada), signed_in(world.ada)]

    def act(n: int) -> int:
        return int(pair[n].post("/profile/sessions/others/end/").status_code)

    assert set(run_at_once(2, act)) == {302}
    assert len(all_sessions()) <= 1
