"""Delivering e-mails: each is sent once, however often a worker is killed or a job repeated.

Before an e-mail is handed over it is marked, and the mark is committed. What fails before the
mark is tried again for certain. After it, nothing is sent again by itself: if the server's reply
never came, the e-mail is `unknown`, and a person decides (docs/architecture.md).

Every step is one UPDATE that names the claim; who has lost the claim stops.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.db import DatabaseError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_tasks import task
from django_tasks.base import DEFAULT_TASK_PRIORITY
from django_tasks_db.models import DBTaskResult

from audit import trail
from jobs.vendors import at_each
from mail import smtp
from mail.kinds import kind_of
from mail.models import OutgoingEmail
from mail.verbs.keeping import keep
from tenancy.door import Way, inside, outside
from web.errors import PortalError
from web.watched import doing

logger = logging.getLogger(__name__)

State = OutgoingEmail.State
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# How long to wait after each attempt that failed; after the last one it is given up.
WAITS = (MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR)
AT_A_TIME = 200  # so many are put back at most, oldest first


class Superseded(Exception):
    """The lease ran out and somebody else has the e-mail now."""


class NotResendable(PortalError):
    """Only an e-mail that failed, or of which nobody knows, can be sent again."""

    code = "EMAIL_NOT_RESENDABLE"
    text = _("This e-mail is on its way already, or was sent.")


@task()
def deliver(*, vendor_id: str, email_id: str) -> None:
    """Sends an e-mail that is due; safe to repeat, also at the same time."""
    with inside(UUID(vendor_id)):
        email = claim(email_id)
        if email is not None:
            # Whoever has it now does what is left to do.
            with suppress(Superseded):
                send(email)


# The job's place in the queue; lower ones come later.
_priority: ContextVar[int] = ContextVar("priority of e-mails", default=DEFAULT_TASK_PRIORITY)
OF_MANY = -10


@contextmanager
def one_of_many() -> Iterator[None]:
    """E-mails that are queued inside let those pass for which somebody waits."""
    token = _priority.set(OF_MANY)
    try:
        yield
    finally:
        _priority.reset(token)


def enqueue(email: OutgoingEmail, *, run_after: datetime | None = None) -> None:
    """Queues the job that delivers the e-mail, in the transaction that this runs in."""
    job = deliver
    if job.get_backend().supports_priority:
        job = job.using(priority=_priority.get())
    if run_after:
        if not job.get_backend().supports_defer:
            return  # `put_back` finds it when it is due.
        job = job.using(run_after=run_after)
    job.enqueue(vendor_id=str(email.vendor_id), email_id=str(email.pk))


# --- One attempt --------------------------------------------------------------------------------


def claim(email_id: Any) -> OutgoingEmail | None:
    """Takes the e-mail if it is due, or if whoever had it was killed; None if it is not free. At
    first it is due at once, also where the clock has been set back since."""
    now, mine = timezone.now(), uuid4()
    due = Q(state__in=(State.QUEUED, State.SENDING), due_at__lte=now)
    due |= Q(state=State.QUEUED, attempts=0)
    taken = OutgoingEmail.objects.filter(due, pk=email_id).update(
        state=State.SENDING,
        claim=mine,
        attempts=F("attempts") + 1,
        due_at=now + lease(),
        updated_at=now,
    )
    if not taken:
        return None
    emails = OutgoingEmail.objects.select_related("user__vendor", "vendor")
    # None if the person was erased just now.
    return emails.filter(pk=email_id, claim=mine).first()


def lease() -> timedelta:
    """How long an attempt may take until it counts as killed, up to the handing over."""
    return timedelta(seconds=settings.EMAIL_LEASE)


def send(email: OutgoingEmail) -> None:
    """Writes the e-mail and hands it over, and keeps what came of it. Raises Superseded."""
    try:
        with inside(email.vendor):  # by whose clocks it tells moments
            message = kind_of(email.kind).render(email)
    except DatabaseError:
        raise
    except Exception as error:
        logger.exception("The e-mail %s could not be written.", email.pk)
        return _try_again(email, type(error).__name__)
    if message is None:
        return _move(email, State.NOT_NEEDED, due_at=None)
    message.extra_headers["Message-ID"] = message_id(email, message)
    email.subject = message.subject[:300]
    try:
        with doing("email", email.kind, email.vendor_id) as done:
            hand_over(message, lambda: _mark(email, message))
            done.outcome = "ACCEPTED"
    except smtp.Refused as error:
        return _fail(email, str(error)) if error.permanent else _try_again(email, str(error))
    except smtp.NoReply as error:
        return _move(email, State.UNKNOWN, due_at=None, last_error=str(error)[:300])
    except (DatabaseError, Superseded):
        raise
    except Exception as error:
        return _came_to_nothing(email, error)
    _move(email, State.SENT, due_at=None, sent_at=timezone.now(), last_error="")


def message_id(email: OutgoingEmail, message: EmailMessage) -> str:
    """The same for every attempt, so that a mail server can tell a repetition."""
    domain = message.from_email.rpartition("@")[2].strip("> ")
    return f"<{email.pk}@{domain}>"


def hand_over(message: EmailMessage, mark: Callable[[], None]) -> None:
    """Gives the message to the configured backend, and calls `mark` as late as that allows."""
    backend = get_connection()
    if isinstance(backend, smtp.EmailBackend):
        backend.hand_over(message, mark)
        return
    mark()
    backend.send_messages([message])


@transaction.atomic
def _mark(email: OutgoingEmail, message: EmailMultiAlternatives) -> None:
    """From here on the server may have the e-mail, and what it has is kept. Raises Superseded."""
    wait = timedelta(seconds=settings.EMAIL_REPLY_TIMEOUT) + lease()
    keep(email, message)
    _move(email, State.HANDED_OVER, due_at=timezone.now() + wait, subject=email.subject)


def _came_to_nothing(email: OutgoingEmail, error: Exception) -> None:
    """An error that says nothing about the e-mail: what counts is whether it was marked."""
    said = f"{type(error).__name__}: {error}"
    if email.state == State.HANDED_OVER:
        return _move(email, State.UNKNOWN, due_at=None, last_error=said[:300])
    return _try_again(email, said)


def _try_again(email: OutgoingEmail, error: str) -> None:
    """Puts it off; after the last attempt it is given up."""
    if email.attempts > len(WAITS):
        return _fail(email, error)
    due = timezone.now() + WAITS[email.attempts - 1]
    with transaction.atomic():
        _move(email, State.QUEUED, due_at=due, last_error=error[:300])
        enqueue(email, run_after=due)


def _fail(email: OutgoingEmail, error: str) -> None:
    logger.error("The e-mail %s failed: %s", email.pk, error)
    _move(email, State.FAILED, due_at=None, last_error=error[:300])


# What a holder of the claim may find its e-mail in: a reply that comes after the waiting was
# over still says for certain what happened.
BEFORE = {
    State.HANDED_OVER: (State.SENDING,),
    State.SENT: (State.HANDED_OVER, State.UNKNOWN),
    State.UNKNOWN: (State.HANDED_OVER, State.UNKNOWN),
}
ANY = (State.SENDING, State.HANDED_OVER, State.UNKNOWN)


def _move(email: OutgoingEmail, to: OutgoingEmail.State, **changes: Any) -> None:
    """The next state of an e-mail that this process has the claim to. Raises Superseded."""
    held = OutgoingEmail.objects.filter(
        pk=email.pk, claim=email.claim, state__in=BEFORE.get(to, ANY)
    )
    if held.update(state=to, updated_at=timezone.now(), **changes) != 1:
        raise Superseded
    email.state = to


# --- What is left over --------------------------------------------------------------------------


def put_back() -> None:
    """Sees to what killed workers left: tells what is unknown, and queues what has no job.

    Runs outside every scope, in any number of workers at once.
    """
    now = timezone.now()
    left = Q(state__in=(State.SENDING, State.HANDED_OVER), due_at__lte=now)
    if not _jobs_are_waiting():
        left |= Q(state=State.QUEUED, due_at__lte=now - lease())
    with outside(Way.EMAILS, "One index finds what is due for all vendors."):
        # One index answers this for all vendors; what is done about it names the vendor.
        found = list(OutgoingEmail.objects.filter(left).order_by("due_at")[:AT_A_TIME])
    left_by: dict[UUID, list[OutgoingEmail]] = defaultdict(list)
    for email in found:
        left_by[email.vendor_id].append(email)

    def at(vendor_id: UUID) -> int:
        for email in left_by[vendor_id]:
            _see_to(email, now)
        return len(left_by[vendor_id])

    at_each(at, list(left_by))


def _jobs_are_waiting() -> bool:
    """Whether the workers have not come to all e-mails yet: then none is without a job for sure."""
    jobs = DBTaskResult.objects.ready().filter(task_path=deliver.module_path)
    return jobs.exists()


def _see_to(email: OutgoingEmail, now: datetime) -> None:
    """Does what is due about one e-mail, unless it has moved on meanwhile."""
    same = OutgoingEmail.objects.filter(pk=email.pk, state=email.state, due_at=email.due_at)
    if email.state == State.HANDED_OVER:
        same.update(state=State.UNKNOWN, due_at=None, updated_at=now)
        return
    if email.attempts > len(WAITS):
        same.update(state=State.FAILED, due_at=None, updated_at=now)
        return
    with transaction.atomic():
        # One of several workers gets it; due from now on, it is left alone for a lease.
        if same.update(state=State.QUEUED, claim=None, due_at=now, updated_at=now):
            enqueue(email)


@transaction.atomic
def resend(email: OutgoingEmail) -> None:
    """Queues an e-mail anew that failed, or of which nobody knows whether it was sent.

    Raises NotResendable, also the second time.
    """
    ended = OutgoingEmail.objects.filter(pk=email.pk, state__in=(State.FAILED, State.UNKNOWN))
    now = timezone.now()
    if not ended.update(state=State.QUEUED, claim=None, attempts=0, due_at=now, updated_at=now):
        raise NotResendable
    trail.record("sent-again", email, customer_id=email.user_id, license_id=email.license_id)
    enqueue(email)
