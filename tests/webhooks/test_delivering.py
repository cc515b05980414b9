"""What becomes of an event, by what its receiver does: the table of docs/webhooks.md."""

import base64
import hmac
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from standardwebhooks.webhooks import Webhook as Theirs

from licenses.verbs import licenses
from licenses.verbs.licenses import create_license
from tenancy.door import inside
from tests.webhooks.hooks import SECRET, STANDARD, fresh, hook_of, queued
from tests.webhooks.receiver import (
    Receiver,
    endlessly,
    hanging_up,
    head_endlessly,
    receiving,
    saying,
    slowly,
)
from tests.world import NOW, World
from web import fetching
from webhooks import courier
from webhooks.errors import NotResendable
from webhooks.models import Delivery, Webhook
from webhooks.verbs import delivering
from webhooks.verbs.delivering import WAITS, due, resend
from webhooks.verbs.webhooks import send_test

State, Reason = Delivery.State, Delivery.Reason


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.PRIVATE_RECEIVERS = {"127.0.0.1", "shop.example"}
    with receiving() as found:
        yield found


def carried(hook: Webhook) -> Delivery:
    """An event of the webhook's that was queued, and carried."""
    row = queue_one(hook)
    courier.carry_all()
    return fresh(row)


def queue_one(hook: Webhook) -> Delivery:
    with inside(hook.vendor):
        return Delivery.objects.create(
            vendor=hook.vendor,
            webhook=hook,
            event="license.created",
            thing_id=hook.pk,
            place=Delivery.objects.count(),
            body='{"event":"license.created"}',
            due_at=NOW,
        )


OUTCOMES = [
    (saying(200), State.DELIVERED, 200, ""),
    (saying(204), State.DELIVERED, 204, ""),
    (endlessly, State.DELIVERED, 200, ""),
    (saying(302, "", "Location: http://127.0.0.1:1/"), State.QUEUED, 302, Reason.REDIRECT),
    (saying(400, "no"), State.QUEUED, 400, Reason.REFUSED),
    (saying(404), State.QUEUED, 404, Reason.REFUSED),
    (saying(429), State.QUEUED, 429, Reason.REFUSED),
    (saying(500, "broken"), State.QUEUED, 500, Reason.REFUSED),
    (saying(410, "gone"), State.GIVEN_UP, 410, Reason.GONE),
    (hanging_up, State.QUEUED, None, Reason.NO_ANSWER),
    (slowly(3), State.QUEUED, None, Reason.NO_ANSWER),
    (head_endlessly, State.QUEUED, None, Reason.NO_ANSWER),
]


@pytest.mark.parametrize(
    ("answer", "said"),
    [(answer, said) for answer, *said in OUTCOMES],
    ids=["200", "204", "endless", "302", "400", "404", "429", "500", "410", "hangs-up", "slow",
         "endless-head"],
)  # fmt: skip
def test_what_becomes_of_an_event(
    world: World,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    answer: Any,
    said: list[Any],
) -> None:
    monkeypatch.setattr(fetching, "TIMEOUT", 1.0)
    receiver.usual = answer
    begin = time.perf_counter()
    found = carried(hook_of(world.acme, receiver.url))
    assert [found.state, found.status, found.reason] == said
    assert found.attempts == 1
    assert len(receiver.got) == 1
    assert len(found.answer) <= delivering.LONGEST_ANSWER
    assert (found.due_at is None) == (found.state != State.QUEUED)
    assert time.perf_counter() - begin < 5


