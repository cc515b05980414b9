"""A host of the Web API v3 as moves see it: what our own says of a vendor, at another address and
with other ids, since ids are an installation's."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

from accounts.models import User
from moving.nouns import NOUNS
from tests.api.program import program_of

TOKEN = "a-token-of-the-source"
A_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class FakeSource:
    """Lists by their paths, files by theirs, and what is answered instead, once each."""

    def __init__(self) -> None:
        self.lists: dict[str, list[Any]] = {noun.path: [] for noun in NOUNS}
        self.files: dict[str, bytes] = {}
        self.instead: list[tuple[int, dict[str, str]]] = []
        self.headers: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []  # path, and what it was asked with
        self.size = 100
        self.moved: dict[str, str] = {}  # where files are that it leads to
        self.broken = False  # whether it can give no file
        self.endless = False  # whether it gives all rows whatever page is asked for
        self.address = ""

    def record(self, person: User) -> None:
        """What our own host says to the person's program, with other ids."""
        for path, said in said_to(person).items():
            text = A_UUID.sub(lambda match: other(match[0]), said)
            self.lists[path] = json.loads(text)
        for release in self.lists["releases"]:
            for file in release["files"]:
                file["url"] = f"/files/{file['id']}"

    def row(self, path: str, **has: Any) -> dict[str, Any]:
        """The one that has these members."""
        [found] = [each for each in self.lists[path] if has.items() <= each.items()]
        return found  # type: ignore[no-any-return]


def said_to(person: User) -> dict[str, str]:
    """All lists of our own host, as the person's program gets them."""
    program, said = program_of(person), {}
    for noun in NOUNS:
        found = program.get(f"/v3/{noun.path}?limit=100")
        assert found.status_code == 200, found.content
        said[noun.path] = found.content.decode()
    return said


def other(id: str | UUID) -> str:
    return str(uuid5(NAMESPACE_URL, str(id)))


@contextmanager
def serving(source: FakeSource) -> Iterator[FakeSource]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            source.asked.append((parts.path, self.headers.get("Authorization", "")))
            if source.instead:
                status, headers = source.instead.pop(0)
                self._say(status, b"", headers)
            elif source.broken and parts.path.startswith("/files/"):
                self._say(500, b"", {})
            elif parts.path in source.moved:
                self._say(302, b"", {"Location": source.moved[parts.path]})
            elif parts.path in source.files:
                self._say(200, source.files[parts.path], {})
            else:
                self._list(parts.path.removeprefix("/v3/"), parse_qs(parts.query))

        def _list(self, path: str, query: dict[str, list[str]]) -> None:
            if path not in source.lists:
                self._say(404, b'{"message": "None.", "code": "NOT_FOUND"}', {})
                return
            size = min(int(query["limit"][0]), source.size)
            start = (int(query["page"][0]) - 1) * size
            rows = (
                source.lists[path] if source.endless else source.lists[path][start : start + size]
            )
            self._say(200, json.dumps(rows).encode(), {})

        def _say(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**source.headers, **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    source.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield source
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
