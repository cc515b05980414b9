"""Charts as inline SVG with their table: numbers in, HTML out, no database and no request.

Shapes are SVG that stretches to the width it gets; words are HTML around it, so that they keep
their size on a phone. Colours come from static/css/dashboard.css by class, and nothing is told by
colour alone. Every text is escaped: names of versions and platforms come from customers' machines.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

WIDTH = 600  # units of the SVG, not pixels
HEIGHT = 160
GAP = 0.25  # of a day's width
MOST_STEPS = 4
THINNEST = 1.5  # units: a bar of one among millions is still seen
THINNEST_PART = 0.25  # percent


@dataclass(frozen=True, slots=True)
class Bar:
    """One number with its name, and where a closer look at it is; empty is nowhere."""

    label: str
    value: int
    url: str = ""


def grouped(number: int) -> str:
    """A number with its thousands set apart."""
    return number_format(number, force_grouping=True)


def share(value: int, total: int) -> str:
    """How much of the total that is, in whole percent; what is little is not called nothing."""
    percent = round(100 * value / total) if total else 0
    if value and percent == 0:
        return _("under 1%")
    if value < total and percent == 100:  # noqa: PLR2004
        return _("over 99%")
    return _("%(percent)d%%") % {"percent": percent}


# --- Bars per day -------------------------------------------------------------------------------


def per_day(name: str, title: str, days: Sequence[tuple[date, int]], heading: str) -> SafeString:
    """A bar for each day; `name` is unique on the page, `heading` says what is counted."""
    ticks = scale(max((count for _day, count in days), default=0))
    return format_html(
        '<figure class="chart chart-days"><div class="plot">{}{}{}</div>{}</figure>',
        _scale_labels(ticks),
        _columns(name, title, days, ticks),
        _first_and_last(days),
        table(title, (_("Day"), heading), [(_date(day), grouped(count)) for day, count in days]),
    )


def scale(highest: int) -> list[int]:
    """Whole numbers at even distances from 0 to what holds the highest, 2 to 5 of them.

    Distances are 1, 2 or 5 with noughts.
    """
    step, factors = 1, (2, 2.5, 2)
    turn = 0
    while step * MOST_STEPS < highest:
        step = int(step * factors[turn % len(factors)])
        turn += 1
    steps = max(1, -(-highest // step))
    return [step * number for number in range(steps + 1)]


def _scale_labels(ticks: list[int]) -> SafeString:
    labels = format_html_join("", "<span>{}</span>", ((grouped(each),) for each in ticks[::-1]))
    return format_html('<div class="scale" aria-hidden="true">{}</div>', labels)


def _columns(
    name: str, title: str, days: Sequence[tuple[date, int]], ticks: list[int]
) -> SafeString:
    lines = format_html_join(
        "",
        '<line class="grid" x1="0" x2="{}" y1="{}" y2="{}"/>',
        ((WIDTH, y, y) for y in (_height_above(tick, ticks) for tick in ticks)),
    )
    width = WIDTH / max(1, len(days))
    # A day's ground, where its name is told, and its bar; by their place, since they are many.
    bars = format_html_join(
        "",
        '<g><title>{}</title><rect x="{}" width="{}" height="{}"/>'
        '<rect x="{}" y="{}" width="{}" height="{}"/></g>',
        (
            (
                _day_text(day, count),
                _units(width * number),
                _units(width),
                HEIGHT,
                _units(width * (number + GAP / 2)),
                _units(HEIGHT - _tall(count, ticks)),
                _units(width * (1 - GAP)),
                _units(_tall(count, ticks)),
            )
            for number, (day, count) in enumerate(days)
        ),
    )
    return _svg(name, title, _told(days), HEIGHT, format_html("{}{}", lines, bars))


def _height_above(tick: int, ticks: list[int]) -> str:
    return _units(HEIGHT - HEIGHT * tick / ticks[-1])


def _tall(count: int, ticks: list[int]) -> float:
    return max(THINNEST, HEIGHT * count / ticks[-1]) if count else 0


def _first_and_last(days: Sequence[tuple[date, int]]) -> SafeString:
    ends = [_short_date(day) for day, _count in (*days[:1], *days[-1:])]
    labels = format_html_join("", "<span>{}</span>", ((each,) for each in ends))
    return format_html('<div class="ends" aria-hidden="true">{}</div>', labels)


def _told(days: Sequence[tuple[date, int]]) -> str:
    """The chart in a sentence, for who doesn't see it."""
    if not days:
        return _("There is nothing to show yet.")
    day, most = max(days, key=lambda pair: pair[1])
    return _("From %(first)s to %(last)s: %(total)s in all, at most %(most)s on %(day)s.") % {
        "first": _date(days[0][0]),
        "last": _date(days[-1][0]),
        "total": grouped(sum(count for _day, count in days)),
        "most": grouped(most),
        "day": _date(day),
    }


