"""A private Redis that lives as long as who asks for it: at a free port of this machine, without a file."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import redis

from tests.postgres import PR_SET_PDEATHSIG
from tests.served import free_port

START_TIMEOUT = 20.0  # seconds
PROGRAM = "redis-server"
IN_MEMORY = (PROGRAM, "--save", "", "--appendonly", "no")


@dataclass
class Server:
    """One that runs, and what may befall it."""

    port: int
    command: Sequence[str]
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> "redis.Redis":
        return redis.Redis(port=self.port, decode_responses=True)

    def flush(self) -> None:
        """Takes away keys and scripts, as a new start does."""
        with self.client() as client:
            client.flushall()
            client.script_flush()

    def kept(self) -> list[str]:
        with self.client() as client:
            return sorted(client.keys())  # type: ignore[arg-type]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def start(self) -> None:
        """Again, after it was killed."""
        self.process = _start(self.command, self.port)

    def fall_silent(self) -> None:
        """It goes on taking connections, and answers none."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)


@contextmanager
def server(command: Sequence[str] = IN_MEMORY) -> Iterator[Server]:
    port = free_port()
    running = Server(port, command, _start(command, port))
    try:
        yield running
    finally:
        running.kill()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _start(command: Sequence[str], port: int) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [*command, "--port", str(port), "--bind", "127.0.0.1", "--dir", "/tmp"],
        stdout=subprocess.DEVNULL,
        preexec_fn=_die_with_parent,  # noqa: PLW1509
    )
    deadline = time.perf_counter_ns() + START_TIMEOUT * 1e9
    with redis.Redis(port=port) as client:
        while True:
            try:
                client.ping()
                return process
            except redis.ConnectionError:
                assert process.poll() is None, "Redis has ended."
                assert time.perf_counter_ns() < deadline, "Redis does not answer."
                time.sleep(0.02)
