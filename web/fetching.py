"""What the portal itself asks of others: small JSON documents that it fetches, sources that are
moved in from, and what it hands to receivers of webhooks; at public addresses alone.

The one place from which a request leaves. Who chooses the address is a vendor, so it must lead
nowhere behind the operator's walls: the name is resolved, what it resolves to is checked, and the
connection goes to that very address, so that a name that answers differently the second time gains
nothing. Redirects are not followed, and all of it, from the name to the answer, is over after
TIMEOUT, or what `answered` is given.
"""

import json
import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from queue import Empty, Queue
from time import monotonic
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

# Seconds: for everything, and of these at most for a name, and for the connection to one address.
TIMEOUT = 10.0
LOOK_UP = 5.0
CONNECT = 4.0
SILENT = 60.0  # without a byte
MOST_TRIED = 3  # addresses of a name
LARGEST = 256 * 1024  # bytes of an answer
BEGINNING = 1000  # bytes that are read of a receiver's answer
LONGEST_ADDRESS = 2000  # characters
# The addresses of IPv6 that are given to anybody. Beside them there are old ones of sites, and
# those that stand for IPv4 addresses (compatible, translated, NAT64).
GIVEN = IPv6Network("2000::/3")
# What Python takes for the world's and is not: 6to4, which leads to IPv4 addresses, a network of
# examples, and one of protocols, where some clouds answer.
BUT: tuple[IPv4Network | IPv6Network, ...] = (
    IPv6Network("2002::/16"),
    IPv6Network("3fff::/20"),
    IPv4Network("192.0.0.0/24"),
)


class Fault(Enum):
    """Why nothing was fetched; what people read of it."""

    BAD_ADDRESS = _("%(url)s is no address that begins with https://.")
    UNKNOWN_NAME = _("There is no server of this name: %(host)s.")
    NOT_PUBLIC = _(
        "%(host)s is not at a public address, and whoever runs this installation has not allowed "
        "it."
    )
    NO_ANSWER = _("%(host)s does not answer.")
    BAD_CERTIFICATE = _("The certificate of %(host)s is not valid.")
    REDIRECT = _("%(url)s leads to another address. Enter that one.")
    TOO_LARGE = _("%(url)s answers with more than it should.")
    BAD_STATUS = _("%(url)s answers with %(status)s.")
    NO_JSON = _("%(url)s answers with something that is no JSON object.")


class NotFetched(Exception):
    """Nothing was fetched; `status` and `answer` are those of an answer with an error."""

    def __init__(
        self, fault: Fault, url: str, *, status: int = 0, answer: dict[str, Any] | None = None
    ) -> None:
        super().__init__(fault.name, _shown(url))
        self.fault, self.url, self.status, self.answer = fault, url, status, answer or {}

    @property
    def sentence(self) -> str:
        host = urlsplit(self.url).hostname if self.fault is not Fault.BAD_ADDRESS else ""
        return str(self.fault.value) % {
            "url": _shown(self.url),
            "host": host,
            "status": self.status,
        }


def _shown(url: str) -> str:
    """Without its query, in which there may be secrets."""
    return url.partition("?")[0][:200]


def basic(name: str, password: str) -> dict[str, str]:
    """The header by which a client says who it is (RFC 6749, 2.3.1)."""
    joined = f"{quote_plus(name)}:{quote_plus(password)}"
    return {"Authorization": f"Basic {b64encode(joined.encode()).decode()}"}


def is_fetchable(url: str, allowed: Collection[str] | None = None) -> bool:
    """Whether the address may be asked at all: https, or http at a host that the operator allows
    (`allowed`, without it those of identity providers); without name, password and fragment."""
    if len(url) > LONGEST_ADDRESS or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        is_there = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    schemes = {"https", "http"} if _is_allowed(parts.hostname or "", allowed) else {"https"}
    is_plain = parts.username is None and parts.password is None and not parts.fragment
    return is_there and is_plain and parts.scheme in schemes and "\\" not in url


