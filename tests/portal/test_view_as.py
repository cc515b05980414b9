"""While support views as a customer: whom it stands for, what it may do, and what stays untouched."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.urls import get_resolver, reverse

from accounts.links import Purpose, make_token
from accounts.models import User, ViewAs
from accounts.passkeys.verbs import passkeys_of
from accounts.reminders import off_link
from accounts.tokens.verbs import write
from accounts.view_as.verbs import offer
from audit.chain import verify
from audit.models import AuditEntry
from branding.verbs.brands import change_brand
from offline.verbs.answering import answer
from tenancy.door import inside
from tests.accounts.authenticators import passkey_of
from tests.branding.pictures import picture
from tests.offline.requests_maker import MachineKeys
from tests.portal.test_url_matrix import routes
from tests.roles import everywhere
from tests.world import PASSWORD, Browser, World, set_vendor, signed_in

COOKIE = settings.VIEW_AS_COOKIE_NAME
BANNER = "You are viewing the portal as <strong>Ada Lovelace</strong>, read-only, until 12:15 UTC."
ENDED = "The view has ended"


def link(world: World, customer: User | None = None) -> str:
    with inside(world.acme):
        return f"/view-as/{offer(customer or world.ada, staff=world.acme_support)}/"


def viewing(world: World, browser: Browser | None = None) -> Browser:
    """A browser in which support views Acme's portal as Ada."""
    path, browser = link(world), browser or Browser("acme")
    browser.get(path)
    form = {"csrfmiddlewaretoken": browser.cookies[settings.CSRF_COOKIE_NAME].value}
    opened = browser.post(path, form)
    assert (opened.status_code, opened.headers["Location"]) == (302, "/")
    return browser


def text(response: Any) -> str:
    return str(response.content.decode())


def pages(world: World) -> list[AuditEntry]:
    with inside(world.acme):
        return list(AuditEntry.objects.filter(action="view-as-page").order_by("sequence"))


# --- What it shows ------------------------------------------------------------------------------


def test_support_sees_what_the_customer_sees_and_a_banner(world: World) -> None:
    browser = viewing(world)
    page = text(browser.get("/licenses/"))
    assert BANNER in page
    assert "ADA111-ACME-ORBIT-0001" in page
    assert "GRACE1-ACME-ORBIT-0002" not in page
    assert "/view-as/stop/" in page
    assert "/logout/" not in page
    customers_own = text(signed_in(world.ada).get("/licenses/"))
    assert "view-as" not in customers_own
    assert "/logout/" in customers_own
    assert page.partition("<main")[2] == customers_own.partition("<main")[2]


@pytest.mark.parametrize("path", ["/nothing-here/", "/logout/"])
def test_error_pages_have_the_banner_too(world: World, path: str) -> None:
    page = text(viewing(world).get(path))
    assert BANNER in page
    assert 'name="csrfmiddlewaretoken"' in page


def test_what_the_customer_may_not_see_support_does_not_see_there(world: World) -> None:
    assert viewing(world).get(f"/licenses/{world.grace_license.pk}/").status_code == 404


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(world: World) -> None:
    morsel = Browser("acme").post(link(world)).cookies[COOKIE]
    assert morsel["httponly"] is True
    assert (morsel["samesite"], morsel["path"], morsel["domain"]) == ("Lax", "/", "")
    assert bool(morsel["secure"]) is settings.HTTPS


def test_with_tls_the_cookie_belongs_to_this_host_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "HTTPS", True)
    monkeypatch.setattr(settings, "VIEW_AS_COOKIE_NAME", "__Host-view-as")
    browser = Browser("acme")
    morsels = [browser.post(link(world), secure=True).cookies["__Host-view-as"]]
    morsels.append(browser.post("/view-as/stop/", secure=True).cookies["__Host-view-as"])
    for morsel in morsels:
        assert (bool(morsel["secure"]), morsel["path"], morsel["domain"]) == (True, "/", "")


def test_the_cookie_means_nothing_elsewhere(world: World) -> None:
    cookies = viewing(world).cookies
    for label, path in (("globex", "/licenses/"), ("app", "/")):
        browser = Browser(label)
        browser.cookies = cookies
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/login/?next={path}")
        assert COOKIE not in answer.cookies


