"""From a release to this version without anybody being kept out.

There is one release so far, so that two releases beside each other can't be tried yet. What can is
tried: its database is migrated, its migrations are as they were, what comes after them leaves the
release's code at work, and that code works on tables that have more than it knows.
"""

import importlib
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import migrations, models
from django.db.migrations.operations.base import Operation
from django_tasks_db.models import DBTaskResult

from accounts.tasks import find_account
from backoffice.bulk import verbs as bulk
from backoffice.models import BulkChange
from imports.models import DataImport
from imports.verbs import files
from jobs.management.commands import db_worker
from licenses.models import License
from licenses.verbs.licenses import create_license
from tenancy.door import inside
from tenancy.wall import RowLevelSecurity
from tests import kept
from tests import world as worlds
from tests.jobs.test_worker import a_worker
from tests.others import another
from tests.world import signed_in

ROOT = Path(__file__).resolve().parents[2]


# --- Databases of releases ----------------------------------------------------------------------


def manage(data: Path, *arguments: str) -> str:
    kept_over = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=kept_over | kept.KEYS | {"DATA_DIR": str(data)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.processes
@pytest.mark.parametrize("version", kept.versions())
def test_a_releases_database_is_migrated(tmp_path: Path, version: str) -> None:
    path = tmp_path / "db.sqlite3"
    kept.restore(version, path)
    before = kept.rows(path)
    assert before == kept.told(version)["rows"]
    manage(tmp_path, "migrate", "--verbosity=0")
    after = kept.rows(path)
    assert {name: number for name, number in before.items() if after.get(name, -1) < number} == {}
    manage(tmp_path, "migrate", "--check")
    manage(tmp_path, "verify_audit")
    manage(tmp_path, "verify_hosts")


def test_this_version_is_kept() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert version in kept.versions()
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("version", kept.versions())
def test_a_releases_migrations_stay_as_they_were(version: str) -> None:
    now = kept.migrations()
    changed = [
        f"{room}/{name}"
        for room, names in kept.told(version)["migrations"].items()
        for name, digest in names.items()
        if now.get(room, {}).get(name) != digest
    ]
    assert changed == []


# --- What a migration may do while the release before it serves ---------------------------------

# Of later releases, by room and name, with the reason why nobody is kept out.
EXCEPTIONS: dict[tuple[str, str], str] = {}


def keeps_out(operation: Operation) -> str:
    """Why code of before would fail after this; empty if it would not."""
    kind = type(operation).__name__
    if isinstance(operation, migrations.AddField):
        field = operation.field
        has_value = field.null or field.db_default is not models.NOT_PROVIDED
        return "" if has_value or field.many_to_many else f"{operation.name} has no value of before"
    fine = (
        migrations.CreateModel,
        migrations.AddIndex,
        migrations.RemoveIndex,
        migrations.RemoveConstraint,
        migrations.AlterModelOptions,
        migrations.AlterModelManagers,
        migrations.RunPython,
        RowLevelSecurity,
    )
    return "" if isinstance(operation, fine) else f"{kind} changes what there is"


def after_releases() -> list[tuple[str, str]]:
    """The migrations that no release has, by room and name."""
    known = {
        (room, name)
        for version in kept.versions()
        for room, names in kept.told(version)["migrations"].items()
        for name in names
    }
    now = [(room, name) for room, names in kept.migrations().items() for name in names]
    return [each for each in now if each not in known]


def test_migrations_after_a_release_keep_nobody_out() -> None:
    found = {}
    for room, name in after_releases():
        module = importlib.import_module(f"{room}.migrations.{name}")
        reasons = [said for each in module.Migration.operations if (said := keeps_out(each))]
        if reasons and (room, name) not in EXCEPTIONS:
            found[room, name] = reasons
    assert found == {}


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (migrations.AddField("license", "colour", models.CharField(max_length=9)), False),
        (migrations.AddField("license", "colour", models.CharField(null=True)), True),
        (migrations.AddField("license", "n", models.IntegerField(db_default=0)), True),
        (migrations.RemoveField("license", "key"), False),
        (migrations.RenameField("license", "key", "name"), False),
        (migrations.DeleteModel("license"), False),
        (migrations.CreateModel("colour", []), True),
    ],
)
def test_what_keeps_out_is_told_from_what_does_not(operation: Operation, expected: bool) -> None:
    assert (keeps_out(operation) == "") is expected


# --- Tables and jobs of a newer version ---------------------------------------------------------

