"""A name server for the tests about domains."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.branding.dns_server import NameServer, name_server


@pytest.fixture(scope="session")
def running_name_server() -> Iterator[NameServer]:
    with name_server() as server:
        yield server


@pytest.fixture
def dns(running_name_server: NameServer, settings: Any) -> NameServer:
    """The name server that the portal asks; nothing is set yet."""
    running_name_server.clear()
    settings.DNS_SERVERS = [("127.0.0.1", running_name_server.port)]
    return running_name_server
