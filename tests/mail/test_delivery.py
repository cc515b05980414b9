"""Delivering e-mails through a real mail server: each once, and what it says is believed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.db import close_old_connections, connections
from django.utils import timezone

from audit.models import AuditEntry
from mail import delivery
from mail.kinds import KINDS, EmailKind, kind_of
from mail.models import OutgoingEmail
from mail.outbox import queue
from mail.smtp import with_dots_doubled
from tenancy.door import inside
from tests.mail.smtp_server import HANG_UP, MailServer, mail_server
from tests.roles import everywhere
from tests.world import World, build

pytestmark = pytest.mark.by_database
State = OutgoingEmail.State
QUEUED, SENT, FAILED, UNKNOWN = State.QUEUED, State.SENT, State.FAILED, State.UNKNOWN


def invited(world: World, **fields: Any) -> OutgoingEmail:
    """An invitation to Ada, after the first attempt to send it."""
    email = queue("invitation", user=world.ada, **fields)
    assert email
    return again(email)


def again(email: OutgoingEmail) -> OutgoingEmail:
    with everywhere():
        return OutgoingEmail.objects.get(pk=email.pk)


def deliver(email: OutgoingEmail) -> OutgoingEmail:
    delivery.deliver.call(vendor_id=str(email.vendor_id), email_id=str(email.pk))
    return again(email)


def left_as(email: OutgoingEmail, state: str, due_at: datetime | None) -> None:
    """What a killed worker leaves."""
    with everywhere():
        OutgoingEmail.objects.filter(pk=email.pk).update(state=state, due_at=due_at)


def test_what_the_server_takes_is_sent(world: World, server: MailServer) -> None:
    email = invited(world)
    assert (email.state, email.attempts, email.last_error) == (SENT, 1, "")
    assert (email.sent_at, email.due_at) == (timezone.now(), None)
    assert email.subject == "Your account at Acme Instruments"
    assert server.accepted == [str(email.pk)]
    [text] = server.texts
    assert b"To: ada@example.com\r\n" in text
    assert b"/invitation/" in text


@pytest.mark.parametrize(
    ("said", "state", "arrived"),
    [
        (("MAIL", "451 not now"), QUEUED, 0),
        (("MAIL", "550 not from you"), QUEUED, 0),
        (("MAIL", HANG_UP), QUEUED, 0),
        (("RCPT", "451 not now"), QUEUED, 0),
        (("RCPT", "550 nobody here"), FAILED, 0),
        (("RCPT", HANG_UP), QUEUED, 0),
        (("DATA", "451 not now"), QUEUED, 0),
        (("DATA", HANG_UP), QUEUED, 0),
        (("END", "451 disk full"), QUEUED, 0),
        (("END", "554 refused"), FAILED, 0),
        (("END", HANG_UP), UNKNOWN, 1),
    ],
)
def test_what_the_server_says_is_believed(
    world: World, server: MailServer, said: tuple[str, str], state: str, arrived: int
) -> None:
    command, answer = said
    server.says[command] = answer
    email = invited(world)
    assert (email.state, email.attempts, len(server.accepted)) == (state, 1, arrived)
    assert email.due_at == (timezone.now() + timedelta(minutes=1) if state == QUEUED else None)
    assert email.last_error
    if answer != HANG_UP:
        assert email.last_error == answer


def test_no_server_is_a_reason_to_try_again(world: World, settings: Any) -> None:
    with mail_server() as server:
        settings.EMAIL_BACKEND = "mail.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    email = invited(world)
    assert email.state == QUEUED
    assert email.last_error.startswith("ConnectionRefusedError")


def test_a_reply_that_is_too_late_is_none(world: World, server: MailServer, settings: Any) -> None:
    settings.EMAIL_REPLY_TIMEOUT, server.delay = 0.1, 1.0
    assert invited(world).state == UNKNOWN
    assert len(server.accepted) == 1


def test_attempts_come_less_and_less_often_and_end(
    world: World, server: MailServer, frozen_time: Any
) -> None:
    server.says["RCPT"] = "451 not now"
    email, waits = invited(world), []
    while email.due_at:
        wait = email.due_at - timezone.now()
        waits.append(wait)
        frozen_time.shift(wait - timedelta(seconds=1))
        assert deliver(email).attempts == len(waits)  # Not due.
        frozen_time.shift(1)
        email = deliver(email)
    assert tuple(waits) == delivery.WAITS
    assert (email.state, email.attempts) == (FAILED, 8)


def test_the_next_attempt_succeeds(world: World, server: MailServer, frozen_time: Any) -> None:
    server.says["DATA"] = "451 not now"
    email = invited(world)
    server.says.clear()
    frozen_time.shift(61)
    assert deliver(email).state == SENT
    assert deliver(email).attempts == 2
    assert server.accepted == [str(email.pk)]


def test_who_has_lost_the_claim_hands_nothing_over(
    world: World, server: MailServer, frozen_time: Any
) -> None:
    email = invited(world)
    server.accepted.clear()
    left_as(email, QUEUED, timezone.now())
    with inside(world.acme):
        slow = delivery.claim(email.pk)
        assert slow
        assert delivery.claim(email.pk) is None
        frozen_time.shift(61)
        quick = delivery.claim(email.pk)
        assert quick
        with pytest.raises(delivery.Superseded):
            delivery.send(slow)
        assert server.accepted == []
        delivery.send(quick)
    assert (again(email).state, server.accepted) == (SENT, [str(email.pk)])


def test_a_late_reply_still_says_what_happened(world: World, server: MailServer) -> None:
    email = invited(world)
    left_as(email, QUEUED, timezone.now())
    with inside(world.acme):
        held = delivery.claim(email.pk)
        assert held
        message = kind_of(held.kind).render(held)
        assert message
        delivery._mark(held, message)
        left_as(email, UNKNOWN, None)
        delivery._move(held, SENT, due_at=None)
    assert again(email).state == SENT


def kind(monkeypatch: pytest.MonkeyPatch, render: Callable[[OutgoingEmail], Any]) -> None:
    monkeypatch.setitem(KINDS, "invitation", EmailKind("Test", render))


def test_what_is_not_needed_any_more_is_not_sent(
    world: World, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind(monkeypatch, lambda email: None)
    email = invited(world)
    assert (email.state, email.due_at, server.accepted) == (State.NOT_NEEDED, None, [])


def test_a_fault_in_writing_is_tried_again_and_tells_no_secret(
    world: World, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(email: OutgoingEmail) -> EmailMultiAlternatives:
        raise LookupError("token abc")

    kind(monkeypatch, fail)
    email = invited(world)
    assert (email.state, email.last_error) == (QUEUED, "LookupError")


def test_dots_are_doubled_where_a_line_begins() -> None:
    assert with_dots_doubled(b".\r\na.b\r\n..c") == b"..\r\na.b\r\n...c\r\n"


# --- Other backends -----------------------------------------------------------------------------


def test_other_backends_are_marked_right_before(world: World, settings: Any, tmp_path: Any) -> None:
    settings.EMAIL_BACKEND = "mail.console.ConsoleAndFolderBackend"
    settings.MAIL_DIR = tmp_path / "mail"
    assert invited(world).state == SENT
    assert len(list(settings.MAIL_DIR.iterdir())) == 1
    settings.MAIL_DIR = tmp_path / "file"
    settings.MAIL_DIR.write_text("")
    email = invited(world)
    assert (email.state, email.last_error[:15]) == (UNKNOWN, "FileExistsError")


# --- What is left over --------------------------------------------------------------------------


def test_what_a_killed_worker_was_writing_is_sent(
    world: World, server: MailServer, frozen_time: Any
) -> None:
    email = invited(world)
    server.accepted.clear()
    left_as(email, State.SENDING, timezone.now() + timedelta(seconds=60))
    delivery.put_back()
    assert again(email).state == State.SENDING
    frozen_time.shift(60)
    delivery.put_back()
    assert (again(email).state, server.accepted) == (SENT, [str(email.pk)])


def test_what_a_killed_worker_had_handed_over_is_unknown_and_not_sent_again(
    world: World, server: MailServer, frozen_time: Any
) -> None:
    email = invited(world)
    server.accepted.clear()
    left_as(email, State.HANDED_OVER, timezone.now() + timedelta(seconds=360))
    frozen_time.shift(359)
    delivery.put_back()
    assert again(email).state == State.HANDED_OVER
    frozen_time.shift(1)
    delivery.put_back()
    frozen_time.shift(3600)
    delivery.put_back()
    assert (deliver(email).state, server.accepted) == (UNKNOWN, [])


def test_what_has_no_job_gets_one(world: World, server: MailServer, frozen_time: Any) -> None:
    email = invited(world)
    left_as(email, QUEUED, timezone.now())
    delivery.put_back()
    assert again(email).state == QUEUED  # Its job may be waiting.
    frozen_time.shift(61)
    delivery.put_back()
    assert again(email).state == SENT


def test_what_kills_every_worker_ends(world: World, server: MailServer) -> None:
    email = invited(world)
    left_as(email, State.SENDING, timezone.now())
    with everywhere():
        OutgoingEmail.objects.update(attempts=8)
    delivery.put_back()
    assert (again(email).state, len(server.accepted)) == (FAILED, 1)


@pytest.mark.parametrize("state", [FAILED, UNKNOWN])
def test_a_person_can_have_it_sent_again_once(world: World, server: MailServer, state: str) -> None:
    email = invited(world)
    left_as(email, state, None)
    with inside(world.acme):
        delivery.resend(email)
        with pytest.raises(delivery.NotResendable):
            delivery.resend(email)
        last = AuditEntry.objects.filter(action="sent-again").get()
    assert (last.subject_id, last.customer_id) == (email.pk, world.ada.pk)
    assert server.accepted == [str(email.pk)] * 2
    assert (again(email).state, again(email).attempts) == (SENT, 1)


# --- Several at once ----------------------------------------------------------------------------


def in_thread(act: Callable[[], Any]) -> Any:
    try:
        return act()
    finally:
        close_old_connections()
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_the_mark_is_committed_before_the_server_has_it(server: MailServer) -> None:
    world, seen = build(), []
    email = invited(world)
    left_as(email, QUEUED, timezone.now())
    server.at_end = lambda: seen.append(in_thread(lambda: again(email).state))
    assert deliver(email).state == SENT
    assert seen == [State.HANDED_OVER]


@pytest.mark.django_db(transaction=True)
def test_a_job_that_runs_many_times_at_once_sends_one(server: MailServer) -> None:
    world = build()
    email = invited(world)
    left_as(email, QUEUED, timezone.now())
    server.accepted.clear()
    server.delay = 0.1
    with ThreadPoolExecutor(8) as pool:
        for job in [pool.submit(in_thread, lambda: deliver(email)) for _ in range(8)]:
            job.result()
    assert (again(email).state, server.accepted) == (SENT, [str(email.pk)])


@pytest.mark.django_db(transaction=True)
def test_many_workers_put_back_one_job(server: MailServer, settings: Any) -> None:
    from django_tasks_db.models import DBTaskResult

    world = build()
    email = invited(world)
    left_as(email, State.SENDING, timezone.now())
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    with ThreadPoolExecutor(8) as pool:
        for job in [pool.submit(in_thread, delivery.put_back) for _ in range(8)]:
            job.result()
    assert DBTaskResult.objects.count() == 1
