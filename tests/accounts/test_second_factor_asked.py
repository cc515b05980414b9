"""Whom a second factor is asked of: a vendor's staff, everybody, operators; and until when one may
go on without it."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import get_resolver, reverse

from accounts.models import User
from accounts.verbs.settings import change_settings
from tenancy.door import inside
from tenancy.hosts import Site
from tests.accounts.phones import by_code, past_password, phone_of, shown, typed_by
from tests.accounts.test_second_factor_on import set_up_in
from tests.portal.test_url_matrix import routes
from tests.portal.test_view_as import viewing
from tests.world import Browser, World, signed_in, vendor_now


def ask(world: World, of: str, days: int = 14) -> None:
    with inside(world.acme):
        change_settings(vendor=world.acme, second_factor_for=of, second_factor_grace=days)


def led(browser: Browser, path: str) -> bool:
    answer = browser.get(path)
    return answer.status_code == 302 and "second-factor/" in answer["Location"]


@pytest.mark.parametrize(
    ("of", "staff", "customers"),
    [("", False, False), ("staff", True, False), ("everyone", True, True)],
)
def test_a_vendor_asks_its_staff_or_everybody(
    world: World, frozen_time: Any, of: str, staff: bool, customers: bool
) -> None:
    ask(world, of)
    frozen_time.shift(timedelta(days=14))
    assert led(signed_in(world.acme_admin), "/licenses/license/") is staff
    assert led(signed_in(world.acme_support), "/") is staff
    assert led(signed_in(world.ada), "/licenses/") is customers
    # Nobody else's people are asked.
    assert not led(signed_in(world.bob), "/licenses/")
    assert not led(signed_in(world.globex_admin), "/")
    assert not led(signed_in(world.operator), "/")


def test_in_the_grace_one_is_led_there_at_sign_in_and_may_go_on(
    world: World, frozen_time: Any
) -> None:
    ask(world, "everyone", days=3)
    frozen_time.shift(timedelta(days=3, seconds=-1))
    browser = Browser("acme")
    answer = browser.post("/login/?next=/offline/", typed_by(world.ada))
    assert answer["Location"] == "/profile/second-factor/?next=%2Foffline%2F"
    page = browser.get(answer["Location"]).content.decode()
    assert "you can go on without it" in " ".join(page.split())
    assert '<a class="button" href="/offline/">Not now</a>' in page
    assert browser.get("/offline/").status_code == 200
    frozen_time.shift(1)
    assert led(browser, "/offline/")
    page = browser.get("/profile/second-factor/").content.decode()
    assert "Set it up now to go on." in page
    assert "Not now" not in page
    assert 'action="/logout/"' in page


def test_setting_it_up_leads_on_to_where_one_was_going(world: World) -> None:
    ask(world, "staff", days=0)
    browser = Browser("app")
    answer = browser.post("/login/?next=/licenses/license/", typed_by(world.acme_support))
    page = browser.get(answer["Location"]).content.decode()
    link = "/second-factor/set-up/?next=%2Flicenses%2Flicense%2F"
    assert f'href="{link}"' in page
    done = set_up_in(browser, world.acme_support, link)
    assert len(shown(done)) == 10
    assert '<a class="button primary" href="/licenses/license/">' in done.content.decode()
    assert browser.get("/licenses/license/").status_code == 200
    # And from then on nobody is led anywhere.
    with inside(world.acme):
        support = User.objects.get(pk=world.acme_support.pk)
    assert support.second_factor_since


OPEN_ANYWAY = {
    "second_factor", "second_factor_set_up", "prove", "logout", "login", "sign_in_code",
    "sign_in_recovery", "password_reset", "password_reset_sent", "password_reset_confirm",
    "invitation", "end_everywhere", "email_confirm", "reminders_off", "branding_css", "brand_image", "favicon",
    "change_password_place", "view_as", "view_as_stop", "mailed_link",
    "mailed_link_sent", "mailed_keys", "mailed_keys_sent", "sign_in_by_link", "register",
    "register_sent", "register_confirm", "admin:login", "admin:logout",
    "prove_passkey", "sign_in_code_passkey", "sign_in_passkey", "passkey_options",
    "related_origins", "single_sign_on", "single_sign_on_start", "single_sign_on_back",
    "single_sign_on_connect", "single_sign_on_send", "single_sign_on_sent", "single_sign_on_link",
    "trial",
}  # fmt: skip


@pytest.mark.parametrize(
    ("site", "who"),
    [(Site.CUSTOMER, "ada"), (Site.BACKOFFICE, "acme_admin"), (Site.BACKOFFICE, "operator")],
)
def test_afterwards_every_page_leads_there(
    world: World, settings: Any, site: Site, who: str
) -> None:
    """By GET and by POST, whatever the address: nothing is shown and nothing is done."""
    ask(world, "everyone", days=0)
    settings.OPERATORS_NEED_SECOND_FACTOR = True
    browser = signed_in(getattr(world, who))
    urlconf = f"portal.urls.{site}"
    walked = 0
    for name, pattern in routes(get_resolver(urlconf).url_patterns):
        if name in OPEN_ANYWAY or name == "admin:None":
            continue
        values = {"token": "x", "name": "x", "page": "x", "app_label": "accounts", "verb": "x"}
        kwargs = {
            key: values.get(key) or (1 if "int" in type(kind).__name__.lower() else world.ada.pk)
            for key, kind in pattern.pattern.converters.items()
        }
        if name == "admin:app_list":
            continue  # by a regular expression
        path = reverse(name, urlconf=urlconf, kwargs=kwargs)
        for method in ("get", "post"):
            answer = getattr(browser, method)(path)
            if name in {"feed_json", "feed_atom"}:
                assert answer.status_code == (401 if method == "get" else 405), name
                continue
            assert answer.status_code == 302, (name, method)
            assert "second-factor/" in answer["Location"], (name, method)
            walked += 1
    assert walked > 30


def test_a_key_opens_its_file_and_no_session_does(world: World) -> None:
    ask(world, "everyone", days=0)
    browser = signed_in(world.ada)
    path = worlds_download(world)
    assert led(browser, path)
    answer = browser.get(path, {"key": world.ada_license.key})
    assert answer.status_code == 200
    assert answer.getvalue()


def worlds_download(world: World) -> str:
    from tests.world import download_path

    return download_path(world.orbit_release)


def test_signing_out_is_always_there(world: World) -> None:
    ask(world, "everyone", days=0)
    browser = signed_in(world.ada)
    assert browser.post("/logout/")["Location"] == "/login/"
    assert browser.get("/login/").status_code == 200


def test_support_that_views_as_a_customer_is_not_asked_for_hers(world: World) -> None:
    ask(world, "everyone", days=0)
    with inside(world.acme):
        User.objects.filter(pk=world.acme_support.pk).update(second_factor_since=None)
    browser = viewing(world)
    assert browser.get("/licenses/").status_code == 200


def test_who_is_added_later_has_as_many_days(world: World, frozen_time: Any) -> None:
    ask(world, "everyone", days=5)
    frozen_time.shift(timedelta(days=100))
    with inside(world.acme):
        from tests.world import user

        eve = user(world.acme, "eve@example.com")
    frozen_time.shift(timedelta(days=4))
    assert not led(signed_in(eve), "/licenses/")
    frozen_time.shift(timedelta(days=1))
    assert led(signed_in(eve), "/licenses/")


def test_asking_everybody_gives_staff_no_new_days(world: World, frozen_time: Any) -> None:
    ask(world, "staff", days=5)
    frozen_time.shift(timedelta(days=5))
    ask(world, "everyone", days=5)
    assert led(signed_in(world.acme_support), "/")
    assert not led(signed_in(world.ada), "/licenses/")
    ask(world, "staff", days=5)
    vendor = vendor_now(world.acme)
    assert (vendor.customers_asked_since, vendor.staff_asked_since is None) == (None, False)


def test_who_has_one_goes_where_he_likes(world: World) -> None:
    ask(world, "everyone", days=0)
    browser = by_code(world.ada, phone_of(world.ada))
    assert browser.get("/licenses/").status_code == 200


def test_a_factor_that_is_taken_off_is_asked_for_again(world: World) -> None:
    from accounts.second_factor.verbs import take_off

    phone_of(world.ada)
    ask(world, "everyone", days=14)
    past_password(world.ada)
    with inside(world.acme):
        take_off(world.ada, reason="Lost")
    ask(world, "everyone", days=0)
    assert led(signed_in(world.ada), "/licenses/")


# --- The settings -------------------------------------------------------------------------------


def test_administrators_choose_it_in_the_settings(world: World) -> None:
    browser, path = signed_in(world.acme_admin), "/accounts/portalsettings/"
    page = browser.get(path).content.decode()
    assert 'name="second_factor_for"' in page
    form = {"email_sender": "", "second_factor_for": "staff", "second_factor_grace": "7"}
    assert browser.post(path, form).status_code == 302
    vendor = vendor_now(world.acme)
    assert (vendor.second_factor_for, vendor.second_factor_grace) == ("staff", 7)
    assert vendor.staff_asked_since
    assert browser.post(path, {"email_sender": "Acme"}).status_code == 302
    vendor = vendor_now(world.acme)
    assert (vendor.second_factor_for, vendor.second_factor_grace) == ("staff", 7)
    for odd in ({"second_factor_for": "operators"}, {"second_factor_grace": "-1"},
                {"second_factor_grace": "366"}, {"second_factor_grace": "x"}):  # fmt: skip
        assert browser.post(path, form | odd).status_code == 200
    assert signed_in(world.acme_support).post(path, form).status_code == 403


# --- Operators ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "asks"),
    [
        ({"PUBLIC_SCHEME": "https", "DEBUG": "false"}, True),
        ({"PUBLIC_SCHEME": "http", "DEBUG": "false"}, False),
        ({"PUBLIC_SCHEME": "https", "DEBUG": "true"}, False),
        ({"PUBLIC_SCHEME": "https", "OPERATORS_NEED_SECOND_FACTOR": "false"}, False),
        ({"PUBLIC_SCHEME": "http", "OPERATORS_NEED_SECOND_FACTOR": "true"}, True),
    ],
)
def test_operators_are_asked_in_production(environment: dict[str, str], asks: bool) -> None:
    import os
    import subprocess
    import sys

    said = subprocess.run(
        [sys.executable, "-c",
         "from portal import settings; print(settings.OPERATORS_NEED_SECOND_FACTOR)"],
        env={**os.environ, **environment}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout.strip() == str(asks)


def test_an_operator_who_is_asked_sets_it_up_at_once(world: World, settings: Any) -> None:
    settings.OPERATORS_NEED_SECOND_FACTOR = True
    browser = Browser("app")
    answer = browser.post("/login/", typed_by(world.operator))
    assert answer["Location"] == "/second-factor/"
    assert led(browser, "/tenancy/vendor/")
    assert len(shown(set_up_in(browser, world.operator))) == 10
    assert browser.get("/tenancy/vendor/").status_code == 200
