"""A host of the Web API v3, asked page by page. Knows no model.

The host decides how fast: what it says of its limits is kept to (`Later`), and so is an answer that
says that it can't now.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from http import HTTPStatus
from http.client import HTTPResponse
from time import time
from typing import IO, Any
from urllib.parse import urlencode, urljoin, urlsplit

from django.utils.translation import gettext as _

from moving.errors import BadSource
from web.fetching import Fault, NotFetched, answered, is_fetchable

PAGE = 100  # rows
MOST_PAGES = 20_000  # of a list: two million rows
LARGEST_PAGE = 8 * 1024 * 1024  # bytes
PAGE_TIME = 30.0  # seconds for a page
FILE_TIME = 4 * 60 * 60.0  # seconds for a file
LONGEST_WAIT = 60.0  # seconds
FIRST_WAIT = 2.0  # seconds, doubled with each try
MOST_REDIRECTS = 3  # of a file
LEAST_LEFT = 2  # calls that are left to others
DIGESTS = {32: "md5", 40: "sha1", 64: "sha256"}  # by their digits
EPOCH = 1_000_000_000  # what is more than that is a moment and no number of seconds


class Later(Exception):
    """The source asks to come back in so many `seconds`; with `failed` it could not answer."""

    def __init__(self, seconds: float, *, failed: bool = False, sentence: str = "") -> None:
        super().__init__(seconds)
        self.seconds, self.failed, self.sentence = seconds, failed, sentence


class Unavailable(Exception):
    """The source does not give this at all; `sentence` says why, `status` is its answer's."""

    def __init__(self, sentence: str, status: int = 0) -> None:
        super().__init__(sentence)
        self.sentence, self.status = sentence, status


class DamagedFile(Exception):
    """A file that came is not the one that was told of; `sentence` says what differs."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def base_of(address: str) -> str:
    """The source's address without what programs append. Raises BadSource."""
    base = address.strip().rstrip("/").removesuffix("/v3")
    if not is_fetchable(base) or urlsplit(base).query:
        raise BadSource
    return base


class Source:
    """The rows of a vendor at a v3 host, by a token that may read them."""

    def __init__(self, base: str, token: str, *, file_time: float = FILE_TIME) -> None:
        self.base, self._token, self._file_time = base, token, file_time
        self.pause = 0.0  # seconds until the source wants to be asked again
        self._before: tuple[str, int, bytes] = ("", 0, b"")  # the page before, as a digest

    def page(self, path: str, number: int) -> list[Any]:
        """The rows of a list's page, none behind the last one. Raises Later, and Unavailable also
        for a list that does not end."""
        if number > MOST_PAGES:
            raise Unavailable(_("The source tells of more than two million of these."))
        url = f"{self.base}/v3/{path}?{urlencode({'page': number, 'limit': PAGE})}"
        try:
            with answered(url, headers=self._headers(url), seconds=PAGE_TIME) as response:
                self._check(response, path)
                content = response.read(LARGEST_PAGE + 1)
                self.pause = _pause(response.headers)
                broken_off = bool(response.length)
        except NotFetched as error:
            raise _later(error) from error
        if len(content) > LARGEST_PAGE:
            raise Unavailable(_("A page of the source is larger than 8 MB."))
        if broken_off:
            raise Later(FIRST_WAIT, failed=True, sentence=_("The source breaks off."))
        rows = _rows(content)
        if rows:
            self._check_is_another(path, number, content)
        return rows

    def _check_is_another(self, path: str, number: int, content: bytes) -> None:
        """Some hosts know no pages, and answer each with all that they have."""
        told = hashlib.sha256(content).digest()
        if self._before == (path, number - 1, told):
            raise Unavailable(_("The source gives the same page again and again."))
        self._before = (path, number, told)

    @contextmanager
    def file(self, url: str) -> Iterator[IO[bytes]]:
        """The bytes of a file, to be read inside. Raises Later and Unavailable. Elsewhere than at
        the source itself nobody is told its token."""
        with self._opened(urljoin(f"{self.base}/", url), MOST_REDIRECTS) as response:
            yield response

    @contextmanager
    def _opened(self, url: str, redirects: int) -> Iterator[Any]:
        try:
            with answered(url, headers=self._headers(url), seconds=self._file_time) as response:
                where = response.headers.get("Location", "")
                moved = HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST
                if not moved:
                    self._check(response, url)
                    yield response
                    return
        except NotFetched as error:
            raise _later(error) from error
        if not where or not redirects:
            raise Unavailable(_("The file's address leads nowhere."))
        with self._opened(urljoin(url, where), redirects - 1) as response:
            yield response

    def _headers(self, url: str) -> dict[str, str]:
        headers = {"Accept": "application/json"}
        # SECURITY: tests/moving/test_import.py. The token is for the source alone.
        if _origin(url) == _origin(self.base):
            headers["Authorization"] = f"Bearer {self._token}"
        return headers

    def _check(self, response: HTTPResponse, path: str) -> None:
        status = response.status
        if status == HTTPStatus.OK:
            return
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise Later(_seconds(response.headers.get("Retry-After"), FIRST_WAIT))
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
            wait = _seconds(response.headers.get("Retry-After"), 0)
            text = _("The source answers with %(status)d.") % {"status": status}
            raise Later(wait, failed=True, sentence=text)
        raise Unavailable(_refusal(status), status)


