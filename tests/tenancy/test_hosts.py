"""Which hosts lead where. The table of hostile hosts is the heart: none may reach a vendor."""

import pytest
from django.urls import clear_url_caches, get_resolver

from branding.verbs.brands import change_brand
from tenancy.door import inside
from tenancy.hosts import (
    RESERVED_LABELS,
    Address,
    Site,
    backoffice_url,
    is_company_id,
    locate,
    normalise_host,
    vendor_url,
)
from tests.branding.pictures import picture
from tests.world import Browser, World, set_vendor, signed_in

PARENT = "portal.localhost"

GOOD = [
    ("portal.localhost", Address(Site.LANDING)),
    ("portal.localhost:8000", Address(Site.LANDING)),
    ("app.portal.localhost", Address(Site.BACKOFFICE)),
    ("app.portal.localhost:8000", Address(Site.BACKOFFICE)),
    ("api.portal.localhost", Address(Site.API)),
    ("acme.portal.localhost", Address(Site.CUSTOMER, "acme")),
    ("acme.portal.localhost:8443", Address(Site.CUSTOMER, "acme")),
    ("a-1.portal.localhost", Address(Site.CUSTOMER, "a-1")),
]

# Names outside our zone: nobody's, as long as no vendor has proved exactly this name.
ELSEWHERE = [
    "acme.portal.localhost.evil.example",
    "acme.portal.localhost.evil.example:8000",
    "portal.localhost.evil.example",
    "app.portal.localhost.evil.example",
    "acme.portalxlocalhost",
    "acme-portal.localhost",
    "acmeportal.localhost",
    "evil.example",
]

HOSTILE = [
    "localhost",
    "portal",
    "127.0.0.1",
    "[::1]",
    "[::1]:8000",
    "acme.portal.localhost.",
    "acme.portal.localhost..",
    ".portal.localhost",
    "..portal.localhost",
    "-acme.portal.localhost",
    "acme-.portal.localhost",
    "xn--acme-0ra.portal.localhost",
    "evil.acme.portal.localhost",
    "acme.app.portal.localhost",
    "acme..portal.localhost",
    "www.portal.localhost",
    "hosting.portal.localhost",
    f"{'a' * 64}.portal.localhost",
]


@pytest.mark.parametrize(("host", "address"), GOOD)
def test_known_hosts_lead_to_their_rooms(host: str, address: Address) -> None:
    assert locate(host, PARENT) == address


@pytest.mark.parametrize("host", [host for host in HOSTILE if not host.endswith("localhost.")])
def test_hostile_hosts_lead_nowhere(host: str) -> None:
    assert locate(host, PARENT) == Address(Site.UNKNOWN)


@pytest.mark.parametrize("host", ELSEWHERE)
def test_other_names_are_taken_as_they_are(host: str) -> None:
    name = host.partition(":")[0]
    assert locate(host, PARENT) == Address(Site.CUSTOMER, domain=name)


def test_our_zone_and_what_lies_above_it_is_nobodys_domain() -> None:
    for host in ("example.com", "a.b.portal.example.com"):
        assert locate(host, "portal.example.com") == Address(Site.UNKNOWN)


@pytest.mark.parametrize("label", sorted(RESERVED_LABELS - {"app", "api"}))
def test_reserved_labels_lead_nowhere(label: str) -> None:
    assert locate(f"{label}.{PARENT}", PARENT) == Address(Site.UNKNOWN)


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("ACME.Portal.LOCALHOST", "acme.portal.localhost"),
        ("acme.portal.localhost.", "acme.portal.localhost"),
        ("acme.portal.localhost.:8000", "acme.portal.localhost:8000"),
        ("acme.portal.localhost..", "acme.portal.localhost."),
        ("[::1]:8000", "[::1]:8000"),
    ],
)
def test_hosts_have_one_spelling(typed: str, normal: str) -> None:
    assert normalise_host(typed) == normal


