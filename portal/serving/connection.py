"""A connection, and what has arrived on it of a request."""

import select
import socket
from contextlib import suppress
from typing import Any

from gunicorn.http.body import Body, ChunkedReader, LengthReader
from gunicorn.http.errors import LimitRequestHeaders
from gunicorn.http.parser import RequestParser
from gunicorn.http.unreader import IterUnreader, Unreader
from gunicorn.workers.gthread import TConn

from portal.serving.chunks import Chunks
from portal.serving.outlet import Outlet
from web.bodies import LARGEST

HEAD_END = b"\r\n\r\n"
LARGEST_HEAD = 64 * 1024  # bytes
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
AT_ONCE = 256 * 1024  # bytes that are read of a stream at a time
PATIENCE = 30.0  # seconds that a thread waits for the next bytes of a stream


class LengthRequired(Exception):
    """A large body does not say how large it is (RFC 9110, 15.5.12)."""


class Stream(Unreader):  # type: ignore[misc]
    """What has arrived and, of a large body, what is yet to come."""

    def __init__(self, sock: socket.socket, outlet: Outlet) -> None:
        super().__init__()
        self.socket, self.outlet = sock, outlet
        self.goes_on = self.is_awaited = False

    def chunk(self, size_hint: int | None = None) -> bytes:
        """The next bytes; none when there are no more. Raises OSError for who is too slow."""
        if not self.goes_on:
            return b""
        if self.is_awaited:
            self.is_awaited = False
            self.outlet.sendall(CONTINUE)
        poll = select.poll()
        poll.register(self.socket.fileno(), select.POLLIN)
        if not poll.poll(PATIENCE * 1000):
            raise TimeoutError("The visitor has stopped sending.")
        return self.socket.recv(min(max(size_hint or 0, 8192), AT_ONCE))


class Arrivals(RequestParser):  # type: ignore[misc]
    """One request after the other, as gunicorn's parser gives them, but from what the worker's
    loop has received: it never waits, except for a large body that a thread reads (`Stream`)."""

    unreader: Stream

    def __init__(self, cfg: Any, client: Any, stream: Stream) -> None:
        super().__init__(cfg, iter(()), client)
        self.unreader = stream
        self.begin()

    def begin(self) -> None:
        """Turns to the next request, whose first bytes may be there already."""
        self.arrived = bytearray(self.unreader.take_buffered())
        self.unreader.goes_on = self.unreader.is_awaited = False
        self.request: Any = None
        self.refusal: Exception | None = None
        self._searched = 0
        self._chunks = Chunks()

    @property
    def is_idle(self) -> bool:
        """Whether nothing of a request is there."""
        return self.request is None and not self.arrived

    def take(self, data: bytes) -> bool:
        """Adds what has arrived; whether a thread may take the request now: it is there whole, or
        its body is too large to be waited for, or there is something wrong with it."""
        self.arrived += data
        if self.request is None and not self._read_head():
            return False
        if self.refusal is None and not self._is_whole():
            if self._size() <= LARGEST:
                return False
            self._begin_stream()
        self.unreader.unread(bytes(self.arrived))
        self.arrived.clear()
        return True

    def wants_more(self) -> bool:
        """Whether the visitor waits for the word to send the body; says so once."""
        if self.request is None or not self.request._expected_100_continue:
            return False
        self.request._expected_100_continue = False
        return True

    def __next__(self) -> Any:
        """The request; raises what is wrong with it."""
        if self.refusal:
            raise self.refusal
        if isinstance(self.request.body.reader, ChunkedReader):
            self._measure()
        return self.request

    def finish_body(self, deadline: float | None = None, max_bytes: int | None = None) -> bool:
        """Whether the body is read to its end, so that another request can follow."""
        if self.mesg and self.unreader.goes_on:
            return not self.mesg.body.failed and self.mesg.body.reader.length == 0
        return bool(super().finish_body())

    def _read_head(self) -> bool:
        """Whether the head is there, or one that is too large."""
        end = self.arrived.find(HEAD_END, max(0, self._searched - len(HEAD_END)))
        self._searched = len(self.arrived)
        if end < 0 and self._searched <= LARGEST_HEAD:
            return False
        if end < 0:
            self.refusal = LimitRequestHeaders("limit request head size")
            return True
        stop = end + len(HEAD_END)
        self.unreader.unread(bytes(self.arrived[:stop]))
        del self.arrived[:stop]
        try:
            self.request = super().__next__()
        except Exception as error:
            self.refusal = error
        return True

    def _is_whole(self) -> bool:
        reader = self.request.body.reader
        if isinstance(reader, ChunkedReader):
            return self._chunks.are_all_in(self.arrived)
        return len(self.arrived) >= int(reader.length)

    def _size(self) -> int:
        """How large the body is at least."""
        reader = self.request.body.reader
        known = 0 if isinstance(reader, ChunkedReader) else reader.length
        return max(known, len(self.arrived))

    def _begin_stream(self) -> None:
        if isinstance(self.request.body.reader, ChunkedReader):
            self.refusal = LengthRequired()
            return
        self.unreader.goes_on = True
        self.unreader.is_awaited = self.wants_more()

    def _measure(self) -> None:
        """Gives a chunked body, which is there whole, the length without which Django would not
        read it."""
        content = self.request.body.read()
        kept = [each for each in self.request.headers if each[0] != "TRANSFER-ENCODING"]
        self.request.headers = [*kept, ("CONTENT-LENGTH", str(len(content)))]
        self.request.body = Body(LengthReader(IterUnreader([content]), len(content)))


class Connection(TConn):  # type: ignore[misc]
    """One visitor's connection. `sock` is where gunicorn writes, `socket` what the loop reads."""

    def __init__(self, cfg: Any, sock: socket.socket, client: Any, server: Any) -> None:
        super().__init__(cfg, sock, client, server)
        self.socket = sock
        self.sock = Outlet(sock)
        self.parser = Arrivals(cfg, client, Stream(sock, self.sock))
        self.initialized = self.data_ready = True
        self.deadline = 0.0  # of whatever is awaited, by time.monotonic()
        self.buffered = 0  # bytes that have arrived of a request
        self.goes_on = False  # another request may follow

    def close(self, graceful: bool = False) -> None:
        self.sock.discard()
        with suppress(OSError):
            self.socket.close()
