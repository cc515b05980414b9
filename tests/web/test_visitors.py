"""What proxies say of a visitor: read in every spelling, and believed as far as it is theirs."""

from typing import Any

import pytest

from audit.models import AuditEntry
from tenancy.door import inside
from tests.world import Browser, World, signed_in
from web.visitors import Visitor, address_in, visitor

PROXY = "10.0.0.1"


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" 192.0.2.1\t", "192.0.2.1"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ('"192.0.2.1:4711"', "192.0.2.1"),
        ('" 192.0.2.1 "', "192.0.2.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("2001:db8:0:0:0:0:0:1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ('"[2001:db8::1]:4711"', "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:80", "192.0.2.1"),
        ("::1", "::1"),
        ("", ""),
        ("unknown", ""),
        ("_hidden", ""),
        ("_SEVKISEK:80", ""),
        ("localhost", ""),
        ("192.0.2", ""),
        ("192.0.2.256", ""),
        ("192.0.2.01", ""),
        ("192.0.2.1:port", ""),
        ("192.0.2.1:123456", ""),
        ("192.0.2.1 192.0.2.2", ""),
        ("[192.0.2.1", ""),
        ("2001:db8::1]", ""),
        ("[fe80::1%eth0]", ""),
        ("fe80::1%eth0", ""),
        ('"192.0.2.1', ""),
        ("'192.0.2.1'", ""),
        ("192.0.2.1/32", ""),
        ("3232235521", ""),
        ("<script>", ""),
        ("\x00", ""),
        ("1" * 10_000, ""),
    ],
)
def test_an_address_in_every_spelling(entry: str, address: str) -> None:
    assert address_in(entry) == address


@pytest.mark.parametrize(
    ("header", "proxies", "address"),
    [
        ("192.0.2.7", 0, PROXY),
        ("192.0.2.7", 1, "192.0.2.7"),
        ("6.6.6.6, 192.0.2.7", 1, "192.0.2.7"),
        ("6.6.6.6,192.0.2.7:80", 1, "192.0.2.7"),
        ('6.6.6.6, "[2001:db8::7]:80"', 1, "2001:db8::7"),
        ("", 1, PROXY),
        (" , ", 1, PROXY),
        ("6.6.6.6, unknown", 1, PROXY),
        ("6.6.6.6, _hidden", 1, PROXY),
        ("192.0.2.7, 10.0.0.2", 2, "192.0.2.7"),
        ("6.6.6.6, 192.0.2.7, 10.0.0.2", 2, "192.0.2.7"),
        ("192.0.2.7, unknown", 2, PROXY),
        ("unknown, 10.0.0.2", 2, "10.0.0.2"),
        ("10.0.0.2", 2, "10.0.0.2"),
        (",".join(["6.6.6.6"] * 5000 + ["192.0.2.7"]), 1, "192.0.2.7"),
    ],
)
def test_x_forwarded_for(header: str, proxies: int, address: str) -> None:
    assert visitor(PROXY, proxies=proxies, address=header).address == address


@pytest.mark.parametrize(
    ("header", "proxies", "expected"),
    [
        ("for=192.0.2.7", 1, Visitor("192.0.2.7", False)),
        ("for=192.0.2.7;proto=https", 1, Visitor("192.0.2.7", True)),
        ("For=192.0.2.7 ; PROTO=HTTPS", 1, Visitor("192.0.2.7", True)),
        ('by=_x;for="[2001:db8::7]:4711";proto=https', 1, Visitor("2001:db8::7", True)),
        ("for=6.6.6.6;proto=https, for=192.0.2.7;proto=http", 1, Visitor("192.0.2.7", False)),
        ("for=192.0.2.7;proto=https, for=10.0.0.2", 2, Visitor("192.0.2.7", True)),
        ("for=unknown", 1, Visitor(PROXY, False)),
        ("for=_hidden;proto=https", 1, Visitor(PROXY, True)),
        ("proto=https", 1, Visitor(PROXY, True)),
        ("", 1, Visitor(PROXY, False)),
        ("192.0.2.7", 1, Visitor(PROXY, False)),
        ("for=192.0.2.7;;", 1, Visitor(PROXY, False)),
        ("for=192.0.2.7", 0, Visitor(PROXY)),
        # What the visitor sent before must not swallow what the proxy wrote behind it.
        ('for="6.6.6.6, for=192.0.2.7', 1, Visitor("192.0.2.7", False)),
        ('for=6.6.6.6;x="\\", for=192.0.2.7', 1, Visitor("192.0.2.7", False)),
        ('for=6.6.6.6;x="\\\\\\", for=192.0.2.7', 1, Visitor("192.0.2.7", False)),
        # Nor does the host that he asked for.
        ('for=192.0.2.7;host="a, for=6.6.6.6"', 1, Visitor("192.0.2.7", False)),
        ('for=192.0.2.7;host="a;for=6.6.6.6;b"', 1, Visitor("192.0.2.7", False)),
        ('for=192.0.2.7;host="a\\", for=6.6.6.6"', 1, Visitor("192.0.2.7", False)),
    ],
)
def test_forwarded(header: str, proxies: int, expected: Visitor) -> None:
    assert visitor(PROXY, proxies=proxies, forwarded=header, address="6.6.6.6") == expected


