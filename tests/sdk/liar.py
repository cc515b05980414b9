"""A server in the licence server's place, which answers what a test tells it to."""

import http.server
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Answer:
    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    # How many bytes are sent before the connection ends; None for all.
    breaks_after: int | None = None

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Liar:
    """Answers one after the other, the last one for ever; `asked` is what it was asked for, with
    the headers by small letters."""

    port: int = 0
    answers: list[Answer | Callable[[dict[str, str]], Answer]] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/v3"

    def next(self, headers: dict[str, str]) -> Answer:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(headers) if callable(answer) else answer


@contextmanager
def lying(context: ssl.SSLContext | None = None) -> Iterator[Liar]:
    """With a context it speaks TLS."""
    liar = Liar()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.rfile.read(int(headers.get("content-length", 0)))
            liar.asked.append((self.command, self.path, headers))
            answer = liar.next(headers)
            content = answer.content
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(content)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content[: answer.breaks_after])
            self.close_connection = True

        do_POST = do_PATCH = do_DELETE = do_GET

        def log_message(self, *_said: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_said: None  # type: ignore[method-assign]
    liar.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield liar
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
