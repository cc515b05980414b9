"""Workers that are killed again and again lose no event, and change no order."""

import random
import time
from collections import defaultdict
from typing import Any

import pytest

from licenses.verbs import licenses
from licenses.verbs.licenses import create_license
from tenancy.door import inside
from tests.jobs.test_worker import wait_until, worker
from tests.webhooks.hooks import hook_of, queued
from tests.webhooks.receiver import receiving, saying, slowly
from tests.world import build
from webhooks.models import Delivery

THINGS, KILLS = 25, 4
State = Delivery.State
EVENTS = ["license.created", "license.suspended", "license.revoked"]


@pytest.fixture(autouse=True)
def _queue_in_database(settings: Any) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    settings.PRIVATE_RECEIVERS = {"127.0.0.1"}


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
@pytest.mark.takes_turns
def test_killed_workers_lose_nothing_and_keep_the_order() -> None:
    world, chance = build(), random.Random(7)
    allowed = {"PRIVATE_RECEIVERS": "127.0.0.1", "WEBHOOK_LEASE": "1"}
    with receiving() as receiver:
        receiver.usual = slowly(0.02, saying(200))
        hook_of(world.acme, receiver.url, EVENTS)
        with inside(world.acme):
            for _ in range(THINGS):
                one = create_license(product=world.orbit, user=world.ada)
                licenses.suspend(one)
                licenses.revoke(one)
        number = THINGS * len(EVENTS)
        for _kill in range(KILLS):
            target = len({got.id for got in receiver.got}) + number // (KILLS + 2)
            with worker(1, **allowed):
                wait_until(lambda: len({got.id for got in receiver.got}) >= target)  # noqa: B023
                time.sleep(chance.uniform(0, 0.05))
        # Two at once, of which one does not know of the other.
        with worker(1, **allowed), worker(1, **allowed):
            wait_until(lambda: {each.state for each in queued(world.acme)} == {State.DELIVERED})
        rows = queued(world.acme)
        ids = [got.id for got in receiver.got]
        assert set(ids) == {str(each.pk) for each in rows}
        # A kill repeats at most what was under way, with the same id.
        assert len(ids) - number <= KILLS * 4
        wanted, came = defaultdict(list), defaultdict(list)
        thing = {str(each.pk): each.thing_id for each in rows}
        for each in rows:
            wanted[each.thing_id].append(str(each.pk))
        for pk in dict.fromkeys(ids):
            came[thing[pk]].append(pk)
        assert came == wanted
