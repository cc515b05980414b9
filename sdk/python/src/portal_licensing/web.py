"""Calls of the Web API: JSON there and back, over verified TLS, in bounded time and size."""

from __future__ import annotations

import http.client
import json
import secrets
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from email.utils import mktime_tz, parsedate_tz
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

from portal_licensing.errors import InvalidInput
from portal_licensing.facts import CLIENT_VERSION
from portal_licensing.refusals import Refused, ServerUnreachable, UnusableAnswer, refusal
from portal_licensing.texts import printable

TIMEOUT = 10.0  # seconds in which something has to come
LONGEST_ANSWER = 60.0  # seconds for all of it
LARGEST_ANSWER = 1024 * 1024  # bytes
ATTEMPTS = 4
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0  # seconds
LONGEST_SENTENCE = 500
# Of these it is worth trying again.
BUSY = {429, 500, 502, 503, 504}
KEY_HEADER = "License-Key"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Web:
    """The Web API at an address such as `https://api.portal.example/v3`.

    `pause` waits for so many seconds between tries. `context` is for who has certificates of an
    own authority. Raises InvalidInput for an address without TLS, unless it is this machine's.
    """

    def __init__(
        self,
        address: str,
        *,
        timeout: float = TIMEOUT,
        attempts: int = ATTEMPTS,
        pause: Callable[[float], None] = time.sleep,
        context: ssl.SSLContext | None = None,
    ) -> None:
        if not is_safe(address):
            raise InvalidInput(f"{address!r} is no address that begins with https://")
        self.address = address.rstrip("/")
        self.timeout = timeout
        self.attempts = attempts
        self.pause = pause
        https = urllib.request.HTTPSHandler(context=context or ssl.create_default_context())
        self._opener = urllib.request.build_opener(_Stay, _Plain, https)

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        attempts: int | None = None,
    ) -> dict[str, Any] | None:
        """What the server answers; None for no content. Where it is worth it, it tries again,
        after as long as the server wishes; so whatever is called has to count once.

        Raises ServerUnreachable, UnusableAnswer, or the Refused of the server's code.
        """
        url = f"{self.address}/{path}" + (f"?{urlencode(query)}" if query else "")
        data = None if body is None else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"} if body is not None else {}
        sent = {**kind, **(headers or {})}
        return self._again(lambda: self._answer(method, url, data, sent), attempts)

    def open(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        method: str = "GET",
        data: bytes | None = None,
    ) -> http.client.HTTPResponse:
        """The answer, whose body is still to be read; a redirect is one, too. Raises
        ServerUnreachable, UnusableAnswer for an address without TLS, and Refused or UnusableAnswer
        for an error."""
        if not is_safe(url):
            raise UnusableAnswer("it names an address without TLS")
        sent = {"User-Agent": CLIENT_VERSION, "Accept": "application/json, */*;q=0.5", **headers}
        request = urllib.request.Request(url, data, sent, method=method)  # noqa: S310  is_safe
        try:
            response: http.client.HTTPResponse = self._opener.open(request, timeout=self.timeout)
        except (OSError, http.client.HTTPException) as error:
            raise ServerUnreachable(_why(error)) from error
        if response.status >= HTTPStatus.BAD_REQUEST:
            with response:
                raise _refused(response)
        return response

    def _again(
        self, act: Callable[[], dict[str, Any] | None], attempts: int | None
    ) -> dict[str, Any] | None:
        """What the act gives, at the latest the last time."""
        most = attempts or self.attempts
        for before in range(most - 1):
            try:
                return act()
            except (ServerUnreachable, Refused) as error:
                wait = wait_after(error, before)
                if wait is None:
                    raise
                self.pause(wait)
        return act()

    def _answer(
        self, method: str, url: str, data: bytes | None, headers: Mapping[str, str]
    ) -> dict[str, Any] | None:
        with self.open(url, headers, method=method, data=data) as response:
            if response.status not in {200, 201, 204}:
                raise UnusableAnswer(f"it answers {response.status}")
            if response.status == HTTPStatus.NO_CONTENT:
                return None
            return _json(_read(response))


class _Stay(urllib.request.HTTPErrorProcessor):
    """Hands out every answer as it is: no redirect is followed."""

    def http_response(self, request: Any, response: Any) -> Any:
        return response

    https_response = http_response


class _Local(http.client.HTTPConnection):
    """Whatever ends in .localhost is this machine (RFC 6761), also where no resolver knows."""

    def connect(self) -> None:
        host = "127.0.0.1" if self.host.endswith(".localhost") else self.host
        self.sock = socket.create_connection((host, self.port), self.timeout)


class _Plain(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Local, req)


def is_safe(address: str) -> bool:
    """Whether what goes there is encrypted, or does not leave the machine."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    host = parts.hostname or ""
    local = host in LOOPBACK or host.endswith(".localhost")
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and local))


def same_origin(one: str, other: str) -> bool:
    """Whether two addresses are of one server."""
    first, second = urlsplit(one), urlsplit(other)
    return (first.scheme, first.netloc) == (second.scheme, second.netloc)


def _why(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return printable(str(reason) or type(reason).__name__, LONGEST_SENTENCE)


def _read(response: http.client.HTTPResponse) -> bytes:
    """The whole body; raises ServerUnreachable where it breaks off or takes too long, and
    UnusableAnswer for a longer one than any of the portal's."""
    end, content = time.monotonic() + LONGEST_ANSWER, b""
    try:
        while piece := response.read1(64 * 1024):
            content += piece
            if len(content) > LARGEST_ANSWER:
                raise UnusableAnswer("it answers too much")
            if time.monotonic() > end:
                raise ServerUnreachable("it answers too slowly")
    except (OSError, http.client.HTTPException) as error:
        raise ServerUnreachable(_why(error)) from error
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and len(content) < int(announced):
        raise ServerUnreachable("the answer broke off")
    return content


def _json(content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnusableAnswer("it answers no JSON") from error
    if not isinstance(value, dict):
        raise UnusableAnswer("it answers no JSON object")
    return value


def _refused(response: http.client.HTTPResponse) -> Refused | UnusableAnswer:
    """The error that an answer is. One that is no portal's counts only where it may pass."""
    after = _seconds(response.headers.get("Retry-After", ""))
    try:
        said = _json(_read(response))
        code, message = said["code"], said["message"]
        if not isinstance(code, str) or not isinstance(message, str):
            raise UnusableAnswer
    except (KeyError, UnusableAnswer, ServerUnreachable):
        if response.status not in BUSY:
            return UnusableAnswer(f"it answers {response.status}")
        code, message = "", ""
    message = printable(message, LONGEST_SENTENCE)
    return refusal(code, message, status=response.status, retry_after=after)


def _seconds(text: str) -> float:
    """What Retry-After says: seconds, or a date."""
    if text.isdecimal():
        return float(text)
    parts = parsedate_tz(text)
    return max(0.0, mktime_tz(parts) - time.time()) if parts else 0.0


def wait_after(error: ServerUnreachable | Refused, before: int) -> float | None:
    """After how many seconds it is worth trying again; None if it isn't."""
    reason = error.__cause__ and getattr(error.__cause__, "reason", None)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return None
    wait: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2**before)
    wait += wait * secrets.randbelow(100) / 200  # so that not all come at once
    if isinstance(error, Refused):
        if error.status not in BUSY or error.retry_after > LONGEST_PAUSE:
            return None
        wait = max(wait, error.retry_after)
    return wait