def test_nobody_listens(world: World, receiver: Receiver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    found = carried(hook_of(world.acme, f"http://127.0.0.1:{port}/"))
    assert (found.state, found.reason) == (State.QUEUED, Reason.NO_ANSWER)


def test_what_is_sent(world: World, receiver: Receiver) -> None:
    row = carried(hook_of(world.acme, receiver.url))
    [got] = receiver.got
    assert got.path == "/hooks"
    assert got.body == row.body.encode()
    assert got.id == str(row.pk)
    assert got.headers["content-type"] == "application/json; charset=utf-8"
    assert got.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    digest = hmac.digest(SECRET.encode(), got.body, "sha256")
    assert got.headers["webhook-signature"] == base64.b64encode(digest).decode()


def test_what_is_sent_in_the_standard_style(world: World, receiver: Receiver) -> None:
    hook = hook_of(world.acme, receiver.url, style="standard", secret=STANDARD)
    row = carried(hook)
    [got] = receiver.got
    assert Theirs(STANDARD).verify(got.body, got.headers) == {"event": row.event}


def test_it_comes_again_until_it_arrives(
    world: World, receiver: Receiver, time_machine: Any
) -> None:
    receiver.script.extend([saying(500), hanging_up, saying(200)])
    row = carried(hook_of(world.acme, receiver.url))
    for _ in range(2):
        assert row.due_at is not None
        time_machine.move_to(row.due_at, tick=False)
        courier.carry_all()
        row = fresh(row)
    assert (row.state, row.attempts) == (State.DELIVERED, 3)
    assert {got.id for got in receiver.got} == {str(row.pk)}
    assert row.webhook.failing_since is None


def test_after_a_day_it_is_given_up_and_the_webhook_switched_off(
    world: World, receiver: Receiver, time_machine: Any
) -> None:
    receiver.usual = saying(500)
    row = carried(hook_of(world.acme, receiver.url))
    waits = []
    while row.due_at is not None:
        assert row.sent_at is not None
        waits.append(row.due_at - row.sent_at)
        time_machine.move_to(row.due_at, tick=False)
        courier.carry_all()
        row = fresh(row)
    assert (row.state, row.reason, row.attempts) == (State.GIVEN_UP, Reason.REFUSED, 11)
    for wait, usual in zip(waits, WAITS, strict=True):
        assert 0.9 * usual <= wait <= 1.1 * usual
    assert timedelta(hours=19) < sum(waits, timedelta()) < timedelta(days=1)
    hook = row.webhook
    assert (hook.active, hook.switched_off) == (False, Webhook.Why.FAILING)
    [email] = [each for each in mail.outbox if "Shop" in each.subject]
    assert email.to == [world.acme_admin.email]
    assert "nothing has arrived for a day" in email.body


def test_one_that_arrives_keeps_the_webhook_on(
    world: World, receiver: Receiver, time_machine: Any
) -> None:
    receiver.usual = saying(500)
    hook = hook_of(world.acme, receiver.url)
    row = carried(hook)
    with inside(world.acme):
        Delivery.objects.filter(pk=row.pk).update(attempts=10)
    time_machine.move_to(NOW + timedelta(hours=23), tick=False)
    receiver.script.append(saying(200))
    other = queue_one(hook)
    with inside(world.acme):
        Delivery.objects.filter(pk=other.pk).update(thing_id=world.orbit.pk, due_at=NOW)
        Delivery.objects.filter(pk=row.pk).update(due_at=NOW + timedelta(hours=24))
    courier.carry_all()
    time_machine.move_to(NOW + timedelta(hours=24), tick=False)
    courier.carry_all()
    assert fresh(other).state == State.DELIVERED
    assert fresh(row).state == State.GIVEN_UP
    assert fresh(row).webhook.active


def test_410_switches_off_at_once(world: World, receiver: Receiver) -> None:
    receiver.usual = saying(410)
    hook = hook_of(world.acme, receiver.url)
    first, second = queue_one(hook), queue_one(hook)
    courier.carry_all()
    assert len(receiver.got) == 1
    assert (fresh(first).reason, fresh(second).reason) == (Reason.GONE, Reason.OFF)
    assert fresh(first).webhook.switched_off == Webhook.Why.GONE
    assert "410" in mail.outbox[-1].body


def test_events_of_a_thing_come_in_order(
    world: World, receiver: Receiver, time_machine: Any
) -> None:
    """The first is refused: the second waits for it, and another thing's does not."""
    hook_of(world.acme, receiver.url, ["license.created", "license.suspended"])
    with inside(world.acme):
        one = create_license(product=world.orbit, user=world.ada)
        licenses.suspend(one)
    receiver.script.append(saying(500))
    courier.carry_all()
    with inside(world.acme):
        two = create_license(product=world.orbit, user=world.ada)
    courier.carry_all()
    states = {(each.thing_id, each.event): each.state for each in queued(world.acme)}
    assert states == {
        (one.pk, "license.created"): State.QUEUED,
        (one.pk, "license.suspended"): State.QUEUED,
        (two.pk, "license.created"): State.DELIVERED,
    }
    time_machine.move_to(NOW + timedelta(minutes=1), tick=False)
    courier.carry_all()
    assert {each.state for each in queued(world.acme)} == {State.DELIVERED}
    ids = [got.id for got in receiver.got]
    first, second = (str(each.pk) for each in queued(world.acme) if each.thing_id == one.pk)
    assert [each for each in ids if each in (first, second)] == [first, first, second]


@pytest.mark.takes_turns
def test_a_slow_receiver_does_not_stop_others(world: World, receiver: Receiver) -> None:
    """Forty events wait for a slow one, and the other vendor's arrives meanwhile."""
    with receiving() as slow:
        slow.usual = slowly(0.5)
        hook = hook_of(world.acme, slow.url)
        with inside(world.acme):
            for n in range(10):
                row = queue_one(hook)
                Delivery.objects.filter(pk=row.pk).update(thing_id=row.pk, place=n)
        row = queue_one(hook_of(world.globex, receiver.url))
        thread_began = time.perf_counter()
        arrived: list[float] = []
        receiver.usual = lambda got, line: (
            arrived.append(time.perf_counter() - thread_began),
            saying(200)(got, line),
        )[1]
        courier.carry_all()
    assert arrived[0] < 0.5
    assert fresh(row).state == State.DELIVERED


def test_the_slow_have_half_of_the_lanes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    carrier = courier.Courier()
    hooks = [hook_of(world.acme, f"https://shop.example/{n}") for n in range(20)]
    rows = [queue_one(hook) for hook in hooks for _ in range(3)]
    with inside(world.acme):
        for row in rows:
            Delivery.objects.filter(pk=row.pk).update(thing_id=row.pk)
    begun: list[Any] = []
    monkeypatch.setattr(carrier, "_run", lambda request: begun.append(request.due.webhook_id))
    carrier._slow = {hook.pk for hook in hooks[:15]}
    carrier._send_what_is_due()
    of_slow = [pk for pk in begun if pk in carrier._slow]
    assert len(begun) == courier.LANES
    assert len(of_slow) == len(set(of_slow)) == courier.OF_THE_SLOW
    assert set(begun) - carrier._slow == {hook.pk for hook in hooks[15:]}


def test_a_name_that_leads_inside_after_the_check(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """DNS rebinding: what was public as it was saved is not asked once it is not."""
    settings.PRIVATE_RECEIVERS = set()
    for inside_address in ("127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::a00:1"):
        hook = hook_of(world.acme, f"https://shop.example:{receiver.port}/hooks")
        monkeypatch.setattr(fetching, "_looked_up", lambda host, a=inside_address: ["1.1.1.1", a])
        found = carried(hook)
        assert (found.state, found.reason) == (State.QUEUED, Reason.NOT_PUBLIC)
    assert receiver.got == []


def test_the_address_is_asked_once(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection goes to what was checked, whatever the name says the second time."""
    asked: list[str] = []

    def looked_up(host: str, *_left: float) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    monkeypatch.setattr(fetching, "_looked_up", looked_up)
    found = carried(hook_of(world.acme, f"http://shop.example:{receiver.port}/hooks"))
    assert found.state == State.DELIVERED
    assert asked == ["shop.example"]
    assert receiver.got[0].headers["host"] == f"shop.example:{receiver.port}"


def test_sending_again(world: World, receiver: Receiver) -> None:
    row = carried(hook_of(world.acme, receiver.url))
    with inside(world.acme):
        resend(row)
        with pytest.raises(NotResendable):
            resend(row)
    courier.carry_all()
    assert [got.id for got in receiver.got] == [str(row.pk)] * 2
    assert fresh(row).state == State.DELIVERED


def test_a_test_is_tried_once(world: World, receiver: Receiver) -> None:
    receiver.usual = saying(500)
    hook = hook_of(world.acme, receiver.url)
    with inside(world.acme):
        row = send_test(hook)
    courier.carry_all()
    assert fresh(row).state == State.GIVEN_UP
    assert fresh(row).webhook.active
    assert b"webhook.test" in receiver.got[0].body


def test_a_claim_of_a_killed_worker_is_taken_again(
    world: World, receiver: Receiver, time_machine: Any
) -> None:
    row = queue_one(hook_of(world.acme, receiver.url))
    [mine] = due((), 10)
    request = delivering.claim(mine)
    assert request is not None
    assert delivering.claim(mine) is None
    courier.carry_all()
    assert receiver.got == []
    time_machine.move_to(NOW + timedelta(seconds=61), tick=False)
    courier.carry_all()
    assert (fresh(row).state, fresh(row).attempts) == (State.DELIVERED, 2)
    # Whoever was only slow says nothing any more.
    delivering.settle(request, delivering.Outcome(status=500))
    assert fresh(row).state == State.DELIVERED


def test_a_courier_ends_when_it_is_told(world: World, receiver: Receiver) -> None:
    ended = threading.Event()
    ended.set()
    queue_one(hook_of(world.acme, receiver.url))
    courier.carry(ended)
    assert receiver.got == []
