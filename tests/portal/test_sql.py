"""The watch over SQL itself: what it lets through and what it refuses."""

from collections.abc import Callable

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction
from django_tasks import TaskResultStatus

from accounts import tasks
from accounts.models import User
from accounts.verbs.settings import change_settings
from branding.management.commands import verify_hosts
from jobs import chores
from releases.files import shelf
from tenancy.door import inside
from tenancy.finding import Word
from tests import sql
from tests.roles import everywhere
from tests.sql import Watch, lacks_verb
from tests.world import World

RENAME = 'UPDATE "accounts_user" SET "first_name" = %s WHERE "vendor_id" = %s'


@pytest.mark.parametrize(
    ("sql", "files", "lacks"),
    [
        (RENAME, ["accounts/views.py"], True),
        (RENAME, ["accounts/verbs/profile.py", "accounts/views.py"], False),
        (RENAME, ["accounts/view_as/verbs.py"], False),
        (RENAME, ["accounts/adverbs.py"], True),
        (RENAME, [], True),
        ('UPDATE "tenancy_vendor" SET "name" = %s', ["accounts/admin/people.py"], True),
        ('INSERT INTO "licenses_license" ("id")', ["licenses/pages/views.py"], True),
        ('DELETE FROM "accounts_viewas" WHERE "id" = %s', ["accounts/views.py"], True),
        ('INSERT INTO "audit_auditentry" ("id")', ["audit/trail.py"], False),
        (RENAME, ["accounts/emails.py", "mail/delivery.py"], True),
        ('INSERT INTO "django_admin_log" ("key")', ["accounts/views.py"], False),
        ('SELECT "id" FROM "accounts_user"', ["accounts/views.py"], False),
        (RENAME, ["accounts/models/people.py", "demo/seed.py"], False),
        (RENAME, ["accounts/people.py", "demo/seed.py"], True),
    ],
)
def test_what_lacks_a_verb(sql: str, files: list[str], lacks: bool) -> None:
    assert lacks_verb(sql, files) is lacks


@pytest.mark.parametrize(
    ("statement", "touches"),
    [
        (RENAME, True),
        ('UPDATE "accounts_user" SET "last_seen_at" = %s WHERE "email" = %s', False),
        ('INSERT INTO "accounts_user" ("id", "email") VALUES (%s, %s)', True),
        ('UPDATE "licenses_license" SET "revoked" = %s WHERE "key" = %s', False),
        ('UPDATE "licenses_license" SET "key" = CASE WHEN ("id" = %s) THEN %s END', True),
        ('DELETE FROM "licenses_licensemetadata" WHERE "id" = %s', True),
        ('INSERT OR IGNORE INTO "licenses_activationword" ("word") VALUES (%s)', True),
        ('DELETE FROM "licenses_seatrequest" WHERE "id" = %s', False),
    ],
)
def test_what_touches_words(statement: str, touches: bool) -> None:
    match = sql.WRITE.match(statement)
    assert match is not None
    assert sql.touches_words(statement, match[2]) is touches


def test_every_kind_of_row_that_has_words_is_known() -> None:
    kinds = [model for model in apps.get_models() if issubclass(model, Word)]
    rows = {kind._meta.get_field(kind.row).related_model._meta.db_table for kind in kinds}
    assert rows < set(sql.HAVE_WORDS)
    for table, columns in sql.HAVE_WORDS.items():
        [model] = [each for each in apps.get_models() if each._meta.db_table == table]
        assert set(columns) <= {field.column for field in model._meta.concrete_fields}


def test_a_change_needs_a_verb_on_the_stack(acme: World) -> None:
    with connection.execute_wrapper(Watch()):
        with pytest.raises(AssertionError, match="No verb does this"), transaction.atomic():
            User.objects.filter(pk=acme.ada.pk).update(first_name="Augusta")
        change_settings(vendor=acme.acme, show_support_views=False)
    with inside(acme.acme):
        assert User.objects.get(pk=acme.ada.pk).first_name == "Ada"


# --- Behind commands, jobs and chores -----------------------------------------------------------


def rename_everybody(*_args: object) -> list[str]:
    """A rule that nobody made a verb of."""
    with everywhere(), transaction.atomic():
        User.objects.filter(vendor__isnull=False).update(first_name="Nobody")
    return []


def by_a_command() -> None:
    with pytest.raises(AssertionError, match="No verb does this"):
        call_command("verify_hosts")


def by_a_job() -> None:
    """The queue survives what a job raises."""
    job = tasks.find_account.enqueue(site="portal", vendor_id="", email="ada@example.com")
    assert job.status == TaskResultStatus.FAILED


def by_a_chore() -> None:
    assert chores.CHORES["uploads"].run is shelf.clean_up
    with pytest.raises(AssertionError, match="No verb does this"):
        shelf.clean_up()


@pytest.mark.parametrize(
    ("module", "name", "act"),
    [
        (verify_hosts, "hosts_that_differ", by_a_command),
        (tasks, "people_of", by_a_job),
        (shelf, "every_vendor", by_a_chore),
    ],
)
def test_what_runs_without_a_request_needs_a_verb_too(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    module: object,
    name: str,
    act: Callable[[], None],
) -> None:
    rename_everybody()  # a test may arrange what it likes
    monkeypatch.setattr(module, name, rename_everybody)
    act()
    [refused] = sql.without_verb
    assert refused.startswith('UPDATE "accounts_user"')
    sql.without_verb.clear()  # else this test fails, as any other would
