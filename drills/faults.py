"""What breaks while people work, and what they see: nothing is lost, nothing counts twice.

Programs come to one licence of few seats, licences are sold by e-mail and told of by a webhook, and
somebody reads a page; then something breaks, and is mended. Meanwhile every answer is the right one
or a 503 that says when to try again. Afterwards, without anybody's help, seats, machines, uses, the
audit trail, licences, e-mails and events are what was answered.
"""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg

from bench.seats import HOST, PATIENCE, Program
from drills.places import asking, environment, kept, made, manage, owner, set_up
from drills.servers import Pooler, Server
from drills.stage import (
    COUNTED,
    Act,
    Stage,
    asking_sqlite,
    end,
    small_disk,
    stage,
    tried,
    verified,
)
from tests import redis
from tests.postgres import TEMPLATE, WEB
from tests.prepared import ROOT
from tests.webhooks.receiver import saying

HEADS = ["what was broken", "on", *COUNTED]
A_MINUTE = 10  # calls of a token
GONE, BACK = "Redis can't be used now", "Redis is used again."  # in the log


def run(*, small: bool = False) -> Iterator[list[str]]:
    yield from on_postgresql(small=small)
    if not small:
        yield from behind_pgbouncer()
    yield from with_redis(small=small)
    yield from on_sqlite(small=small)


def on_postgresql(*, small: bool) -> Iterator[list[str]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="portal-drill-")))
        server = made(stack)
        where = folder / "server"  # leads to the server, as an address does that is handed over
        where.symlink_to(server.folder)
        yield interrupted(folder, owner(folder, server.folder), asking(server.folder), "PostgreSQL")
        with stage(folder, environment(folder, where), asking(where)) as here:
            wait = 2.0 if small else 5.0
            tries: list[tuple[str, Act]] = [
                ("PostgreSQL restarted", lambda: restarted(server, signal.SIGINT, 1.0)),
                ("all connections taken", lambda: exhausted(server, wait)),
            ]
            if not small:
                tries += [
                    ("PostgreSQL killed", lambda: restarted(server, signal.SIGQUIT, 3.0)),
                    ("workers killed, five times", lambda: killed(here, 5)),
                    ("web processes killed, five times", lambda: web_killed(here, 5)),
                    ("mail server and webhook's receiver down", lambda: others_down(here, wait)),
                    ("PostgreSQL killed, standby promoted", failing_over(stack, server, where)),
                ]
            for name, act in tries:
                yield tried(here, name, "PostgreSQL", act, small=small)
            verified(here)


def behind_pgbouncer() -> Iterator[list[str]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="portal-drill-")))
        server = made(stack)
        set_up(folder, server.folder)
        pooler = Pooler(server.folder)
        stack.callback(pooler.remove)
        pooler.start()
        env = environment(folder, pooler.folder, 6432)

        def again() -> None:
            pooler.kill()
            time.sleep(2)
            pooler.start()

        with stage(folder, env, asking(server.folder)) as here:
            on = "PostgreSQL, pgbouncer"
            yield tried(here, "pgbouncer killed", on, again)
            yield tried(
                here, "PostgreSQL restarted", on, lambda: restarted(server, signal.SIGINT, 3.0)
            )
            verified(here)


def with_redis(*, small: bool) -> Iterator[list[str]]:
    """Where calls are counted in it (REDIS_URL)."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="portal-drill-")))
        server, store = made(stack), stack.enter_context(redis.server())
        set_up(folder, server.folder)
        env = {**environment(folder, server.folder), **counted_in(store)}
        with stage(folder, env, asking(server.folder)) as here:
            wait, on = (1.0 if small else 5.0), "PostgreSQL, Redis"
            for name, breaks, mends in (
                ("Redis killed and started again", store.kill, store.start),
                ("Redis stopped, and going on", store.fall_silent, store.go_on),
            ):
                act = lambda b=breaks, m=mends: away(here, b, m, wait)  # noqa: E731
                yield tried(here, name, on, act, small=small)
            verified(here)


def on_sqlite(*, small: bool) -> Iterator[list[str]]:
    """On a disk that gets full, with the log on it; as root."""
    if os.geteuid() != 0:
        print("NOT TRIED: a full disk needs root.", file=sys.stderr, flush=True)
        return
    with tempfile.TemporaryDirectory(prefix="portal-drill-") as name, ExitStack() as stack:
        folder = Path(name) / "disk"
        stack.enter_context(small_disk(folder, 64_000_000))
        env = {**kept(), "DATA_DIR": str(folder)}
        ask = asking_sqlite(folder / "db.sqlite3")
        yield interrupted(folder, env, ask, "SQLite")
        with stage(folder, env, ask, programs=4, workers=1) as here:
            wait = 3.0 if small else 8.0
            yield tried(
                here,
                "disk full, with database and log",
                "SQLite",
                lambda: filled(here, wait),
                small=small,
            )
            if not small:
                yield tried(here, "workers killed, five times", "SQLite", lambda: killed(here, 5))
            verified(here)


def interrupted(folder: Path, env: dict[str, str], ask: Callable[[str], Any], on: str) -> list[str]:
    """Migrations that are killed twice, and then run to their end."""

    def applied() -> int:
        try:
            [(number,)] = ask("SELECT count(*) FROM django_migrations")
        except (psycopg.Error, sqlite3.Error):
            return 0
        return int(number)

    at = []
    for until in (3, 20):
        command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
        process = subprocess.Popen(command, cwd=ROOT, env=env)
        while applied() < until:
            assert process.poll() is None, "It ended before it could be killed."
            time.sleep(0.005)
        end(process)
        at.append(str(applied()))
    manage("prepare", env)
    manage("migrate", env, "--check")
    return [f"migrations killed after {' and '.join(at)}, run again", on, *["–"] * (len(HEADS) - 2)]


# --- What breaks --------------------------------------------------------------------------------


def restarted(server: Server, by: signal.Signals, gone: float) -> None:
    server.stop(by)
    time.sleep(gone)
    server.start()


def exhausted(server: Server, seconds: float) -> None:
    """Somebody else has every connection, those of the portal's processes too."""
    taken: list[Any] = []
    try:
        with server.superuser() as above:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                try:
                    taken.append(
                        psycopg.connect(host=str(server.folder), user=WEB, dbname=TEMPLATE)
                    )
                except psycopg.OperationalError:
                    mine = [each.info.backend_pid for each in taken]
                    above.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE usename = %s AND pid <> ALL(%s)",
                        [WEB, mine],
                    )
                    time.sleep(0.02)
        assert taken
    finally:
        for each in taken:
            each.close()


