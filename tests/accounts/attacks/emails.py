"""E-mails."""

from typing import Any

from django.core import mail

from accounts.models import User
from accounts.verbs.people import create_person
from tenancy.door import inside
from tests.accounts.attacks.catalogue import Scene, all_said, attack, said
from tests.accounts.attacks.links import ada_now
from tests.world import PASSWORD, Browser, set_vendor, signed_in

LINES = "\r\nBcc: mallory@evil.example\r\n\r\n<h1>Pay here</h1>"
MARKUP = '<a href="https://evil.example">Click</a><script>alert(1)</script>'


def headers_of(message: Any) -> str:
    """The message's head, as it goes out."""
    return str(message.message().as_bytes().decode("utf-8", "replace").partition("\n\n")[0])


def asks_for_a_link(_scene: Scene) -> Any:
    Browser("acme").post("/password-reset/", {"email": "ada@example.com"})
    return mail.outbox[-1]


@attack
def lines_in_a_name(scene: Scene) -> str:
    """Header injection: her name has a line end and a `Bcc` in it."""
    hers = signed_in(scene.world.ada)
    typed = {"first_name": f"Ada{LINES}", "last_name": f"L{LINES}", "company": f"C{LINES}"}
    answer = hers.post("/profile/", typed)
    # And as it would be, if an older version had let it in.
    with inside(scene.world.acme):
        User.objects.filter(pk=scene.world.ada.pk).update(first_name=f"Ada{LINES}")
    message = asks_for_a_link(scene)
    assert message.recipients() == ["ada@example.com"]
    assert "\nBcc" not in headers_of(message)
    return f"{said(answer)}; nobody else gets an e-mail"


@attack
def lines_in_an_address(scene: Scene) -> str:
    """Header injection: an e-mail with a line end, a comma, or a second address in it."""
    odd = (f"ada@example.com{LINES}", "ada@example.com,m@evil.example", "ada@example.com m@evil.example",
           "ada@example.com\nm@evil.example", '"ada@example.com" <m@evil.example>', "ada@example.com%0am@e.x",
           "ada@example.com;m@evil.example")  # fmt: skip
    answers = [Browser("acme").post("/password-reset/", {"email": each}) for each in odd]
    hers = signed_in(scene.world.ada)
    for each in odd:
        typed = {"new_email": each, "current_password": PASSWORD}
        answers.append(hers.post("/profile/email/", typed))
    assert [each for message in mail.outbox for each in message.recipients()] == []
    return f"{' or '.join(sorted({said(each) for each in answers}))}; no e-mail goes out"


@attack
def lines_in_the_name_of_a_vendor(scene: Scene) -> str:
    """Header injection: the name of the sender or of the vendor has a line end in it."""
    browser = signed_in(scene.world.acme_admin)
    answer = browser.post("/accounts/portalsettings/", {"email_sender": f"Acme{LINES}"})
    set_vendor(scene.world.acme, name=f"Acme{LINES}")
    message = asks_for_a_link(scene)
    assert message.recipients() == ["ada@example.com"]
    assert "\nBcc" not in headers_of(message)
    return f"{said(answer)}; nobody else gets an e-mail"


@attack
def markup_in_a_name(scene: Scene) -> str:
    """Phishing by us: a name with a link and a script in it, in the e-mail and on support's page."""
    with inside(scene.world.acme):
        User.objects.filter(pk=scene.world.ada.pk).update(first_name=MARKUP, company=MARKUP)
    message = asks_for_a_link(scene)
    html = str(message.alternatives[0][0])
    page = signed_in(scene.world.acme_support).get(f"/accounts/user/{scene.world.ada.pk}/story/")
    for text in (html, page.content.decode()):
        assert "<script>alert" not in text
        assert 'href="https://evil.example"' not in text
    return f"{said(page)}; it is text there"


@attack
def markup_in_an_invitation(scene: Scene) -> str:
    """Phishing by us: staff invites somebody whose name is a link."""
    with inside(scene.world.acme):
        create_person(
            person=User(vendor=scene.world.acme, email="new@example.com", first_name=MARKUP)
        )
    html = str(mail.outbox[-1].alternatives[0][0])
    assert "evil.example" not in html or 'href="https://evil.example"' not in html
    return "it is text in the e-mail"


@attack
def somebody_elses_mailbox(scene: Scene) -> str:
    """A link for a new password is asked for with two addresses, as fields, list, and copy."""
    forms = (
        {"email": ["ada@example.com", "m@evil.example"]},
        {"email": "ada@example.com", "cc": "m@evil.example", "bcc": "m@evil.example"},
        {"email": "ada@example.com", "to": "m@evil.example", "email[]": "m@evil.example"},
    )
    answers = [Browser("acme").post("/password-reset/", form) for form in forms]
    sent = {each for message in mail.outbox for each in message.recipients()}
    assert sent == {"ada@example.com"}
    assert ada_now(scene).email == "ada@example.com"
    return f"{all_said(answers)}; what goes out, goes to her"
