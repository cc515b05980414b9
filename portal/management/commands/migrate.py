"""`manage.py migrate`: tells a database of an earlier layout in one sentence, goes step by step
where some steps have been taken already, begins a migration anew when people at work were in its
way, and gives vendors the built-in roles of this version."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from django.db.migrations import Migration
from django.db.migrations import executor as executors
from django.db.migrations.exceptions import InconsistentMigrationHistory
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from accounts.verbs.roles import give_all_built_in_roles
from tenancy.waiting import is_in_the_way

AGAIN_FOR = 600.0  # seconds, after what has been migrated last
PAUSE = 0.5  # seconds, in which those have their turn who have queued behind it


class Command(migrate.Command):
    """Raises CommandError for a database whose tables an earlier layout of the apps made, and where
    somebody at work leaves a table alone at no moment."""

    def handle(self, *args: Any, **options: Any) -> Any:
        try:
            with step_by_step(on=is_on_its_way(options["database"])):
                done = self._patiently(*args, **options)
        except InconsistentMigrationHistory:
            raise CommandError(
                "This database is of an earlier development version, whose tables can't be taken "
                "over: move it away (for the demo, the folder var/) and start again."
            ) from None
        # Who only asks, or only says that it was done, changes no table.
        looks = options["plan"] or options["check_unapplied"] or options["fake"]
        if not looks and is_up_to_date(options["database"]):
            give_all_built_in_roles()
        return done

    def _patiently(self, *args: Any, **options: Any) -> Any:
        """What a migration has done is undone when a lock does not come: it begins anew, and those
        before it stay."""
        applied, until = -1, 0.0
        while True:
            try:
                return super().handle(*args, **options)
            except OperationalError as error:
                if not is_in_the_way(error):
                    raise
                now = MigrationRecorder(connections[options["database"]]).applied_migrations()
                if len(now) != applied:
                    applied, until = len(now), time.monotonic() + AGAIN_FOR
                elif time.monotonic() > until:
                    raise CommandError(
                        "Somebody has kept a table locked for all of the time. What was migrated "
                        "stays: run it again when less goes on, or end what takes so long."
                    ) from error
                self.stderr.write(f"Somebody was in the way, it begins anew: {error}".strip())
                time.sleep(PAUSE)


class StepByStep(MigrationLoader):
    """Knows nothing of the rooms' squashed migrations: of those of one room, that are two, Django
    would take the first and go on by single steps to what the first has made already."""

    def load_disk(self) -> None:
        super().load_disk()
        found = self.disk_migrations
        last = {key: each.replaces[-1] for key, each in found.items() if is_squashed(key, each)}
        self.disk_migrations = {key: each for key, each in found.items() if key not in last}
        for each in self.disk_migrations.values():
            each.dependencies = [last.get(key, key) for key in each.dependencies]  # type: ignore[misc]


@contextmanager
def step_by_step(*, on: bool) -> Iterator[None]:
    """Inside, if it is on, databases are migrated by single steps alone."""
    if not on:
        yield
        return
    executors.MigrationLoader = StepByStep  # type: ignore[attr-defined]
    try:
        yield
    finally:
        executors.MigrationLoader = MigrationLoader  # type: ignore[attr-defined]


def is_on_its_way(database: str) -> bool:
    """Whether the database has taken some of the steps that squashed migrations stand for, and not
    all of them."""
    applied = set(MigrationRecorder(connections[database]).applied_migrations())
    on_disk = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    squashed = [each for key, each in on_disk.items() if is_squashed(key, each)]
    steps = {step for each in squashed for step in each.replaces}
    return bool(steps & applied) and not steps <= applied


def is_squashed(key: tuple[str, str], migration: Migration) -> bool:
    """Whether a migration stands for several of a room of ours."""
    room = Path(apps.get_app_config(key[0]).path)
    return bool(migration.replaces) and room.parent == settings.BASE_DIR


def is_up_to_date(database: str) -> bool:
    """Whether the database has every table as this version wants it; after `migrate accounts zero`
    or with a number it has not."""
    executor = MigrationExecutor(connections[database])
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())