@pytest.mark.parametrize("cookie", ["", "x", "x" * 5000, "ä"])
def test_a_cookie_that_is_none_is_passed_over(world: World, cookie: str) -> None:
    browser = signed_in(world.grace)
    browser.cookies[COOKIE] = cookie
    page = browser.get("/licenses/")
    assert page.status_code == 200
    assert "GRACE1-ACME-ORBIT-0002" in text(page)


@pytest.mark.parametrize("kind", ["used", "old", "foreign", "wrong"])
def test_a_link_that_does_not_work_is_gone(world: World, kind: str, frozen_time: Any) -> None:
    path, browser = link(world), Browser("acme")
    if kind == "used":
        viewing(world)
        Browser("acme").post(path)
    elif kind == "old":
        frozen_time.shift(60)
    elif kind == "foreign":
        browser = Browser("globex")
    else:
        path = "/view-as/wrong/"
    for refused in (browser.get(path), browser.post(path)):
        assert refused.status_code == 410
        assert "This link can’t be used" in text(refused)
        assert COOKIE not in refused.cookies


def test_a_look_at_the_link_begins_nothing(world: World) -> None:
    """A page that leads there, a mail scanner, a preview: no view before the button is pressed."""
    path, browser = link(world), Browser("acme", enforce_csrf_checks=True)
    assert browser.head(path).status_code == 200
    page = browser.get(f"{path}?next=/profile/")
    assert page.status_code == 200
    assert COOKIE not in browser.cookies
    assert "View as Ada Lovelace" in text(page)
    assert '<input type="hidden" name="next" value="/profile/">' in text(page)
    assert browser.post(path).status_code == 403  # from elsewhere
    form = {"csrfmiddlewaretoken": browser.cookies[settings.CSRF_COOKIE_NAME].value}
    assert browser.post(path, form | {"next": "/profile/"})["Location"] == "/profile/"
    assert BANNER in text(browser.get("/profile/"))


def test_a_second_link_ends_the_first_view(world: World) -> None:
    browser = viewing(world)
    assert browser.post(link(world, world.grace)).status_code == 302
    assert "GRACE1-ACME-ORBIT-0002" in text(browser.get("/licenses/"))
    with inside(world.acme):
        assert ViewAs.objects.filter(stopped_at=None).count() == 1


# --- What it leaves alone -----------------------------------------------------------------------


def test_the_customers_dates_do_not_move(world: World) -> None:
    signed_in(world.ada).get("/licenses/")
    with inside(world.acme):
        User.objects.filter(pk=world.ada.pk).update(last_seen_at=None, last_login=None)
    browser = viewing(world)
    browser.get("/licenses/")
    with inside(world.acme):
        ada = User.objects.get(pk=world.ada.pk)
    assert (ada.last_seen_at, ada.last_login) == (None, None)


@pytest.mark.parametrize("who", ["ada", "grace"])
def test_the_browsers_own_session_rests_and_goes_on(world: World, who: str) -> None:
    browser = signed_in(getattr(world, who))
    browser.get("/licenses/")
    mine = browser.cookies[settings.SESSION_COOKIE_NAME].value
    stored = rows("accounts.Session")
    viewing(world, browser)
    for path in ("/licenses/", "/profile/", "/nothing-here/"):
        answer = browser.get(path)
        assert settings.SESSION_COOKIE_NAME not in answer.cookies
        assert BANNER in text(answer)
    assert browser.post("/logout/").status_code == 403
    assert rows("accounts.Session") == stored
    assert browser.post("/view-as/stop/").status_code == 200
    assert browser.cookies[settings.SESSION_COOKIE_NAME].value == mine
    assert rows("accounts.Session") == stored
    page = text(browser.get("/licenses/"))
    assert "/logout/" in page
    assert "view-as" not in page


