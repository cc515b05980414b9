"""Queueing e-mails, and the list of them in the back office."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core import mail
from django.db import close_old_connections, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django_tasks_db.models import DBTaskResult

from accounts import tasks
from accounts.verbs.invitations import invite
from audit.models import AuditEntry, AuditParticulars
from mail.kinds import UnknownKind
from mail.models import OutgoingEmail
from mail.outbox import queue
from tenancy.door import inside
from tests.world import Browser, World, build, signed_in

pytestmark = pytest.mark.by_database
LIST = "/mail/outgoingemail/"


@pytest.fixture
def in_database(settings: Any) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}


def emails(world: World) -> list[OutgoingEmail]:
    with inside(world.acme):
        return list(OutgoingEmail.objects.order_by("created_at"))


def test_the_row_and_the_job_are_one(world: World, in_database: None) -> None:
    email = queue("invitation", user=world.ada)
    assert email
    job = DBTaskResult.objects.get()
    assert job.task_path == "mail.delivery.deliver"
    ids = {"vendor_id": str(world.acme.pk), "email_id": str(email.pk)}
    assert job.args_kwargs == {"args": [], "kwargs": ids}
    assert (email.state, email.recipient) == ("queued", "ada@example.com")
    with pytest.raises(RuntimeError), transaction.atomic():
        queue("invitation", user=world.ada)
        raise RuntimeError
    assert (len(emails(world)), DBTaskResult.objects.count()) == (1, 1)


def test_only_kinds_that_somebody_writes_are_queued(world: World) -> None:
    with pytest.raises(UnknownKind):
        queue("poem", user=world.ada)
    with pytest.raises(TypeError):
        queue("invitation", user=world.operator)


def test_what_has_a_name_is_queued_once_at_each_vendor(world: World) -> None:
    assert queue("invitation", user=world.ada, once="first")
    assert queue("invitation", user=world.ada, once="first") is None
    assert queue("invitation", user=world.ada, once="second")
    assert queue("invitation", user=world.bob, once="first")
    assert queue("invitation", user=world.ada)
    assert queue("invitation", user=world.ada)
    assert len(mail.outbox) == 5


@pytest.mark.django_db(transaction=True)
def test_what_has_a_name_is_queued_once_by_eight_at_once(in_database: None) -> None:
    world = build()

    def once(_: int) -> bool:
        try:
            return queue("invitation", user=world.ada, once="name") is not None
        finally:
            close_old_connections()
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(once, range(8))) == [False] * 7 + [True]
    assert (len(emails(world)), DBTaskResult.objects.count()) == (1, 1)


def invite_ada(world: World) -> None:
    """As if she had not set her password yet."""
    with inside(world.acme):
        world.ada.set_unusable_password()
        world.ada.save(update_fields=["password"])
    invite(world.ada)


def test_no_link_is_kept(world: World) -> None:
    invite_ada(world)
    [email], [message] = emails(world), mail.outbox
    token = message.body.partition("/invitation/")[2].split("/")[0]
    assert len(token) > 40
    with inside(world.acme):
        row = OutgoingEmail.objects.filter(pk=email.pk).values().get()
        # Roles tell of rights to tokens.
        entries = AuditEntry.objects.exclude(subject_type="accounts.role")
        trail = [*entries.values(), *AuditParticulars.objects.values()]
    assert token not in json.dumps([row, trail], default=str)
    assert "token" not in json.dumps([row, trail], default=str)


def test_an_invitation_is_in_the_trail(world: World) -> None:
    invite_ada(world)
    with inside(world.acme):
        entry = AuditEntry.objects.get(action="invited")
    assert (entry.subject, entry.customer_id) == ("ada@example.com", world.ada.pk)


# --- Forgotten passwords ------------------------------------------------------------------------


def test_asking_for_a_link_does_the_same_for_every_address(world: World, in_database: None) -> None:
    counts = []
    for address in ("ada@example.com", "nobody@example.com"):
        with CaptureQueriesContext(connection) as queries:
            answer = Browser("acme").post("/password-reset/", {"email": address})
        assert answer.status_code == 302
        counts.append([query["sql"].split(" ")[0] for query in queries])
    assert counts[0] == counts[1]
    assert emails(world) == []
    assert [job.task_path for job in DBTaskResult.objects.all()] == [
        "accounts.tasks.find_account"
    ] * 2


def test_looking_up_twice_queues_one(world: World, in_database: None) -> None:
    class Context:
        class task_result:
            id = "one"

    about = {"site": "customer", "vendor_id": str(world.acme.pk), "email": "ada@example.com"}
    for _ in range(2):
        tasks.find_account.call(Context, **about)
    assert [email.kind for email in emails(world)] == ["password-reset"]


def test_an_operators_link_is_in_no_vendors_list(world: World) -> None:
    Browser("app").post("/password-reset/", {"email": "root@example.com"})
    assert [message.to for message in mail.outbox] == [["root@example.com"]]
    assert emails(world) == []


# --- The list -----------------------------------------------------------------------------------


def test_the_list_costs_the_same_with_one_and_three(
    world: World, django_assert_num_queries: Any
) -> None:
    admin = signed_in(world.acme_admin)
    admin.get(LIST)
    for number in (1, 3):
        while len(emails(world)) < number:
            queue("invitation", user=world.ada)
        with django_assert_num_queries(4):
            page = admin.get(LIST).content.decode()
        assert page.count("Your account at Acme Instruments") == number
    queue("invitation", user=world.bob)
    assert "bob@" not in admin.get(LIST).content.decode()


def test_the_list_is_filtered_and_searched(world: World) -> None:
    queue("invitation", user=world.ada)
    queue("password-reset", user=world.grace)
    admin = signed_in(world.acme_admin)
    for query in ("?kind=invitation", "?q=ada%40", "?kind=invitation&state__exact=sent"):
        page = admin.get(LIST + query).content.decode()
        assert "ada@<wbr>example.com" in page
        assert "grace@" not in page
    assert "ada@" not in admin.get(f"{LIST}?state__exact=failed").content.decode()


def failed(world: World, state: str = "failed") -> str:
    email = queue("invitation", user=world.ada)
    assert email
    with inside(world.acme):
        OutgoingEmail.objects.filter(pk=email.pk).update(state=state, last_error="550 nobody here")
    mail.outbox.clear()
    return f"{LIST}{email.pk}/"


def test_an_administrator_sends_again_what_failed(world: World) -> None:
    path, admin = failed(world), signed_in(world.acme_admin)
    page = admin.get(f"{path}change/").content.decode()
    assert "Send again" in page
    assert "550 nobody here" in page
    assert "may arrive twice" not in page
    assert admin.get(f"{path}do/send-again/").status_code == 404
    answers = [admin.post(f"{path}do/send-again/", follow=True) for _ in range(2)]
    assert "on its way again" in answers[0].content.decode()
    assert "on its way already, or was sent" in answers[1].content.decode()
    assert len(mail.outbox) == 1
    assert "Send again" not in admin.get(f"{path}change/").content.decode()
    assert admin.post(f"{path}do/nothing/").status_code == 403


def test_of_an_unknown_one_it_is_said_what_may_happen(world: World) -> None:
    page = signed_in(world.acme_admin).get(f"{failed(world, 'unknown')}change/")
    assert "may arrive twice" in page.content.decode()


def test_support_sees_but_does_not_send(world: World) -> None:
    path, support = failed(world), signed_in(world.acme_support)
    assert support.get(LIST).status_code == 200
    page = support.get(f"{path}change/")
    assert (page.status_code, "Send again" in page.content.decode()) == (200, False)
    assert support.post(f"{path}do/send-again/").status_code == 403
    assert mail.outbox == []


def test_nobody_writes_deletes_or_sees_anothers(world: World) -> None:
    path, admin = failed(world), signed_in(world.acme_admin)
    assert admin.get(f"{LIST}add/").status_code == 403
    assert admin.post(f"{path}change/", {"recipient": "x@example.com"}).status_code == 403
    assert admin.post(f"{path}delete/", {"post": "yes"}).status_code == 403
    other = signed_in(world.globex_admin)
    assert other.get(f"{path}change/").status_code == 302
    assert other.post(f"{path}do/send-again/").status_code == 404
    assert signed_in(world.operator).get(LIST).status_code == 403
    assert mail.outbox == []
