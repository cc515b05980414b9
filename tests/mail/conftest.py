"""The mail server of the tests of this folder."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.mail.smtp_server import MailServer, mail_server


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    """The mail server that the portal is set up with."""
    with mail_server() as server:
        settings.EMAIL_BACKEND = "mail.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_TIMEOUT = 5
        yield server
