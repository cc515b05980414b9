"""The vendor's own sender's name and address for answers, in every e-mail."""

from email import message_from_bytes, policy
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from audit.models import AuditEntry
from mail.outbox import queue
from tenancy.door import inside
from tenancy.models import Vendor
from tests.mail.smtp_server import MailServer
from tests.world import World, set_vendor, signed_in

SETTINGS = "/accounts/portalsettings/"


def received(world: World, server: MailServer) -> Any:
    queue("invitation", user=world.ada)
    return message_from_bytes(server.texts[-1], policy=policy.default)


def test_without_a_choice_it_is_the_vendors_name_and_support(
    world: World, server: MailServer
) -> None:
    set_vendor(world.acme, support_email="help@acme.example")
    message = received(world, server)
    [sender], [answers] = message["From"].addresses, message["Reply-To"].addresses
    assert (sender.display_name, answers.addr_spec) == ("Acme Instruments", "help@acme.example")
    set_vendor(world.acme, support_email="")
    assert received(world, server)["Reply-To"] is None


def test_an_administrator_chooses_both(world: World, server: MailServer) -> None:
    admin = signed_in(world.acme_admin)
    typed = {"email_sender": 'Zoë "Acme", Licences', "email_reply_to": "Answers@MÜLLER.example"}
    assert admin.post(SETTINGS, typed).status_code == 302
    message = received(world, server)
    [sender], [answers] = message["From"].addresses, message["Reply-To"].addresses
    assert (sender.display_name, sender.addr_spec) == (
        'Zoë "Acme", Licences', "portal@portal.localhost",
    )  # fmt: skip
    assert answers.addr_spec == "answers@xn--mller-kva.example"
    assert "Acme Instruments" in message.get_body(("plain",)).get_content()
    page = admin.get(SETTINGS).content.decode()
    assert 'value="answers@müller.example"' in page
    with inside(world.acme):
        entry = AuditEntry.objects.filter(action="changed").latest("sequence")
    assert entry.changes["email_reply_to"] == ["", "answers@müller.example"]


REFUSED = {
    "email_sender": [
        "Acme\r\nBcc: eve@example.com",
        "Acme\nSubject: x",
        "Acme\u2028Bcc: x",
        "Acme\x00",
        "\u202eemcA",
        "security@bank.example",
        "Acme <a",
        "x" * 101,
    ],
    "email_reply_to": [
        "no address",
        "a@example.com\nBcc: eve@example.com",
        "a@example.com, eve@example.com",
        "a@-example.com",
        "ä@example.com",
        f"{'a' * 250}@example.com",
    ],
}


@pytest.mark.parametrize(("field", "text"), [(f, t) for f, ts in REFUSED.items() for t in ts])
def test_no_header_gets_in(field: str, text: str) -> None:
    with pytest.raises(ValidationError):
        Vendor._meta.get_field(field).clean(text, Vendor())


def test_what_is_refused_is_said_beside_the_field(world: World) -> None:
    typed = {"email_sender": "security@bank.example", "email_reply_to": "nobody"}
    page = signed_in(world.acme_admin).post(SETTINGS, typed).content.decode()
    assert "Write a name, not an address" in page
    assert "Enter a valid email address" in page
    assert 'value="security@bank.example"' in page