@pytest.mark.parametrize(
    ("label", "good"),
    [
        ("acme", True),
        ("a", True),
        ("a-1", True),
        ("a" * 63, True),
        ("a" * 64, False),
        ("", False),
        ("-a", False),
        ("a-", False),
        ("Acme", False),
        ("a.b", False),
        ("a_b", False),
        ("äcme", False),
        ("acme\n", False),
        ("xn--acme", False),
        ("app", False),
        ("hosting", False),
    ],
)
def test_company_ids(label: str, good: bool) -> None:
    assert is_company_id(label) is good


@pytest.mark.parametrize("host", [*HOSTILE, *ELSEWHERE, "nobody.portal.localhost"])
def test_a_hostile_host_gets_no_data(world: World, host: str) -> None:
    browser = signed_in(world.ada)
    response = browser.get("/licenses/", headers={"host": host})
    if host == "acme.portal.localhost.":
        assert response.status_code == 200  # the same name, fully qualified
        return
    assert response.status_code in {400, 421}
    assert world.ada_license.key not in response.content.decode()
    assert "Acme" not in response.content.decode()


@pytest.mark.parametrize(
    "host", ["evil.example", "nobody.portal.localhost", "www.portal.localhost"]
)
def test_an_unknown_host_is_misdirected(world: World, host: str) -> None:
    assert Browser().get("/", headers={"host": host}).status_code == 421


def test_no_header_chooses_the_vendor(world: World) -> None:
    response = signed_in(world.ada).get(
        "/licenses/",
        headers={
            "x-forwarded-host": "globex.portal.localhost",
            "forwarded": "host=globex.portal.localhost",
            "x-host": "globex.portal.localhost",
            "x-original-host": "globex.portal.localhost",
        },
    )
    assert response.status_code == 200
    assert world.ada_license.key in response.content.decode()


def test_the_host_counts_in_any_case(world: World) -> None:
    response = signed_in(world.ada).get("/licenses/", headers={"host": "ACME.Portal.Localhost"})
    assert response.status_code == 200


def test_an_inactive_vendor_serves_nothing(world: World) -> None:
    browser = signed_in(world.ada)
    set_vendor(world.acme, status="inactive")
    for path in ("/", "/login/", "/licenses/", "/offline/"):
        response = browser.get(path)
        assert response.status_code == 403
        assert "closed" in response.content.decode()
    assert browser.get("/healthz").status_code == 200


def test_a_closed_portal_keeps_its_look_and_its_contact(world: World) -> None:
    with inside(world.acme):
        brand = change_brand(
            vendor=world.acme,
            look={"accent_color": "#884400"},
            pictures={"logo_light": picture(), "favicon": picture()},
        )
    set_vendor(world.acme, status="inactive")
    page = Browser().get("/licenses/").content.decode()
    assert "mailto:support@acme.example" in page
    assert brand.light
    assert brand.icon
    for path in (brand.css_url, brand.light.path, brand.icon.path):
        assert path in page
        assert Browser().get(path).status_code == 200
    assert Browser().get("/branding/other.png").status_code == 403
    assert Browser("globex").get(brand.light.path).status_code == 404


def test_links_are_built_from_the_canonical_host(world: World, settings: object) -> None:
    settings.PUBLIC_SCHEME, settings.PUBLIC_PORT = "https", 0  # type: ignore[attr-defined]
    assert vendor_url(world.acme, "login") == "https://acme.portal.localhost/login/"
    assert backoffice_url("login") == "https://app.portal.localhost/login/"
    settings.PUBLIC_PORT = 8443  # type: ignore[attr-defined]
    assert vendor_url(world.acme, "licenses", query={"q": "a b"}) == (
        "https://acme.portal.localhost:8443/licenses/?q=a+b"
    )
    settings.PUBLIC_PORT = 443  # type: ignore[attr-defined]
    assert vendor_url(world.acme, "home") == "https://acme.portal.localhost/"


@pytest.mark.parametrize("site", list(Site))
def test_every_urlconf_loads_and_names_its_error_pages(site: Site) -> None:
    clear_url_caches()
    resolver = get_resolver(f"portal.urls.{site.value}")
    assert resolver.url_patterns is not None
    for status in (400, 403, 404, 500):
        assert callable(resolver.resolve_error_handler(status))
