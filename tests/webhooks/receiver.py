"""A receiver of webhooks on loopback, which does what each test says, and keeps what it got."""

import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Answer = Callable[["Got", socket.socket], None]


@dataclass(frozen=True)
class Got:
    """One request that was received whole."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    port: int
    got: list[Got] = field(default_factory=list)
    # What is done with the next requests, one each; `usual` with all others.
    script: deque[Answer] = field(default_factory=deque)
    usual: Answer = field(default_factory=lambda: saying(200))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"


def saying(status: int, text: str = "", *headers: str) -> Answer:
    """Answers with this status and text."""

    def answer(_got: Got, line: socket.socket) -> None:
        content = text.encode()
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}", *headers, "", ""]
        line.sendall("\r\n".join(lines).encode() + content)

    return answer


def hanging_up(_got: Got, line: socket.socket) -> None:
    """Says nothing and closes the line."""


def slowly(seconds: float, then: Answer | None = None) -> Answer:
    """Says nothing for so long."""

    def answer(got: Got, line: socket.socket) -> None:
        threading.Event().wait(seconds)
        (then or saying(200))(got, line)

    return answer


def endlessly(_got: Got, line: socket.socket) -> None:
    """An answer that never ends."""
    line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        line.sendall(b"x" * 65536)


def head_endlessly(_got: Got, line: socket.socket) -> None:
    """A head that never ends."""
    line.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        line.sendall(b"X-More: " + b"x" * 100 + b"\r\n")
        threading.Event().wait(0.01)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that answers 200 unless it is told otherwise."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        receiver = Receiver(listener.getsockname()[1])

        def serve() -> None:
            while True:
                try:
                    line, _address = listener.accept()
                except OSError:
                    return
                threading.Thread(target=_receive, args=[receiver, line], daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join()


def _receive(receiver: Receiver, line: socket.socket) -> None:
    with line, suppress(OSError):
        head, body = b"", b""
        while b"\r\n\r\n" not in head:
            more = line.recv(65536)
            if not more:
                return
            head += more
        head, _blank, body = head.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        pairs = (each.partition(": ") for each in lines)
        headers = {name.lower(): value for name, _colon, value in pairs}
        while len(body) < int(headers["content-length"]):
            more = line.recv(65536)
            if not more:
                return
            body += more
        got = Got(first.split(" ")[1], headers, body)
        receiver.got.append(got)
        answer = receiver.script.popleft() if receiver.script else receiver.usual
        answer(got, line)
