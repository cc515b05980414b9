"""How the parts of the installation are, in numbers: each by an index or by few rows, however much
the tables hold. Nothing in here tells of a vendor's people."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from tempfile import TemporaryFile

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Case, Count, F, Min, When
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult, get_date_max

from jobs.models import SeenWorker

MOST = 10_000  # jobs that are counted
QUIET_ROUNDS = 6  # after so many without a sign of life a worker is gone


@dataclass(frozen=True, slots=True)
class Queue:
    """How many jobs wait that may run, MOST at most, for how many seconds the first of them has
    waited, and how many are being run."""

    waiting: int
    seconds: float
    running: int


def queue() -> Queue:
    now = timezone.now()
    by_status = DBTaskResult.objects.order_by()
    ready = by_status.ready().annotate(
        since=Case(When(run_after=get_date_max(), then=F("enqueued_at")), default=F("run_after"))
    )
    counted = ready.values("since")[:MOST].aggregate(n=Count("*"), first=Min("since"))
    first = counted["first"]
    return Queue(
        waiting=counted["n"],
        seconds=max(0.0, (now - first).total_seconds()) if first else 0.0,
        running=by_status.filter(
            status=TaskResultStatus.RUNNING,
            finished_at=None,
            started_at__gt=now - timedelta(seconds=2 * settings.JOB_LEASE),
        ).count(),
    )


def workers() -> list[SeenWorker]:
    """Those that live: they have said so lately."""
    quiet = timedelta(seconds=QUIET_ROUNDS * settings.UPKEEP_INTERVAL)
    seen = SeenWorker.objects.filter(seen_at__gt=timezone.now() - quiet)
    return list(seen.order_by("machine", "started_at")[:MOST])


def missing_migrations() -> list[str]:
    """The last migrations of this version's apps that the database has not seen."""
    applied = set(MigrationRecorder(connection).applied_migrations())
    return [
        f"{app}.{name}"
        for (app, name), replaced in _last_migrations().items()
        if (app, name) not in applied and not (replaced and applied >= set(replaced))
    ]


@cache
def _last_migrations() -> dict[tuple[str, str], tuple[tuple[str, str], ...]]:
    """Of each app, with what it takes the place of; files, which don't change while we run."""
    loader = MigrationLoader(None)
    return {
        (app, name): tuple(loader.get_migration(app, name).replaces)
        for app, name in loader.graph.leaf_nodes()
    }


def can_store() -> bool:
    """Whether a file can be written where release files arrive. An object store is not asked."""
    with suppress(OSError), TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as file:
        file.write(b"x")
        file.flush()
        return True
    return False


def redis_answers() -> bool | None:
    """Whether limits are kept in Redis now; None where there is none (REDIS_URL)."""
    if not settings.REDIS_URL:
        return None
    from web.redis_store import store_at  # noqa: PLC0415  as in web/limits.py

    return store_at(settings.REDIS_URL).answers()


def database_bytes() -> int:
    """How large the database is."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_database_size(current_database())")
        else:
            cursor.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        return int(cursor.fetchone()[0])
