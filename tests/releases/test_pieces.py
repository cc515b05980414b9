"""Which bytes of a file were granted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releases.files.pieces import MOST, Pieces, common, has, with_part
from releases.files.ranges import ByteRange

PARTS = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted)


@pytest.mark.parametrize(
    ("pieces", "part", "joined", "again"),
    [
        ([], (0, 10), [[0, 10]], 0),
        ([], (5, 5), [], 0),
        ([[0, 10]], (10, 20), [[0, 20]], 0),
        ([[0, 10]], (12, 20), [[0, 10], [12, 20]], 0),
        ([[0, 10], [12, 20]], (8, 14), [[0, 20]], 4),
        ([[5, 10], [20, 30]], (0, 40), [[0, 40]], 15),
        ([[0, 40]], (10, 20), [[0, 40]], 10),
    ],
)
def test_a_part_joins_what_it_touches(
    pieces: Pieces, part: tuple[int, int], joined: Pieces, again: int
) -> None:
    assert common(pieces, ByteRange(*part)) == again
    assert with_part(pieces, ByteRange(*part)) == joined


@given(st.lists(PARTS, max_size=12))
def test_the_same_as_a_set_of_bytes(parts: list[list[int]]) -> None:
    pieces: Pieces = []
    bytes_of: set[int] = set()
    for first, stop in parts:
        part = ByteRange(first, stop)
        assert common(pieces, part) == len(bytes_of & set(range(first, stop)))
        pieces = with_part(pieces, part)
        bytes_of |= set(range(first, stop))
    assert {byte for byte in range(61) if has(pieces, byte)} == bytes_of
    assert pieces == sorted(pieces)


def test_there_are_never_many_of_them() -> None:
    pieces: Pieces = []
    for number in range(5000):
        place = number * 7919 % 1_000_003
        pieces = with_part(pieces, ByteRange(place * 10, place * 10 + 1))
        assert len(pieces) <= MOST
    assert pieces[0][0] == 0


def test_the_nearest_become_one() -> None:
    pieces: Pieces = []
    for number in range(MOST):
        pieces = with_part(pieces, ByteRange(number * 100, number * 100 + 10))
    pieces = with_part(pieces, ByteRange(30, 40))
    assert len(pieces) == MOST
    assert pieces[:2] == [[0, 40], [100, 110]]
