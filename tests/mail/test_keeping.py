"""What went out can be read as it was, for 90 days; no link in it opens anything."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import mail, signing
from django.core.mail import EmailMultiAlternatives
from django.core.management import call_command
from django.db import connection
from django.urls import resolve
from django.utils import timezone

from accounts.links import Purpose, make_token
from accounts.models import Session, User
from accounts.texts import ABOUT_WAYS_IN
from accounts.verbs.erasing import erase_person
from branding.domains.models import CustomDomain
from branding.domains.verbs import claim
from licenses.verbs.licenses import create_license
from licenses.verbs.mailing import send_license
from licenses.verbs.releasing import ask, refuse
from mail.emails import TEST
from mail.kinds import KINDS
from mail.models import OutgoingEmail, SentText
from mail.outbox import queue
from mail.verbs.keeping import TAKEN_OUT, keep, kept_of, without_tokens
from tenancy.door import inside
from tests.licenses.test_reminders import ends_in, remind
from tests.mail.smtp_server import MailServer
from tests.sql import every_statement_names_its_vendor
from tests.tenancy.test_texts import offline_machine
from tests.webhooks.hooks import hook_of
from tests.world import PARENT, Browser, World, set_vendor, signed_in
from webhooks.models import Webhook
from webhooks.verbs.webhooks import switch_off

ADDRESS = re.compile(r"https?://[^\s<>\"]+")


def kept(world: World) -> list[SentText]:
    with inside(world.acme):
        return list(SentText.objects.select_related("email").order_by("created_at", "email"))


# --- Every kind ---------------------------------------------------------------------------------


def without_password(person: User) -> User:
    person.set_unusable_password()
    person.save(update_fields=["password"])
    return person


def allowed(world: World) -> User:
    set_vendor(world.acme, sign_in_by_link=True, keys_by_email=True)
    return world.ada


def registered(world: World, email: str) -> None:
    set_vendor(world.acme, registration="open")
    Browser("acme").post("/register/", {"email": email})


def license_of_a_new_customer(world: World) -> None:
    without_password(world.ada)
    send_license(world.ada_license)


def several_reminders(world: World) -> None:
    for license in (world.ada_license, create_license(product=world.orbit, user=world.ada)):
        ends_in(license, days=5)
    remind()


def one_reminder(world: World) -> None:
    ends_in(world.ada_license, days=5)
    remind()


def asked_and_refused(world: World) -> None:
    refuse(ask(offline_machine(world), user=world.ada, reason="It broke."), answer="No.")


def webhook_switched_off(world: World) -> None:
    switch_off(hook_of(world.acme, "https://shop.example/hooks"), Webhook.Why.GONE)


def domain_failing(world: World) -> None:
    domain = claim(world.acme, "licenses.acme.example")
    until = timezone.now() + timedelta(days=7)
    CustomDomain.objects.filter(pk=domain.pk).update(
        state="failing", failing_since=timezone.now(), served_until=until
    )
    queue("domain-failing", user=world.acme_admin, details={"domain": str(domain.pk)})


SAID = {
    "left": 9,
    "reason": "Lost",
    "passkey": "Grey phone",
    "program": "Nightly export",
    "browser": "Firefox/1",
    "at": "2026-11-24T12:00:00+00:00",
}
# What makes e-mails, and how many links with a token there are in each of them.
WAYS: dict[str, tuple[int, Callable[[World], object]]] = {
    "password-reset": (1, lambda w: queue("password-reset", user=w.ada)),
    "password-reset of staff": (1, lambda w: queue("password-reset", user=w.acme_support)),
    "invitation": (1, lambda w: queue("invitation", user=without_password(w.ada))),
    "invitation of staff": (1, lambda w: queue("invitation", user=w.acme_support)),
    "email-change": (1, lambda w: queue("email-change", user=w.ada, recipient="new@example.com")),
    "email-change, taken": (0, lambda w: queue("email-change", user=w.ada, recipient=w.grace.email)),
    "address-changed": (
        1, lambda w: queue("address-changed", user=w.ada, recipient="old@example.com"),
    ),
    "sign-in-link": (1, lambda w: queue("sign-in-link", user=allowed(w))),
    "registration": (1, lambda w: registered(w, "eve@example.com")),
    "registration-known": (0, lambda w: registered(w, w.ada.email)),
    "license-keys": (0, lambda w: queue("license-keys", user=allowed(w))),
    "license": (0, lambda w: send_license(w.ada_license)),
    "license of a new customer": (1, license_of_a_new_customer),
    "test-email": (0, lambda w: queue("test-email", user=w.acme_admin)),
    **{
        kind: (1, lambda w, kind=kind: queue(kind, user=w.ada, details=SAID))
        for kind in ABOUT_WAYS_IN
    },
    "single-sign-on-link": (
        1,
        lambda w: queue(
            "single-sign-on-link", user=w.ada, details={"provider": "Example ID", "mark": "0" * 64}
        ),
    ),
    "single-sign-on-connected": (
        1,
        lambda w: queue(
            "single-sign-on-connected", user=w.ada, details={"provider": "Example ID"}
        ),
    ),
    "expiry-reminder": (1, one_reminder),
    "expiry-reminder of several": (1, several_reminders),
    "release-request": (0, asked_and_refused),
    "domain-failing": (0, domain_failing),
    "webhook-switched-off": (0, webhook_switched_off),
    "domain-ended": (
        0, lambda w: queue("domain-ended", user=w.acme_admin, details={"name": "x.example"}),
    ),
    "text-test": (
        0,
        lambda w: queue(
            TEST,
            user=w.acme_admin,
            details={"text": "invitation", "subject": "Typed", "body": "{link}"},
        ),
    ),
}  # fmt: skip
MADE: dict[str, set[str]] = {}  # kinds, by the way that made them


@pytest.mark.unfound
@pytest.mark.parametrize("way", WAYS)
def test_no_link_of_any_kind_opens_anything(world: World, way: str) -> None:
    number, write = WAYS[way]
    with inside(world.acme):
        write(world)
    texts, messages = (
        kept(world),
        {message.extra_headers["Message-ID"]: message for message in mail.outbox},
    )
    assert len(texts) == len(messages) > 0
    MADE[way] = {text.email.kind for text in texts}
    for text in texts:
        message = next(messages[each] for each in messages if str(text.email_id) in each)
        check_the_same(text, message, number)
    before = state_of(world)
    for staff in (world.acme_support, world.acme_admin):
        for text in texts:
            page = signed_in(staff).get(f"/mail/outgoingemail/{text.email_id}/change/")
            read = unescape(page.content.decode())
            assert text.text.strip() in read
            assert text.html in read
            for address in {*ADDRESS.findall(read), *ADDRESS.findall(page.content.decode())}:
                try_out(address)
    assert state_of(world) == before


def test_every_kind_was_tried() -> None:
    """Runs behind the test above, which it counts on, once that has tried all ways."""
    assert {way.split(",")[0].split(" of ")[0] for way in WAYS} <= set(KINDS)
    if len(MADE) == len(WAYS):
        assert set(KINDS) == set().union(*MADE.values())


def check_the_same(text: SentText, message: Any, number: int) -> None:
    """The kept text is what went out, character for character, but for addresses with tokens; the
    ones that went out do work."""
    [(html, _type)] = message.alternatives
    for shown, sent in ((text.text, message.body), (text.html, html)):
        opening = {url for url in ADDRESS.findall(sent) if token_in(url)}
        assert len(opening) == number
        expected = sent
        for url in opening:
            expected = expected.replace(url, TAKEN_OUT)
        assert shown == expected
        assert TAKEN_OUT in shown or not number
    assert text.subject == message.subject
    assert (text.sender, [text.recipient]) == (message.from_email, message.to)
    assert text.reply_to == ", ".join(message.reply_to)


def token_in(url: str) -> str:
    """The token of an address that has one, as our own pages read it."""
    parts = urlsplit(url)
    if not (parts.hostname or "").endswith(PARENT):
        return ""
    site = "backoffice" if parts.netloc.startswith("app.") else "customer"
    return str(resolve(parts.path or "/", f"portal.urls.{site}").kwargs.get("token", ""))


NEW = {"new_password": "a longer new password", "new_password_again": "a longer new password"}


def try_out(address: str) -> None:
    """Follows an address as somebody who is not signed in, by a click, by a form, and as a mail
    program would; whatever it leads to begins no session."""
    parts = urlsplit(address)
    label = parts.netloc.partition(".")[0]
    if not (parts.hostname or "").endswith(PARENT):
        return
    browser = Browser(label)
    path = parts.path or "/"
    for answer in (
        browser.get(path),
        browser.post(path, NEW),
        browser.post(path, {"List-Unsubscribe": "One-Click"}),
    ):
        assert "sessionid" not in "".join(answer.cookies)
        assert answer.status_code in {302, 403, 404, 405} or is_open_to_all(parts.path)


def is_open_to_all(path: str) -> bool:
    """Whether it is the page to sign in, or the one that asks for a new password, without a token;
    in the source of HTML an address ends with a quotation mark."""
    return "login" in path or path.removesuffix("&quot;") == "/password-reset/"


def state_of(world: World) -> Any:
    with inside(world.acme):
        fields = ("pk", "email", "password", "link_mark", "reminders")
        people = list(User.objects.order_by("pk").values_list(*fields))
        return people, Session.objects.filter(user__in=[world.ada, world.grace]).count()


# --- Taking out ---------------------------------------------------------------------------------

SIGNED = signing.dumps(["x"], salt="x")
TAKEN = {
    "alone": ("{}", "[]"),
    "with a slash": ("{}/", "[]"),
    "with a dot behind it": ("See {}.", "See []."),
    "in brackets": ("({}/)", "([])"),
    "with more behind it": ("{}/abc", "[]abc"),
    "as a query": ("{}?next=/x", "[]?next=/x"),
    "in HTML": ('<a href="{}/">{}/</a>', '<a href="[]">[]</a>'),
    "two without a blank": ("{},{}", "[][]"),
    "behind others": ("https://x.example/a {}/\n", "https://x.example/a []\n"),
}


@pytest.mark.parametrize("case", TAKEN)
def test_a_token_goes_with_its_address(case: str) -> None:
    written, left = TAKEN[case]
    url = f"https://acme.example:8000/invitation/{SIGNED}"
    taken = without_tokens(written.replace("{}", url))
    assert SIGNED.rpartition(":")[2] not in taken
    assert taken.replace(",[", "[").replace(TAKEN_OUT, "[]") == left


@pytest.mark.parametrize(
    "text",
    [
        "https://acme.example/licenses/7b0c1a52-6b8e-4f7e-9a51-9d3f3f3d7a11/",
        "12:30:45, a:b:c and https://x.example/a:b?c=d#e",
        "Key: ADA111-ACME-ORBIT-0001\n\n  indented  \r\n",
    ],
)
def test_whatever_is_no_token_stays(text: str) -> None:
    assert without_tokens(text) == text


def test_a_long_text_takes_no_time() -> None:
    for text in ("http://" + "a" * 200_000, "://:" * 50_000, ":aaaaa" * 40_000):
        assert without_tokens(text) == text


def test_what_people_are_mailed_is_signed_so(world: World) -> None:
    for purpose in Purpose:
        assert without_tokens(make_token(purpose, world.ada)) == TAKEN_OUT


# --- What is kept, and how long -----------------------------------------------------------------


def invited(world: World) -> OutgoingEmail:
    email = queue("invitation", user=world.ada)
    assert email
    return email


def test_what_the_server_never_had_is_not_kept(world: World, server: MailServer) -> None:
    server.says["RCPT"] = "550 nobody here"
    email = invited(world)
    assert kept(world) == []
    page = signed_in(world.acme_admin).get(f"/mail/outgoingemail/{email.pk}/change/")
    assert "it was never handed over" in page.content.decode()


def test_sent_again_the_last_one_is_kept(world: World) -> None:
    email = invited(world)
    with inside(world.acme):
        for subject in ("First", "Second"):
            message = EmailMultiAlternatives(subject, "Text", "a@example.com", ["b@example.com"])
            keep(email, message)
    assert [text.subject for text in kept(world)] == ["Second"]


def test_it_is_kept_for_90_days(world: World, frozen_time: Any) -> None:
    email = invited(world)
    frozen_time.shift(timedelta(days=90) - timedelta(seconds=1))
    call_command("clean_up")
    with inside(world.acme):
        assert kept_of(email)
    frozen_time.shift(1)
    with inside(world.acme):
        assert kept_of(email) is None
    assert len(kept(world)) == 1
    call_command("clean_up")
    assert kept(world) == []


def test_who_is_erased_is_gone_from_it(world: World) -> None:
    with inside(world.acme):
        asked_and_refused(world)  # to staff, about Ada
    queue("invitation", user=world.grace)
    invited(world)
    assert len(kept(world)) > 3
    watched = connection.execute_wrapper(every_statement_names_its_vendor)
    with inside(world.acme), watched:
        erase_person(person=world.ada)
    assert [text.recipient for text in kept(world)] == ["grace@example.com"]


def test_what_another_vendor_sent_is_not_shown(world: World) -> None:
    email = queue("invitation", user=world.bob)
    assert email
    answer = signed_in(world.acme_admin).get(f"/mail/outgoingemail/{email.pk}/change/")
    assert answer.status_code == 302
