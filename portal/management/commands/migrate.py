"""`manage.py migrate`: tells a database of an earlier layout in one sentence, goes step by step
where some steps have been taken already, and gives vendors the built-in roles of this version."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import connections
from django.db.migrations import Migration
from django.db.migrations import executor as executors
from django.db.migrations.exceptions import InconsistentMigrationHistory
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from accounts.verbs.roles import give_all_built_in_roles


class Command(migrate.Command):
    """Raises CommandError for a database whose tables an earlier layout of the apps made."""

    def handle(self, *args: Any, **options: Any) -> Any:
        try:
            with step_by_step(on=is_on_its_way(options["database"])):
                done = super().handle(*args, **options)
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
