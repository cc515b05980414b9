"""Which bytes of a file: a few pieces, in order and apart from each other; pure."""

from collections.abc import Iterable
from itertools import pairwise

from releases.files.ranges import ByteRange

Pieces = list[list[int]]  # each from its first byte up to and without its stop, as JSON keeps it
MOST = 200


def common(pieces: Pieces, part: ByteRange) -> int:
    """How many bytes of the part are in the pieces."""
    return sum(max(0, min(stop, part.stop) - max(first, part.first)) for first, stop in pieces)


def has(pieces: Pieces, byte: int) -> bool:
    return any(first <= byte < stop for first, stop in pieces)


def with_part(pieces: Pieces, part: ByteRange) -> Pieces:
    """The pieces and the part. Of more than 200 pieces those that lie nearest to each other become
    one, as if there were nothing between them."""
    joined = _joined(sorted([*pieces, [part.first, part.stop]]))
    while len(joined) > MOST:
        gaps = [later[0] - earlier[1] for earlier, later in pairwise(joined)]
        at = gaps.index(min(gaps))
        joined[at : at + 2] = [[joined[at][0], joined[at + 1][1]]]
    return joined


def _joined(pieces: Iterable[list[int]]) -> Pieces:
    joined: Pieces = []
    for first, stop in pieces:
        if joined and first <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], stop)
        elif first < stop:
            joined.append([first, stop])
    return joined
