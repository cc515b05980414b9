"""Two tabs of one browser, and forms whose session is over: who is signed in goes on, and what was
not saved is said, with the way back to it. The CSRF token is asked for, as in earnest."""

from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from accounts.models import Session, User
from licenses.models import License
from tenancy.door import inside
from tests.posted import form_of
from tests.roles import everywhere
from tests.web.test_once import licenses
from tests.world import PARENT, PASSWORD, Browser, World

NOT_SAVED = "You were not signed in any more, so nothing was saved."


class Tabs(Browser):
    """A browser whose forms are those of its pages."""

    def __init__(self, label: str = "acme") -> None:
        super().__init__(label, enforce_csrf_checks=True)
        self.host = f"http://{label}.{PARENT}"

    def open(self, path: str, target: str = "", having: str = "") -> "Tab":
        response = self.get(path)
        assert response.status_code == 200
        return Tab(self, path, target or path, form_of(response.content.decode(), target, having))


class Tab:
    """A page with a form, opened some time ago."""

    def __init__(self, browser: Tabs, path: str, target: str, form: dict[str, Any]) -> None:
        self.browser, self.path, self.target, self.form = browser, path, target, form

    def send(self, **typed: Any) -> Any:
        referer = {"Referer": f"{self.browser.host}{self.path}"}
        return self.browser.post(self.target, self.form | typed, headers=referer)


ADA = {"email": "ada@example.com", "password": PASSWORD}
ADMIN = {"company_id": "acme", "email": "admin@acme.example", "password": PASSWORD}
ROOT = {"company_id": "", "email": "root@example.com", "password": PASSWORD}


def signed_in_tabs(label: str = "acme", **typed: str) -> Tabs:
    tabs = Tabs(label)
    assert tabs.open("/login/").send(**(typed or ADA)).status_code == 302
    return tabs


# --- The sign-in page in two tabs ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "typed", "wanted", "place"),
    [
        ("acme", ADA, "/login/?next=/offline/", "/offline/"),
        ("acme", ADA, "/login/", "/"),
        ("acme", ADA, "/login/?next=https://evil.example/", "/"),
        ("acme", ADA, "/login/?next=//evil.example/", "/"),
        ("acme", ADA | {"password": "wrong"}, "/login/?next=/profile/", "/profile/"),
        ("acme", {"email": "", "password": ""}, "/login/?next=/profile/", "/profile/"),
        ("app", ADMIN, "/login/?next=/licenses/license/", "/licenses/license/"),
        ("app", ROOT, "/login/?next=/tenancy/vendor/", "/tenancy/vendor/"),
    ],
)
def test_who_has_signed_in_in_another_tab_goes_on(
    world: World, label: str, typed: dict[str, str], wanted: str, place: str
) -> None:
    tabs = Tabs(label)
    first, second = tabs.open("/login/"), tabs.open(wanted)
    right = {"acme": ADA, "app": typed}[label]
    assert first.send(**right)["Location"] == "/"
    answer = second.send(**typed)
    assert (answer.status_code, answer["Location"]) == (302, place)
    assert tabs.get(place, follow=True).status_code == 200
    assert first.send(**right)["Location"] == "/"  # back, and sent again
    with everywhere():
        assert Session.of_scope.count() == 1


@pytest.mark.parametrize(
    ("label", "first", "second", "said"),
    [
        ("acme", ADA, ADA | {"email": "grace@example.com"}, "ada@example.com"),
        ("app", ADMIN, ROOT, "admin@acme.example"),
        ("app", ROOT, ADMIN, "root@example.com"),
    ],
)
def test_who_typed_another_e_mail_is_told_who_he_is(
    world: World, label: str, first: dict[str, str], second: dict[str, str], said: str
) -> None:
    tabs = Tabs(label)
    one, two = tabs.open("/login/"), tabs.open("/login/")
    one.send(**first)
    two.send(**second)
    page = tabs.get("/", follow=True).content.decode()
    assert f"You are signed in already, as {said}." in unescape(page)


def test_without_cookies_the_way_on_is_told(world: World) -> None:
    tab = Tabs().open("/login/")
    tab.browser.cookies.clear()
    answer = tab.send(**ADA)
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "your browser keeps no cookies" in page
    assert 'href="/login/"' in page


def test_of_another_host_no_page_is_led_to(world: World) -> None:
    """A form of a stranger's page, sent by a browser with Ada's cookies."""
    browser = signed_in_tabs()
    headers = {"Referer": "https://evil.example/trap/"}
    answer = browser.post("/profile/", {"first_name": "Eve"}, headers=headers)
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "evil.example" not in page
    assert "Go to the start page" in page


# --- Not signed in any more ---------------------------------------------------------------------


def sign_out(tabs: Tabs) -> None:
    page = "/profile/" if "acme" in tabs.host else "/"
    assert tabs.open(page, "/logout/").send().status_code == 302


def end(tabs: Tabs) -> None:
    with everywhere():
        Session.of_scope.all().delete()


def forget(tabs: Tabs) -> None:
    del tabs.cookies["session"]


OVER = [sign_out, end, forget]


def profile(tabs: Tabs) -> tuple[Tab, dict[str, Any]]:
    return tabs.open("/profile/", having="company"), {"company": "Engines"}


def reminders(tabs: Tabs) -> tuple[Tab, dict[str, Any]]:
    return tabs.open("/profile/", "/profile/reminders/"), {"wanted": "off"}


def offline(tabs: Tabs) -> tuple[Tab, dict[str, Any]]:
    return tabs.open("/offline/", "/offline/"), {"request_text": "eyJ"}


