"""What attacks of bench/attacks/ have in common: many connections, each held as long as it lasts."""

import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from bench.under_attack import Site


@contextmanager
def connections(site: Site, number: int, receive_buffer: int = 0) -> Iterator[list[socket.socket]]:
    """So many connections of one visitor, closed at the end."""
    with ExitStack() as stack:
        yield [stack.enter_context(site.connect(receive_buffer)) for _ in range(number)]


def trickle(site: Site, clients: Sequence[socket.socket], piece: bytes, every: float = 0.5) -> None:
    """Sends a piece on each of them again and again until the attack's time is over. Whom the
    server has hung up on begins anew with nothing: it is let go."""
    end, alive = time.monotonic() + site.lasts, list(clients)
    while time.monotonic() < end:
        alive = [each for each in alive if sent(each, piece)]
        time.sleep(every)


def begin(clients: Sequence[socket.socket], data: bytes, every: float = 0.0) -> None:
    """Sends this on each of them, with so many seconds between, so that what is measured is who
    waits for whom and not how many can ask at once."""
    for each in clients:
        sent(each, data)
        time.sleep(every)


def sent(client: socket.socket, data: bytes) -> bool:
    """Whether the other side still takes it."""
    try:
        client.sendall(data)
    except OSError:
        return False
    return True


def sip(site: Site, clients: Sequence[socket.socket], size: int, every: float = 0.5) -> None:
    """Reads so many bytes on each of them again and again until the attack's time is over."""
    end = time.monotonic() + site.lasts
    while time.monotonic() < end:
        for each in clients:
            each.settimeout(0)
            try:
                each.recv(size)
            except OSError:
                continue
        time.sleep(every)
