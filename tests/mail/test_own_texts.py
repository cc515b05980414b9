"""A vendor's own texts: what may stand in them, what becomes of it, and the page."""

from html import unescape
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError

from audit.models import AuditEntry
from licenses.verbs.mailing import send_license
from mail.emails import preview, samples
from mail.models import OutgoingEmail, OwnText
from mail.texts import TEXTS, check, fill, paragraphs
from mail.verbs import texts as own_texts
from tenancy.door import inside
from tenancy.models import Vendor
from tests.mail.test_keeping import WAYS
from tests.world import Browser, World, signed_in

PAGE = "/mail/owntext/"
WRITE = "/mail/owntext/write/"
INVITATION = TEXTS["invitation"]
BODY = "Hello {name},\n\nchoose a password:\n\n{link}\n\nYours, {sender}"


# --- Placeholders -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TEXTS)
def test_a_standard_text_says_nothing_but_placeholders(name: str) -> None:
    """And passes as a vendor's own; with samples nothing is left open."""
    text = TEXTS[name]
    subject, body = text.standard()
    check(text, subject=subject, body=body)
    vendor = Vendor(company_id="acme", name="Acme", support_email="help@acme.example")
    shown = preview(text, OwnText(kind=name, subject=subject, text=body), vendor)
    whole = shown.subject + "".join(part.html for part in shown.paragraphs)
    assert "{" not in whole
    assert "None" not in whole
    assert any(part.link for part in shown.paragraphs) or "link" not in text.says


