"""Every form that has a password in it takes from a bucket: nobody guesses without limit."""

from dataclasses import asdict
from typing import Any

import pytest
from django.http import HttpResponse

from accounts.links import Purpose, make_token
from accounts.models import IdentityProvider, User
from accounts.single_sign_on.claims import Claimed
from accounts.single_sign_on.flows import Connecting
from accounts.single_sign_on.verbs import create_provider
from tenancy.door import inside
from tests.accounts.phones import phone_of
from tests.accounts.test_links import registration
from tests.world import PASSWORD, Browser, World, signed_in
from web.models import RateBucket

WRONG = {"current_password": "wrong wrong wrong", "email": "ada@example.com", "password": "wrong"}
NEW = {"new_password": "battery 7 staple", "new_password_again": "battery 7 staple"}
WEAK = {"new_password": "short", "new_password_again": "short"}
AGAIN = 25  # tries, more than any bucket has


def signed(name: str) -> Any:
    return lambda world: signed_in(getattr(world, name))


def signed_with_phone(name: str) -> Any:
    def browser(world: World) -> Browser:
        phone_of(getattr(world, name))
        return signed_in(getattr(world, name))

    return browser


def nobody_at(label: str) -> Any:
    return lambda world: Browser(label)


def link(purpose: Purpose, name: str) -> Any:
    def path(world: World) -> str:
        person: User = getattr(world, name)
        page = "password-reset" if purpose is Purpose.RESET else "invitation"
        return f"/{page}/{make_token(purpose, person)}/"

    return path


def connecting(name: str) -> Any:
    """Somebody whose identity provider says an e-mail that has an account."""

    def browser(world: World) -> Browser:
        person: User = getattr(world, name)
        provider = IdentityProvider(
            vendor=world.acme,
            name="Example ID",
            issuer="https://id.example",
            client_id="portal",
            for_staff=not person.is_customer,
            domains=person.email.partition("@")[2],
            is_on=True,
        )
        with inside(world.acme):
            create_provider(provider)
        who = Claimed("1", person.email, names={}, role="", has_factor=False)
        found = Browser("acme" if person.is_customer else "app")
        response = HttpResponse()
        Connecting(
            vendor=str(world.acme.pk),
            provider=str(provider.pk),
            issuer=provider.issuer,
            user=str(person.pk),
            claimed=asdict(who),
            goes_on="",
        ).keep(response)
        found.cookies.update(response.cookies)
        return found

    return browser


RIGHT_PASSWORD = {
    "current_password": PASSWORD,
    "new_email": "countess@example.com",
    "email": "ada@example.com",
    "password": PASSWORD,
    "company_id": "acme",
    **NEW,
}
# By route: who opens it, at which path, and what is typed that is not right.
FORMS: dict[str, list[tuple[Any, Any, dict[str, str]]]] = {
    "login": [
        (nobody_at("acme"), "/login/", WRONG),
        (nobody_at("app"), "/login/", WRONG | {"company_id": "acme"}),
        (nobody_at("app"), "/login/", WRONG | {"email": "root@example.com"}),
    ],
    "password_reset_confirm": [
        (nobody_at("acme"), link(Purpose.RESET, "ada"), WEAK),
        (nobody_at("app"), link(Purpose.RESET, "acme_admin"), WEAK),
        (nobody_at("app"), link(Purpose.RESET, "operator"), WEAK),
    ],
    "invitation": [(nobody_at("acme"), link(Purpose.INVITATION, "ada"), WEAK)],
    "register_confirm": [(nobody_at("acme"), registration, WEAK)],
    "change_password": [(signed("ada"), "/profile/password/", WRONG | NEW)],
    "change_email": [
        (signed("ada"), "/profile/email/", WRONG | {"new_email": "countess@example.com"})
    ],
    "prove": [
        (signed("ada"), "/profile/prove/", WRONG | WEAK),
        (signed("acme_admin"), "/prove/", WRONG | WEAK),
        (signed("operator"), "/prove/", WRONG | WEAK),
    ],
    "second_factor_off": [
        (signed_with_phone("ada"), "/profile/second-factor/off/", WRONG | WEAK),
        (signed_with_phone("operator"), "/second-factor/off/", WRONG | WEAK),
    ],
    "single_sign_on_connect": [
        (connecting("ada"), "/login/single-sign-on/connect/", WRONG),
        (connecting("acme_support"), "/login/single-sign-on/connect/", WRONG),
    ],
    "admin:password_change": [
        (signed(name), "/password_change/", WRONG | NEW)
        for name in ("acme_admin", "acme_support", "operator")
    ],
}
EVERY = [(route, *form) for route, forms in FORMS.items() for form in forms]


def test_the_table_is_the_one_by_which_all_pages_are_watched() -> None:
    """`Browser` fails in any test at a page with a password in it that is not in that one."""
    from tests.world import WITH_PASSWORD

    assert set(FORMS) == WITH_PASSWORD


def test_a_page_that_is_not_in_it_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.world.WITH_PASSWORD", {"login"})
    Browser("acme").get("/login/")
    with pytest.raises(AssertionError, match="change_email"):
        signed_in(world.ada).get("/profile/email/")


@pytest.mark.parametrize(("route", "who", "where", "typed"), EVERY)
def test_each_try_takes_from_a_bucket(
    world: World, route: str, who: Any, where: Any, typed: dict[str, str]
) -> None:
    path = where if isinstance(where, str) else where(world)
    browser = who(world)
    assert b'type="password"' in browser.get(path).content
    RateBucket.objects.all().delete()
    assert browser.post(path, typed).status_code == 200
    assert RateBucket.objects.exists()


@pytest.mark.parametrize(("route", "who", "where", "typed"), EVERY)
def test_who_goes_on_guessing_has_to_wait_and_then_the_right_one_is_no_use(
    world: World, route: str, who: Any, where: Any, typed: dict[str, str]
) -> None:
    path = where if isinstance(where, str) else where(world)
    browser = who(world)
    answers = [browser.post(path, typed) for _ in range(AGAIN)]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert answers[-1].status_code == 429
    assert int(answers[-1]["Retry-After"]) > 0
    right = {name: RIGHT_PASSWORD.get(name, value) for name, value in typed.items()}
    if typed["email" if "email" in typed else "new_password"] == "root@example.com":
        right["email"] = "root@example.com"
    assert browser.post(path, right).status_code == 429
    with inside(world.acme):
        assert User.objects.get(pk=world.ada.pk).check_password(PASSWORD)
