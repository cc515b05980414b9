"""The back office's first page and lists at 1,000 and at 1,000,000 licences.

`.venv/bin/python -m bench.dashboard [sqlite|postgresql] [licences]`, in a throw-away database; for
PostgreSQL a throw-away server. Whole pages through Django's test client, signed in, the least and
the median of several rounds in milliseconds; the ratio is of the least to that of the same page of
a vendor with 1,000 licences in the same run.
`counted anew` is the page whose numbers are not kept yet, `kept` the one after it.
"""

import statistics
import sys
import time
from contextlib import nullcontext
from typing import Any

from bench import throwaway
from tests import postgres

SMALL = 1_000
LARGE = 1_000_000
EVENTS = 100_000
ROUNDS = 7

SERIES = {
    "sqlite": (
        "WITH RECURSIVE series(n) AS "
        "(SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < {count}) "
    ),
    "postgresql": "WITH series(n) AS (SELECT generate_series(1, {count})) ",
}
WORDS = {
    "sqlite": {
        "id": "lower(hex(randomblob(16)))",
        "days": "strftime('%Y-%m-%d %H:%M:%f000', 'now', ({}) || ' days')",
        "text": "'{}' || n",
        "yes": "1",
        "no": "0",
    },
    "postgresql": {
        "id": "gen_random_uuid()",
        "days": "now() + ({}) * interval '1 day'",
        "text": "'{}' || n",
        "yes": "true",
        "no": "false",
    },
}

# Rows that are made here need no check of what they refer to, which takes most of the time, and
# indexes that are filled at random want to lie in memory.
BEFORE = {
    "sqlite": ("PRAGMA foreign_keys = OFF", "PRAGMA cache_size = -1000000"),
    "postgresql": ("SET session_replication_role = replica",),
}
# Everything as it was, and what a database in use has done by itself: it makes index-only scans
# possible.
AFTER = {
    "sqlite": (
        "ANALYZE",
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "PRAGMA cache_size = -2000",
        "PRAGMA foreign_keys = ON",
    ),
    "postgresql": ("VACUUM ANALYZE", "CHECKPOINT", "SET session_replication_role = origin"),
}


def main() -> None:
    engine = sys.argv[1] if len(sys.argv) > 1 else "sqlite"
    large = int(sys.argv[2]) if len(sys.argv) > 2 else LARGE
    with postgres.server() if engine == "postgresql" else nullcontext() as entry:
        url = f"postgresql://tests@/postgres?host={entry['HOST']}" if entry else ""
        throwaway.set_up(url)
        measure(engine, large)


def measure(engine: str, large: int) -> None:
    start = time.perf_counter()
    run(BEFORE[engine])
    people = {count: fill(engine, f"vendor{count}", count) for count in (SMALL, large)}
    run(AFTER[engine])
    print(
        f"{engine}, {large:,} licences and machines, filled in {time.perf_counter() - start:.0f} s"
    )
    pages = {
        "dashboard, counted anew": ("/", True),
        "dashboard, kept": ("/", False),
        "licences": ("/licenses/license/", False),
        "licences, expired": ("/licenses/license/?status=expired", False),
        "licences, within 30 days": ("/licenses/license/?expiring=30", False),
        "machines": ("/licenses/activation/", False),
        "machines, offline": ("/licenses/activation/?offline__exact=1", False),
    }
    heads = ("small min", "median", "large min", "median", "ratio")
    print(f"{'page':26}", " ".join(f"{head:>9}" for head in heads))
    for name, (path, anew) in pages.items():
        small, big = (timed(person, path, anew) for person in people.values())
        figures = (*small, *big, big[0] / small[0])
        print(f"{name:26}", " ".join(f"{figure:9.1f}" for figure in figures), flush=True)
    parts(people[large].vendor)


def run(statements: tuple[str, ...]) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def parts(vendor: Any) -> None:
    """Each query of the page by itself."""
    from django.utils import timezone

    from licenses import statistics as licences
    from releases import statistics as releases
    from tenancy.door import inside

    now = timezone.now()
    queries = {
        "standings": lambda: licences.standings(now),
        "machines": licences.machines,
        "activations per day": lambda: licences.activations_per_day(now),
        "downloads per day": lambda: releases.downloads_per_day(now),
        "top files": lambda: releases.top_files(now, 1),
    }
    for name, query in queries.items():
        with inside(vendor):
            least, median = rounds(query)
            print(f"  {name:24} {'':19} {least:9.1f} {median:9.1f}", flush=True)


def timed(person: Any, path: str, anew: bool) -> tuple[float, float]:
    """The least and the median of a page, in milliseconds."""
    from django.core.cache import cache
    from django.test import Client

    client = Client(HTTP_HOST="app.portal.localhost")
    client.post(
        "/login/",
        {"company_id": person.vendor.company_id, "email": person.email, "password": "a password"},
    )
    assert client.get(path).status_code == 200, path

    def page() -> None:
        if anew:
            cache.clear()
        client.get(path)

    return rounds(page)