def killed(here: Stage, times: int) -> None:
    for _ in range(times):
        here.kill_workers()
        here.start_worker()
        here.start_worker()
        time.sleep(4)


def web_killed(here: Stage, times: int) -> None:
    for number in range(times):
        if number == times // 2:
            here.portal.end()
            here.portal.start()
        else:
            here.portal.kill(here.everybody[0].chance)
        time.sleep(3)


def others_down(here: Stage, seconds: float) -> None:
    here.mail.says["EHLO"], here.receiver.usual = "421 not now", saying(503)
    time.sleep(seconds)
    here.mail.says.clear()
    here.receiver.usual = saying(200)


def filled(here: Stage, seconds: float) -> None:
    """Takes what is left on the disk, and for so many seconds, and until a call was answered 503,
    whatever gets free. Raises AssertionError where none is for long."""
    path, end, block = here.folder / "somebody-elses", float("inf"), 1_000_000
    before, deadline = here.told()["unavailable"], time.monotonic() + PATIENCE
    with path.open("wb", buffering=0) as file:
        while time.monotonic() < end or here.told()["unavailable"] == before:
            assert time.monotonic() < deadline, "Nobody notices that the disk is full."
            try:
                file.write(bytes(block))
            except OSError:
                if block > 1:
                    end, block = time.monotonic() + seconds, 1
                time.sleep(0.02)
    path.unlink()


def counted_in(store: redis.Server) -> dict[str, str]:
    """Settings: a token that comes often meets its limit soon."""
    return {"REDIS_URL": store.url, "API_CALLS_PER_TOKEN": str(A_MINUTE)}


def away(here: Stage, breaks: Act, mends: Act, seconds: float) -> None:
    """Redis goes, and comes back. One token calls without a pause: it has the calls of a minute
    where it is counted before, meanwhile and afterwards, and is refused what is more."""
    start, gone, back = time.monotonic(), here.logged(GONE), here.logged(BACK)
    statuses = [called(here, seconds)]
    breaks()
    statuses.append(called(here, seconds))
    mends()
    deadline = time.monotonic() + PATIENCE
    while here.logged(GONE) - gone > here.logged(BACK) - back:
        assert time.monotonic() < deadline, "Redis is not used again."
        time.sleep(0.1)
    statuses.append(called(here, seconds))
    assert here.logged(GONE) > gone, "Redis was not missed."
    assert all(each.keys() <= {200, 429, 503} and each[429] for each in statuses), statuses
    let_in = sum(each[200] for each in statuses)
    most = 3 * A_MINUTE * (1 + (time.monotonic() - start) / 60)
    assert let_in <= most, f"{let_in} calls of a token were let in, and {most:.0f} may be."


def called(here: Stage, seconds: float) -> Counter[int]:
    """What a token's calls were answered, for so many seconds and until it was refused. Raises
    AssertionError where it is not for long."""
    program, headers = Program(here.portal, here.place, random.Random(0)), {"Host": HOST}
    headers["Authorization"] = f"Bearer {here.ids['token']}"
    end, statuses = time.monotonic() + seconds, Counter[int]()
    deadline = end + PATIENCE
    while time.monotonic() < end or not statuses[429]:
        response, _content = program.send("GET", "/v3/me", "", headers)
        statuses[response.status] += 1
        assert time.monotonic() < deadline, statuses
        assert statuses[200] <= 2 * A_MINUTE, statuses
    program.hang_up()
    return statuses


def failing_over(stack: ExitStack, server: Server, where: Path) -> Act:
    """A standby that has what is committed takes the primary's place, and its address."""

    def act() -> None:
        standby = Server()
        stack.callback(standby.remove)
        standby.copy(server)
        standby.start()
        with server.superuser() as above:
            above.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
            above.execute("SELECT pg_reload_conf()")
        time.sleep(3)
        server.stop(signal.SIGQUIT)
        time.sleep(1)
        standby.promote()
        other = where.with_name("other")
        other.symlink_to(standby.folder)
        other.rename(where)

    return act
