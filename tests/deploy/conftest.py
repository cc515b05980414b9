"""One portal by https, behind nginx and Caddy, and a Chromium that finds it, for all who ask it or
walk through it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.deploy import servers
from tests.served import Portal, free_port, served


@dataclass
class Secured:
    """A portal by https, and the ports of https and of http by front."""

    portal: Portal
    ports: dict[str, tuple[int, int]]


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    data, tls, plain = tmp_path_factory.mktemp("secured"), free_port(), free_port()
    media = data / "media"
    settings = {
        "PUBLIC_SCHEME": "https",
        "PUBLIC_PORT": "443",
        "TRUSTED_PROXIES": "1",
        "ACCEL_REDIRECT_PREFIX": "/protected/",
        "THREADS": "4",
        # The identity provider of test_accounts.py runs on this machine.
        "PRIVATE_PROVIDERS": "127.0.0.1",
    }
    with (
        served(data, **settings) as portal,
        servers.nginx_with_tls(data / "nginx", portal.port, media) as nginx,
        servers.caddy(data / "caddy", portal.port, media, tls_port=tls, plain_port=plain),
    ):
        yield Secured(portal, {"nginx": nginx, "caddy": (tls, plain)})


@pytest.fixture(scope="session")
def secure_portal(secured: Secured) -> Portal:
    """`port` is that of https at Caddy."""
    portal = secured.portal
    return Portal(secured.ports["caddy"][0], portal.data, portal.environment)


@pytest.fixture(scope="session")
def secure_browser(
    secure_portal: Portal, browser_type_launch_args: dict[str, Any]
) -> Iterator[Browser]:
    """Chromium, to which every host is Caddy, also where the browser itself asks; and that trusts
    Caddy's own authority."""
    arguments = [
        *browser_type_launch_args["args"],
        f"--host-resolver-rules=MAP *:443 127.0.0.1:{secure_portal.port}",
        "--ignore-certificate-errors",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_type_launch_args["executable_path"], args=arguments
        )
        yield browser
        browser.close()
