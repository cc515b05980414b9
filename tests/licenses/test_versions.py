"""Version numbers: what is one, how they compare, what a limit lets through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licenses.versions import parse, sort_key, within

NUMBERS = st.lists(st.integers(0, 999_999_999), min_size=2, max_size=4)


@pytest.mark.parametrize("text", ["1.2", "1.2.3", "1.2.3.4", "0.0", "2026.11.24.999999999"])
def test_versions(text: str) -> None:
    assert parse(text) == tuple(int(part) for part in text.split("."))


@pytest.mark.parametrize(
    "text",
    ["", "1", "1.", ".1", "1..2", "1.2.3.4.5", "1.2a", "v1.2", " 1.2", "1.2 ", "1.-2", "1.2\n",
     "1,2", "1.1234567890", "١.٢"],
)  # fmt: skip
def test_what_is_no_version(text: str) -> None:
    for function in (parse, sort_key):
        with pytest.raises(ValueError, match="is not a version"):
            function(text)


@given(NUMBERS, NUMBERS)
def test_keys_order_as_numbers_do(first: list[int], second: list[int]) -> None:
    def padded(numbers: list[int]) -> list[int]:
        return [*numbers, 0, 0, 0][:4]

    keys = [sort_key(".".join(map(str, numbers))) for numbers in (first, second)]
    assert (keys[0] < keys[1]) == (padded(first) < padded(second))
    assert (keys[0] == keys[1]) == (padded(first) == padded(second))


@pytest.mark.parametrize(
    ("version", "limit", "allowed"),
    [
        ("4.2", "4.2", True),
        ("4.2.9", "4.2", True),
        ("4.2.9.9", "4.2", True),
        ("4.3", "4.2", False),
        ("4.10", "4.9", False),
        ("4.9", "4.10", True),
        ("5.0", "4.99", False),
        ("3.99", "4.0", True),
        ("4.2.1", "4.2.1", True),
        ("4.2.1.5", "4.2.1", True),
        ("4.2.2", "4.2.1", False),
        ("4.2", "4.2.0", True),
        ("4.2", "4.2.1.7", True),
    ],
)
def test_a_limit_with_fewer_parts_ignores_the_lower_ones(
    version: str, limit: str, allowed: bool
) -> None:
    assert within(version, limit) is allowed
