"""The worker that gunicorn serves the portal with, by real sockets: a thread is for who is there."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.portal.echo import LARGE
from tests.served import ROOT, free_port

pytestmark = pytest.mark.processes

MIB = 1024 * 1024
DEADLINE = 2  # seconds for a whole request
SOON = 5.0  # seconds; a busy machine is slow, and who waits for a visitor waits longer


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    process: "subprocess.Popen[bytes]"
    log: Path

    def connect(self, receive_buffer: int = 0) -> socket.socket:
        client = socket.socket()
        try:
            if receive_buffer:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            client.settimeout(20)
            client.connect(("127.0.0.1", self.port))
        except OSError:
            client.close()
            raise
        return client

    def ask(self, *pieces: bytes, pause: float = 0.0) -> bytes:
        """What comes until the server hangs up, after these pieces were sent."""
        with self.connect() as client:
            for piece in pieces:
                client.sendall(piece)
                time.sleep(pause)
            return rest_of(client)

    def answers_soon(self) -> None:
        start = time.perf_counter()
        assert b"body=0" in self.ask(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert time.perf_counter() - start < SOON


@contextmanager
def serving(folder: Path, *options: str, **environment: str) -> Iterator[Server]:
    """One process with two threads."""
    port, log = free_port(), folder / "log"
    command = [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "gunicorn.conf.py")]
    command += ["tests.portal.echo:application", "--bind", f"127.0.0.1:{port}"]
    command += ["--access-logfile", "-", *options]
    settings = {"WORKERS": "1", "THREADS": "2", "REQUEST_DEADLINE": str(DEADLINE), **environment}
    settings = {name: value for name, value in settings.items() if value}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **settings}, stdout=output, stderr=output
        )
    server = Server(port, process, log)
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                server.answers_soon()
                break
            except OSError:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.05)
        yield server
    finally:
        process.terminate()
        assert process.wait(20) == 0, log.read_text()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("serving")) as server:
        yield server


def rest_of(client: socket.socket) -> bytes:
    """What comes until the server hangs up."""
    received = b""
    while True:
        try:
            data = client.recv(65536)
        except ConnectionResetError:
            return received
        if not data:
            return received
        received += data


def answer_of(client: socket.socket) -> bytes:
    """One answer with a Content-Length, on a connection that stays open."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += client.recv(1)
    length = re.search(rb"Content-Length: (\d+)", received)
    assert length, received
    body = b""
    while len(body) < int(length[1]):
        body += client.recv(int(length[1]) - len(body))
    return received + body


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


# --- Whole requests ----------------------------------------------------------------------------


def test_a_body_in_pieces_is_read_at_once(server: Server) -> None:
    head = b"POST / HTTP/1.1\r\nContent-Length: 11\r\nConnection: close\r\n\r\n"
    for pieces in (
        [head, b"hello world"],
        [head + b"hello", b" ", b"world"],
        [head + b"hello world"],
    ):
        answer = server.ask(*pieces, pause=0.1)
        assert b"body=11\nhello world" in answer
        assert b"pieces=1\n" in answer


def test_a_head_in_bytes(server: Server) -> None:
    text = b"POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"
    assert b"body=2\nhi" in server.ask(*(bytes([each]) for each in text), pause=0.001)


@pytest.mark.parametrize(
    "body",
    [
        b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
        b"b;x=1\r\nhello world\r\n0\r\nX-Trailer: 1\r\n\r\n",
        b"1\r\nh\r\n" + b"A\r\nello world\r\n" + b"00\r\n\r\n",
    ],
)
def test_a_chunked_body_has_a_length_when_it_is_there(server: Server, body: bytes) -> None:
    head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    for pieces in ([head + body], [head, *(bytes([each]) for each in body)]):
        answer = server.ask(*pieces, pause=0.002)
        assert b"CONTENT_LENGTH=11\n" in answer
        assert b"body=11\nhello world" in answer


def test_requests_follow_each_other_on_a_connection(server: Server) -> None:
    one = b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\none"
    two = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n"
    unread = b"POST /unread HTTP/1.1\r\nContent-Length: 5\r\n\r\nxxxxx"
    with server.connect() as client:
        for request, told in ((one, b"one"), (two, b"two"), (unread, b"unread"), (one, b"one")):
            client.sendall(request)
            assert answer_of(client).endswith(told)
        client.sendall(one + two + unread + two[:20])  # at once
        for told in (b"one", b"two", b"unread"):
            assert answer_of(client).endswith(told)
        client.sendall(two[20:])
        assert answer_of(client).endswith(b"two")


