"""What search engines, password managers, browsers and finders of weaknesses look for."""

import re
from datetime import UTC, datetime, timedelta
from urllib.robotparser import RobotFileParser

import pytest
from django.conf import LazySettings
from django.core.exceptions import ImproperlyConfigured

from branding.models import Branding
from branding.verbs.brands import change_brand
from portal import env
from tenancy.door import inside
from tests.branding.pictures import picture
from tests.world import Browser, World, set_vendor, signed_in

HOSTS = ("acme", "globex", "app", "api", "", "nobody")


# --- Robots ------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", HOSTS)
def test_robots_read_the_sign_in_page_and_no_other(world: World, label: str) -> None:
    response = Browser(label).get("/robots.txt")
    assert (response.status_code, response["Content-Type"]) == (200, "text/plain; charset=utf-8")
    rules = RobotFileParser()
    rules.parse(response.content.decode().splitlines())
    assert rules.can_fetch("SomeBot", "/login/")
    for path in ("/", "/licenses/", "/releases/", "/password-reset/", "/admin/"):
        assert not rules.can_fetch("SomeBot", path)
        # These two go by the header, which they have to see.
        assert rules.can_fetch("Googlebot", path)
        assert rules.can_fetch("bingbot", path)


@pytest.mark.parametrize("host", ["elsewhere.example", "10.0.0.7", "portal.localhost.evil.example"])
def test_robots_are_told_at_hosts_that_nobody_has(world: World, host: str) -> None:
    response = Browser().get("/robots.txt", headers={"host": host})
    assert response.status_code == 200
    assert "Disallow: /\n" in response.content.decode()
    response = Browser().get("/", headers={"host": host})
    assert (response.status_code, response["X-Robots-Tag"]) == (421, "noindex")


def test_robots_are_told_by_get_alone(world: World) -> None:
    for path in ("/robots.txt", "/favicon.ico"):
        assert Browser().post(path).status_code == 405
        assert Browser().head(path).status_code == 200


def find(world: World, *, findable: bool = True) -> None:
    with inside(world.acme):
        change_brand(vendor=world.acme, look={"findable": findable})


EVERYWHERE = [
    ("acme", "/", 302),
    ("acme", "/login/", 200),
    ("acme", "/licenses/", 302),
    ("acme", "/password-reset/", 200),
    ("acme", "/nothing/", 404),
    ("acme", "/robots.txt", 200),
    ("acme", "/favicon.ico", 200),
    ("acme", "/branding.css", 200),
    ("acme", "/healthz", 200),
    ("acme", "/invitation/not-a-token/", 410),
    ("app", "/login/", 200),
    ("app", "/", 302),
    ("api", "/", 404),
    ("", "/", 200),
    ("nobody", "/login/", 421),
    ("globex", "/login/", 200),
]


@pytest.mark.parametrize(("label", "path", "code"), EVERYWHERE)
def test_nothing_is_listed_but_what_a_vendor_wants(
    world: World, label: str, path: str, code: int
) -> None:
    response = Browser(label).get(path)
    assert (response.status_code, response["X-Robots-Tag"]) == (code, "noindex")
    find(world)
    response = Browser(label).get(path)
    listed = (label, path) == ("acme", "/login/")
    assert response["X-Robots-Tag"] == ("all" if listed else "noindex")


def test_pages_of_people_are_never_listed(world: World) -> None:
    find(world)
    browser = signed_in(world.ada)
    for path in ("/licenses/", "/profile/", "/offline/", "/releases/"):
        assert browser.get(path)["X-Robots-Tag"] == "noindex"
    assert signed_in(world.acme_admin).get("/")["X-Robots-Tag"] == "noindex"


def test_the_sign_in_page_that_is_found_has_one_address(world: World) -> None:
    canonical = '<link rel="canonical" href="http://acme.portal.localhost:8000/login/">'
    told = (
        '<meta name="description" content="See your licences and machines from Acme Instruments.">'
    )
    unfound = Browser().get("/login/").content.decode()
    assert canonical not in unfound
    assert told not in unfound
    find(world)
    for path in ("/login/", "/login/?next=%2Flicenses%2F"):
        response = Browser().get(path)
        assert response["X-Robots-Tag"] == "all"
        assert canonical in response.content.decode()
        assert told in response.content.decode()
    refused = Browser().post("/login/", {"email": "nobody@example.com", "password": "x"})
    assert refused["X-Robots-Tag"] == "noindex"
    find(world, findable=False)
    assert Browser().get("/login/")["X-Robots-Tag"] == "noindex"


