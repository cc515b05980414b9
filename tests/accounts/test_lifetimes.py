"""How long a session lasts: idle and in all, by role, and by the choice to stay signed in."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from accounts.devices.lifetimes import Lifetime, lifetime_of
from accounts.models import BuiltIn, User
from portal import env
from tests.accounts.phones import phone_of, typed_by
from tests.accounts.test_sessions import all_sessions, is_in
from tests.conftest import NOW
from tests.posted import form_of
from tests.world import PASSWORD, Browser, World, signed_in

COOKIE = settings.SESSION_COOKIE_NAME
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ROLES = {
    "ada": (14 * DAY, 30 * DAY),
    "acme_admin": (12 * HOUR, 7 * DAY),
    "acme_support": (12 * HOUR, 7 * DAY),
    "operator": (HOUR, 12 * HOUR),
}


def test_a_lifetime_by_role_and_choice() -> None:
    table = {
        (BuiltIn.USER, True): (14 * DAY, 30 * DAY),
        (BuiltIn.USER, False): (HOUR, DAY),
        ("organization-admin", True): (14 * DAY, 30 * DAY),
        (BuiltIn.SUPPORT, True): (12 * HOUR, 7 * DAY),
        (BuiltIn.SUPPORT, False): (HOUR, DAY),
        ("a role of the vendor's", True): (12 * HOUR, 7 * DAY),
        (BuiltIn.OPERATOR, True): (HOUR, 12 * HOUR),
        (BuiltIn.OPERATOR, False): (HOUR, 12 * HOUR),  # shorter than a short one
    }
    for (role, is_kept), expected in table.items():
        found = lifetime_of(User(role=role), is_kept=is_kept)
        assert (found.idle, found.lasts) == expected, (role, is_kept)


def test_the_end_is_the_first_of_both() -> None:
    lifetime = Lifetime(idle=HOUR, lasts=DAY)
    assert lifetime.end(begun_at=NOW, seen_at=NOW) == NOW + HOUR
    assert lifetime.end(begun_at=NOW, seen_at=NOW + 22 * HOUR) == NOW + 23 * HOUR
    assert lifetime.end(begun_at=NOW, seen_at=NOW + 23.5 * HOUR) == NOW + DAY


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, (3600, 7200)),
        ({"X_IDLE": "1200"}, (1200, 7200)),
        ({"X_LASTS": "1800"}, (1800, 1800)),
        ({"X_IDLE": "599"}, "X_IDLE is 599: use 600 to 7200."),
        ({"X_IDLE": "7201"}, "X_IDLE is 7201: use 600 to 7200."),
        ({"X_LASTS": "forever"}, "X_LASTS is 'forever': use a whole number."),
        ({"X_LASTS": "0"}, "X_LASTS is 0: use 600 to 31536000."),
    ],
)
def test_settings_that_make_no_sense_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], expected: Any
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    if isinstance(expected, tuple):
        assert env.lifetime("X", idle=3600, lasts=7200) == expected
        return
    with pytest.raises(ImproperlyConfigured, match=re.escape(expected)):
        env.lifetime("X", idle=3600, lasts=7200)


@pytest.mark.parametrize("who", ROLES)
def test_who_does_nothing_is_out(world: World, frozen_time: Any, who: str) -> None:
    idle, _lasts = ROLES[who]
    browser, other = signed_in(getattr(world, who)), signed_in(getattr(world, who))
    frozen_time.shift(idle - timedelta(seconds=1))
    assert is_in(browser)
    frozen_time.shift(1)
    assert is_in(browser)
    assert not is_in(other)


@pytest.mark.takes_turns
@pytest.mark.parametrize("who", ROLES)
def test_who_comes_again_and_again_is_out_at_last(world: World, frozen_time: Any, who: str) -> None:
    idle, lasts = ROLES[who]
    browser, spent, step = signed_in(getattr(world, who)), timedelta(0), idle / 2
    while spent + step < lasts:
        frozen_time.shift(step)
        spent += step
        assert is_in(browser), spent
    frozen_time.shift(lasts - spent - timedelta(seconds=1))
    assert is_in(browser)
    frozen_time.shift(1)
    assert not is_in(browser)


def test_one_that_is_over_is_not_revived(world: World, frozen_time: Any) -> None:
    """Two pages are asked for as it ends: the later one does not move what the first has not."""
    browser = signed_in(world.operator)
    frozen_time.shift(HOUR)
    for _time in range(2):
        assert not is_in(browser)
    assert all_sessions()[0].seen_at == NOW


def test_a_shorter_setting_counts_from_the_next_page_on(
    world: World, frozen_time: Any, settings: Any
) -> None:
    browser = signed_in(world.ada)
    settings.SESSION_LIFETIMES = settings.SESSION_LIFETIMES | {"customer": (600, 3600)}
    frozen_time.shift(300)
    assert is_in(browser)
    frozen_time.shift(600)
    assert not is_in(browser)


# --- The choice ---------------------------------------------------------------------------------


def stays(browser: Browser) -> bool:
    """Whether the cookie outlives the browser; the row says the same."""
    cookie = browser.cookies[COOKIE]
    [session] = all_sessions()
    assert (cookie["max-age"] != "") is session.is_kept
    return session.is_kept


@pytest.mark.parametrize(("ticked", "kept"), [({}, False), ({"stay": "on"}, True)])
@pytest.mark.parametrize("who", ["ada", "acme_support", "operator"])
def test_whoever_ticks_the_box_stays(
    world: World, who: str, ticked: dict[str, str], kept: bool
) -> None:
    person = getattr(world, who)
    browser = Browser("acme" if who == "ada" else "app")
    form = form_of(browser.get("/login/").content.decode()) | typed_by(person) | ticked
    assert browser.post("/login/", form).status_code == 302
    assert stays(browser) is kept
    if kept:
        assert browser.cookies[COOKIE]["max-age"] == 30 * 86400


@pytest.mark.parametrize("page", ["/login/code/", "/login/recovery-code/"])
@pytest.mark.parametrize("ticked", [True, False])
def test_it_goes_along_to_the_second_step(world: World, page: str, ticked: bool) -> None:
    phone = phone_of(world.ada)
    browser = Browser("acme")
    form = typed_by(world.ada) | ({"stay": "on"} if ticked else {})
    place = browser.post("/login/", form)["Location"]
    other = re.search(r'href="(/login/recovery-code/[^"]*)"', browser.get(place).content.decode())
    assert other
    if page == "/login/code/":
        browser.post(place, {"code": phone.code()})
    else:
        browser.post(other[1], {"code": phone.recovery[0]})
    assert stays(browser) is ticked


def test_the_way_back_knows_it_and_it_can_be_taken_back(world: World) -> None:
    phone_of(world.ada)
    browser = Browser("acme")
    form = typed_by(world.ada) | {"stay": "on"}
    page = browser.get(browser.post("/login/", form)["Location"]).content.decode()
    again = re.search(r'href="(/login/\?[^"]*stay=on[^"]*)"', page)
    assert again
    assert 'value="on" checked' in browser.get(again[1]).content.decode()
    assert 'value="on" checked' not in browser.get("/login/").content.decode()
    # Whoever unticks it there sends no more than that it was shown.
    answer = browser.post(again[1], typed_by(world.ada) | {"stay": "off"})
    assert "stay" not in answer["Location"]


def test_what_was_ticked_stays_so_after_a_wrong_password(world: World) -> None:
    wrong = typed_by(world.ada, "wrong") | {"stay": "on"}
    assert 'value="on" checked' in Browser("acme").post("/login/", wrong).content.decode()


@pytest.mark.parametrize("kept", [True, False])
def test_a_new_password_leaves_it_as_it_was(world: World, kept: bool) -> None:
    browser = Browser("acme").sign_in("ada@example.com", **({"stay": "on"} if kept else {}))
    new = "correct horse battery 7"
    form = {"current_password": PASSWORD, "new_password": new, "new_password_again": new}
    assert browser.post("/profile/password/", form).status_code == 302
    assert stays(browser) is kept