def rounds(call: Any) -> tuple[float, float]:
    """The least and the median of several rounds, in milliseconds."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000)
    return min(times), statistics.median(times)


def fill(engine: str, company_id: str, count: int) -> Any:
    """A vendor with so many licences, a machine for each, and recent events; its administrator."""

    from accounts.models import BuiltIn, User
    from accounts.verbs.vendors import begin_vendor
    from audit.models import AuditEntry
    from licenses.models import Activation, License, Product
    from licenses.verbs.products import create_product
    from releases.models import Download, Release, ReleaseFile
    from tenancy.door import inside
    from tenancy.models import Vendor

    vendor = begin_vendor(Vendor(company_id=company_id, name=company_id))
    with inside(vendor):
        admin = User.objects.create_user(
            vendor=vendor, email="admin@example.com", password="a password", role=BuiltIn.ADMIN
        )
        ada = User.objects.create_user(
            vendor=vendor, email="ada@example.com", password="a password"
        )
        product = create_product(Product(vendor=vendor, name="Orbit"))
        release = Release(
            vendor=vendor, product=product, name="Orbit", version="1.0.0", platforms=["linux"]
        )
        release.clean()
        release.save(force_insert=True)
        files = [
            ReleaseFile.objects.create(
                vendor=vendor,
                release=release,
                name=f"{n}.bin",
                size=1,
                sha256="0" * 64,
                url="https://example.com/",
            )
            for n in range(8)
        ]
        word = WORDS[engine]
        day = word["days"].format
        licence = License(vendor=vendor, product=product, user=ada)
        insert(
            engine,
            count,
            licence,
            {
                "key": word["text"].format("KEY-"),
                "created_at": day("-(n % 900)"),
                "expires_at": f"CASE WHEN n % 5 > 0 THEN {day('(n % 700) - 300')} END",
                "suspended": f"CASE WHEN n % 40 = 0 THEN {word['yes']} ELSE {word['no']} END",
                "revoked": f"CASE WHEN n % 50 = 0 THEN {word['yes']} ELSE {word['no']} END",
                "expiration_strategy": "CASE WHEN n % 25 = 0 THEN 'delayed' ELSE 'immediate' END",
                "subscription_interval": "CASE WHEN n % 3 > 0 THEN 'P1Y' ELSE '' END",
            },
        )
        first = License.objects.first()
        machine = Activation(vendor=vendor, license=first, machine_thumbprint="x")
        insert(
            engine,
            count,
            machine,
            {
                "fingerprint": word["text"].format("machine-"),
                "hostname": word["text"].format("host-"),
                "created_at": day("-(n % 900)"),
                "last_synced_at": day("-(n % 30)"),
                "os": "CASE n % 7 WHEN 0 THEN 'macos' WHEN 1 THEN 'linux' WHEN 2 THEN 'linux' ELSE 'windows' END",
                "app_version": "'4.' || (n % 6) || '.' || (n % 11)",
                "offline": f"CASE WHEN n % 9 = 0 THEN {word['yes']} ELSE {word['no']} END",
            },
        )
        events = min(count, EVENTS)
        entry = AuditEntry(
            vendor=vendor,
            source="portal",
            subject_type="licenses.license",
            subject_id=first.pk,
            action="activated",
            previous="",
            digest="",
        )
        # The trail has entries already: of the product, for one.
        insert(engine, events, entry, {"sequence": "n + 1000", "created_at": day("-(n % 40)")})
        for file in files:
            download = Download(
                vendor=vendor,
                file=file,
                user=ada,
                license=first,
                first_byte=0,
                bytes_asked=1,
                complete=True,
                counted=True,
            )
            insert(engine, events // 8, download, {"created_at": day("-(n % 40)")})
    return admin


def insert(engine: str, count: int, sample: Any, varied: dict[str, str]) -> None:
    """Rows like the sample but for the columns in `varied`, which are SQL with the number `n`."""
    from django.db import connection
    from django.utils import timezone

    sample.created_at = sample.updated_at = timezone.now()
    if hasattr(sample, "last_synced_at"):
        sample.last_synced_at = timezone.now()
    columns, values, params = [], [], []
    for field in sample._meta.concrete_fields:
        columns.append(connection.ops.quote_name(field.column))
        sql = WORDS[engine]["id"] if field.primary_key else varied.get(field.name)
        if sql is None:
            params.append(field.get_db_prep_save(field.pre_save(sample, False), connection))
            sql = f"CAST(%s AS {field.db_type(connection)})" if engine == "postgresql" else "%s"
        else:
            sql = sql.replace("%", "%%")
        values.append(sql)
    series = SERIES[engine].format(count=count)
    statement = (
        f"{series}INSERT INTO {connection.ops.quote_name(sample._meta.db_table)} "
        f"({', '.join(columns)}) SELECT {', '.join(values)} FROM series"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


if __name__ == "__main__":
    sys.exit(main())
