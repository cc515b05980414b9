"""docs/asvs.md has every requirement of OWASP ASVS 5.0 at levels 1 and 2 once, and names what is
there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "asvs.md").read_text()
STATES = {"met", "partly", "not met", "operator"}
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| (\d) \| ([^|]+) \| ([^|]*) \| ([^|]+) \|$", re.MULTILINE)
ASIDE = re.compile(r"^Does not apply: (.+)$", re.MULTILINE)
NUMBER = re.compile(r"\d+\.\d+\.\d+")
NAMED = re.compile(
    r"`((?:[\w.-]+/)*[\w.-]+\.(?:py|md|js|html|toml|lock|sql|conf)|[\w/]+/|deploy/\w+)`"
)
# By section, as the standard's tables have them.
LEVEL_1 = {
    "1.2": "1 2 3 4 5", "1.3": "1 2", "1.5": "1", "2.1": "1", "2.2": "1 2", "2.3": "1",
    "3.2": "1 2", "3.3": "1", "3.4": "1 2", "3.5": "1 2 3", "4.1": "1", "4.4": "1", "5.2": "1 2",
    "5.3": "1 2", "6.1": "1", "6.2": "1 2 3 4 5 6 7 8", "6.3": "1 2", "6.4": "1 2",
    "7.2": "1 2 3 4", "7.4": "1 2", "8.1": "1", "8.2": "1 2", "8.3": "1", "9.1": "1 2 3",
    "9.2": "1", "10.4": "1 2 3 4 5", "11.3": "1 2", "11.4": "1", "12.1": "1", "12.2": "1 2",
    "13.4": "1", "14.2": "1", "14.3": "1", "15.1": "1", "15.2": "1", "15.3": "1",
}  # fmt: skip
LEVEL_2 = {
    "1.1": "1 2", "1.2": "6 7 8 9", "1.3": "3 4 5 6 7 8 9 10 11", "1.4": "1 2 3", "1.5": "2",
    "2.1": "2 3", "2.2": "3", "2.3": "2 3 4", "2.4": "1", "3.3": "2 3 4", "3.4": "3 4 5 6",
    "3.5": "4 5", "3.7": "1 2", "4.1": "2 3", "4.2": "1", "4.3": "1 2", "4.4": "2 3 4", "5.1": "1",
    "5.2": "3", "5.4": "1 2 3", "6.1": "2 3", "6.2": "9 10 11 12", "6.3": "3 4", "6.4": "3 4",
    "6.5": "1 2 3 4 5", "6.6": "1 2 3", "6.8": "1 2 3 4", "7.1": "1 2 3", "7.3": "1 2",
    "7.4": "3 4 5", "7.5": "1 2", "7.6": "1 2", "8.1": "2", "8.2": "3", "8.4": "1", "9.2": "2 3 4",
    "10.1": "1 2", "10.2": "1 2", "10.3": "1 2 3 4", "10.4": "6 7 8 9 10 11", "10.5": "1 2 3 4 5",
    "10.6": "1 2", "10.7": "1 2 3", "11.1": "1 2", "11.2": "1 2 3", "11.3": "3", "11.4": "2 3 4",
    "11.5": "1", "11.6": "1", "12.1": "2 3", "12.3": "1 2 3 4", "13.1": "1", "13.2": "1 2 3 4 5",
    "13.3": "1 2", "13.4": "2 3 4 5", "14.1": "1 2", "14.2": "2 3 4", "14.3": "2 3", "15.1": "2 3",
    "15.2": "2 3", "15.3": "2 3 4 5 6 7", "16.1": "1", "16.2": "1 2 3 4 5", "16.3": "1 2 3 4",
    "16.4": "1 2 3", "16.5": "1 2 3", "17.1": "1", "17.2": "1 2 3 4", "17.3": "1 2",
}  # fmt: skip


def numbers(level: dict[str, str]) -> set[str]:
    return {f"{section}.{n}" for section, held in level.items() for n in held.split()}


def rows() -> list[tuple[str, ...]]:
    return ROW.findall(PAGE)


def aside() -> list[str]:
    return [number for line in ASIDE.findall(PAGE) for number in NUMBER.findall(line)]


def test_every_requirement_stands_in_it_once() -> None:
    found = [row[0] for row in rows()] + aside()
    assert len(found) == len(set(found))
    assert set(found) == numbers(LEVEL_1) | numbers(LEVEL_2)
    assert (len(numbers(LEVEL_1)), len(numbers(LEVEL_2))) == (70, 183)


def test_each_has_its_level_and_an_answer() -> None:
    for number, level, about, state, where in rows():
        assert number in numbers(LEVEL_1 if level == "1" else LEVEL_2), number
        assert about.strip(), number
        assert state in STATES, number
        assert state != "met" or NAMED.search(where) or where == "above", number
        assert state == "met" or len(where.replace("`", "")) > 20, number


def test_what_does_not_apply_has_a_reason() -> None:
    for line in ASIDE.findall(PAGE):
        assert re.fullmatch(r"(?:(?:\d+\.\d+\.\d+, )*\d+\.\d+\.\d+ \([^)]{5,}\)(?:, )?)+\.", line)


@pytest.mark.parametrize("name", sorted({name for row in rows() for name in NAMED.findall(row[4])}))
def test_what_it_names_is_there(name: str) -> None:
    assert (ROOT / name).exists()


def test_what_is_known_to_be_missing_is_so() -> None:
    """The summary at the top names nothing that the tables call met."""
    head = PAGE.partition("## 1.")[0]
    met = {row[0] for row in rows() if row[3] == "met"}
    assert not met & set(NUMBER.findall(head.partition("Known to be missing")[2]))
    lacking = {row[0] for row in rows() if row[3] == "not met"}
    assert lacking - set(NUMBER.findall(head)) == {"15.2.1"}


def test_nginx_speaks_no_outdated_tls() -> None:
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    assert text.count("listen 443 ssl") == text.count("ssl_protocols TLSv1.2 TLSv1.3;") == 2
