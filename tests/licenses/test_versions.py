"""Versions: what is one, how they are ordered, what a limit lets through."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licenses.versions import LONGEST, LONGEST_KEY, Version, parse, plain, sort_key, within

NUMBERS = st.lists(st.integers(0, 999_999_999), min_size=2, max_size=4)
WORDS = st.text("019azAZ-", min_size=1, max_size=5).filter(
    lambda text: not (text.isdecimal() and text != "0" and text.startswith("0"))
)
PRE = st.lists(WORDS, max_size=4)


@pytest.mark.parametrize("text", ["1.2", "1.2.3", "1.2.3.4", "0.0", "2026.11.24.999999999"])
def test_versions(text: str) -> None:
    assert parse(text) == Version(tuple(int(part) for part in text.split(".")))


@pytest.mark.parametrize(
    ("text", "pre"),
    [
        ("1.0.0-rc.1", ("rc", "1")),
        ("1.0-alpha", ("alpha",)),
        ("1.2.3.4-0", ("0",)),
        ("1.0.0-x-y-z.--", ("x-y-z", "--")),
        ("1.0.0-01a", ("01a",)),
        ("1.0.0-20261128", ("20261128",)),
    ],
)
def test_pre_releases(text: str, pre: tuple[str, ...]) -> None:
    assert parse(text).pre == pre


@pytest.mark.parametrize(
    "text",
    ["", "1", "1.", ".1", "1..2", "1.2.3.4.5", "1.2a", "v1.2", " 1.2", "1.2 ", "1.-2", "1.2\n",
     "1,2", "1.1234567890", "١.٢", "1-rc", "1.2-", "1.2-rc.", "1.2-rc..1", "1.2-.1", "1.2-rc.01",
     "1.2-ä", "1.2-rc_1", "1.2-rc\n", "1.2+5", "1.2-rc+5", "1.2rc1", "1.2-rc 1"],
)  # fmt: skip
def test_what_is_no_version(text: str) -> None:
    for function in (parse, sort_key):
        with pytest.raises(ValueError, match="is not a version"):
            function(text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [("v1.2", "1.2"), ("V1.2-rc.1", "1.2-rc.1"), (" v1.2 ", "1.2"), ("1.2", "1.2"), ("", ""),
     ("vv1.2", "vv1.2"), ("v 1.2", "v 1.2"), ("version 1.2", "version 1.2"), ("v", "v")],
)  # fmt: skip
def test_a_leading_v_is_taken_off(text: str, kept: str) -> None:
    assert plain(text) == kept


def as_semver_says(numbers: list[int], pre: list[str]) -> list[object]:
    """What SemVer 2.0.0 compares (section 11), in lists that Python compares so."""
    parts = [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in pre]
    return [[*numbers, 0, 0, 0][:4], not pre, parts]


@given(NUMBERS, NUMBERS, PRE, PRE, st.booleans())
def test_keys_order_as_semver_does(
    first: list[int], second: list[int], pre: list[str], other: list[str], same: bool
) -> None:
    second = first if same else second
    versions = ((first, pre), (second, other))
    keys = [
        sort_key(".".join(map(str, numbers)) + "".join(f"-{'.'.join(pre)}" for _ in pre[:1]))
        for numbers, pre in versions
    ]
    expected = [as_semver_says(*version) for version in versions]
    assert (keys[0] < keys[1]) == (expected[0] < expected[1])
    assert (keys[0] == keys[1]) == (expected[0] == expected[1])
    assert all(key.isdecimal() for key in keys)


IN_ORDER = [
    "1.0.0-0", "1.0.0-2", "1.0.0-11", "1.0.0-RC.1", "1.0.0-alpha", "1.0.0-alpha.1",
    "1.0.0-alpha.beta", "1.0.0-alpha1", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
    "1.0.0-beta-1", "1.0.0-rc.1", "1.0.0-rc.9", "1.0.0-rc.10", "1.0.0-rc.10.1", "1.0.0",
    "1.0.0.1-rc.1", "1.0.0.1", "1.0.1-alpha", "1.0.1", "1.9.0", "1.10.0-rc.1", "1.10.0",
]  # fmt: skip


def test_the_order_of_the_examples() -> None:
    """Those of semver.org, and more."""
    shuffled = random.Random(1).sample(IN_ORDER, len(IN_ORDER))
    assert sorted(shuffled, key=sort_key) == IN_ORDER


def test_the_longest_key_has_place() -> None:
    for pre in ("a" * 36, ".".join("a" * 18), "1" * 36, ".".join(["ab"] * 12)):
        version = f"1.0-{pre}"
        assert len(version) <= LONGEST
        assert len(sort_key(version)) <= LONGEST_KEY


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
        ("4.2.9-rc.1", "4.2", True),
        ("4.3.0-rc.1", "4.2", False),
        ("4.3.0-rc.1", "4.3.0", True),
        ("5.0.0-alpha", "4.99", False),
        ("4.2.0-rc.1", "4.2.0-rc.2", True),
        ("4.2-rc.2", "4.2.0-rc.2", True),
        ("4.2.0-rc.10", "4.2.0-rc.2", False),
        ("4.2.0", "4.2.0-rc.2", False),
        ("4.1.9", "4.2-rc.1", True),
    ],
)
def test_a_limit_with_fewer_parts_ignores_the_lower_ones(
    version: str, limit: str, allowed: bool
) -> None:
    assert within(version, limit) is allowed