def test_messages_that_wait_for_the_browsers_own_user_keep_waiting(world: World) -> None:
    browser = signed_in(world.ada)
    browser.post("/profile/", {"first_name": "Augusta", "last_name": "King"})
    browser.post(link(world))
    assert "Your profile is saved." not in text(browser.get("/profile/"))
    browser.post("/view-as/stop/")
    assert "Your profile is saved." in text(browser.get("/profile/"))


# --- What it may not do -------------------------------------------------------------------------

MAY_CHANGE = {
    "audit_auditentry",
    "audit_auditparticulars",
    "audit_auditchain",
    "accounts_viewas",
}
HANDS_OUT = {
    "own_archive",
    "own_csv",
    "own_json",
    "licenses_export",
    "offline_response",
    "offline_machine_response",
    "download",
    "feed_json",
    "feed_atom",
}
# Every route with the code of its GET while Ada of Acme is viewed.
GETS = {
    "change_password_place": 302,
    "favicon": 200,
    "home": 302, "login": 302, "logout": 405, "password_reset": 200, "password_reset_sent": 200,
    "password_reset_confirm": 200, "invitation": 200, "profile": 200, "activity": 200,
    "own_data": 200, "own_table": 200, "reminders": 405, "reminders_off": 200,
    "connections": 200, "disconnect": 403,
    "single_sign_on": 302, "single_sign_on_start": 302, "single_sign_on_back": 302,
    "single_sign_on_connect": 302, "single_sign_on_send": 405, "single_sign_on_sent": 302,
    "single_sign_on_link": 302,
    "sign_in_code": 302, "sign_in_recovery": 302, "second_factor": 200,
    "sessions": 403, "end_everywhere": 200, "end_session": 403, "end_other_sessions": 403,
    "sign_in_code_passkey": 405, "sign_in_passkey": 405, "passkey_options": 405,
    "related_origins": 200, "passkeys": 200, "passkey_add": 403, "passkey": 200,
    "passkey_delete": 403, "prove_passkey": 405,
    "access_tokens": 200, "access_token_make": 403, "access_token": 200,
    "second_factor_set_up": 403, "recovery_codes": 403, "second_factor_off": 302, "prove": 200,
    "change_password": 200, "change_email": 200, "email_confirm": 200, "view_as": 410,
    "mailed_link": 200, "mailed_link_sent": 200, "mailed_keys": 200, "mailed_keys_sent": 200,
    "sign_in_by_link": 200, "register": 200, "register_sent": 200, "register_confirm": 410,
    "view_as_stop": 405, "licenses": 200, "license": 200, "activation_deactivate": 200,
    "activation_release": 302, "license_name": 200, "machines": 200, "machines_deactivate": 302,
    "trial": 404, "offline": 200, "offline_confirm": 302, "offline_done": 200, "releases": 200,
    "release": 200,
    "branding_css": 200, "brand_image": 200, **dict.fromkeys(HANDS_OUT, 403),
}  # fmt: skip


def rows(label: str) -> list[Any]:
    with everywhere():
        return sorted(map(str, apps.get_model(label)._base_manager.values()))


def everything() -> dict[str, list[Any]]:
    """All rows of all tables but those that a view writes."""
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor)) - MAY_CHANGE
        found = {}
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}"')
            found[table] = sorted(map(repr, cursor.fetchall()))
    return found