def get(url: str, *, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The JSON object at the address. Raises NotFetched."""
    return _fetch("GET", url, headers or {})


def post(
    url: str, fields: Mapping[str, str], *, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The JSON object by which a form that is sent there is answered. Raises NotFetched."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return _fetch("POST", url, {**form, **(headers or {})}, urlencode(fields).encode())


def certificate_of(host: str, port: int = 443, *, allowed: Collection[str] = ()) -> bytes:
    """The certificate (DER) that the host shows, valid or not; nothing is asked of it. Raises
    NotFetched."""
    url = f"https://{host}:{port}/"
    try:
        with _connected(url, allowed, context=_ANY) as (connection, _deadline):
            line = connection.sock
            shown = line.getpeercert(binary_form=True) if isinstance(line, ssl.SSLSocket) else None
    except (OSError, ValueError) as error:
        raise NotFetched(Fault.NO_ANSWER, url) from error
    if not shown:
        raise NotFetched(Fault.NO_ANSWER, url)
    return shown


def _any_certificate() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


# For looking at certificates alone: nothing is sent over such a connection.
_ANY = _any_certificate()


@dataclass(frozen=True, slots=True)
class Answered:
    """What a receiver has said: its status, the beginning of its text, and after how many
    milliseconds."""

    status: int
    beginning: str
    took: int


def hand_over(
    url: str, body: bytes, headers: Mapping[str, str], *, allowed: Collection[str]
) -> Answered:
    """Posts JSON to the address; what its receiver answers, whatever the status, of which only the
    beginning is read. `allowed` are the hosts that the operator lets be anywhere. Raises NotFetched
    where there is no answer, and for a redirect."""
    begin = monotonic()
    sent = {"Content-Type": "application/json; charset=utf-8", **headers}
    with _answered("POST", url, sent, body, allowed) as response:
        _check_stays(response, url)
        beginning = b""
        # Its status says it all: a text that comes too slowly, or breaks off, takes nothing away.
        with suppress(OSError, HTTPException, ValueError):
            beginning = response.read(BEGINNING)
        text = beginning.decode(errors="replace").replace("\0", "")
        return Answered(response.status, text, round((monotonic() - begin) * 1000))


@contextmanager
def answered(url: str, *, headers: Mapping[str, str], seconds: float) -> Iterator[HTTPResponse]:
    """What the address answers to GET, whatever its status, to be read inside; after so many
    seconds the line is cut. Raises NotFetched, also for what breaks off while it is read."""
    with _answered("GET", url, headers, None, None, seconds=seconds) as response:
        yield response


def _fetch(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
) -> dict[str, Any]:
    with _answered(method, url, headers, body, None) as response:
        return _read(response, url)


@contextmanager
def _answered(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    allowed: Collection[str] | None,
    *,
    seconds: float | None = None,
) -> Iterator[HTTPResponse]:
    """The answer, to be read; what breaks, here or while it is read, is NotFetched."""
    if not is_fetchable(url, allowed):
        raise NotFetched(Fault.BAD_ADDRESS, url)
    parts = urlsplit(url)
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    sent = {"Accept": "application/json", "User-Agent": "portal", "Connection": "close", **headers}
    try:
        with _connected(url, allowed, seconds or TIMEOUT) as (connection, deadline):
            connection.request(method, path, body, sent)
            with connection.getresponse() as response:
                _left(deadline)  # or a head was cut off
                yield response
    except ssl.SSLCertVerificationError as error:
        raise NotFetched(Fault.BAD_CERTIFICATE, url) from error
    except (OSError, HTTPException, ValueError) as error:
        raise NotFetched(Fault.NO_ANSWER, url) from error


@contextmanager
def _connected(
    url: str,
    allowed: Collection[str] | None,
    seconds: float = TIMEOUT,
    context: ssl.SSLContext | None = None,
) -> Iterator[tuple[HTTPConnection, float]]:
    """A connection to an address that was checked, and until when it lasts: then it ends, however
    slowly something still comes. Without a `context` certificates have to be valid."""
    deadline = monotonic() + seconds
    parts = urlsplit(url)
    host, port = str(parts.hostname), parts.port or (443 if parts.scheme == "https" else 80)
    lines = [_line(addresses_of(url, allowed)[:MOST_TRIED], port, deadline)]
    end = threading.Timer(max(0.0, deadline - monotonic()), _cut, [lines])
    end.daemon = True
    end.start()
    try:
        if parts.scheme == "https":
            trusted = context or ssl.create_default_context()
            lines.append(trusted.wrap_socket(lines[0], server_hostname=host))
        connection = HTTPConnection(host, port)
        connection.sock = lines[-1]
        yield connection, deadline
    finally:
        end.cancel()
        for line in lines:
            line.close()


def _line(addresses: list[str], port: int, deadline: float) -> socket.socket:
    """A line to the first of the addresses that takes one, on which nothing is waited for beyond
    the deadline. Raises OSError."""
    for address in addresses[:-1]:
        with suppress(OSError):
            return _line_to(address, port, deadline)
    return _line_to(addresses[-1], port, deadline)


def _line_to(address: str, port: int, deadline: float) -> socket.socket:
    line = socket.create_connection((address, port), timeout=min(CONNECT, _left(deadline)))
    try:
        line.settimeout(min(_left(deadline), SILENT))
    except OSError:
        line.close()
        raise
    return line


def _left(deadline: float) -> float:
    """The seconds that are left. Raises TimeoutError."""
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _cut(lines: list[socket.socket]) -> None:
    """Ends what is read or written just now; closing is for who has opened. TLS, which has taken
    the line over, is not asked."""
    with suppress(OSError):
        socket.socket.shutdown(lines[-1], socket.SHUT_RDWR)


def _check_stays(response: HTTPResponse, url: str) -> None:
    """Raises NotFetched for a redirect."""
    if HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
        raise NotFetched(Fault.REDIRECT, url, status=response.status)


def _read(response: HTTPResponse, url: str) -> dict[str, Any]:
    status = response.status
    _check_stays(response, url)
    content = response.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise NotFetched(Fault.TOO_LARGE, url)
    if response.length:  # broken off
        raise NotFetched(Fault.NO_ANSWER, url)
    found = _object(content)
    if status != HTTPStatus.OK:
        raise NotFetched(Fault.BAD_STATUS, url, status=status, answer=found)
    if found is None:
        raise NotFetched(Fault.NO_JSON, url)
    return found


def _object(content: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def addresses_of(url: str, allowed: Collection[str] | None = None) -> list[str]:
    """The IP addresses to which the name leads, if they may be asked. Raises NotFetched."""
    host = str(urlsplit(url).hostname)
    found = _looked_up(host)
    if not found:
        raise NotFetched(Fault.UNKNOWN_NAME, url)
    # SECURITY: tests/web/test_fetching.py. Of several not even one may be inside.
    if not _is_allowed(host, allowed) and not all(map(is_public, found)):
        raise NotFetched(Fault.NOT_PUBLIC, url)
    return found


def _looked_up(host: str) -> list[str]:
    """What the machine's resolver says, which knows no limit of time itself."""
    answers: Queue[list[str]] = Queue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            found = []
        answers.put([str(each[4][0]) for each in found])

    threading.Thread(target=ask, daemon=True).start()
    try:
        return answers.get(timeout=LOOK_UP)
    except Empty:
        return []


def is_public(address: str) -> bool:
    """Whether an IP address is one of the whole world's."""
    try:
        found = ip_address(address)
    except ValueError:  # with a zone, as link-local ones have
        return False
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped:
            return is_public(str(found.ipv4_mapped))
        if found not in GIVEN:
            return False
    return found.is_global and not found.is_multicast and not any(found in net for net in BUT)


def _is_allowed(host: str, allowed: Collection[str] | None) -> bool:
    """Whether the operator lets the portal ask this host wherever it is, also without TLS."""
    return host in (settings.PRIVATE_PROVIDERS if allowed is None else allowed)
