"""HEALTHCHECK of the image: whether the web server lives; not whether its database does, because
of which no container is to be started anew.

The worker and other commands are healthy as long as they run, which the engine sees by itself.
"""

import os
import sys
from http.client import HTTPConnection, HTTPException
from pathlib import Path

TIMEOUT = 8.0  # seconds; the engine waits for ten
OK = 200


def is_web(command_line: bytes) -> bool:
    """Whether the words, each ended by a zero byte, are those that start the web server, alone or
    with the worker."""
    return any(b"\0deploy/run\0%b\0" % role in command_line for role in (b"web", b"run"))


def answers(port: int) -> bool:
    # Not urllib, which would go through a proxy that the environment names.
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == OK
    except (OSError, HTTPException):
        return False


if __name__ == "__main__":
    if is_web(Path("/proc/1/cmdline").read_bytes()):
        sys.exit(not answers(int(os.environ["PORT"])))
