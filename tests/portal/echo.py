"""A WSGI application for tests of how it is served: tells what it gets, or does as it is told."""

import io
import os
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

LARGE = 3 * 1024 * 1024  # bytes
TOLD = ("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "CONTENT_LENGTH", "wsgi.url_scheme")


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    asked = dict(parse_qsl(environ["QUERY_STRING"]))
    time.sleep(float(asked.get("sleep", "0")))
    if environ["PATH_INFO"] == "/large":
        start("200 OK", [("Content-Length", str(LARGE))])
        return [b"x" * 100_000] * (LARGE // 100_000) + [b"x" * (LARGE % 100_000)]
    if environ["PATH_INFO"] == "/file":
        announced = int(asked.get("announced", LARGE))
        start("200 OK", [("Content-Length", str(announced))])
        return environ["wsgi.file_wrapper"](open(asked["path"], "rb"))  # type: ignore[no-any-return]
    if environ["PATH_INFO"] == "/unread":
        start("200 OK", [("Content-Length", "6")])
        return [b"unread"]
    size = int(environ.get("CONTENT_LENGTH") or 0)
    body, pieces = io.BytesIO(), 0
    while piece := environ["wsgi.input"].read(min(65536, size - body.tell())):
        body.write(piece)
        pieces += 1
    told = [f"{name}={environ.get(name, '')}" for name in TOLD]
    told += [f"threads={os.environ.get('THREADS')}"]
    told += [f"pieces={pieces}", f"body={len(body.getvalue())}", body.getvalue()[:50].decode()]
    content = "\n".join(told).encode()
    start("200 OK", [("Content-Length", str(len(content))), ("Content-Type", "text/plain")])
    return [content]
