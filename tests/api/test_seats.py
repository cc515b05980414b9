"""Seats are counted exactly while programs come by HTTP and processes of the portal are killed.

At full size: `python3 dev.py bench api`.
"""

import os
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bench import seats
from licenses.verbs.licenses import create_license
from licenses.verbs.meters import set_meters
from tenancy.door import inside
from tests import world as worlds
from tests.conftest import ON_POSTGRESQL
from tests.environment import FIXED
from tests.jobs.test_worker import database_url
from tests.others import another


def ask(sql: str) -> Any:
    with closing(another()) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
@pytest.mark.takes_turns
def test_no_seat_is_taken_twice_and_none_is_lost_while_processes_are_killed(tmp_path: Path) -> None:
    world = worlds.build()
    with inside(world.acme):
        license = create_license(
            product=world.orbit, user=world.ada, allowed_activations=seats.SEATS
        )
        set_meters(license, [{"name": seats.METER, "allowed_uses": seats.USES}])
    id = str(license.pk) if ON_POSTGRESQL else license.pk.hex
    place = seats.Place(str(world.orbit.pk), license.key, id, ask)
    environment = {
        **os.environ,
        **FIXED,
        "DATABASE_URL": database_url(),
        "API_CALLS_PER_ADDRESS": "1000000",
        "WORKERS": "2",
    }
    weather = seats.Weather(programs=15, seconds=1, pause=0.5, fewest=6, kills=2)
    with seats.standing(environment, tmp_path) as portal:
        outcome = seats.storm(portal, place, weather)
    assert outcome.watch.most == seats.SEATS
    assert outcome.killed
    assert min(outcome.told[name] for name in ("taken", "refused", "given", "again")) > 0
