"""Who fails with another's address again and again slows that person down nowhere but in browsers
in which she has never been."""

from django.conf import settings

from tests.world import PASSWORD, Browser, World

WRONG = {"email": "ada@example.com", "password": "wrong"}
RIGHT = {"email": "ada@example.com", "password": PASSWORD}


def fails(browser: Browser, times: int, **ips: str) -> list[int]:
    return [browser.post("/login/", WRONG, **ips).status_code for _time in range(times)]


def attacked() -> None:
    """From many addresses, until nothing is left."""
    codes = [fails(Browser("acme"), 1, REMOTE_ADDR=f"192.0.2.{n}") for n in range(9)]
    assert codes[-1] == [429]


def test_others_lock_nobody_out_of_the_own_browser(world: World) -> None:
    hers = Browser("acme").sign_in("ada@example.com")
    hers.post("/logout/")
    attacked()
    assert Browser("acme").post("/login/", RIGHT).status_code == 429
    assert hers.post("/login/", RIGHT).status_code == 302


def test_the_own_browser_has_no_more_tries_than_others(world: World) -> None:
    hers = Browser("acme").sign_in("ada@example.com")
    hers.post("/logout/")
    assert fails(hers, 7) == [200] * 6 + [429]


def test_it_counts_for_that_person_on_that_site_at_that_vendor_alone(world: World) -> None:
    name = settings.KNOWN_COOKIE_NAME
    cookies = {
        "another": Browser("acme").sign_in("grace@example.com").cookies[name].value,
        "another vendor's": Browser("globex").sign_in("ada@example.com").cookies[name].value,
        "made up": "W10:1tabcd:aaaa",
        "nothing": "",
    }
    attacked()
    for whose, value in cookies.items():
        browser = Browser("acme")
        browser.cookies[name] = value
        assert browser.post("/login/", RIGHT).status_code == 429, whose


def test_the_cookie_tells_nothing_and_lets_nobody_in(world: World) -> None:
    hers = Browser("acme").sign_in("ada@example.com")
    cookie = hers.cookies[settings.KNOWN_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["domain"]) == (True, "Lax", "")
    assert "ada" not in cookie.value
    stranger = Browser("acme")
    stranger.cookies[settings.KNOWN_COOKIE_NAME] = cookie.value
    assert stranger.get("/licenses/").status_code == 302
