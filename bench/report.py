"""What `python3 dev.py bench` prints: the tables, and in a few sentences how to read them."""

import math
import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

from bench.drive import PATIENCE, percentile
from bench.fill import Filled
from bench.programs import Figures

PAGE = Path(__file__).resolve().parents[1] / "docs/performance.md"
MANY = "licences, customer with many"

TEXT = """\
# Performance

Made by `python3 dev.py bench --write`; {date}. Machine: {machine}; its load when the run began was \
{load:.1f}. Figures of another machine are others; ratios within one run are what to compare.

## How it is made

A private PostgreSQL without safety against power cuts (`-F`) and otherwise with its defaults gets \
one database, made and served by the two roles of `deploy/postgresql.sql`, so that row-level \
security is on. In it are {vendors}, and a further vendor as large as the largest, whom nobody asks \
for. A vendor of n licences has n/10 customers (40 at least), 3n machines, 8 products with a \
release each, 10n entries in the audit trail, n/4 e-mails, n/5 metadata, n/10 downloads; a quarter of \
the licences never expires, some expire soon, a few are suspended, revoked or nobody's. \
`bench/fill.py` has it all.

Three programs are served by gunicorn with 2 workers of 4 threads and send the page of 25 licences \
of a customer who has 25:

- **the portal**, `portal.wsgi` as it is: behind the wall, with its host, scope, session, filters, \
totals and a row's next step;
- **plain Django** (`bench/plain/`): one vendor, stock middleware, sessions in the database, a \
`ListView` on the same tables with the same columns, padded to the portal's length; its role has no \
row-level security, its connections are kept like the portal's;
- **the floor** (`bench/floor.py`): no framework, four statements by psycopg and the portal's bytes.

They are loaded in turn, {rounds} of {seconds:g} s each, by {generator}; the rate is the median of the \
rounds. p50 and p99 are those of a single visitor who asks for one page after the other, and CPU what \
gunicorn's workers then use for one page; it depends least on what else the machine does. Statements \
are counted by the database's log: all that one page sends, the check of an idle connection among \
them. The memory is what the larger worker holds after the load, the start the time from the command \
to the first page.

{programs}
## The portal's pages

The median of one visitor's requests on a warm portal, in milliseconds, asked for at each vendor in \
turn, and the ratio of the largest vendor to the smallest. The first page of the back office keeps its numbers for a while; it is \
measured with what is kept. A search looks for a word of the notes.

{pages}
"""


def written(
    *,
    load: float,
    rounds: int,
    seconds: float,
    generator: str,
    vendors: list[Filled],
    compared: list[list[Figures]],
    timed: dict[str, list[float]],
) -> str:
    sizes = [f"{filled.shape.licenses:,}" for filled in vendors]
    return TEXT.format(
        date=f"{datetime.now(UTC):%-d %B %Y}",
        machine=machine(),
        load=load,
        vendors=" and ".join(f"a vendor of {size} licences" for size in sizes),
        rounds="one round" if rounds == 1 else f"{rounds} rounds",
        seconds=seconds,
        generator="wrk (16 connections, 2 threads)"
        if generator == "wrk"
        else "16 threads of Python, which take from the programs",
        programs="\n".join(
            f"### A vendor of {size} licences\n\n{of_programs(figures)}"
            for size, figures in zip(sizes, compared, strict=True)
        ),
        pages=of_routes(sizes, timed, vendors[-1].shape.of_c5000).rstrip(),
    )


def machine() -> str:
    """Processors and versions; nothing that names the machine."""
    from django.db import connection

    names = re.findall(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    name = names[0] if names else platform.machine()
    server = str(connection.cursor().execute("SHOW server_version").fetchone()[0]).split()[0]
    python = platform.python_version()
    return f"{os.cpu_count()} processors ({name}), PostgreSQL {server}, Python {python}"


def table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def of_programs(figures: list[Figures]) -> str:
    _portal, plain, floor = figures
    heads = ["", "requests/s", "to plain", "to floor", "p50 ms", "p99 ms", "CPU ms", "statements", "bytes",
             "MiB of a worker", "start s"]  # fmt: skip
    rows = [
        [
            each.name,
            f"{each.rate:.0f}",
            f"{each.rate / plain.rate:.2f}",
            f"{each.rate / floor.rate:.2f}",
            told(percentile(each.times, 50)),
            told(percentile(each.times, 99)),
            f"{each.processor / len(each.times) * 1000:.1f}",
            f"{each.statements}",
            f"{each.running.bytes:,}",
            f"{each.memory:.0f}",
            f"{each.start:.1f}",
        ]
        for each in figures
    ]
    return table(heads, rows)


def of_routes(sizes: list[str], timed: dict[str, list[float]], many: int) -> str:
    """A row for each route; that of the customer with many licences is compared with the other's
    at the same vendor."""
    rows = [
        [name, *(told(figure) for figure in figures), ratio(figures[-1], figures[0])]
        for name, figures in timed.items()
        if name != MANY
    ]
    text = table(["page", *sizes, "ratio"], rows)
    of_25, of_many = timed[MANY]
    heads = ["licences page, largest vendor", "25 licences", f"{many:,} licences", "ratio"]
    compared = table(
        heads, [["of the customer with", told(of_25), told(of_many), ratio(of_many, of_25)]]
    )
    return f"{text}\n{compared}"


def told(milliseconds: float) -> str:
    if math.isnan(milliseconds):
        return "failed"
    if math.isinf(milliseconds):
        return f"> {PATIENCE:.0f} s"
    return f"{milliseconds:,.0f}" if milliseconds >= 100 else f"{milliseconds:.1f}"


def ratio(large: float, small: float) -> str:
    """Empty where there is nothing to compare."""
    if math.isnan(large) or not math.isfinite(small):
        return ""
    if math.isinf(large):
        return f"> {PATIENCE * 1000 / small:,.0f}"
    return f"{large / small:,.1f}"