def test_who_asks_whether_to_send_the_body_is_told_to(server: Server) -> None:
    head = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    for size in (5, 3 * MIB):
        with server.connect() as client:
            client.sendall(head % size)
            assert client.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
            client.sendall(b"x" * size)
            answer = rest_of(client)
        assert status_of(answer) == 200
        assert b"body=%d\n" % size in answer
    # Where nobody wants the body, nobody asks for it.
    refused = server.ask(head.replace(b" / ", b" /unread ") % (3 * MIB))
    assert refused.startswith(b"HTTP/1.1 200 OK")


def test_head_and_get_say_the_same(server: Server) -> None:
    answer = server.ask(b"HEAD /large HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert b"Content-Length: %d\r\n" % LARGE in answer
    assert answer.endswith(b"\r\n\r\n")


# --- What is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nx", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 9000, 400),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000, 431),
        (b"GET /" + b"x" * 70_000, 431),
        (b"\r\n\r\nGET / HTTP/1.1\r\n\r\n", 400),
        (
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
            + b"%x\r\n" % (3 * MIB)
            + b"x" * (3 * MIB),
            411,
        ),
    ],
)
def test_what_is_wrong_is_said_at_once(server: Server, request_: bytes, status: int) -> None:
    start = time.perf_counter()
    answer = server.ask(request_)
    assert status_of(answer) == status
    assert time.perf_counter() - start < SOON
    server.answers_soon()


@pytest.mark.parametrize(
    "piece", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\n", b"POST / HTTP/1.1\r\nContent-Length: 99\r\n\r\n"]
)  # fmt: skip
def test_what_is_not_there_after_its_time_is_closed(server: Server, piece: bytes) -> None:
    """However often something comes: it counts from the beginning."""
    start = time.perf_counter()
    with server.connect() as client:
        client.sendall(piece)
        client.settimeout(0.2)
        while True:
            try:
                assert client.recv(100) == b""
                break
            except TimeoutError:
                client.sendall(b"x" if piece else b"")
    assert DEADLINE - 0.5 < time.perf_counter() - start < DEADLINE + 2


def test_the_time_is_ten_seconds_unless_said_otherwise(tmp_path: Path) -> None:
    pieces = (b"", b"GET / HT", b"POST / HTTP/1.1\r\nContent-Length: 99\r\n\r\nx")
    with serving(tmp_path, REQUEST_DEADLINE="") as server, ExitStack() as stack:
        start = time.perf_counter()
        clients = [stack.enter_context(server.connect()) for _ in pieces]
        for client, piece in zip(clients, pieces, strict=True):
            client.sendall(piece)
        time.sleep(9)
        assert all(is_open(client) for client in clients)
        for client in clients:
            client.settimeout(20)
            assert client.recv(1) == b""
        assert time.perf_counter() - start < 12


def test_who_says_nothing_more_is_let_go_soon(server: Server) -> None:
    with server.connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        answer_of(client)
        start = time.perf_counter()
        assert client.recv(1) == b""
    assert time.perf_counter() - start < 2 + 2


def test_headers_are_nobodys_word(server: Server) -> None:
    said = (
        b"SCRIPT_NAME: /a\r\nPATH_INFO: /b\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Ssl: on\r\n"
    )
    for path in (b"/a/x", b"/x"):
        answer = server.ask(b"GET " + path + b" HTTP/1.1\r\n" + said + b"Connection: close\r\n\r\n")
        assert b"SCRIPT_NAME=\n" in answer
        assert b"PATH_INFO=" + path + b"\n" in answer
        assert b"wsgi.url_scheme=http\n" in answer


# --- Who is slow -------------------------------------------------------------------------------

SLOW = {
    "heads": b"GET / HTTP/1.1\r\n",
    "bodies": b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n",
    "chunks": b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nx",
    "silence": b"",
    "large bodies that nobody reads": b"POST /unread HTTP/1.1\r\nContent-Length: 9999999\r\n\r\nx",
    "answers that nobody takes": b"GET /large HTTP/1.1\r\n\r\n",
    "who does not hang up": b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
}


