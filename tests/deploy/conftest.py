"""What several files have in common: one portal by https, behind nginx and Caddy."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

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
    }
    with (
        served(data, **settings) as portal,
        servers.nginx_with_tls(data / "nginx", portal.port, media) as nginx,
        servers.caddy(data / "caddy", portal.port, media, tls_port=tls, plain_port=plain),
    ):
        yield Secured(portal, {"nginx": nginx, "caddy": (tls, plain)})
