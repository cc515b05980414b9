"""A small mail server on loopback that takes e-mails, refuses them, or hangs up, as it is told."""

import socketserver
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from threading import Lock, Thread

HANG_UP = "hang up"


class MailServer(socketserver.ThreadingTCPServer):
    """Answers `says[command]` where that is given, and else agrees.

    The commands are EHLO, MAIL, RCPT, DATA and END, which is the line with the single dot. What it has
    accepted is in `accepted`, in that order, as Message-IDs.
    """

    allow_reuse_address = True
    daemon_threads = True
    # Rows of threads end with the test, not with the server.
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.says: dict[str, str] = {}
        self.delay = 0.0  # seconds that it thinks before it answers END
        self.at_end: Callable[[], object] = lambda: None
        self.accepted: list[str] = []
        self.texts: list[bytes] = []
        self.commands: list[str] = []
        self.lock = Lock()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def accept(self, text: bytes) -> None:
        with self.lock:
            self.accepted.append(message_from_bytes(text)["Message-ID"].strip("<>").split("@")[0])
            self.texts.append(text)


class Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        try:
            self.say("220 ready")
            while self.command():
                pass
        except OSError:
            return  # The other side was killed.

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def command(self) -> bool:
        """Answers one command; False to hang up."""
        line = self.rfile.readline().decode("ascii").strip()
        self.server.commands.append(line)
        words = line.split()
        if not words or words[0].upper() == "QUIT":
            return False
        verb = words[0].upper()
        if verb in ("EHLO", "HELO"):
            self.say(self.server.says.get("EHLO", "250 here"))
            return True
        answer = self.server.says.get(verb, "354 go on" if verb == "DATA" else "250 fine")
        if answer == HANG_UP:
            return False
        self.say(answer)
        return self.data() if answer.startswith("354") else True

    def data(self) -> bool:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return False  # Hung up before the end: there is no e-mail.
            lines.append(line[1:] if line.startswith(b".") else line)
        answer = self.server.says.get("END", "250 taken")
        self.server.at_end()
        if answer == HANG_UP or answer.startswith("250"):
            self.server.accept(b"".join(lines))
        time.sleep(self.server.delay)
        if answer == HANG_UP:
            return False
        self.say(answer)
        return True


@contextmanager
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
