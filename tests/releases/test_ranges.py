"""What a Range header asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releases.files.ranges import ByteRange, Unsatisfiable, asked

SIZE = 1000


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=0-499", (0, 500)),
        ("bytes=500-", (500, 1000)),
        ("bytes=999-999", (999, 1000)),
        ("bytes=900-5000", (900, 1000)),
        ("bytes=-1", (999, 1000)),
        ("bytes=-5000", (0, 1000)),
        ("BYTES=0-1", (0, 2)),
        ("bytes= 1 - 2 ", (1, 3)),
    ],
)
def test_one_range(header: str, expected: tuple[int, int]) -> None:
    assert asked(header, SIZE) == ByteRange(*expected)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes =0-1",
        "bytes\t=0-1",
        " bytes=0-1",
        "items=0-1",
        "bytes=0-1,5-6",
        "bytes=0-1, -1",
        "bytes=,",
    ],
)
def test_the_whole_file(header: str | None) -> None:
    assert asked(header, SIZE) is None


@pytest.mark.parametrize(
    "header",
    ["bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=5-4", "bytes=-", "bytes=", "bytes=a-b",
     "bytes=--1", "bytes=\t1-2", "bytes=1", f"bytes={'9' * 30}-", "bytes=٣-٤", "bytes=0x1-2"],
)  # fmt: skip
def test_nothing_that_exists(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        asked(header, SIZE)


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=0-0", "bytes=-1"])
def test_an_empty_file_has_no_ranges(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        asked(header, 0)


@given(st.text(max_size=40), st.integers(0, 10**12))
def test_any_header_gives_bytes_of_the_file_or_is_refused(text: str, size: int) -> None:
    for header in (text, f"bytes={text}"):
        try:
            part = asked(header, size)
        except Unsatisfiable:
            continue
        assert part is None or 0 <= part.first < part.stop <= size
