"""Sessions: rows of our own, which count where they began and as long as the person may enter."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from accounts import sessions as entering
from accounts.backends import VendorBackend
from accounts.links import Purpose, make_token
from accounts.models import Session, User
from accounts.sessions import people_of
from accounts.verbs import passwords, sessions
from accounts.verbs.passwords import set_password
from accounts.verbs.people import change_person
from accounts.verbs.vendors import change_vendor
from accounts.view_as import verbs as view_as
from tenancy.door import inside
from tenancy.hosts import Site
from tenancy.models import Vendor
from tests import world as worlds
from tests.conftest import NOW
from tests.licenses.test_activation import run_at_once
from tests.roles import everywhere
from tests.world import PASSWORD, Browser, World, set_vendor, signed_in, vendor_now

pytestmark = pytest.mark.by_database
COOKIE = settings.SESSION_COOKIE_NAME


def all_sessions() -> list[Session]:
    with everywhere():
        return list(Session._base_manager.select_related("user", "vendor").order_by("pk"))


def with_token(token: str, label: str = "acme") -> Browser:
    browser = Browser(label)
    browser.cookies[COOKIE] = token
    return browser


def is_in(browser: Browser) -> bool:
    path = "/licenses/" if "app." not in browser.defaults["HTTP_HOST"] else "/"
    return browser.get(path).status_code == 200


def begin(person: User, site: Site) -> str:
    with people_of(person.vendor):
        return sessions.begin(person, site=site)


def test_signing_in_makes_one_and_keeps_no_token(world: World) -> None:
    browser = Browser("acme")
    form = {"email": "ada@example.com", "password": PASSWORD}
    answer = browser.post("/login/", form, headers={"user-agent": "Firefox " + "x" * 300})
    cookie = answer.cookies[COOKIE]
    (session,) = all_sessions()
    assert (session.user, session.vendor, session.site) == (world.ada, world.acme, "customer")
    assert (session.begun_at, session.seen_at) == (NOW, NOW)
    assert session.ends_at == NOW + timedelta(hours=1)  # unless it is seen before
    assert session.browser == ("Firefox " + "x" * 300)[:200]
    assert cookie.value not in str(vars(session))
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert (cookie["max-age"], cookie["expires"]) == ("", "")  # gone with the browser
    assert is_in(browser)


def test_signing_in_again_ends_the_browsers_last_one(world: World) -> None:
    browser = signed_in(world.ada)
    before = browser.cookies[COOKIE].value
    other = signed_in(world.ada)
    browser.post("/login/", {"email": "grace@example.com", "password": PASSWORD})
    assert browser.cookies[COOKIE].value != before
    assert not is_in(with_token(before))
    assert is_in(other)
    assert {session.user for session in all_sessions()} == {world.ada, world.grace}


def test_signing_out_ends_it_for_good(world: World) -> None:
    browser = signed_in(world.ada)
    token, other = browser.cookies[COOKIE].value, signed_in(world.ada)
    answer = browser.post("/logout/")
    assert answer.cookies[COOKIE].value == ""
    assert not is_in(with_token(token))
    assert is_in(other)
    assert Browser("acme").post("/logout/").status_code == 302  # without one


def test_it_counts_on_its_own_site_and_at_its_own_vendor(world: World) -> None:
    ada, admin = (
        begin(world.ada, Site.CUSTOMER),
        begin(world.acme_admin, Site.BACKOFFICE),
    )
    assert is_in(with_token(ada))
    assert is_in(with_token(admin, "app"))
    for token, label in ((ada, "globex"), (ada, "app"), (admin, "acme"), (admin, "globex")):
        assert not is_in(with_token(token, label)), label


@pytest.mark.parametrize("who", ["globex", "", "nobody"])
def test_another_vendor_in_the_token_finds_nothing(world: World, who: str) -> None:
    _vendor, _dot, secret = begin(world.acme_admin, Site.BACKOFFICE).partition(".")
    named = {"globex": world.globex.pk.hex, "": "", "nobody": "0" * 32}[who]
    assert not is_in(with_token(f"{named}.{secret}", "app"))


@pytest.mark.parametrize("token", ["", ".", "x", "x.y", "0" * 32 + ".", "\x00.", "é.é", "." * 5000])
def test_what_is_no_token_is_nobody(world: World, token: str) -> None:
    for label in ("acme", "app"):
        assert not is_in(with_token(token, label))


def test_operators_have_theirs(world: World) -> None:
    browser = signed_in(world.operator)
    assert is_in(browser)
    (session,) = all_sessions()
    assert session.vendor is None
    browser.post("/logout/")
    assert all_sessions() == []


def test_when_it_was_last_seen_moves_every_five_minutes(world: World, frozen_time: Any) -> None:
    browser = signed_in(world.ada)
    for seconds, seen in ((299, 0), (1, 300), (299, 300), (1, 600)):
        frozen_time.shift(seconds)
        browser.get("/licenses/")
        assert all_sessions()[0].seen_at == NOW + timedelta(seconds=seen)


NEW = "correct horse battery 7"
CHANGE = {"current_password": PASSWORD, "new_password": NEW, "new_password_again": NEW}


@pytest.mark.parametrize(
    ("who", "label", "path"),
    [
        ("ada", "acme", "/profile/password/"),
        ("acme_admin", "app", "/password_change/"),
        ("operator", "app", "/password_change/"),
    ],
)
def test_a_new_password_ends_all_and_begins_one(
    world: World, who: str, label: str, path: str
) -> None:
    """Whoever has a copy of the very cookie is out, too."""
    person = getattr(world, who)
    browser, other = signed_in(person), signed_in(person)
    before = browser.cookies[COOKIE].value
    answer = browser.post(path, CHANGE, headers={"user-agent": "Firefox"})
    assert answer.status_code == 302
    assert answer.cookies[COOKIE].value not in {"", before}
    assert is_in(browser)
    assert not is_in(other)
    assert not is_in(with_token(before, label))
    (session,) = all_sessions()
    assert (session.user, session.browser) == (person, "Firefox")


def test_a_wrong_current_password_ends_none(world: World) -> None:
    browser, other = signed_in(world.ada), signed_in(world.ada)
    browser.post("/profile/password/", {**CHANGE, "current_password": "wrong"})
    assert is_in(browser)
    assert is_in(other)


def test_the_session_may_go_while_the_password_changes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(world.ada)

    def check(user: User, _password: str) -> None:
        sessions.end_all(user)

    monkeypatch.setattr(passwords, "check_password", check)
    assert browser.post("/profile/password/", CHANGE).status_code == 302
    assert is_in(browser)


def test_setting_the_password_by_a_link_ends_all(world: World) -> None:
    browser = signed_in(world.ada)
    set_password(world.ada, PASSWORD)
    assert not is_in(browser)
    assert all_sessions() == []


def test_one_that_was_begun_by_an_old_password_does_not_count(world: World) -> None:
    """As when it is made at the moment in which another request changes the password."""
    browser = signed_in(world.ada)
    with inside(world.acme):
        ada = User.objects.get(pk=world.ada.pk)
        ada.set_password("another one 12345")
        ada.save(update_fields=["password"])
    assert not is_in(browser)


@pytest.mark.parametrize("act", ["sign in", "sign out"])
def test_what_can_not_be_recorded_does_not_happen(
    world: World, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    def breaks(**_about: Any) -> None:
        raise RuntimeError

    begun = signed_in(world.ada)
    begun.raise_request_exception = False
    token = begun.cookies[COOKIE].value
    monkeypatch.setattr(entering, "note_sign_in", breaks)
    monkeypatch.setattr(entering, "note_sign_out", breaks)
    form = {"email": "grace@example.com", "password": PASSWORD}
    answer = begun.post("/login/", form) if act == "sign in" else begun.post("/logout/")
    assert answer.status_code == 500
    assert COOKIE not in answer.cookies
    assert [session.user for session in all_sessions()] == [world.ada]
    assert is_in(with_token(token))


def test_a_browser_that_says_nul_signs_in(world: World) -> None:
    form = {"email": "ada@example.com", "password": PASSWORD}
    answer = Browser("acme").post("/login/", form, headers={"user-agent": "a\x00b"})
    assert answer.status_code == 302
    assert all_sessions()[0].browser == "ab"


def test_a_key_that_was_changed_still_counts_while_it_is_a_fallback(
    world: World, settings: Any
) -> None:
    browser = signed_in(world.ada)
    idle, before = signed_in(world.grace), settings.SECRET_KEY
    settings.SECRET_KEY_FALLBACKS = [before]
    settings.SECRET_KEY = "another " * 10
    assert is_in(browser)
    settings.SECRET_KEY_FALLBACKS = []
    assert is_in(browser)  # it was renewed
    assert not is_in(idle)


@pytest.mark.parametrize(
    "change",
    [{"is_active": False}, {"allow_customer_portal_access": False}, {"role": "support"}],
)
def test_who_may_not_enter_is_out_at_once(world: World, change: dict[str, Any]) -> None:
    browser = signed_in(world.ada)
    with inside(world.acme):
        User.objects.filter(pk=world.ada.pk).update(**change)
    assert not is_in(browser)


def test_staff_of_a_closed_vendor_are_out(world: World) -> None:
    browser = signed_in(world.acme_admin)
    set_vendor(world.acme, status="inactive")
    assert not is_in(browser)


# --- Switched off, and on again -----------------------------------------------------------------


def changed_in_the_back_office(world: World, person: User, **fields: str) -> None:
    """As an administrator does it: a box that is not ticked is not sent."""
    form = {
        "email": person.email,
        "first_name": "",
        "last_name": "",
        "company": "",
        "role": person.role,
        "is_active": "on",
        "allow_customer_portal_access": "on",
        "metadata": "[]",
        **fields,
    }
    sent = {name: value for name, value in form.items() if value != "off"}
    answer = signed_in(world.acme_admin).post(f"/accounts/user/{person.pk}/change/", sent)
    assert answer.status_code == 302, answer.content.decode()


def changed_by_its_verb(world: World, person: User, **fields: str) -> None:
    """As a command, an import or a program would do it."""
    with inside(world.acme):
        ready = User.objects.get(pk=person.pk)
        for name, value in fields.items():
            setattr(ready, name, value if name == "role" else value == "on")
        change_person(person=ready, fields=list(fields))


@pytest.mark.parametrize("way", [changed_in_the_back_office, changed_by_its_verb])
@pytest.mark.parametrize(
    ("who", "off", "on"),
    [
        ("ada", {"is_active": "off"}, {"is_active": "on"}),
        ("acme_support", {"is_active": "off"}, {"is_active": "on"}),
        (
            "ada",
            {"allow_customer_portal_access": "off"},
            {"allow_customer_portal_access": "on"},
        ),
        ("ada", {"role": "support"}, {"role": "user"}),
        ("acme_support", {"role": "user"}, {"role": "support"}),
    ],
)
def test_who_was_switched_off_and_on_again_has_to_sign_in(
    world: World, way: Any, who: str, off: dict[str, str], on: dict[str, str]
) -> None:
    person = getattr(world, who)
    browser, other = signed_in(person), signed_in(world.grace)
    way(world, person, **off)
    assert person not in [session.user for session in all_sessions()]
    way(world, person, **on)
    assert not is_in(browser)
    assert is_in(other)


def test_other_changes_of_a_person_end_no_session(world: World) -> None:
    browser = signed_in(world.ada)
    changed_in_the_back_office(world, world.ada, company="Engines")
    changed_by_its_verb(world, world.ada, is_active="on")
    assert is_in(browser)


def test_a_link_of_who_was_switched_off_stays_void(world: World) -> None:
    path = f"/password-reset/{make_token(Purpose.RESET, world.ada)}/"
    changed_by_its_verb(world, world.ada, is_active="off")
    changed_by_its_verb(world, world.ada, is_active="on")
    assert Browser("acme").get(path).status_code == 410


@pytest.mark.parametrize(
    ("who", "off", "on"),
    [
        ("ada", {"is_active": "off"}, {"is_active": "on"}),
        ("acme_support", {"role": "user"}, {"role": "support"}),
        ("acme_support", {"is_active": "off"}, {"is_active": "on"}),
    ],
)
def test_a_view_as_a_customer_ends_with_its_people(
    world: World, who: str, off: dict[str, str], on: dict[str, str]
) -> None:
    with inside(world.acme):
        tokens = [view_as.offer(world.ada, staff=world.acme_support) for _ in range(2)]
    viewing = Browser("acme")
    assert viewing.post(f"/view-as/{tokens[0]}/").status_code == 302
    assert viewing.get("/licenses/").status_code == 200
    changed_by_its_verb(world, getattr(world, who), **off)
    changed_by_its_verb(world, getattr(world, who), **on)
    assert viewing.get("/licenses/").status_code == 410
    assert Browser("acme").get(f"/view-as/{tokens[1]}/").status_code == 410


def test_a_vendor_that_was_switched_off_and_on_again_has_no_session(world: World) -> None:
    customer, staff, elsewhere = (
        signed_in(each) for each in (world.ada, world.acme_admin, world.bob)
    )
    with inside(world.acme):
        token = view_as.offer(world.ada, staff=world.acme_support)
    viewing = Browser("acme")
    viewing.post(f"/view-as/{token}/")
    operator = signed_in(world.operator)
    for act in ("suspend", "resume"):
        assert operator.post(f"/tenancy/vendor/{world.acme.pk}/{act}/").status_code == 302
    assert not is_in(customer)
    assert not is_in(staff)
    assert viewing.get("/licenses/").status_code == 410
    assert is_in(elsewhere)
    assert is_in(operator)


@pytest.mark.parametrize("what", ["person", "vendor"])
def test_who_is_switched_off_while_the_password_is_checked_does_not_come_in(
    world: World, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    check = VendorBackend.authenticate

    def slow(*args: Any, **options: Any) -> Any:
        found = check(*args, **options)
        if what == "person":
            changed_by_its_verb(world, world.ada, is_active="off")
        else:
            change_vendor(switched(world.acme, "inactive"))
        return found

    with monkeypatch.context() as patch:
        patch.setattr(VendorBackend, "authenticate", slow)
        form = {"email": "ada@example.com", "password": PASSWORD}
        assert Browser("acme").post("/login/", form).status_code == 200
    assert all_sessions() == []


def switched(vendor: Vendor, status: str) -> Vendor:
    ready = vendor_now(vendor)
    ready.status = status
    return ready


@pytest.mark.django_db(transaction=True)
def test_nobody_slips_in_while_the_account_is_switched_off() -> None:
    """Whichever comes first: a session that begins meanwhile is ended, or does not begin."""
    world = worlds.build()

    def act(n: int) -> None:
        if n == 0:
            changed_by_its_verb(world, world.ada, is_active="off")
        else:
            Browser("acme").post("/login/", {"email": "ada@example.com", "password": PASSWORD})

    run_at_once(6, act)
    assert world.ada not in [session.user for session in all_sessions()]


def test_what_has_run_out_is_cleaned_up(world: World, frozen_time: Any) -> None:
    for person in (world.ada, world.bob, world.operator):
        signed_in(person)
    frozen_time.shift(13 * 86400)
    later = signed_in(world.grace)
    frozen_time.shift(86400)
    assert sessions.clean_up_all() == "Deleted 3 sessions that have run out."
    assert [session.user for session in all_sessions()] == [world.grace]
    assert is_in(later)