@pytest.mark.parametrize("what", SLOW)
def test_who_is_slow_keeps_nobody_waiting(server: Server, what: str) -> None:
    with ExitStack() as stack:
        for _ in range(20):
            client = stack.enter_context(server.connect(receive_buffer=2048))
            client.sendall(SLOW[what])
        for _ in range(5):
            server.answers_soon()


def test_an_answer_of_which_little_is_taken_comes_to_its_end(server: Server) -> None:
    with server.connect(receive_buffer=2048) as client:
        client.sendall(b"GET /large HTTP/1.1\r\nConnection: close\r\n\r\n")
        time.sleep(0.5)
        answer = rest_of(client)
    head, _end, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert body == b"x" * LARGE


def test_a_file_is_sent_to_its_end(server: Server, tmp_path: Path) -> None:
    content, file = os.urandom(LARGE), tmp_path / "file"
    file.write_bytes(content)
    with server.connect(receive_buffer=2048) as client:
        client.sendall(f"GET /file?path={file} HTTP/1.1\r\nConnection: close\r\n\r\n".encode())
        time.sleep(0.5)
        answer = rest_of(client)
    assert answer.partition(b"\r\n\r\n")[2] == content


def test_a_file_that_is_too_short_does_not_look_whole(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"short")
    asked = f"GET /file?path={file} HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n"
    answer = server.ask(asked.encode())
    assert answer.partition(b"\r\n\r\n")[2] == b"short"


def test_when_there_are_too_many_the_one_who_has_waited_longest_goes(tmp_path: Path) -> None:
    with serving(tmp_path, "--worker-connections", "20") as server, ExitStack() as stack:
        first, *_others = [stack.enter_context(server.connect()) for _ in range(60)]
        server.answers_soon()
        assert first.recv(1) == b""


def test_requests_that_are_not_whole_have_so_much_memory_together(tmp_path: Path) -> None:
    size, number = 2 * MIB - 1000, 80
    head = f"POST / HTTP/1.1\r\nContent-Length: {2 * MIB}\r\n\r\n".encode()
    with serving(tmp_path, REQUEST_DEADLINE="30") as server, ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for _ in range(number)]
        for client in clients:
            client.sendall(head + b"x" * size)
        server.answers_soon()
        time.sleep(1)
        assert len([client for client in clients if is_open(client)]) == 128 * MIB // (2 * MIB)


def is_open(client: socket.socket) -> bool:
    client.settimeout(0.01)
    try:
        client.recv(1)
    except TimeoutError:
        return True
    except ConnectionResetError:
        return False
    return False


# --- The end -----------------------------------------------------------------------------------


def test_a_worker_that_stops_ends_what_it_has_begun(tmp_path: Path) -> None:
    with serving(tmp_path) as server, server.connect() as slow, server.connect() as idle:
        slow.sendall(b"GET /?sleep=1.5 HTTP/1.1\r\n\r\n")
        idle.sendall(b"GET / HTTP/1.1\r\n\r\n")
        answer_of(idle)
        time.sleep(0.3)
        server.process.send_signal(signal.SIGTERM)
        assert b"body=0" in answer_of(slow)
        assert slow.recv(1) == b""
        assert idle.recv(1) == b""
        server.process.wait(10)


def test_who_is_logged_is_logged_once(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        for _ in range(60):
            server.ask(b"GET / HTTP/1.1\r\nbad head\r\n\r\n")
        server.ask(b"GET /told HTTP/1.1\r\nConnection: close\r\n\r\n")
        time.sleep(0.2)
        text = server.log.read_text()
    assert len([line for line in text.splitlines() if "GET /told" in line]) == 1
    assert len([line for line in text.splitlines() if "Invalid request" in line]) == 20
    assert "Traceback" not in text


def test_the_application_is_told_how_many_threads_there_are(tmp_path: Path) -> None:
    with serving(tmp_path, "--threads", "6") as server:
        answer = server.ask(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert b"threads=6\n" in answer


def test_tls_is_for_a_proxy(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gunicorn", "tests.portal.echo:application"]
    command += ["--bind", f"127.0.0.1:{free_port()}", "--certfile", "none", "--keyfile", "none"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert done.returncode != 0
    assert "knows no TLS" in done.stderr
