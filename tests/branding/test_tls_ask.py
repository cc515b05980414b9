"""`/internal/tls-ask`: certificates for whom we serve, and an answer for the proxy alone."""

import time
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from branding.domains import verbs as domains
from branding.models import CustomDomain
from tenancy.door import inside
from tenancy.models import Host
from tests.branding.dns_server import NameServer
from tests.branding.test_domains import NAME, claimed, verified
from tests.world import World, set_vendor

PATH = "/internal/tls-ask"


def ask(domain: str, **headers: str) -> int:
    """What Caddy gets, which asks by the server's address."""
    client = Client(HTTP_HOST="127.0.0.1:8000")
    return client.get(PATH, {"domain": domain}, **headers).status_code  # type: ignore[arg-type]


@pytest.fixture
def served(world: World, dns: NameServer) -> World:
    with inside(world.acme):
        verified(world, dns)
        claimed(world, "pending.acme.example")
    return world


@pytest.mark.parametrize(
    ("domain", "code"),
    [
        (NAME, 200), (NAME.upper(), 200), (f"{NAME}.", 200),
        ("portal.localhost", 200), ("app.portal.localhost", 200), ("api.portal.localhost", 200),
        ("acme.portal.localhost", 200), ("globex.portal.localhost", 200),
        ("nobody.portal.localhost", 404), ("www.portal.localhost", 404),
        ("a.acme.portal.localhost", 404), ("pending.acme.example", 404), ("acme.example", 404),
        (f"x.{NAME}", 404), (f"{NAME}.evil.example", 404), ("evil.example", 404), ("", 404),
        ("127.0.0.1", 404), ("localhost", 404), ("a\0.example", 404), ("%", 404), ("ä.example", 404),
        ("acme.portal.localhost..", 404), ("acme.portal.localhost:99", 404),
    ],
)  # fmt: skip
def test_for_whom(served: World, domain: str, code: int) -> None:
    assert ask(domain) == code


def test_not_for_a_closed_vendor_or_a_domain_past_its_grace(
    served: World, dns: NameServer, frozen_time: Any
) -> None:
    dns.clear()
    with inside(served.acme):
        domains.check(CustomDomain.objects.get(name=NAME))
    assert ask(NAME) == 200
    frozen_time.shift(7 * 86400)
    assert ask(NAME) == 404
    set_vendor(served.globex, status="inactive")
    assert ask("globex.portal.localhost") == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"REMOTE_ADDR": "192.0.2.1"},
        {"REMOTE_ADDR": ""},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=127.0.0.1"},
    ],
)
def test_others_find_nothing_there(served: World, headers: dict[str, str]) -> None:
    assert ask(NAME, **headers) == 421  # as at any address on a host that nobody has
    for host, code in (("acme.portal.localhost", 404), ("app.portal.localhost", 302)):
        answer = Client(HTTP_HOST=host).get(PATH, {"domain": NAME}, **headers)  # type: ignore[arg-type]
        assert answer.status_code == code


def test_the_shared_secret_lets_a_distant_proxy_ask(served: World, settings: Any) -> None:
    settings.TLS_ASK_SECRET = "a shared secret"
    client = Client(HTTP_HOST="10.0.0.1:8000", REMOTE_ADDR="192.0.2.1")
    for secret, code in (("a shared secret", 200), ("wrong", 421), ("", 421), ("ä", 421)):
        answer = client.get(PATH, {"domain": NAME, "secret": secret})
        assert answer.status_code == code
    settings.TLS_ASK_SECRET = ""
    assert client.get(PATH, {"domain": NAME, "secret": ""}).status_code == 421


def test_one_query_at_most(served: World, django_assert_num_queries: Any) -> None:
    for domain in (NAME, "acme.portal.localhost", "evil.example"):
        with django_assert_num_queries(1):
            ask(domain)
    with django_assert_num_queries(0):
        ask("app.portal.localhost")


def test_fast_among_many(served: World) -> None:
    """The index is used: among 2,000 domains an answer takes about as long as among few."""
    started = time.perf_counter()
    for _ in range(20):
        ask(NAME)
    few = time.perf_counter() - started
    with inside(served.acme):
        many = CustomDomain.objects.bulk_create(
            CustomDomain(
                vendor=served.acme,
                name=f"n{number}.acme.example",
                skeleton="x",
                token="t",
                state="verified",
                verified_at=timezone.now(),
            )
            for number in range(2000)
        )
        Host.objects.bulk_create(Host(name=each.name, vendor=served.acme) for each in many)
    started = time.perf_counter()
    for _ in range(20):
        assert ask(NAME) == 200
    assert time.perf_counter() - started < 5 * few + 0.1
