"""Many programs at one licence of few seats, while the portal's processes are killed.

Each program activates a machine, has it synced, counts uses and deactivates it, and sends what was
not answered again until it is, with the same `Idempotency-Key`; it sends some of what was answered
again, too. Meanwhile processes die by SIGKILL, now and then all of them, and a reader with a
connection of its own looks at the counter and at the rows in one statement, time and again. In the
end what was answered has to be what the rows, the counter, the meter and the audit trail say.
"""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from bench.drive import Failed
from bench.serve import free_port, workers

SEATS = 10
METER, USES = "renders", 1_000_000
HOST = "api.portal.localhost"
FULL = "ACTIVATION_LIMIT_REACHED"
PATIENCE = 30.0  # seconds until a call is answered, with all that is sent again
IDLE = 1.0  # seconds; the portal closes what nobody has used for two
AGAIN = 0.3  # of the calls that were answered
ALL_AT_ONCE = 0.2  # of the times that somebody is killed
ROOT = Path(__file__).resolve().parents[1]

Ask = Callable[[str], list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Place:
    """The licence, and how to ask its database past the portal; `id` as the database writes it."""

    product_id: str
    key: str
    id: str
    ask: Ask

    def stand(self) -> tuple[int, int]:
        """Seats that are counted and machines that are there, by one statement."""
        [(counted, there)] = self.ask(
            "SELECT total_activations, (SELECT count(*) FROM licenses_activation "
            f"WHERE license_id = licenses_license.id) FROM licenses_license WHERE id = '{self.id}'"
        )
        return counted, there

    def events(self) -> dict[str, int]:
        """How many entries the audit trail has of each action."""
        return dict(
            self.ask(
                "SELECT action, count(*) FROM audit_auditentry "
                f"WHERE license_id = '{self.id}' GROUP BY action"
            )
        )

    def uses(self) -> int:
        [(uses,)] = self.ask(
            f"SELECT gross_uses FROM licenses_licensemeterattribute WHERE license_id = '{self.id}'"
        )
        return int(uses)


@dataclass(slots=True)
class Portal:
    """gunicorn with some processes; `env` is its environment, `code` the folder of what it runs.
    Dies and rises by `kill`."""

    env: Mapping[str, str]
    log: Path
    code: Path = ROOT
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        command = [sys.executable, "-m", "gunicorn", "portal.wsgi", "--log-level", "error"]
        command += ["--bind", f"127.0.0.1:{self.port}"]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                command, cwd=self.code, env=dict(self.env), stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip

    def end(self) -> None:
        """All of its processes at once, by SIGKILL."""
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def kill(self, chance: random.Random) -> str:
        """One of its processes, which gunicorn replaces, or all, which are started again; which."""
        assert self.process
        if chance.random() < ALL_AT_ONCE:
            self.end()
            self.start()
            return "all"
        alive = workers(self.process.pid)
        if alive:
            with_luck_still_there(int(chance.choice(alive).name))
        return "one"


def with_luck_still_there(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


@contextmanager
def standing(env: Mapping[str, str], folder: Path, code: Path = ROOT) -> Iterator[Portal]:
    """A portal that answers, until the end."""
    portal = Portal(env, folder / "portal.log", code)
    portal.start()
    try:
        deadline = time.monotonic() + PATIENCE
        while not is_alive(portal.port):
            if time.monotonic() > deadline:
                raise Failed(f"The portal did not start:\n{portal.log.read_text()}")
            time.sleep(0.05)
        yield portal
    finally:
        portal.end()


def is_alive(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@dataclass(slots=True)
class Program:
    """One program on one machine after the other; `told` counts what was answered."""

    portal: Portal
    place: Place
    chance: random.Random
    told: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    activation: str = ""
    connection: http.client.HTTPConnection | None = None
    used: float = 0.0  # when the connection was

    def run(self, goes_on: Callable[[int], bool], act: Callable[[], object] | None = None) -> None:
        """Acts until it may stop after so many acts."""
        acts = 0
        try:
            while goes_on(acts):
                (act or self.act)()
                acts += 1
        except Failed as error:
            self.wrong.append(str(error))

    def act(self) -> None:
        if not self.activation:
            self.take()
        else:
            self.chance.choice((self.sync, self.count, self.give))()

    def take(self) -> str:
        """The code of what was answered, empty for a seat."""
        status, answer = self.once("/v3/activations", self.machine(), {201, 400})
        code = answer.get("code", "")
        if code not in {"", FULL}:
            raise Failed(f"An activation was refused: {answer}")
        self.told["refused" if code else "taken"] += 1
        if status == 201:
            self.activation = machine_of(answer["activationToken"])
        return str(code)

    def take_one(self) -> None:
        """A seat, by a call without a key."""
        _status, answer, _replayed = self.call("POST", "/v3/activations", self.machine(), {201})
        self.told["taken"] += 1
        assert answer["activationToken"]

    def machine(self) -> dict[str, str]:
        """What a program on a new machine sends."""
        return {
            "productId": self.place.product_id,
            "key": self.place.key,
            "fingerprint": sha256(uuid4().bytes).hexdigest(),
            "os": "linux",
        }

    def sync(self) -> None:
        self.call("PATCH", f"/v3/activations/{self.activation}", {"appVersion": "2"}, {200})
        self.told["synced"] += 1

    def count(self) -> None:
        body = {"increment": 1, "activationId": self.activation}
        self.once(f"/v3/activations/meter-attributes/{METER}", body, {200})
        self.told["counted"] += 1

    def give(self) -> None:
        self.once(f"/v3/activations/{self.activation}/deactivate", {}, {204})
        self.told["given"] += 1
        self.activation = ""

    def once(self, path: str, body: Any, statuses: set[int]) -> tuple[int, dict[str, Any]]:
        """A call that counts once; some are sent again when they have been answered."""
        key = str(uuid4())
        status, answer, _replayed = self.call("POST", path, body, statuses, key)
        if status < 400 and self.chance.random() < AGAIN:
            again = self.call("POST", path, body, statuses, key)
            if again != (status, answer, True):
                raise Failed(f"{path} was answered {again} the second time")
            self.told["again"] += 1
        return status, answer

    def call(
        self, method: str, path: str, body: Any, statuses: set[int], key: str = ""
    ) -> tuple[int, dict[str, Any], bool]:
        """The answer, and whether it is one of before; asks until there is one. Raises Failed."""
        headers = {"Host": HOST, "Content-Type": "application/json"}
        headers |= {"Idempotency-Key": key} if key else {}
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                response, content = self.send(method, path, json.dumps(body), headers)
            except (OSError, http.client.HTTPException):
                self.told["lost"] += 1
                time.sleep(self.chance.uniform(0.01, 0.1))
                continue
            if response.status == 503:  # somebody else has the database for too long
                self.told["unavailable"] += 1
                time.sleep(self.chance.uniform(0.01, 0.1))
                continue
            if response.status not in statuses:
                raise Failed(f"{method} {path} answered {response.status}: {content[:300]!r}")
            answer = json.loads(content) if content else {}
            return response.status, answer, response.headers.get("Idempotent-Replayed") == "true"
        raise Failed(f"{method} {path} was not answered")

    def send(
        self, method: str, path: str, body: str, headers: Mapping[str, str]
    ) -> tuple[http.client.HTTPResponse, bytes]:
        if time.monotonic() - self.used > IDLE:
            self.hang_up()
        if self.connection is None:
            self.connection = http.client.HTTPConnection(
                "127.0.0.1", self.portal.port, timeout=PATIENCE
            )
        try:
            self.connection.request(method, path, body, dict(headers))
            response = self.connection.getresponse()
            content = response.read()
            self.used = time.monotonic()
            return response, content
        except (OSError, http.client.HTTPException):
            self.hang_up()
            raise

    def hang_up(self) -> None:
        if self.connection:
            self.connection.close()
            self.connection = None


def machine_of(token: str) -> str:
    """The activation that a token names."""
    from base64 import urlsafe_b64decode

    payload = token.split(".")[1]
    return str(json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["aid"])


@dataclass(slots=True)
class Watch:
    """What a reader has seen: how often it looked, the most seats, and what must not be."""

    looks: int = 0
    most: int = 0
    wrong: list[str] = field(default_factory=list)

    def look(self, place: Place) -> None:
        counted, there = place.stand()
        self.looks += 1
        self.most = max(self.most, counted, there)
        if counted != there or there > SEATS:
            self.wrong.append(f"{counted} seats are counted, {there} machines are there")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was answered in all, what was seen meanwhile, and who was killed how often."""

    told: Counter[str]
    watch: Watch
    killed: Counter[str]


@contextmanager
def many(number: int, portal: Portal, place: Place) -> Iterator[list[Program]]:
    everybody = [Program(portal, place, random.Random(n)) for n in range(number)]
    try:
        yield everybody
    finally:
        for each in everybody:
            each.hang_up()


@dataclass(frozen=True, slots=True)
class Weather:
    """How many programs come for how many seconds, at the least how often each; and that somebody
    is killed each `pause` seconds on average, once at the least and `kills` times at most."""

    programs: int
    seconds: float
    pause: float
    fewest: int = 0
    kills: int = 1_000_000


def storm(portal: Portal, place: Place, weather: Weather) -> Outcome:
    """What became of it. Raises Failed for whatever is not as it should be."""
    with many(weather.programs, portal, place) as everybody:
        watch, killed = Watch(), Counter[str]()
        meanwhile(everybody, weather, watch, killed)
        told = sum((each.told for each in everybody), Counter[str]())
        wrong = [*watch.wrong, *(text for each in everybody for text in each.wrong)]
        wrong += differences(place, told, sum(bool(each.activation) for each in everybody))
        if wrong:
            raise Failed("; ".join(wrong[:10]))
        take_all_again(everybody)
        watch.look(place)
    return Outcome(told, watch, killed)


def meanwhile(
    everybody: list[Program], weather: Weather, watch: Watch, killed: Counter[str]
) -> None:
    """Everybody acts, the reader looks and processes are killed, until all of it is over."""
    portal, place = everybody[0].portal, everybody[0].place
    end, over = time.monotonic() + weather.seconds, threading.Event()
    chance = random.Random(weather.programs)

    def goes_on(acts: int) -> bool:
        return time.monotonic() < end or acts < weather.fewest or not killed

    def look() -> None:
        try:
            while not over.wait(0.001):
                watch.look(place)
        except Exception as error:
            watch.wrong.append(f"The reader could not look: {error!r}")

    def kill() -> None:
        while killed.total() < weather.kills:
            if over.wait(chance.uniform(0.5, 1.5) * weather.pause):
                return
            if is_alive(portal.port):  # a busy machine starts processes slowly
                killed[portal.kill(chance)] += 1

    threads = [threading.Thread(target=each.run, args=(goes_on,)) for each in everybody]
    beside = [threading.Thread(target=act) for act in (look, kill)]
    for thread in (*threads, *beside):
        thread.start()
    for thread in threads:
        thread.join()
    over.set()
    for thread in beside:
        thread.join()


def differences(place: Place, told: Counter[str], held: int) -> list[str]:
    """Where the database says anything else than what was answered."""
    counted, there = place.stand()
    events = place.events()
    pairs = {
        "machines and seats": (there, counted),
        "machines and who has one": (there, held),
        "machines and answers": (there, told["taken"] - told["given"]),
        "activations in the trail": (events.get("activated", 0), told["taken"]),
        "deactivations in the trail": (events.get("deactivated", 0), told["given"]),
        "uses": (place.uses(), told["counted"]),
    }
    return [f"{name}: {mine} and {theirs}" for name, (mine, theirs) in pairs.items()
            if mine != theirs]  # fmt: skip


def take_all_again(everybody: list[Program]) -> None:
    """No seat is lost: those that are taken come back, as many as there are can be taken again, and
    not one more. Raises Failed."""
    for each in everybody:
        if each.activation:
            each.give()
    answers = [each.take() for each in everybody[: SEATS + 1]]
    if answers != [""] * SEATS + [FULL]:
        raise Failed(f"After all seats were free: {answers}")
