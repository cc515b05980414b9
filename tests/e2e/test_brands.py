"""A vendor's own portal: from the back office to `https://licenses.acme.example`.

With a real name server on loopback, and Caddy getting certificates from its own authority as
deploy/Caddyfile has it.
"""

import re
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserType, Page, expect

from branding.colours import LIGHT, corrected
from tests.branding.dns_server import NameServer, name_server
from tests.branding.pictures import bytes_of
from tests.conftest import CHROMIUM
from tests.deploy import servers
from tests.e2e.conftest import Visitor
from tests.served import PATIENCE, Portal, free_port, served

pytestmark = [pytest.mark.e2e, pytest.mark.proxies]

DOMAIN = "licenses.acme.example"
TARGET = "hosting.portal.localhost"


@pytest.fixture(scope="module")
def dns() -> Iterator[NameServer]:
    with name_server() as server:
        yield server


@pytest.fixture(scope="module")
def secure(
    tmp_path_factory: pytest.TempPathFactory, dns: NameServer
) -> Iterator[tuple[Portal, Path]]:
    """A portal behind Caddy with TLS; `Portal.port` is Caddy's. And Caddy's root certificate."""
    data, port = tmp_path_factory.mktemp("secure"), free_port()
    settings = {
        "PUBLIC_SCHEME": "https",
        "PUBLIC_PORT": str(port),
        "TRUSTED_PROXIES": "1",
        "ACCEL_REDIRECT_PREFIX": "/protected/",
        "DNS_SERVERS": f"127.0.0.1:{dns.port}",
    }
    with (
        served(data, **settings) as portal,
        servers.caddy(data / "caddy", portal.port, data / "media", tls_port=port),
    ):
        yield Portal(port, data, portal.environment), servers.root_certificate(data / "caddy")


@pytest.fixture(scope="module")
def secure_browser(browser_type: BrowserType) -> Iterator[Browser]:
    """Chromium that finds *.example on this machine."""
    browser = browser_type.launch(
        executable_path=CHROMIUM,
        args=[
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--host-resolver-rules=MAP *.example 127.0.0.1",
        ],
    )
    yield browser
    browser.close()


def page_of(browser: Browser) -> Page:
    context = browser.new_context(ignore_https_errors=True)  # Caddy's own authority
    context.set_default_timeout(PATIENCE)
    return context.new_page()


def certificate_names(port: int, name: str, root: Path) -> set[str]:
    """The names in the certificate that a visitor of this name gets; raises SSLError without."""
    trust = ssl.create_default_context(cafile=str(root))
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as line,
        trust.wrap_socket(line, server_hostname=name) as secured,
    ):
        certificate = secured.getpeercert() or {}
    return {value for _kind, value in certificate.get("subjectAltName", ())}  # type: ignore[misc, str-unpack]


@pytest.mark.takes_turns
def test_from_the_back_office_to_a_domain_of_ones_own(
    secure: tuple[Portal, Path], secure_browser: Browser, dns: NameServer
) -> None:
    portal, root = secure
    zone, port = "portal.localhost", portal.port
    page = page_of(secure_browser)
    page.goto(f"https://app.{zone}:{port}/")
    page.get_by_label("Company id").fill("acme")
    page.get_by_label("E-mail").fill("admin@acme.example")
    page.get_by_label("Password").fill("demo-acme-admin")
    page.get_by_role("button", name="Sign in").click()

    # No certificate for a name that nobody has proved.
    with pytest.raises(ssl.SSLError):
        certificate_names(port, DOMAIN, root)
    page.goto(f"https://app.{zone}:{port}/branding/customdomain/add/")
    page.get_by_label("Domain", exact=True).fill(DOMAIN)
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("There is no record for this name yet")).to_be_visible()
    expect(page.get_by_text(TARGET, exact=True)).to_be_visible()
    with pytest.raises(ssl.SSLError):
        certificate_names(port, DOMAIN, root)

    for records, sentence in (
        ({(DOMAIN, "CNAME"): ["shops.example."]}, "The name leads to shops.example."),
        ({(DOMAIN, "A"): ["192.0.2.7"]}, "The name leads to the address 192.0.2.7"),
        (
            {(DOMAIN, "CNAME"): [f"{TARGET}."], ("acme.example", "CAA"): ['0 issue "x.example"']},
            "Your domain allows certificates from x.example alone",
        ),
        ({(DOMAIN, "CNAME"): [f"{TARGET}."]}, "the portal answers at this domain"),
    ):
        dns.records.clear()
        dns.records.update(records)
        page.get_by_role("button", name="Check now").click()
        expect(page.locator(".domain .notice")).to_contain_text(sentence)
    page.get_by_role("button", name="Make it the address of the portal").click()
    expect(page.get_by_text("This is the address of your portal")).to_be_visible()
    assert certificate_names(port, DOMAIN, root) == {DOMAIN}

    # A customer comes to the address below our zone and ends up at the vendor's own.
    customer = page_of(secure_browser)
    customer.goto(f"https://acme.{zone}:{port}/")
    expect(customer).to_have_url(re.compile(rf"https://{DOMAIN}:{port}/login/"))
    logo = customer.get_by_role("img", name="Acme Instruments")
    assert logo.evaluate("image => image.complete && image.naturalWidth > 0")
    accent = "getComputedStyle(document.documentElement).getPropertyValue('--accent').trim()"
    assert customer.evaluate(accent) == corrected("#0b7a75", LIGHT).accent
    customer.get_by_label("E-mail").fill("ada@example.com")
    customer.get_by_label("Password").fill("demo-acme-ada")
    customer.get_by_role("button", name="Sign in").click()
    expect(customer.get_by_role("heading", name="Licences")).to_be_visible()
    expect(customer).to_have_url(f"https://{DOMAIN}:{port}/licenses/")
    cookies = {cookie["name"]: cookie for cookie in customer.context.cookies()}  # type: ignore[typeddict-item]
    assert cookies["__Host-session"]["domain"] == DOMAIN
    other = page_of(secure_browser)
    with pytest.raises(Exception, match="ERR_SSL"):
        other.goto(f"https://evil.example:{port}/")

    # And back again by one click.
    page.get_by_role("button", name="Go back to the address below our zone").click()
    customer = page_of(secure_browser)
    customer.goto(f"https://acme.{zone}:{port}/")
    expect(customer).to_have_url(re.compile(rf"https://acme.{zone}:{port}/login/"))