def test_a_vendor_says_so_in_the_back_office(world: World) -> None:
    admin = signed_in(world.acme_admin)
    page = admin.get("/branding/branding/").content.decode()
    assert re.search(r'<input type="checkbox" name="findable"[^>]*>', page)
    admin.post("/branding/branding/", {"findable": "on"})
    with inside(world.acme):
        assert Branding.objects.get().findable
    assert Browser().get("/login/")["X-Robots-Tag"] == "all"
    assert Browser("globex").get("/login/")["X-Robots-Tag"] == "noindex"
    admin.post("/branding/branding/", {"portal_title": "Acme"})
    assert Browser().get("/login/")["X-Robots-Tag"] == "noindex"


# --- Well-known places -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "place"), [("acme", "/profile/password/"), ("app", "/password_change/")]
)
def test_password_managers_find_the_page(world: World, label: str, place: str) -> None:
    path = "/.well-known/change-password"
    response = Browser(label).get(path)
    assert (response.status_code, response["Location"]) == (302, place)
    someone = world.ada if label == "acme" else world.acme_admin
    browser = signed_in(someone)
    assert browser.get(path)["Location"] == place
    assert browser.get(place).status_code == 200
    # They try this one to see whether an answer means anything.
    odd = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200"
    assert browser.get(odd).status_code == 404


@pytest.mark.parametrize(("label", "code"), [("", 404), ("api", 404), ("nobody", 421)])
def test_where_nobody_has_a_password_there_is_no_page(world: World, label: str, code: int) -> None:
    assert Browser(label).get("/.well-known/change-password").status_code == code


@pytest.mark.parametrize("label", HOSTS)
def test_whom_to_tell_of_a_weakness(world: World, label: str, settings: LazySettings) -> None:
    path = "/.well-known/security.txt"
    # Where nobody is signed in, the back office sends every unknown address to its sign-in page.
    assert Browser(label).get(path).status_code == {"nobody": 421, "app": 302}.get(label, 404)
    settings.SECURITY_CONTACT = ["mailto:security@portal.example", "https://portal.example/report"]
    settings.SECURITY_POLICY = "https://portal.example/policy"
    response = Browser(label).get(path)
    assert (response.status_code, response["Content-Type"]) == (200, "text/plain; charset=utf-8")
    lines = response.content.decode().splitlines()
    assert lines[:2] == [
        "Contact: mailto:security@portal.example",
        "Contact: https://portal.example/report",
    ]
    assert lines[3:] == ["Policy: https://portal.example/policy", "Preferred-Languages: en"]
    assert lines[2].startswith("Expires: ")
    expires = datetime.fromisoformat(lines[2].removeprefix("Expires: "))
    assert timedelta(days=30) < expires - datetime.now(UTC) < timedelta(days=365)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("", []),
        ("security@portal.example", ["mailto:security@portal.example"]),
        ("mailto:a@b.example, tel:+49-30-1", ["mailto:a@b.example", "tel:+49-30-1"]),
        ("https://portal.example/report", ["https://portal.example/report"]),
    ],
)
def test_contacts(given: str, read: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECURITY_CONTACT", given)
    assert env.contacts("SECURITY_CONTACT") == read


@pytest.mark.parametrize("given", ["http://portal.example", "somebody", "a b@c.example", "@"])
def test_what_is_no_contact_stops_the_start(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECURITY_CONTACT", given)
    with pytest.raises(ImproperlyConfigured, match="SECURITY_CONTACT has"):
        env.contacts("SECURITY_CONTACT")
    monkeypatch.setenv("SECURITY_POLICY", given)
    with pytest.raises(ImproperlyConfigured, match="SECURITY_POLICY is"):
        env.web_address("SECURITY_POLICY")


# --- The icon ----------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["acme", "globex", "app", "api", ""])
def test_there_is_an_icon_everywhere(world: World, label: str) -> None:
    response = Browser(label).get("/favicon.ico")
    assert (response.status_code, response["Content-Type"]) == (200, "image/png")
    assert response.content.startswith(b"\x89PNG")
    assert response["Cache-Control"] == "public, max-age=86400"
    again = Browser(label).get("/favicon.ico", headers={"if-none-match": response["ETag"]})
    assert again.status_code == 304


def test_a_vendors_icon_is_the_vendors(world: World) -> None:
    ours = Browser().get("/favicon.ico").content
    with inside(world.acme):
        change_brand(vendor=world.acme, pictures={"favicon": picture()})
    assert Browser().get("/favicon.ico").content == picture().data != ours
    assert Browser("globex").get("/favicon.ico").content == ours
    assert Browser("app").get("/favicon.ico").content == ours


def test_where_no_portal_is_there_is_no_icon(world: World) -> None:
    assert Browser("nobody").get("/favicon.ico").status_code == 421
    set_vendor(world.acme, status="inactive")
    assert Browser().get("/favicon.ico").status_code == 403
