"""Byte ranges of RFC 9110, section 14: what a Range header asks for of a file; pure.

One range is honoured. Several are answered with the whole file, which the RFC allows: a client
that wants parts asks for them one by one. What can't be read or lies outside is unsatisfiable
(416), as nginx answers it.
"""

import re
from dataclasses import dataclass

ONE = re.compile(r" *([0-9]*) *- *([0-9]*) *")
LONGEST_NUMBER = 19  # digits; more is beyond any file


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes from `first` up to and without `stop`."""

    first: int
    stop: int

    @property
    def length(self) -> int:
        return self.stop - self.first


class Unsatisfiable(Exception):
    """None of the bytes that were asked for exist."""


def asked(header: str | None, size: int) -> ByteRange | None:
    """The range of a file of `size` bytes that a Range header asks for; None is the whole file.

    Raises Unsatisfiable.
    """
    if header is None:
        return None
    unit, equals, text = header.partition("=")
    if not equals or unit.lower() != "bytes":
        return None
    ranges = text.split(",")
    if len(ranges) > 1:
        return None
    match = ONE.fullmatch(ranges[0])
    if match is None or max(len(number) for number in match.groups()) > LONGEST_NUMBER:
        raise Unsatisfiable
    return _resolve(match[1], match[2], size)


def _resolve(first: str, last: str, size: int) -> ByteRange:
    if first:
        start, stop = int(first), min(int(last) + 1, size) if last else size
    elif last:
        start, stop = max(0, size - int(last)), size
    else:
        raise Unsatisfiable
    if start >= stop:
        raise Unsatisfiable
    return ByteRange(start, stop)