@pytest.mark.takes_turns
def test_a_brand_is_seen_before_it_is_saved(
    visitor: Callable[..., Visitor], portal: Portal, tmp_path: Path
) -> None:
    admin = visitor()
    page = admin.page
    page.goto(portal.url("app"))
    page.get_by_label("Company id").fill("globex")
    page.get_by_label("E-mail").fill("admin@globex.example")
    page.get_by_label("Password").fill("demo-globex-admin")
    page.get_by_role("button", name="Sign in").click()
    page.goto(portal.url("app", "/branding/branding/"))
    button = page.locator(".preview-light .preview-button")
    before = button.evaluate("b => getComputedStyle(b).backgroundColor")
    page.get_by_label("Accent colour", exact=True).evaluate(
        "input => { input.value = '#ff66cc'; input.dispatchEvent(new Event('input', {bubbles: true})); }"
    )
    used = corrected("#ff66cc", LIGHT).accent
    red, green, blue = (int(used[at : at + 2], 16) for at in (1, 3, 5))
    expect(button).to_have_css("background-color", f"rgb({red}, {green}, {blue})")
    assert before != f"rgb({red}, {green}, {blue})"
    logo = tmp_path / "logo.png"
    logo.write_bytes(bytes_of((300, 60), colour="#cc0066"))
    page.get_by_label("Logo for light ground", exact=True).set_input_files(logo)
    expect(page.locator(".preview-light .preview-bar img")).to_have_attribute(
        "src", re.compile("^data:")
    )
    expect(page.get_by_text("logo.png is not saved yet.")).to_be_visible()
    # The server's word on each file comes before anything is saved.
    for name, content, told in (
        ("night.png", bytes_of((300, 60), colour="#101010"), "On dark ground this logo can hardly"),
        ("logo.zip", b"PK\x03\x04", "This is a file of the kind ZIP"),
    ):
        (tmp_path / name).write_bytes(content)
        page.get_by_label("Logo for dark ground", exact=True).set_input_files(tmp_path / name)
        expect(page.get_by_text(told)).to_be_visible()
    page.get_by_label("Logo for dark ground", exact=True).set_input_files([])
    expect(page.get_by_text(told)).not_to_be_visible()
    own = page.get_by_label("Use a colour of our own", exact=True)
    own.uncheck()
    dark = page.locator(".preview-dark .preview-button")
    expect(dark).to_have_css("background-color", "rgb(143, 168, 245)")  # the portal's own, on dark
    own.check()
    page.get_by_label("Portal title", exact=True).fill("Globex Licences")
    someone = visitor()
    someone.page.goto(portal.url("globex", "/login/"))
    expect(someone.page).to_have_title("Sign in · Globex Software")  # nothing is saved yet
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The look of your portal is saved.")).to_be_visible()
    someone.page.reload()
    expect(someone.page).to_have_title("Sign in · Globex Licences")
    someone.look_closely()
    assert admin.errors == []
