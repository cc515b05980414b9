"""Charts: what they draw, what they say to who doesn't see them, and that nothing gets through."""

import re
from datetime import date, timedelta
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from backoffice import charts
from backoffice.charts import Bar

HOSTILE = "</title><script>alert(1)</script>\"'&"
FIRST = date(2026, 10, 26)
HEADS = ("Version", "Machines")


def days(*counts: int) -> list[tuple[date, int]]:
    return [(FIRST + timedelta(days=number), count) for number, count in enumerate(counts)]


def tree(html: str) -> ElementTree.Element:
    """The chart as XML: whatever is not closed or escaped fails here."""
    return ElementTree.fromstring(html)


def heights(html: str) -> list[float]:
    return [float(day[2].get("height", "")) for day in tree(html).iterfind(".//svg/g")]


def rows(html: str) -> list[list[str]]:
    body = tree(html).iterfind(".//tbody/tr")
    return [["".join(cell.itertext()) for cell in row] for row in body]


# --- The scale ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("highest", "ticks"),
    [
        (0, [0, 1]),
        (1, [0, 1]),
        (2, [0, 1, 2]),
        (4, [0, 1, 2, 3, 4]),
        (5, [0, 2, 4, 6]),
        (9, [0, 5, 10]),
        (20, [0, 5, 10, 15, 20]),
        (21, [0, 10, 20, 30]),
        (99, [0, 50, 100]),
        (1_000_000, [0, 500_000, 1_000_000]),
        (3 * 10**15, [0, 10**15, 2 * 10**15, 3 * 10**15]),
    ],
)
def test_the_scale_is_round_and_holds_the_highest(highest: int, ticks: list[int]) -> None:
    assert charts.scale(highest) == ticks


@pytest.mark.parametrize("highest", [*range(200), 999, 123_456_789])
def test_the_scale_has_few_even_steps(highest: int) -> None:
    ticks = charts.scale(highest)
    assert 2 <= len(ticks) <= 5
    assert ticks[-1] >= highest
    assert len({after - before for before, after in pairwise(ticks)}) == 1


# --- Days ---------------------------------------------------------------------------------------


def test_days_are_drawn_in_proportion() -> None:
    html = charts.per_day("a", "Activations per day", days(0, 1, 4), "Activations")
    assert heights(html) == [0, charts.HEIGHT / 4, charts.HEIGHT]


def test_days_are_told_in_words_and_in_a_table() -> None:
    html = charts.per_day("a", "Activations per day", days(0, 1200, 4), "Activations")
    root = tree(html)
    svg = root.find(".//svg")
    assert svg is not None
    assert svg.get("role") == "img"
    assert [svg.find("title").get("id"), svg.find("desc").get("id")] == ["a-title", "a-told"]  # type: ignore[union-attr]
    assert (svg.get("aria-labelledby"), svg.get("aria-describedby")) == ("a-title", "a-told")
    assert svg.findtext("desc") == (
        "From 26 October 2026 to 28 October 2026: 1,204 in all, at most 1,200 on 27 October 2026."
    )
    assert root.findtext(".//caption") == "Activations per day"
    assert [(head.text, head.get("scope")) for head in root.iterfind(".//thead/tr/th")] == [
        ("Day", "col"),
        ("Activations", "col"),
    ]
    assert rows(html) == [
        ["26 October 2026", "0"],
        ["27 October 2026", "1,200"],
        ["28 October 2026", "4"],
    ]


@pytest.mark.parametrize("counts", [(), (0,), (7,), (0,) * 30, (10**15, 1)])
def test_any_days_can_be_drawn(counts: tuple[int, ...]) -> None:
    html = charts.per_day("a", "Activations per day", days(*counts), "Activations")
    assert len(heights(html)) == len(counts)
    assert len(rows(html)) == len(counts)
    assert all(
        (count > 0) == (height > 0) for count, height in zip(counts, heights(html), strict=True)
    )


# --- Lists of bars ------------------------------------------------------------------------------


def test_a_list_says_names_numbers_and_shares() -> None:
    html = charts.bars(
        "Versions", [Bar("4.2.1", 998, "/there/?a=1&b=2"), Bar("4.1", 2)], HEADS, 1000
    )
    root = tree(html)
    assert root.find(".//li/a").get("href") == "/there/?a=1&b=2"  # type: ignore[union-attr]
    assert [item.findtext("span[@class='number']") for item in root.iterfind(".//li")] == [
        "998",
        "2",
    ]
    assert rows(html) == [["4.2.1", "998", "over 99%"], ["4.1", "2", "under 1%"]]
    assert [svg.get("aria-hidden") for svg in root.iterfind(".//svg")] == ["true", "true"]


def test_what_is_little_among_millions_is_still_seen() -> None:
    html = charts.bars("Versions", [Bar("4.2.1", 10**9), Bar("4.1", 1), Bar("4.0", 0)], HEADS)
    widths = [rect.get("width") for rect in tree(html).iterfind(".//rect[@class='value']")]
    assert widths == ["100%", f"{charts.THINNEST_PART}%", "0%"]


@pytest.mark.parametrize("number", [0, 1, 50])
def test_a_list_of_any_length_can_be_drawn(number: int) -> None:
    bars = [Bar(f"4.{minor}", minor) for minor in range(number)]
    assert len(rows(charts.bars("Versions", bars, HEADS))) == number


# --- Two parts ----------------------------------------------------------------------------------


def test_two_parts_share_the_bar() -> None:
    html = charts.two_parts("m", "Machines", Bar("Online", 3), Bar("Offline", 1), HEADS)
    root = tree(html)
    widths = [root.find(f".//rect[@class='{name}']").get("width") for name in ("value", "second")]  # type: ignore[union-attr]
    assert widths == ["450", "150"]
    assert root.findtext(".//desc") == "Online: 3. Offline: 1."
    assert rows(html) == [["Online", "3", "75%"], ["Offline", "1", "25%"]]


@pytest.mark.parametrize("pair", [(0, 0), (0, 5), (5, 0), (10**15, 1)])
def test_any_two_parts_can_be_drawn(pair: tuple[int, int]) -> None:
    html = charts.two_parts("m", "Machines", Bar("Online", pair[0]), Bar("Offline", pair[1]), HEADS)
    assert len(rows(html)) == 2
    assert ("split" in html) == all(pair)


# --- All of them --------------------------------------------------------------------------------


EVERY_CHART = [
    charts.per_day("a", HOSTILE, days(1, 2), HOSTILE),
    charts.bars(
        HOSTILE, [Bar(HOSTILE, 1, f"/?a={HOSTILE}"), Bar(HOSTILE, 2)], (HOSTILE, HOSTILE), 3
    ),
    charts.two_parts("m", HOSTILE, Bar(HOSTILE, 1, HOSTILE), Bar(HOSTILE, 2), (HOSTILE, HOSTILE)),
]


@pytest.mark.parametrize("html", EVERY_CHART)
def test_names_are_escaped(html: str) -> None:
    assert "<script" not in html
    assert not [each for each in tree(html).iter() if each.tag == "script"]
    assert HOSTILE in "".join(tree(html).itertext())


@pytest.mark.parametrize("html", EVERY_CHART)
def test_the_strict_policy_has_nothing_to_refuse(html: str) -> None:
    for each in tree(html).iter():
        assert each.tag != "style"
        assert not [name for name in each.attrib if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("html", EVERY_CHART)
def test_ids_are_the_names_that_the_page_gives(html: str) -> None:
    assert set(re.findall(r' id="([^"]*)"', html)) <= {"a-title", "a-told", "m-title", "m-told"}