@pytest.mark.parametrize(
    ("scheme", "proxies", "secure"),
    [
        ("https", 0, None),
        ("https", 1, True),
        ("HTTPS", 1, True),
        ("http", 1, False),
        ("", 1, False),
        ("https, http", 1, False),
        ("https, http", 2, True),
        ("https", 2, True),
        ("httpsx", 1, False),
    ],
)
def test_x_forwarded_proto(scheme: str, proxies: int, secure: bool | None) -> None:
    assert visitor(PROXY, proxies=proxies, scheme=scheme).secure is secure


@pytest.mark.parametrize("header", ["unknown", "_x", "a b", "'", '"', "[::1", "1.2.3.4:x", "ä"])
def test_nobody_is_kept_from_signing_in_by_an_odd_header(
    world: World, settings: Any, header: str
) -> None:
    settings.TRUSTED_PROXIES = 1
    browser = Browser("acme", headers={"x-forwarded-for": header})
    browser.sign_in("ada@example.com")
    assert "session" in browser.cookies
    with inside(world.acme):
        entry = AuditEntry.objects.filter(action="signed-in").latest("sequence")
        assert entry.ip == "127.0.0.1"


def test_the_trail_has_the_one_spelling(world: World, settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    Browser("acme", headers={"x-forwarded-for": '6.6.6.6, "[2001:DB8:0::7]:80"'}).sign_in(
        "ada@example.com"
    )
    settings.PROXY_HEADERS = "forwarded"
    rfc = {"forwarded": 'for="[2001:db8::8]:80"', "x-forwarded-for": "6.6.6.6"}
    Browser("acme", headers=rfc).sign_in("ada@example.com")
    with inside(world.acme):
        entries = AuditEntry.objects.filter(action="signed-in").order_by("sequence")
        assert [entry.ip for entry in entries][-2:] == ["2001:db8::7", "2001:db8::8"]


@pytest.mark.parametrize("name", ["proto", "protocol", "ssl"])
def test_without_a_proxy_nobody_is_believed_that_he_came_by_tls(
    world: World, settings: Any, name: str
) -> None:
    """As a server that believes the header says it."""
    settings.HTTPS = True
    said = {f"x-forwarded-{name}": "on" if name == "ssl" else "https"}
    path, believing = "/login/", {"wsgi.url_scheme": "https"}
    assert Browser("acme").get(path, headers=said, **believing).status_code == 301  # type: ignore[arg-type]
    settings.TRUSTED_PROXIES = 1
    proxied = {"x-forwarded-proto": "https"}
    assert Browser("acme").get(path, headers=proxied).status_code == 200
    assert Browser("acme").get(path, headers={"x-forwarded-proto": "http"}).status_code == 301
    settings.PROXY_HEADERS = "forwarded"
    assert Browser("acme").get(path, headers=proxied).status_code == 301
    assert Browser("acme").get(path, headers={"forwarded": "proto=https"}).status_code == 200


def test_who_is_signed_in_stays_so_behind_another_address(world: World, settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    browser = signed_in(world.ada)
    assert browser.get("/licenses/", headers={"x-forwarded-for": "unknown"}).status_code == 200