@pytest.fixture
def paths(world: World) -> dict[str, str]:
    """The path of every route of a portal, with the ids of Ada's rows and links that work."""
    set_vendor(world.acme, sign_in_by_link=True, keys_by_email=True, registration="open")
    with inside(world.acme):
        request = MachineKeys().activation(world.orbit.pk, world.ada_license.key)
        exchange = answer(world.ada, request)
        branding = change_brand(vendor=world.acme, pictures={"logo_light": picture()})
        passkey_of(world.ada)
        [passkey] = passkeys_of(world.ada)
        own, _secret = write(world.ada, name="Nightly", scopes=["user:read"])
    tokens = {
        "password_reset_confirm": make_token(Purpose.RESET, world.ada),
        "invitation": make_token(Purpose.INVITATION, world.ada),
        "sign_in_by_link": make_token(Purpose.SIGN_IN, world.ada),
        "email_confirm": make_token(Purpose.EMAIL_CHANGE, world.ada, "new@example.com"),
        "end_everywhere": make_token(Purpose.END_SESSIONS, world.ada),
        "reminders_off": off_link(world.ada).rstrip("/").rpartition("/")[2],
    }
    values = {
        "license_id": world.ada_license.pk,
        "activation_id": world.ada_machine.pk,
        "exchange_id": exchange.pk,
        "release_id": world.orbit_release.pk,
        "product_id": world.orbit.pk,
        "name": "orbit-1.2.0.bin",
        "table": "activity",
        "session_id": 1,
        "passkey_id": passkey.pk,
        "token_id": own.pk,
        "provider_id": world.acme.pk,
        "identity_id": world.acme.pk,
    }

    def one(name: str, pattern: Any) -> str:
        asked = values | {"token": tokens.get(name, "not-a-token")}
        if name == "brand_image":
            asked["name"] = branding.logo_light
        if name == "offline_machine_response":
            asked["activation_id"] = exchange.activation_id
        kwargs = {key: asked[key] for key in pattern.pattern.converters}
        return reverse(name, urlconf="portal.urls.customer", kwargs=kwargs)

    patterns = get_resolver("portal.urls.customer").url_patterns
    return {name: one(name, pattern) for name, pattern in routes(patterns)}


def test_every_get_changes_nothing(world: World, paths: dict[str, str]) -> None:
    browser = viewing(world)
    before = everything()
    codes = {}
    for name, path in paths.items():
        codes[name] = browser.get(path).status_code
        assert everything() == before, name
    assert codes == GETS


@pytest.mark.takes_turns
def test_every_other_method_is_refused(world: World, paths: dict[str, str]) -> None:
    browser = viewing(world)
    before = everything()
    for name, path in [*paths.items(), ("", "/nothing-here/")]:
        for method in ("head", "post", "put", "patch", "delete", "options", "trace"):
            if name in {"view_as", "view_as_stop"} and method == "post":
                continue
            refused = getattr(browser, method)(path)
            assert refused.status_code == 403, (name, method)
            assert everything() == before, (name, method)
    assert "You are only viewing" in text(browser.post("/profile/", {"first_name": "X"}))


@pytest.mark.parametrize("name", sorted(HANDS_OUT))
def test_what_is_handed_out_is_refused_with_a_sentence(
    world: World, paths: dict[str, str], name: str
) -> None:
    page = text(viewing(world).get(paths[name]))
    assert "files and feeds are for the customer alone" in page
    assert BANNER in page


@pytest.mark.parametrize("key", ["ADA111-ACME-ORBIT-0001", "WRONG"])
def test_a_licences_key_in_the_address_changes_nothing_about_that(
    world: World, paths: dict[str, str], key: str
) -> None:
    browser = viewing(world)
    before = everything()
    for name in ("download", "feed_json", "feed_atom"):
        assert browser.get(paths[name], {"key": key}).status_code == 403
    assert everything() == before


# --- How it ends --------------------------------------------------------------------------------


def test_the_button_stops_it_and_leads_back(world: World) -> None:
    browser = viewing(world)
    stopped = browser.post("/view-as/stop/")
    assert stopped.status_code == 200
    page = text(stopped)
    assert ENDED in page
    assert f"://app.portal.localhost:8000/accounts/user/{world.ada.pk}/story/" in page
    assert "viewing the portal as" not in page
    assert stopped.cookies[COOKIE]["max-age"] == 0
    assert "/login/" in browser.get("/licenses/").headers["Location"]
    assert browser.post("/view-as/stop/").status_code == 302


def test_the_button_is_guarded_against_other_sites(world: World) -> None:
    browser = Browser("acme", enforce_csrf_checks=True)
    viewing(world, browser)
    assert browser.post("/view-as/stop/").status_code == 403
    browser.get("/licenses/")
    token = browser.cookies[settings.CSRF_COOKIE_NAME].value
    stopped = browser.post("/view-as/stop/", {"csrfmiddlewaretoken": token})
    assert stopped.status_code == 200