REFUSED = {
    "unknown": ("A", "{link} {nmae}", "text", "There is no placeholder {nmae} here."),
    "another's": ("A", "{link} {key}", "text", "{key}"),
    "a template's": ("A", "{link} {{ user.password }}", "text", "{user.password}"),
    "an attribute": ("A", "{link} {name.__class__}", "text", "{name.__class__}"),
    "a format": ("A", "{link} {name!r:>10}", "text", "{name!r:>10}"),
    "empty": ("A", "{link} {}", "text", "{}"),
    "missing": ("A", "Hello {name}", "text", "{link} has to be in the text"),
    "unknown in the subject": ("{x}", "{link}", "subject", "{x}"),
    "a link told to others": ("A", "https://a.example/?{name}={ link }", "text", "before {link}"),
    "by a name": ("A", "www.a.example/{link} {link}", "text", "Put a blank before {link}."),
    "by a value": ("A", "{name}:{link}", "text", "Put a blank before {link}."),
    "a link in the subject": ("{link}", "{link}", "subject", "take {link} out"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_can_not_stand_there(case: str) -> None:
    subject, body, where, said = REFUSED[case]
    with pytest.raises(ValidationError) as refused:
        check(INVITATION, subject=subject, body=body)
    assert list(refused.value.message_dict) == [where]
    assert said in refused.value.message_dict[where][0]


def test_values_are_put_in_once_and_as_they_are() -> None:
    values = {"name": "{link} {{ x }} <b>%s</b>", "link": "https://a.example/x"}
    assert fill("{name} { link }{% x %}{{ y }}", values) == (
        "{link} {{ x }} <b>%s</b> https://a.example/x{% x %}{{ y }}"
    )


def test_the_text_becomes_html() -> None:
    values = {
        "name": "<b>https://evil.example</b>",
        "link": 'https://a.example/?a="&b',
        "sender": "A\nB",
    }
    body = "Hi {name}, see https://b.example/c?d=e&f.\n\n{link}\n\nOr ({link})\n<i>{sender}</i>"
    first, button, last = paragraphs(INVITATION, body, values)
    assert first.html == (
        "Hi &lt;b&gt;https://evil.example&lt;/b&gt;, see "
        '<a href="https://b.example/c?d=e&amp;f">https://b.example/c?d=e&amp;f</a>.'
    )
    assert (button.link, button.label) == (values["link"], "Choose a password")
    address = "https://a.example/?a=&quot;&amp;b"
    assert last.html == (f'Or (<a href="{address}">{address}</a>)<br>\n&lt;i&gt;A<br>\nB&lt;/i&gt;')


def test_a_forms_line_ends_make_the_same_paragraphs() -> None:
    values = {"name": "Ada", "link": "https://a.example/x", "sender": "Acme"}
    typed = BODY.replace("\n", "\r\n")
    assert list(paragraphs(INVITATION, typed, values)) == list(paragraphs(INVITATION, BODY, values))


# --- What goes out ------------------------------------------------------------------------------


def write(world: World, name: str = "invitation", subject: str = "Hi", body: str = BODY) -> None:
    with inside(world.acme):
        own_texts.write(TEXTS[name], subject=subject, body=body)


@pytest.mark.takes_turns
@pytest.mark.unfound
def test_every_text_can_be_written_anew(world: World) -> None:
    """Each e-mail says what the vendor wrote, in each case in which it is sent."""
    for name, text in TEXTS.items():
        body = " ".join(f"{each}: {{{each}}}" for each in text.placeholders)
        write(world, name, f"Own {name}", body)
    said = set()
    for _number, way in WAYS.values():
        with inside(world.acme):
            OutgoingEmail.objects.all().delete()  # a customer is reminded once a day
            way(world)
    for message in mail.outbox:
        own, _blank, name = message.subject.partition(" ")
        if own != "Own":
            assert message.subject == "Typed"  # the test of a text that is not saved
            continue
        said.add(name)
        for part in (message.body, message.alternatives[0][0]):
            assert "sender: Acme Instruments" in part
            assert "{" not in part
            assert "None" not in part
        assert message.body.endswith("\n\n-- \nAcme Instruments\nsupport@acme.example\n")
    assert said | {"license", "release-answer"} == set(TEXTS)


def test_what_is_written_goes_out_and_the_other_vendors_stay(world: World) -> None:
    write(world, "license", "{product}, {key}", "{name}, {email}\n\n{key}\n\n{link}")
    with inside(world.acme):
        send_license(world.ada_license)
    with inside(world.globex):
        send_license(world.bob_license)
    own, other = mail.outbox
    assert own.subject == f"Orbit, {world.ada_license.key}"
    assert own.body.startswith(
        f"Ada Lovelace, ada@example.com\n\n{world.ada_license.key}\n\nhttp://"
    )
    assert "Open the licence</a>" in own.alternatives[0][0]
    assert other.subject == "Your licence for Quill"


# --- The page -----------------------------------------------------------------------------------


@pytest.fixture
def admin(world: World) -> Browser:
    return signed_in(world.acme_admin)


def posted(admin: Browser, **typed: str) -> str:
    answer = admin.post(
        f"{WRITE}invitation/", {"subject": "Hi", "text": BODY, **typed}, follow=True
    )
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def test_it_is_written_and_given_up(admin: Browser, world: World) -> None:
    assert admin.get(PAGE).content.decode().count("standard</td>") == len(TEXTS)
    page = admin.get(f"{WRITE}invitation/").content.decode()
    assert "This is the standard text." in page
    assert 'value="Your account at {sender}"' in page
    assert "The text is saved." in posted(admin)
    assert "your own" in admin.get(PAGE).content.decode()
    posted(admin, subject="Hello")
    with inside(world.acme):
        entries = list(AuditEntry.objects.filter(subject_type="mail.owntext").order_by("sequence"))
    assert [entry.action for entry in entries] == ["created", "changed"]
    assert entries[1].changes == {"subject": ["Hi", "Hello"]}
    page = admin.post(f"{WRITE}invitation/standard/", follow=True).content.decode()
    assert "It is the standard text again." in page
    assert "This is the standard text." in page
    with inside(world.acme):
        assert AuditEntry.objects.filter(action="deleted", subject_type="mail.owntext").exists()


def test_it_is_previewed_and_tried_without_being_saved(admin: Browser, world: World) -> None:
    page = posted(admin, do="preview", text=BODY.replace("\n", "\r\n"))  # as browsers send it
    assert "Hello Ada Lovelace," in page
    assert '<span class="letter-button">Choose a password</span>' in page
    assert mail.outbox == []
    assert "A test is on its way to admin@acme.example." in posted(admin, do="test")
    [message] = mail.outbox
    assert (message.to, message.subject) == (["admin@acme.example"], "Hi")
    assert message.body.startswith("Hello Ada Lovelace,\n\nchoose a password:\n\nhttps://")
    with inside(world.acme):
        assert not OwnText.objects.exists()
        assert OutgoingEmail.objects.get().kind == "text-test"


def test_what_is_wrong_stands_beside_its_field(admin: Browser, world: World) -> None:
    page = posted(admin, text="Hello {nmae}", subject="x" * 201)
    for said in ("There is no placeholder {nmae} here.", "{link} has to be in the text", "200"):
        assert said in page
    assert "Hello {nmae}" in page
    for do in ("preview", "test"):
        assert "There is no placeholder" in posted(admin, text="{nmae}", do=do)
    assert mail.outbox == []


def test_only_administrators_write(world: World) -> None:
    support: Any = signed_in(world.acme_support)
    for path in (PAGE, f"{WRITE}invitation/"):
        assert support.get(path).status_code == 403
    assert support.post(f"{WRITE}invitation/", {"subject": "x", "text": BODY}).status_code == 403
    assert support.post(f"{WRITE}invitation/standard/").status_code == 403
    assert signed_in(world.acme_admin).get(f"{WRITE}poem/").status_code == 404


def test_a_sample_is_there_for_every_placeholder() -> None:
    for text in TEXTS.values():
        assert set(samples(text)) == set(text.placeholders) - {"sender", "support", "portal"}
        assert set(text.required) <= set(text.says)
        assert len(text.name) <= OwnText._meta.get_field("kind").max_length


def test_what_is_done_stands_above_what_can_stand_in_it(world: World) -> None:
    page = signed_in(world.acme_admin).get("/mail/owntext/write/invitation/").content.decode()
    assert page.index("Send me a test") < page.index("What can stand in it")