def _refusal(status: int) -> str:
    if status == HTTPStatus.UNAUTHORIZED:
        return _("The source does not take this token.")
    if status == HTTPStatus.FORBIDDEN:
        return _("The token may not read these at the source.")
    if status == HTTPStatus.NOT_FOUND:
        return _("The source has none of these.")
    return _("The source answers with %(status)d.") % {"status": status}


def _later(error: NotFetched) -> Exception:
    if error.fault in {Fault.NO_ANSWER, Fault.UNKNOWN_NAME}:
        return Later(0, failed=True, sentence=error.sentence)
    return Unavailable(error.sentence)


def _rows(content: bytes) -> list[Any]:
    try:
        rows = json.loads(content)
    except (ValueError, RecursionError):
        rows = None
    if not isinstance(rows, list):
        raise Unavailable(_("The source answers with something that is no list."))
    if len(rows) > PAGE:
        raise Unavailable(_("The source gives more rows at once than it was asked for."))
    return rows


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _pause(headers: Message) -> float:
    """How long to wait before the next call: until the limit is full again, where nearly none of it
    is left."""
    left = headers.get("X-Rate-Limit-Remaining") or ""
    if not left.isdecimal() or int(left) > LEAST_LEFT:
        return 0.0
    return _seconds(headers.get("X-Rate-Limit-Reset"), FIRST_WAIT)


def _seconds(text: str | None, default: float) -> float:
    """What a header says in seconds, or by a moment, at most LONGEST_WAIT."""
    try:
        number = float(text or "")
    except ValueError:
        return default
    if number > EPOCH:
        number -= time()
    return min(max(number, 0.0), LONGEST_WAIT) if number == number else default  # noqa: PLR0124  NaN


def back_off(tries: int) -> float:
    """How many seconds to wait after so many calls in a row that failed."""
    return float(min(FIRST_WAIT * 2 ** min(tries, 10), LONGEST_WAIT))


class Compared:
    """A file that is read once, and compared with what was told of it. Its `read` raises
    DamagedFile at the end."""

    def __init__(self, file: IO[bytes], *, size: int | None, checksum: str) -> None:
        self._file, self._size, self._expected = file, size, checksum.strip().lower()
        name = DIGESTS.get(len(self._expected), "")
        self._digest = hashlib.new(name, usedforsecurity=False) if name else None
        self._read = 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._read += len(data)
        if self._digest:
            self._digest.update(data)
        too_many = self._size is not None and self._read > self._size
        if not data or size < 0 or too_many:
            self._check()
        return data

    def _check(self) -> None:
        if getattr(self._file, "length", 0):  # what an answer still owes
            raise DamagedFile(_("The source breaks off."))
        if self._size is not None and self._read != self._size:
            raise DamagedFile(
                _("%(read)d bytes came, and the source tells of %(size)d.")
                % {"read": self._read, "size": self._size}
            )
        if self._digest and self._digest.hexdigest() != self._expected:
            raise DamagedFile(_("The checksum differs from the one that the source tells."))
