"""A clock that was wrong and is set right: nobody is kept out until the wrong time has come, nothing
is lost and nothing counts twice.

`frozen_time.shift` sets the machine's clock, ahead first and then back.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from accounts.models import Session
from jobs import upkeep
from licenses.errors import ActivationLimitReached
from licenses.verbs.activations import activate, sync
from mail import delivery
from mail.models import OutgoingEmail
from mail.outbox import queue
from tenancy.door import inside
from tests.api.program import program_of
from tests.api.test_idempotency import LENS, made, send
from tests.licenses.test_activation import counts, machine, make
from tests.world import World, signed_in
from web import limits
from web.limits import Limit, TooManyAttempts, take, take_counted

pytestmark = pytest.mark.by_database

AHEAD = timedelta(days=3)


@pytest.fixture
def queued(settings: Any) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}


@pytest.mark.usefixtures("each_store")
@pytest.mark.parametrize("use", [take, take_counted])
def test_a_limit_keeps_nobody_out_until_the_wrong_time(
    db: None, frozen_time: Any, use: Any
) -> None:
    limit = Limit("test", burst=2, interval=60, in_redis=True)
    frozen_time.shift(AHEAD)
    use(limit, "ada")
    frozen_time.shift(-AHEAD)
    with pytest.raises(TooManyAttempts) as refused:
        use(limit, "ada")
    assert refused.value.wait == 60
    frozen_time.shift(60)
    use(limit, "ada")
    with pytest.raises(TooManyAttempts):
        use(limit, "ada")


@pytest.mark.usefixtures("each_store")
@pytest.mark.parametrize("use", [take, take_counted])
def test_clocks_that_differ_a_little_give_no_try_away(db: None, frozen_time: Any, use: Any) -> None:
    """As those of two machines do."""
    limit = Limit("test", burst=2, interval=60, in_redis=True)
    frozen_time.shift(limits.AHEAD)
    for _ in range(2):
        use(limit, "ada")
    frozen_time.shift(-limits.AHEAD)
    with pytest.raises(TooManyAttempts) as refused:
        use(limit, "ada")
    assert refused.value.wait == 60 + limits.AHEAD


def test_who_is_signed_in_stays_so(world: World, frozen_time: Any) -> None:
    before, during = signed_in(world.ada), timedelta(minutes=30)
    frozen_time.shift(during)
    assert before.get("/licenses/").status_code == 200
    between = signed_in(world.grace)
    frozen_time.shift(-during)
    for browser in (before, between):
        assert browser.get("/licenses/").status_code == 200
    with inside(world.acme):
        ends = max(Session.of_scope.values_list("ends_at", flat=True))
    frozen_time.move_to(ends)
    for browser in (before, between):
        assert browser.get("/licenses/").status_code == 302


def test_a_session_is_over_while_the_clock_is_ahead_and_counts_again(
    world: World, frozen_time: Any
) -> None:
    browser, year = signed_in(world.ada), timedelta(days=365)
    frozen_time.shift(year)
    assert browser.get("/licenses/").status_code == 302
    frozen_time.shift(-year)
    assert browser.get("/licenses/").status_code == 200


def test_a_call_still_counts_once(world: World, frozen_time: Any) -> None:
    program = program_of(world.acme_admin)
    frozen_time.shift(AHEAD)
    first = send(program)
    frozen_time.shift(-AHEAD)
    assert send(program).json()["code"] == "TOO_MANY_REQUESTS"  # for as long as one call takes
    frozen_time.shift(1)
    assert (send(program).content, made(world)) == (first.content, 1)
    assert send(program, LENS | {"name": "Lens 2"}).status_code == 409


@pytest.mark.usefixtures("queued")
def test_a_job_that_a_killed_worker_had_runs_again(world: World, frozen_time: Any) -> None:
    frozen_time.shift(AHEAD)
    queue("invitation", user=world.ada)
    DBTaskResult.objects.get().claim("killed")
    frozen_time.shift(-AHEAD)
    assert upkeep.put_back_jobs() == 1
    assert DBTaskResult.objects.get().status == TaskResultStatus.READY
    assert upkeep.put_back_jobs() == 0


@pytest.mark.usefixtures("queued")
def test_an_e_mail_leaves_at_once_and_once(world: World, frozen_time: Any) -> None:
    frozen_time.shift(AHEAD)
    email = queue("invitation", user=world.ada)
    assert email
    frozen_time.shift(-AHEAD)
    for _twice in range(2):
        delivery.deliver.call(vendor_id=str(email.vendor_id), email_id=str(email.pk))
    delivery.put_back()
    assert len(mail.outbox) == 1
    with inside(world.acme):
        assert OutgoingEmail.objects.get(pk=email.pk).state == OutgoingEmail.State.SENT


def test_a_seat_is_held_by_its_next_sync(acme: World, frozen_time: Any) -> None:
    """A lease that began by the wrong clock is set right by the program's next sync."""
    license = make(acme, type="hosted-floating", allowed_activations=1, lease_duration=600)
    frozen_time.shift(AHEAD)
    held = activate(license, machine("one"))
    frozen_time.shift(-AHEAD)
    with pytest.raises(ActivationLimitReached):
        activate(license, machine("two"))
    sync(held.pk)
    frozen_time.shift(600)
    activate(license, machine("two"))
    assert counts(license) == (1, 1)