@pytest.mark.parametrize("method", ["get", "post"])
def test_after_its_time_nothing_is_done_but_said_once(
    world: World, frozen_time: Any, method: str
) -> None:
    browser = signed_in(world.ada)
    viewing(world, browser)
    frozen_time.shift(15 * 60)
    late = getattr(browser, method)("/profile/", {"first_name": "X"})
    assert late.status_code == 410
    assert ENDED in text(late)
    assert COOKIE not in {name for name, morsel in browser.cookies.items() if morsel.value}
    with inside(world.acme):
        assert User.objects.get(pk=world.ada.pk).first_name == "Ada"
        assert AuditEntry.objects.filter(action="view-as-ended").count() == 1
    assert "/logout/" in text(browser.get("/profile/"))


@pytest.mark.parametrize(
    ("who", "change"),
    [
        ("acme_support", {"is_active": False}),
        ("acme_support", {"role": "user"}),
        ("ada", {"allow_customer_portal_access": False}),
    ],
)
def test_it_ends_with_the_rights(world: World, who: str, change: dict[str, Any]) -> None:
    browser = viewing(world)
    with inside(world.acme):
        User.objects.filter(pk=getattr(world, who).pk).update(**change)
    assert browser.get("/licenses/").status_code == 410
    assert "/login/" in browser.get("/licenses/").headers["Location"]


def test_after_its_end_a_new_link_works_at_once(world: World, frozen_time: Any) -> None:
    browser = viewing(world)
    frozen_time.shift(15 * 60)
    viewing(world, browser)
    assert browser.get("/licenses/").status_code == 200


def test_a_closed_portal_is_closed_for_support_too(world: World) -> None:
    browser = viewing(world)
    set_vendor(world.acme, status="inactive")
    assert browser.get("/licenses/").status_code == 403


# --- What is recorded ---------------------------------------------------------------------------


def seen(world: World) -> Iterator[tuple[str, int]]:
    return ((entry.details["path"], entry.details["status"]) for entry in pages(world))


def test_every_page_is_recorded_with_who_looked_and_no_secret(
    world: World, paths: dict[str, str]
) -> None:
    browser = viewing(world)
    license = f"/licenses/{world.ada_license.pk}/"
    for path in (
        "/",
        "/licenses/?q=secret",
        license,
        "/branding.css",
        paths["invitation"],
        paths["download"],
    ):
        browser.get(path)
    browser.get(f"/licenses/{world.grace_license.pk}/")
    browser.post("/profile/")
    assert list(seen(world)) == [
        ("/licenses/", 200),
        (license, 200),
        ("/invitation/…/", 200),
        (paths["download"], 403),
        (f"/licenses/{world.grace_license.pk}/", 404),
    ]
    entries = pages(world)
    assert {entry.actor_id for entry in entries} == {world.acme_support.pk}
    assert {entry.customer_id for entry in entries} == {world.ada.pk}
    assert {entry.source for entry in entries} == {"portal"}
    assert not any(entry.visible for entry in entries)
    assert [entry.license_id for entry in entries] == [None, world.ada_license.pk, None, None, None]
    assert verify(world.acme).faults == []


def test_a_path_that_no_database_takes_is_recorded_without_that(world: World) -> None:
    assert viewing(world).get("/nothing%00-here/").status_code == 404
    assert list(seen(world)) == [("/nothing-here/", 404)]


def test_the_customers_own_pages_are_not_recorded(world: World) -> None:
    signed_in(world.ada).get("/licenses/")
    assert pages(world) == []


def test_a_page_costs_few_queries_more(world: World, django_assert_num_queries: Any) -> None:
    """The host's vendor, view with both people; whether there is single sign-on, and whether the
    customer is connected; then the trail: savepoint twice, chain, people, entry, chain."""
    browser = viewing(world)
    browser.get("/profile/")
    with django_assert_num_queries(10):
        browser.get("/profile/")


def test_signing_in_works_again_after_the_view(world: World) -> None:
    browser = viewing(world)
    form = {"email": "ada@example.com", "password": PASSWORD}
    assert browser.post("/login/", form).status_code == 403
    browser.post("/view-as/stop/")
    assert browser.post("/login/", form).status_code == 302