@pytest.mark.parametrize("over", OVER)
@pytest.mark.parametrize("form", [profile, reminders, offline])
def test_a_form_that_nobody_was_signed_in_for_leads_back(
    world: World, over: Callable[[Tabs], None], form: Callable[[Tabs], Any]
) -> None:
    tabs = signed_in_tabs()
    tab, typed = form(tabs)
    over(tabs)
    answer = tab.send(**typed)
    place = urlsplit(answer["Location"])
    assert (answer.status_code, place.path) == (302, "/login/")
    assert parse_qs(place.query) == {"next": [tab.path], "unsaved": ["yes"]}
    with inside(world.acme):
        ada = User.objects.get(pk=world.ada.pk)
    assert (ada.company, ada.reminders) == ("", True)

    assert NOT_SAVED in tabs.get(answer["Location"]).content.decode()
    sign_in = tabs.open(answer["Location"])
    wrong = sign_in.send(**ADA | {"password": "wrong"})
    assert NOT_SAVED in wrong.content.decode()
    assert sign_in.send(**ADA)["Location"] == tab.path
    assert form(tabs)[0].send(**typed).status_code in {302, 400}
    assert NOT_SAVED not in tabs.get("/profile/").content.decode()


@pytest.mark.parametrize("over", OVER)
@pytest.mark.parametrize(
    ("who", "path", "typed"),
    [
        (ADMIN, "/licenses/license/add/", {"email": "grace@example.com"}),
        (ADMIN, "/licenses/product/add/?_changelist_filters=q%3Da", {"name": "Saturn"}),
        (ADMIN, "/imports/dataimport/add/", {}),
        (ADMIN, "/branding/branding/", {"portal_title": "Acme"}),
        (ROOT, "/tenancy/vendor/add/", {"company_id": "initech"}),
    ],
)
def test_so_does_one_of_the_back_office(
    world: World,
    over: Callable[[Tabs], None],
    who: dict[str, str],
    path: str,
    typed: dict[str, str],
) -> None:
    tabs = signed_in_tabs("app", **who)
    tab = tabs.open(path)
    over(tabs)
    answer = tab.send(**typed)
    assert parse_qs(urlsplit(answer["Location"]).query)["next"] == [path]
    assert NOT_SAVED in tabs.get(answer["Location"]).content.decode()
    assert tabs.open(answer["Location"]).send(**who)["Location"] == path
    assert licenses(world) == 2


def test_a_preview_leads_back_to_the_list(world: World) -> None:
    """The page of the preview is itself the answer to a form."""
    tabs = signed_in_tabs("app", **ADMIN)
    chosen = {"action": "suspend", "_selected_action": [str(world.ada_license.pk)]}
    page = tabs.open("/licenses/license/").send(**chosen).content.decode()
    target = "/licenses/license/many/suspend/"
    tab = Tab(tabs, target, target, form_of(page, target))
    end(tabs)
    answer = tab.send(confirm="yes")
    back = tabs.open(answer["Location"]).send(**ADMIN)["Location"]
    assert tabs.get(back)["Location"] == "/licenses/license/"
    with inside(world.acme):
        assert not License.objects.get(pk=world.ada_license.pk).suspended


def test_the_script_that_sends_files_is_led_there(world: World) -> None:
    """It follows, and opens the page that it finds (static/js/upload.js)."""
    answer = Browser("app").post(
        f"/releases/release/{world.orbit_release.pk}/files/",
        headers={"X-Requested-With": "XMLHttpRequest"},
    )
    assert urlsplit(answer["Location"]).path == "/login/"


@pytest.mark.parametrize(
    "referer",
    ["", "nonsense", "https://evil.example/", "http://acme.portal.localhost.evil.example/"],
)
def test_without_the_form_s_page_its_own_address_is_led_back_to(world: World, referer: str) -> None:
    """What programs send has none."""
    headers = {"Referer": referer} if referer else {}
    answer = Browser("acme").post("/profile/?x=1", headers=headers)
    assert parse_qs(urlsplit(answer["Location"]).query)["next"] == ["/profile/?x=1"]


def test_a_page_that_nobody_sent_says_nothing(world: World) -> None:
    answer = Browser("acme").get("/profile/")
    assert answer["Location"] == "/login/?next=/profile/"
    assert NOT_SAVED not in Browser("acme").get(answer["Location"]).content.decode()


def test_signing_out_twice_is_signing_out(world: World) -> None:
    tabs = signed_in_tabs()
    one, two = (tabs.open("/profile/", "/logout/") for _ in "ab")
    assert one.send()["Location"] == "/login/"
    assert two.send()["Location"] == "/login/"


# --- Signed in anew meanwhile -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("then", "is_another"), [(ADA, False), (ADA | {"email": "grace@example.com"}, True)]
)
def test_a_form_of_before_is_not_taken_and_leads_back(
    world: World, then: dict[str, str], is_another: bool
) -> None:
    """Also that of another person's page, in whose name it would be saved."""
    tabs = signed_in_tabs()
    tab, typed = profile(tabs)
    sign_out(tabs)
    tabs.open("/login/").send(**then)
    answer = tab.send(**typed)
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "you have signed in or out, perhaps in another tab" in page
    assert "data-unsaved" in page
    assert 'href="/profile/"' in page
    with inside(world.acme):
        assert not User.objects.exclude(company="").exists()
    # The script fills in what was typed for the person alone who has typed it.
    whose = world.grace if is_another else world.ada
    assert f'data-typed="{whose.pk}"' in tabs.get("/profile/").content.decode()


def test_the_page_about_it_is_shown_to_strangers_as_well(world: World) -> None:
    stranger = Client(enforce_csrf_checks=True, HTTP_HOST=f"acme.{PARENT}")
    answer = stranger.post("/profile/", {"company": "x"})
    assert answer.status_code == 403
    assert "Nothing was saved." in answer.content.decode()
