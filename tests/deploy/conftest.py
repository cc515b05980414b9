"""One portal over https behind Caddy, and a Chromium that finds it, for all who walk through it."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.deploy import servers
from tests.served import Portal, free_port, served


@pytest.fixture(scope="session")
def secure_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """`port` is that of https."""
    data, port = tmp_path_factory.mktemp("https"), free_port()
    settings = {"PUBLIC_SCHEME": "https", "PUBLIC_PORT": "443", "TRUSTED_PROXIES": "1"}
    # The identity provider of test_accounts.py runs on this machine.
    settings["PRIVATE_PROVIDERS"] = "127.0.0.1"
    front = servers.caddy
    with (
        served(data, **settings) as portal,
        front(data / "caddy", portal.port, data / "media", tls_port=port, plain_port=free_port()),
    ):
        yield Portal(port, data, portal.environment)


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