def _day_text(day: date, count: int) -> str:
    return _("%(day)s: %(count)s") % {"day": _date(day), "count": grouped(count)}


def _date(day: date) -> str:
    return date_format(day, "j F Y")


def _short_date(day: date) -> str:
    return date_format(day, "j M")


# --- A list of bars -----------------------------------------------------------------------------


def bars(title: str, rows: Sequence[Bar], heads: tuple[str, str], total: int = 0) -> SafeString:
    """A bar for each row, names and numbers as text beside it; `heads` are those of the table.

    With a `total` the table also has shares of it. The bars themselves add nothing to the text,
    so they are hidden from who doesn't see them.
    """
    longest = max((row.value for row in rows), default=0)
    items = format_html_join(
        "",
        '<li>{}<span class="number">{}</span>{}</li>',
        ((_name(row), grouped(row.value), _bar(row.value, longest)) for row in rows),
    )
    return format_html(
        '<figure class="chart chart-bars"><ul>{}</ul>{}</figure>',
        items,
        table(title, _heads(heads, total), _rows(rows, total)),
    )


def _name(row: Bar) -> SafeString:
    if row.url:
        return format_html('<a class="name" href="{}"><bdi>{}</bdi></a>', row.url, row.label)
    return format_html('<span class="name"><bdi>{}</bdi></span>', row.label)


def _bar(value: int, longest: int) -> SafeString:
    length = max(THINNEST_PART, 100 * value / longest) if value else 0
    return format_html(
        '<svg class="bar" aria-hidden="true"><rect class="value" width="{}%" height="100%"/></svg>',
        _units(length),
    )


# --- Two parts of a whole -----------------------------------------------------------------------


def two_parts(name: str, title: str, first: Bar, second: Bar, heads: tuple[str, str]) -> SafeString:
    """One bar in two parts with a line between; the names stand below, each at its end."""
    total = first.value + second.value
    split = WIDTH * first.value / total if total else 0
    shapes = format_html(
        '<rect class="reach" width="{0}" height="16"/><rect class="value" width="{1}" height="16"/>'
        '<rect class="second" x="{1}" width="{2}" height="16"/>'
        "{3}",
        WIDTH,
        _units(split),
        _units(WIDTH - split if total else 0),
        _split(split) if first.value and second.value else "",
    )
    told = _("%(first)s: %(first_count)s. %(second)s: %(second_count)s.") % {
        "first": first.label,
        "first_count": grouped(first.value),
        "second": second.label,
        "second_count": grouped(second.value),
    }
    legend = format_html_join(
        "",
        '<li>{}<span class="number">{}</span><span class="share">{}</span></li>',
        ((_name(part), grouped(part.value), share(part.value, total)) for part in (first, second)),
    )
    return format_html(
        '<figure class="chart chart-parts">{}<ul>{}</ul>{}</figure>',
        _svg(name, title, told, 16, shapes),
        legend,
        table(title, _heads(heads, total), _rows((first, second), total)),
    )


def _split(x: float) -> SafeString:
    return format_html('<line class="split" x1="{0}" x2="{0}" y1="0" y2="16"/>', _units(x))


# --- Parts of every chart -----------------------------------------------------------------------


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> SafeString:
    """The numbers of a chart as a table that opens below it; rows are named by their first cell."""
    head = format_html_join("", '<th scope="col">{}</th>', ((each,) for each in heads))
    body = format_html_join(
        "",
        '<tr><th scope="row"><bdi>{}</bdi></th>{}</tr>',
        (
            (first, format_html_join("", "<td>{}</td>", ((each,) for each in rest)))
            for first, *rest in rows
        ),
    )
    return format_html(
        '<details><summary>{}<span class="visually-hidden">: {}</span></summary>'
        '<div class="numbers"><table><caption class="visually-hidden">{}</caption>'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div></details>",
        _("Show as a table"),
        caption,
        caption,
        head,
        body,
    )


def _heads(heads: tuple[str, str], total: int) -> tuple[str, ...]:
    return (*heads, _("Share")) if total else heads


def _rows(rows: Sequence[Bar], total: int) -> Iterator[tuple[str, ...]]:
    for row in rows:
        told = (row.label, grouped(row.value))
        yield (*told, share(row.value, total)) if total else told


def _svg(name: str, title: str, told: str, height: int, shapes: SafeString) -> SafeString:
    return format_html(
        '<svg role="img" viewBox="0 0 {1} {2}" preserveAspectRatio="none" '
        'aria-labelledby="{0}-title" aria-describedby="{0}-told">'
        '<title id="{0}-title">{3}</title><desc id="{0}-told">{4}</desc>{5}</svg>',
        name,
        WIDTH,
        height,
        title,
        told,
        shapes,
    )


def _units(number: float) -> str:
    """A length in the SVG, which wants a point whatever the language."""
    return f"{number:.2f}".rstrip("0").rstrip(".")