TABLES = ("tenancy_vendor", "accounts_session", "accounts_user", "licenses_license",
          "licenses_activation", "audit_auditentry", "mail_outgoingemail")  # fmt: skip


@contextmanager
def newer() -> Iterator[None]:
    """The tables have a column more each, as a newer version adds it."""
    with closing(another()) as other:
        for table in TABLES:
            other.execute(f"ALTER TABLE {table} ADD COLUMN newer varchar(9) NOT NULL DEFAULT 'new'")
        try:
            yield
        finally:
            for table in TABLES:
                other.execute(f"ALTER TABLE {table} DROP COLUMN newer")


@pytest.mark.django_db(transaction=True)
def test_who_serves_goes_on_while_tables_get_more() -> None:
    """On connections that were there before, on which statements have been made often."""
    world = worlds.build()
    browser, staff = signed_in(world.ada), signed_in(world.acme_admin)

    def works() -> Any:
        for _ in range(6):
            assert browser.get("/licenses/").status_code == 200
        assert staff.get("/licenses/license/").status_code == 200
        assert browser.post("/profile/", {"first_name": "Augusta"}).status_code == 302
        with inside(world.acme):
            return create_license(product=world.orbit, user=world.ada).pk

    works()
    with newer():
        made = works()
        with closing(another()) as other:
            rows = other.execute("SELECT newer FROM licenses_license").fetchall()
        assert {newer for (newer,) in rows} == {"new"}
    works()
    with inside(world.acme):
        assert License.objects.filter(pk=made).exists()


def test_a_job_of_a_newer_version_is_left_to_its_workers(db: None, settings: Any) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    find_account.enqueue(site="customer", vendor_id="nobody's", email="root@example.com")
    job = DBTaskResult.objects.get()
    DBTaskResult.objects.update(task_path="accounts.tasks.newer")
    job.refresh_from_db()
    job.claim("old")
    a_worker().run_task(job)
    job.refresh_from_db()
    assert job.status == "READY"
    assert job.run_after - db_worker.timezone.now() == db_worker.PUT_OFF


def test_a_job_that_nobody_knows_any_more_fails_in_the_end(
    db: None, settings: Any, frozen_time: Any
) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    find_account.enqueue(site="customer", vendor_id="nobody's", email="root@example.com")
    job = DBTaskResult.objects.get()
    DBTaskResult.objects.update(task_path="accounts.tasks.older")
    frozen_time.shift(timedelta(days=1))
    job.refresh_from_db()
    job.claim("old")
    a_worker().run_task(job)
    job.refresh_from_db()
    assert job.status == "FAILED"


def newer_change(world: worlds.World) -> tuple[Any, dict[str, str]]:
    change = BulkChange.objects.create(
        vendor=world.acme, kind="newer", name="change", label="Change", values={}, rows=1,
        confirmed_by=world.acme_admin,
    )  # fmt: skip
    return change, {"change_id": str(change.pk)}


def newer_import(world: worlds.World, state: str) -> tuple[Any, dict[str, str]]:
    row = DataImport.objects.create(
        vendor=world.acme, kind="newer", file_name="newer.csv", state=state,
        confirmed_by=world.acme_admin,
    )  # fmt: skip
    return row, {"import_id": str(row.pk)}


@pytest.mark.parametrize(
    ("job_of", "made"),
    [
        (bulk.carry_out, newer_change),
        (files.check, partial(newer_import, state=DataImport.State.CHECKING)),
        (files.carry_out, partial(newer_import, state=DataImport.State.IMPORTING)),
    ],
    ids=["change", "check", "import"],
)
def test_a_job_about_what_only_a_newer_version_knows_is_left_to_its_workers(
    world: worlds.World, settings: Any, job_of: Any, made: Any
) -> None:
    """A change, or an import, of a kind that came later, by the job that there was before."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    with inside(world.acme):
        row, named = made(world)
    job_of.enqueue(vendor_id=str(world.acme.pk), **named)
    job = DBTaskResult.objects.get(task_path=job_of.module_path)
    job.claim("old")
    a_worker().run_task(job)
    job.refresh_from_db()
    assert job.status == "READY"
    with inside(world.acme):
        assert type(row).objects.get(pk=row.pk).state == row.state
        type(row).objects.update(updated_at=row.updated_at - timedelta(days=1))
    assert (bulk.go_on(), files.go_on()) == (0, 0), "One job waits for them, and no more."
