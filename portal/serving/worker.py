"""gunicorn's worker with threads, none of which ever waits for a visitor.

One loop receives and sends for all connections; a thread is taken for a request that is there with
its head and its body, and is free again once the answer is made. What has not arrived after
REQUEST_DEADLINE seconds in all is closed. gunicorn's own `gthread` has a thread read the head and
the body and write the answer, without a deadline, and its loop wait for whoever does not hang up.

Two kinds of visitors do hold a thread: who sends a body of more than web.bodies.LARGEST, which the
view reads as it comes (or refuses), and who gets a file from gunicorn itself. So that others always
find one, web/places.py limits both.
"""

import errno
import resource
import selectors
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

from gunicorn import util
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, ThreadWorker

from portal import env
from portal.serving.connection import CONTINUE, Connection, LengthRequired
from web.logs import Bounded

AT_ONCE = 64 * 1024  # bytes that are received at a time
LINGERS = 5.0  # seconds in which somebody may still send after the last answer
ANSWER_DEADLINE, SLOWEST = 60.0, 4096  # seconds, and bytes per second, in which an answer is sent
MOST_BUFFERED = 128 * 1024 * 1024  # bytes of requests that have not arrived whole
MOST_FILES = 65536  # open at a time, if the system allows as many
FULL = (errno.EMFILE, errno.ENFILE)
NOBODY = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED)


class BufferingWorker(ThreadWorker):  # type: ignore[misc]
    """Answers requests that are there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request_deadline = float(env.integer("REQUEST_DEADLINE", 10, minimum=1, maximum=600))
        # Those of whom something is awaited, the longest first.
        self.held: dict[Connection, None] = {}
        self.buffered = 0
        self.next_sweep = 0.0

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        if cfg.is_ssl:
            raise SystemExit("This worker knows no TLS: that is for a proxy in front of it.")

    def init_process(self) -> None:
        _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        self.log.error_log.addFilter(Bounded("Invalid request"))
        super().init_process()

    # --- What arrives ---------------------------------------------------------------------------

    def accept(self, listener: socket.socket) -> None:
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in FULL:
                self._make_room()
            elif error.errno not in NOBODY:
                raise
            return
        self.nr_conns += 1
        conn = Connection(self.cfg, client, address, listener.getsockname())
        self._await(conn, self.request_deadline)
        self._call(conn, self._receive)
        if self.nr_conns >= self.worker_connections:
            self._make_room()

    def _await(self, conn: Connection, seconds: float) -> None:
        self._hold(conn, selectors.EVENT_READ, self._receive, seconds)

    def _receive(self, conn: Connection) -> None:
        """Takes what has arrived of a request, and has it answered once it is there."""
        try:
            data = conn.socket.recv(AT_ONCE)
        except BlockingIOError:
            return
        if not data:
            self._drop(conn)
            return
        if conn.parser.is_idle and conn.parser.req_count:
            # Another request begins. The first one's time runs since the visitor came.
            conn.deadline = time.monotonic() + self.request_deadline
        conn.buffered += len(data)
        self.buffered += len(data)
        self._take(conn, data)
        while self.buffered > MOST_BUFFERED:
            self._make_room()

    def _take(self, conn: Connection, data: bytes) -> None:
        if conn.parser.take(data):
            self._let_go(conn)
            self.enqueue_req(conn)
        elif conn.parser.wants_more():
            conn.sock.sendall(CONTINUE)

    # --- What is answered -----------------------------------------------------------------------

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        if isinstance(exc, LengthRequired):
            util.write_error(client, 411, "Length Required", "Say how long the body is.")
            return
        super().handle_error(req, client, addr, exc)

    def finish_request(self, conn: Connection, fs: "Future[Any]") -> None:
        """Sends what the visitor has not taken yet; a thread is done with the request."""
        conn.goes_on = not fs.cancelled() and not fs.exception() and bool(fs.result())
        seconds = ANSWER_DEADLINE + conn.sock.left / SLOWEST
        self._hold(conn, selectors.EVENT_WRITE, self._send, seconds)
        self._call(conn, self._send)

    def _send(self, conn: Connection) -> None:
        if conn.sock.flush():
            self._follow(conn)

    def _follow(self, conn: Connection) -> None:
        """Waits for another request, or for the visitor to hang up."""
        if not conn.goes_on:
            self._hang_up(conn)
            return
        conn.parser.begin()
        if conn.parser.arrived:
            self._await(conn, self.request_deadline)
            self._take(conn, b"")
        else:
            most = self.cfg.keepalive if self.alive else STOP_KEEPALIVE_LINGER
            self._await(conn, min(most, self.cfg.keepalive))

    def _hang_up(self, conn: Connection) -> None:
        """Says that no more will come, and reads past what does: who is still sending would
        otherwise never read the answer (RFC 9112, 9.6)."""
        conn.socket.shutdown(socket.SHUT_WR)
        self._hold(conn, selectors.EVENT_READ, self._read_past, LINGERS)

    def _read_past(self, conn: Connection) -> None:
        try:
            if not conn.socket.recv(AT_ONCE):
                self._drop(conn)
        except BlockingIOError:
            return

    # --- Who is waited for ----------------------------------------------------------------------

    def _hold(
        self, conn: Connection, event: int, then: Callable[[Connection], None], seconds: float
    ) -> None:
        """Waits so many seconds for this event, and for nothing else any more; calls `then` each
        time that it comes."""
        self._let_go(conn)
        self.held[conn] = None
        conn.deadline = time.monotonic() + seconds
        self.poller.register(conn.socket, event, partial(self._call, conn, then))

    def _call(
        self, conn: Connection, then: Callable[[Connection], None], _socket: Any = None
    ) -> None:
        # Whoever was asked about in the same round may have made room.
        if conn not in self.held:
            return
        try:
            then(conn)
        except OSError:
            self._drop(conn)
        except Exception:
            # One visitor must not end the loop for all.
            self.log.exception("A connection was given up.")
            self._drop(conn)

    def _let_go(self, conn: Connection) -> None:
        if conn in self.held:
            del self.held[conn]
            self.poller.unregister(conn.socket)
        self.buffered -= conn.buffered
        conn.buffered = 0

    def _drop(self, conn: Connection) -> None:
        """Closes the connection."""
        self._let_go(conn)
        self.nr_conns -= 1
        conn.close()

    def _make_room(self) -> None:
        """Closes the connection of which something has been awaited for the longest time."""
        if self.held:
            self._drop(next(iter(self.held)))

    def murder_pending(self) -> None:
        """Closes whoever is late. The loop calls it after each round."""
        now = time.monotonic()
        if now < self.next_sweep:
            return
        self.next_sweep = now + 0.5
        for conn in [each for each in self.held if each.deadline <= now]:
            self._drop(conn)

    def murder_keepalived(self, force: bool = False) -> None:
        """At the end of all, closes everybody."""
        if force:
            for conn in list(self.held):
                self._drop(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        """A worker that stops waits no longer for whoever has nothing on the way."""
        for conn in self.held:
            if conn.parser.is_idle:
                conn.deadline = min(conn.deadline, deadline)
