"""Where an answer goes that a thread has made: as far as the visitor takes it, and aside."""

import os
import select
import socket
from tempfile import TemporaryFile
from typing import IO

IN_MEMORY = 1024 * 1024  # bytes of an answer that wait in memory; the rest waits in a file
PATIENCE = 60.0  # seconds that a thread waits for somebody who takes nothing of a file


class Outlet:
    """Stands in for a connection's socket, which does not block, wherever gunicorn writes.

    An answer never keeps a thread waiting: what the visitor does not take is kept, and the
    worker's loop sends it (`flush`). Files alone are sent by the thread itself; how many at a time
    is limited elsewhere (web/places.py).
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._memory = bytearray()
        self._file: IO[bytes] | None = None
        self._file_size = self._file_sent = 0

    @property
    def left(self) -> int:
        """How many bytes have yet to be sent."""
        return len(self._memory) + self._file_size - self._file_sent

    def fileno(self) -> int:
        return self._socket.fileno()

    def sendall(self, data: bytes) -> None:
        """Sends what can be sent now and keeps the rest; raises OSError when nobody is there."""
        rest = memoryview(data)
        if self.flush():
            rest = rest[self._send(rest) :]
        if self._file is None and len(self._memory) + len(rest) <= IN_MEMORY:
            self._memory += rest
        elif rest:
            self._put_aside(rest)

    def send(self, data: bytes) -> int:
        self.sendall(data)
        return len(data)

    def flush(self) -> bool:
        """Sends what can be sent now; whether that was all. Raises OSError."""
        while self._memory:
            sent = self._send(self._memory)
            if not sent:
                return False
            del self._memory[:sent]
        while self._file and self._file_sent < self._file_size:
            sent = self._send_file(self._file.fileno(), self._file_sent, self.left)
            if not sent:
                return False
            self._file_sent += sent
        self._forget_file()
        return True

    def sendfile(self, file: IO[bytes], offset: int = 0, count: int | None = None) -> int:
        """Sends so many bytes of a file and waits for the visitor meanwhile. Raises OSError when
        that takes too long or there are fewer bytes."""
        stop = offset + (os.fstat(file.fileno()).st_size - offset if count is None else count)
        at = offset
        while not self.flush():
            self._wait()
        while at < stop:
            try:
                sent = os.sendfile(self.fileno(), file.fileno(), at, stop - at)
            except BlockingIOError:
                self._wait()
                continue
            if not sent:
                raise ConnectionAbortedError("The file is shorter than what was announced.")
            at += sent
        return at - offset

    def close(self) -> None:
        """Nothing: the worker's loop closes the connection."""

    def shutdown(self, how: int) -> None:
        """Nothing: what is said last is said by the worker's loop."""

    def setblocking(self, flag: bool) -> None:
        """Nothing: the socket never blocks."""

    def settimeout(self, value: float | None) -> None:
        """Nothing: the socket never blocks."""

    def gettimeout(self) -> float:
        return 0.0

    def recv(self, size: int) -> bytes:
        """Nothing more is read: what a request has, has arrived."""
        return b""

    def discard(self) -> None:
        """Forgets what has yet to be sent."""
        self._memory.clear()
        self._forget_file()

    def _send(self, data: bytearray | memoryview) -> int:
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0

    def _send_file(self, descriptor: int, offset: int, count: int) -> int:
        try:
            return os.sendfile(self.fileno(), descriptor, offset, count)
        except BlockingIOError:
            return 0

    def _wait(self) -> None:
        poll = select.poll()
        poll.register(self.fileno(), select.POLLOUT)
        if not poll.poll(PATIENCE * 1000):
            raise TimeoutError("The visitor takes nothing of the file.")

    def _put_aside(self, data: memoryview) -> None:
        self._file = self._file or TemporaryFile()  # noqa: SIM115  closed when it is sent
        self._file.write(data)
        self._file.flush()
        self._file_size += len(data)

    def _forget_file(self) -> None:
        if self._file:
            self._file.close()
            self._file = None
            self._file_size = self._file_sent = 0
