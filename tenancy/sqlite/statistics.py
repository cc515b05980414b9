"""What SQLite's planner is told of tables, so that it finds a row by what is rare and not by its
vendor, of whom nearly all rows may be.

Without, it takes every index for equally good: among 100,000 machines of a vendor those of one
licence are looked for by the vendor. What it would be told of a table of few rows (that reading all
of them is best) is true until there are many; so of those it is told nothing. PostgreSQL keeps its
own statistics.
"""

from django.db import connection, transaction

FEWEST = 1000  # rows of a table of which it is told
# Rows of each index: it takes some tenths of a second at any size. SQLite then believes that
# a vendor has half as many: far more than the ids that a search names (tenancy/finding.py).
LOOKED_AT = 20_000


def keep() -> str:
    """What a chore does about it."""
    if connection.vendor != "sqlite":
        return "PostgreSQL does that by itself."
    return f"Told of {gather()} tables."


@transaction.atomic
def gather() -> int:
    """Looks at all tables anew; of how many it keeps something. Other connections go by it once
    they are opened."""
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA analysis_limit = {LOOKED_AT}")
        cursor.execute("ANALYZE")
        # What is kept of an index begins with how many rows there are.
        cursor.execute("DELETE FROM sqlite_stat1 WHERE CAST(stat AS INTEGER) < %s", [FEWEST])
        cursor.execute("ANALYZE sqlite_schema")  # reads what is left
        cursor.execute("SELECT COUNT(DISTINCT tbl) FROM sqlite_stat1")
        return int(cursor.fetchone()[0])
