"""The portal's Web API at whatever address it is asked: for who can't give 127.0.0.1 its name."""

from collections.abc import Callable, Iterable
from typing import Any

from portal.wsgi import application as portal

HOST = "api.portal.localhost"


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    return portal({**environ, "HTTP_HOST": HOST}, start_response)
