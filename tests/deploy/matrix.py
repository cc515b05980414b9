"""The range cases that docs/downloads.md tabulates, asked with curl."""

import hashlib
import subprocess
from dataclasses import dataclass

PARTIAL, FAILED = 206, 400


@dataclass(frozen=True, slots=True)
class Answer:
    """What curl got: status, headers in small letters (the last of a name), SHA-256 of the body."""

    status: int
    headers: dict[str, str]
    digest: str

    def compared(self) -> tuple[int, dict[str, str], str]:
        """What has to be the same as nginx's own.

        The content of an error page is each server's own; nginx leaves Accept-Ranges out of a
        206, where it goes without saying.
        """
        if self.status >= FAILED:
            return self.status, self._some("content-range"), ""
        if self.status == PARTIAL:
            return self.status, self._some("content-length", "content-range"), self.digest
        return self.status, self._some("content-length", "accept-ranges"), self.digest

    def _some(self, *names: str) -> dict[str, str]:
        return {name: self.headers[name] for name in names if name in self.headers}


# Name, curl's arguments; {size}, {last}, {etag} and {modified} are those of the very server.
CASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("whole file", ()),
    ("HEAD", ("-I",)),
    ("first byte", ("-H", "Range: bytes=0-0")),
    ("first ten", ("-H", "Range: bytes=0-9")),
    ("middle", ("-H", "Range: bytes=1000-1999")),
    ("open end", ("-H", "Range: bytes=1000-")),
    ("last byte", ("-H", "Range: bytes={last}-")),
    ("suffix", ("-H", "Range: bytes=-500")),
    ("suffix longer than the file", ("-H", "Range: bytes=-99999999999")),
    ("end beyond the file", ("-H", "Range: bytes=1000-99999999999")),
    ("whole file as a range", ("-H", "Range: bytes=0-{last}")),
    ("begins behind the end", ("-H", "Range: bytes={size}-")),
    ("empty suffix", ("-H", "Range: bytes=-0")),
    ("last before first", ("-H", "Range: bytes=9-1")),
    ("no numbers", ("-H", "Range: bytes=a-b")),
    ("unit in capitals", ("-H", "Range: BYTES=0-9")),
    ("another unit", ("-H", "Range: items=0-9")),
    ("space after the unit", ("-H", "Range: bytes =1-1")),
    ("spaces in the range", ("-H", "Range: bytes= 1 - 9 ")),
    ("several ranges", ("-H", "Range: bytes=0-9,20-29")),
    ("If-Range, right tag", ("-H", "Range: bytes=0-9", "-H", "If-Range: {etag}")),
    ("If-Range, weak tag", ("-H", "Range: bytes=0-9", "-H", "If-Range: W/{etag}")),
    ("If-Range, other tag", ("-H", "Range: bytes=0-9", "-H", 'If-Range: "other"')),
    ("If-Range, right date", ("-H", "Range: bytes=0-9", "-H", "If-Range: {modified}")),
    (
        "If-Range, other date",
        ("-H", "Range: bytes=0-9", "-H", "If-Range: Mon, 01 Jan 2024 00:00:00 GMT"),
    ),
    ("If-None-Match, right tag", ("-H", "If-None-Match: {etag}")),
    ("If-None-Match, any", ("-H", "If-None-Match: *")),
    ("If-None-Match, other tag", ("-H", 'If-None-Match: "other"')),
    (
        "If-None-Match, right tag, with range",
        ("-H", "If-None-Match: {etag}", "-H", "Range: bytes=0-9"),
    ),
    ("If-Modified-Since, right date", ("-H", "If-Modified-Since: {modified}")),
    ("If-Match, right tag", ("-H", "If-Match: {etag}")),
    ("If-Match, other tag", ("-H", 'If-Match: "other"')),
    ("If-Match, any", ("-H", "If-Match: *")),
    ("If-Match, one of several", ("-H", 'If-Match: "other", {etag}')),
    ("If-Match, weak tag", ("-H", "If-Match: W/{etag}")),
    ("If-Match, right tag, HEAD", ("-I", "-H", "If-Match: {etag}")),
    ("If-Match, right tag, with range", ("-H", "If-Match: {etag}", "-H", "Range: bytes=0-9")),
    (
        "If-Match, right tag, with several ranges",
        ("-H", "If-Match: {etag}", "-H", "Range: bytes=0-9,20-29"),
    ),
    (
        "If-Match, right tag, range behind the end",
        ("-H", "If-Match: {etag}", "-H", "Range: bytes={size}-"),
    ),
    (
        "If-Match and If-Range, right tags",
        ("-H", "If-Match: {etag}", "-H", "If-Range: {etag}", "-H", "Range: bytes=0-9"),
    ),
    (
        "If-Match, right tag, If-Range, other tag",
        ("-H", "If-Match: {etag}", "-H", 'If-Range: "other"', "-H", "Range: bytes=0-9"),
    ),
    (
        "If-Match and If-None-Match, right tags",
        ("-H", "If-Match: {etag}", "-H", "If-None-Match: {etag}"),
    ),
    (
        "If-Unmodified-Since, right date, with range",
        ("-H", "If-Unmodified-Since: {modified}", "-H", "Range: bytes=-10"),
    ),
    (
        "If-None-Match, other tag, If-Modified-Since, right date",
        ("-H", 'If-None-Match: "other"', "-H", "If-Modified-Since: {modified}"),
    ),
    ("If-Modified-Since, no date", ("-H", "If-Modified-Since: yesterday")),
    ("If-Unmodified-Since, right date", ("-H", "If-Unmodified-Since: {modified}")),
    ("If-Unmodified-Since, earlier", ("-H", "If-Unmodified-Since: Mon, 01 Jan 2024 00:00:00 GMT")),
)


def curl(url: str, *arguments: str) -> Answer:
    """One request, never a redirect followed."""
    command = ["curl", "-s", "-D", "/dev/stderr", "--max-time", "60", *arguments, url]
    done = subprocess.run(command, capture_output=True, check=True)
    first, *lines = done.stderr.decode().strip().splitlines()
    headers = dict(line.lower().partition(": ")[::2] for line in lines if ": " in line)
    body = b"" if "-I" in arguments else done.stdout
    return Answer(int(first.split()[1]), headers, hashlib.sha256(body).hexdigest())


def ask_all(url: str) -> dict[str, Answer]:
    """Every case of one server, with that server's own validators."""
    head = subprocess.run(["curl", "-sI", url], capture_output=True, check=True, text=True).stdout
    headers = {
        name.lower(): value
        for name, _colon, value in (line.partition(": ") for line in head.splitlines())
    }
    size = int(headers["content-length"])
    values = {
        "size": size,
        "last": size - 1,
        "etag": headers["etag"],
        "modified": headers["last-modified"],
    }
    return {
        name: curl(url, *(argument.format(**values) for argument in arguments))
        for name, arguments in CASES
    }
