"""What mail servers are given: addresses, and texts beyond ASCII, as each says that it takes them."""

from email import message_from_bytes, policy
from typing import Any

import pytest

from accounts.models import User
from mail.models import OutgoingEmail
from tenancy.door import inside
from tests.mail.smtp_server import MailServer
from tests.mail.test_delivery import again
from tests.world import Browser, World, set_vendor, user

NAME = 'Müller, Söhne & "Co" <Orbit>'


@pytest.fixture
def zoe(world: World) -> User:
    set_vendor(world.acme, name=NAME, support_email="hilfe@müller.example")
    with inside(world.acme):
        return user(world.acme, "Zoe@müller.example")


def sent(world: World, server: MailServer) -> Any:
    """The e-mail with a link, as the server got it, parsed."""
    Browser("acme").post("/password-reset/", {"email": "zoe@xn--mller-kva.example"})
    [text] = server.texts
    with inside(world.acme):
        [row] = OutgoingEmail.objects.all()
    assert (again(row).state, row.recipient) == ("sent", "zoe@müller.example")
    return message_from_bytes(text, policy=policy.default)


@pytest.mark.parametrize("taken", ["", "8BITMIME", "8BITMIME SIZE SMTPUTF8"])
def test_a_server_gets_what_it_takes(
    world: World,
    zoe: User,
    server: MailServer,
    taken: str,
) -> None:
    lines = ["here", *taken.split()]
    server.says["EHLO"] = "\r\n".join(
        f"250{'-' if line != lines[-1] else ' '}{line}" for line in lines
    )
    message = sent(world, server)
    [mail] = [line for line in server.commands if line.upper().startswith("MAIL")]
    assert ("BODY=8BITMIME" in mail.upper()) is bool(taken)
    assert server.texts[0].isascii() is not bool(taken)
    assert "rcpt TO:<zoe@xn--mller-kva.example>" in server.commands
    assert message["To"].addresses[0].addr_spec == "zoe@xn--mller-kva.example"
    assert message["Reply-To"].addresses[0].addr_spec == "hilfe@xn--mller-kva.example"
    [sender] = message["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (NAME, "portal@portal.localhost")
    for kind in ("plain", "html"):
        assert "zoe@müller.example" in message.get_body((kind,)).get_content()


@pytest.mark.parametrize(
    "name",
    ["Acme, Inc.", "Bob @ Home; Ltd (UK)", "株式会社 🚀", "محمد و شركاه", "O'Brien", "a" * 100],
)
def test_the_sender_is_one_address_whatever_the_vendor_is_called(
    world: World,
    zoe: User,
    server: MailServer,
    name: str,
) -> None:
    set_vendor(world.acme, name=name)
    [sender] = sent(world, server)["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (name, "portal@portal.localhost")


def test_the_installations_own_domain_may_be_beyond_ascii(
    world: World,
    zoe: User,
    server: MailServer,
    settings: Any,
) -> None:
    settings.DEFAULT_FROM_EMAIL = "portal@müller.example"
    message = sent(world, server)
    assert message["From"].addresses[0].addr_spec == "portal@xn--mller-kva.example"
    assert message["Message-ID"].endswith("@xn--mller-kva.example>")
    assert "mail FROM:<portal@xn--mller-kva.example>" in server.commands
