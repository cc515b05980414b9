"""A name server for the tests about domains, and a look at the table of hosts after each."""

from collections.abc import Iterator
from typing import Any

import pytest

from branding.domains.hosts import hosts_that_differ
from tests.branding.dns_server import NameServer, name_server


@pytest.fixture(scope="session")
def running_name_server() -> Iterator[NameServer]:
    with name_server() as server:
        yield server


@pytest.fixture
def dns(db: None, running_name_server: NameServer, settings: Any) -> Iterator[NameServer]:
    """The name server that the portal asks; nothing is set yet. Whatever a test does with domains,
    the table of hosts says the same as they do in the end."""
    running_name_server.clear()
    settings.DNS_SERVERS = [("127.0.0.1", running_name_server.port)]
    yield running_name_server
    assert hosts_that_differ() == []
