"""How much more is answered by more web processes on one machine, with pgbouncer and without.

Sixteen connections activate machines of one product, and then read the page to sign in, each for ten
seconds; the programs that ask, the database and the portal share the machine's processors.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench import drive, half_load, seats
from bench.drive import Failed
from drills.places import asking, environment, made, set_up
from drills.servers import Pooler
from drills.stage import HOST, PAGE, stage, verified

HEADS = [
    "web processes",
    "threads each",
    "connections by",
    "activations per s",
    "pages per s",
    "connections to PostgreSQL",
    "load before",
]


def run(*, small: bool = False) -> Iterator[list[str]]:
    seconds = 1.0 if small else 10.0
    for pooled in (False, True):
        with ExitStack() as stack:
            name = stack.enter_context(tempfile.TemporaryDirectory(prefix="portal-drill-"))
            folder = Path(name)
            server = made(stack)
            set_up(folder, server.folder)
            env = environment(folder, server.folder)
            if pooled:
                pooler = Pooler(server.folder)
                stack.callback(pooler.remove)
                pooler.start()
                env = environment(folder, pooler.folder, 6432)
            ask = asking(server.folder)
            with stage(folder, env, ask, programs=0, workers=0) as here:
                for processes in (1,) if small else (1, 2, 4):
                    before = os.getloadavg()[0]
                    (folder / str(processes)).mkdir()
                    more = {**here.env, "WORKERS": str(processes)}
                    with seats.standing(more, folder / str(processes)) as portal:
                        id, key = here.ids["endless"]
                        place = seats.Place(here.ids["product"], key, id, ask)
                        rates = measured(portal, place, seconds)
                        sql = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'portal_web'"
                        [(number,)] = ask(sql)
                    by = "pgbouncer" if pooled else "the processes"
                    yield [str(processes), "4", by, *rates, str(number), f"{before:.1f}"]
                verified(here)


def measured(portal: seats.Portal, place: seats.Place, seconds: float) -> list[str]:
    try:
        half_load.by_turns(portal, place, min(3.0, seconds))  # warm
        activations = half_load.by_turns(portal, place, seconds)
        headers, wrk = {"Host": HOST}, drive.wrk_is_there()
        pages = drive.load(portal.port, PAGE, headers, seconds, wrk=wrk)
    except Failed as error:
        raise AssertionError(str(error)) from error
    return [f"{activations:.0f}", f"{pages:.0f}"]
