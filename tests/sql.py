"""The watch over SQL: no statement on a tenant's table may forget to name the vendor.

That every such statement filters on `vendor_id` is what lets the database be sharded by vendor,
and it is a second net below the scopes.
"""

import re
import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from types import FrameType
from typing import Any

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper
from django_tasks.base import Task

from accounts.models import Passkey, RecoveryCode, SecondFactor, Session, User, people
from jobs.chores import CHORES
from licenses.models import words
from tenancy.finding import Word
from tenancy.rows import TenantRow

VENDORS_OWN = re.compile(r'"tenancy_vendor"\."id" = "(\w+)"\."vendor_id"')
# Whose a product, a machine or a release is, asked by its id for a program that names no vendor
# (tenancy/table.py).
WHOSE = re.compile(
    r'SELECT "(licenses_(?:product|activation)|releases_release)"."vendor_id" AS "vendor_id" FROM "\1" '
    r'WHERE "\1"."id" = \S+ LIMIT 1'
)
VENDOR_CONDITION = re.compile(r'"vendor_id" (=|IN|IS NULL)', re.IGNORECASE)


@cache
def tenant_tables() -> frozenset[str]:
    kinds = TenantRow | User | Session | SecondFactor | RecoveryCode | Passkey | Word
    models = (model for model in apps.get_models() if issubclass(model, kinds))
    return frozenset(model._meta.db_table for model in models)


@cache
def all_tables() -> frozenset[str]:
    return frozenset(model._meta.db_table for model in apps.get_models())


def tables_of(sql: str) -> set[str]:
    """The tables that a statement names."""
    return set(re.findall(r'"(\w+)"', sql)) & all_tables()


def statements_of(message: str) -> list[str]:
    """Prepared queries go several in a message (tenancy/prepared.py)."""
    return re.split(r"; (?=SELECT )", message)


def forgets_vendor(sql: str) -> bool:
    """Whether the statement touches a tenant's table without a condition on the vendor."""
    tables = tables_of(sql) & tenant_tables()
    # Who the vendor is gets looked up by its own row; what is joined to that belongs to it.
    tables -= set(VENDORS_OWN.findall(sql))
    if not tables:
        return False
    if WHOSE.fullmatch(sql):
        return False
    if 'FROM "django_admin_log"' in sql:
        # Django's own log of the back office, read for one row that was found in scope.
        return False
    if sql.startswith("INSERT"):
        return '"vendor_id"' not in sql
    if not sql.startswith(("SELECT", "UPDATE", "DELETE")):
        return False
    _start, _where, conditions = sql.partition(" WHERE ")
    return VENDOR_CONDITION.search(conditions) is None


def every_statement_names_its_vendor(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
) -> Any:
    """An execute wrapper that refuses a statement that forgets its vendor."""
    if any(map(forgets_vendor, statements_of(sql))):
        raise AssertionError(f"This statement names no vendor: {sql}")
    return execute(sql, params, many, context)


# What is written without an entry in the audit trail, and why.
UNRECORDED = (
    r'UPDATE "accounts_personalaccesstoken" SET "last_used_at" = \S+ WHERE',  # as it is with people
    r'(INTO|UPDATE) "audit_audit(entry|chain|particulars)"',  # the trail itself
    r'UPDATE "accounts_user" SET "last_(seen_at|login)" = \S+ WHERE',  # nobody did that
    r'UPDATE "accounts_user" .*"accounts_user"."vendor_id" IS NULL',  # operators have no trail
    r'(INTO|UPDATE) "releases_download"',  # a record of its own
    r'UPDATE "releases_releasefile" SET "download_count" =',  # counts those
    r'(INTO|UPDATE) "mail_outgoingemail"',  # says itself what became of it
    r'(INTO|UPDATE|FROM) "webhooks_delivery"',  # says itself what became of it
    r'UPDATE "webhooks_webhook" SET "(failing_since|ends_until|soon_until)" =',  # how it goes
    r'(INTO|FROM) "mail_senttext"',  # what went out of an e-mail
    r'UPDATE "moving_move"',  # how far it is; that it begins and ends is recorded, and its rows are
    r'(INTO|UPDATE) "moving_(taken|remark)"',  # what was taken, which is recorded itself
    r'UPDATE "imports_dataimport"',  # how far it is; its rows and its steps are recorded
    r'UPDATE "branding_customdomain"',  # most checks change nothing; those that do are recorded
    r'(INTO|FROM) "branding_brandimage"',  # the bytes of what the branding's entry names
    r'(INTO|UPDATE|FROM) "accounts_session"',  # that somebody signed in or out is recorded
    r'(INTO|UPDATE|FROM) "accounts_(secondfactor|recoverycode|passkey)"',  # what is done is of the person
    r'UPDATE "accounts_identity" SET "used_at" =',  # that somebody signed in is recorded
    r'(INTO|FROM) "accounts_refusal"',  # nothing was changed
    r'(INTO|UPDATE) "accounts_registration"',  # nobody yet; that somebody is made of it is recorded
    r'INTO "accounts_viewas"',  # an offer; that a view begins and ends is recorded
    r'UPDATE "licenses_activation"',  # a machine that is seen again
    r'UPDATE "licenses_licensemeterattribute" SET "updated_at" = \S+ "total_uses"',  # counts uses
    r'(INTO|UPDATE|FROM) "backoffice_bulkstep"',  # what is recorded of each row
    r'UPDATE "backoffice_bulkchange"',  # how far it is; its rows are recorded
    r'(INTO|FROM) "[a-z]+_[a-z]+word"',  # repeats what stands in a row that is recorded
)


ROOT = Path(__file__).resolve().parents[1]
WRITE = re.compile(r'(INSERT(?: OR IGNORE)? INTO|UPDATE|DELETE FROM) "(\w+)"')

# What writes without a verb on the stack, by the file whose own functions make the statement, and
# why. What those call in other files needs its verb.
WITHOUT_VERB = {
    "audit/trail.py": "Entries, which are saved as their transaction ends, after the verb.",
    "mail/delivery.py": "The states of an e-mail, moved by the queue's jobs; its functions are verbs.",
    "mail/outbox.py": "The one function that queues an e-mail; a password link is asked for by a job.",
    "tenancy/finding.py": "Words of rows, which follow them; each row itself has its verb.",
    "demo/seed.py": "People and terms with fixed ids.",
    "demo/emails.py": "E-mails of the past, and a text, with fixed ids.",
    "demo/refusals.py": "Refusals with fixed ids.",
    "demo/webhooks.py": "Events of the past, with fixed ids.",
}
# The same by the statement.
STATEMENTS_WITHOUT_VERB = {
    r'^UPDATE "accounts_user" SET "last_login" = \S+ WHERE': "Django's own receiver of a sign-in.",
    r'^UPDATE "accounts_user" .*"vendor_id" IS NULL': "Django's page of an operator's own password.",
}


@cache
def _ours(file_name: str) -> str | None:
    """A file of ours as a path from the root; None for a library's."""
    path = Path(file_name)
    if not path.is_relative_to(ROOT) or ".venv" in path.parts:
        return None
    return path.relative_to(ROOT).as_posix()


def _frames_of_ours() -> Iterator[tuple[str, FrameType]]:
    """What of ours is being run, apart from the watch, with its file, the innermost first."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        path = _ours(frame.f_code.co_filename)
        if path is not None and frame.f_code.co_filename != __file__:
            yield path, frame
        frame = frame.f_back


def rooms_on_the_stack() -> Iterator[str]:
    """The files of our rooms that are being run, as paths from the root, the innermost first."""
    for path, _frame in _frames_of_ours():
        yield path


def rooms_behind_a_door() -> list[str]:
    """The same down to the innermost command, job or chore; empty when none is being run, as
    where a test arranges what it begins with."""
    files = []
    for path, frame in _frames_of_ours():
        files.append(path)
        if _is_door(path, frame):
            return files
    return []


def _is_door(path: str, frame: FrameType) -> bool:
    """Whether it is a command's code, or a function that is registered as a job or a chore."""
    code = frame.f_code
    named = frame.f_globals.get(code.co_name)
    if isinstance(named, Task):
        return named.func.__code__ is code
    chores = [chore.run for chore in CHORES.values()]
    return "/management/commands/" in path or (named in chores and named.__code__ is code)


def is_verb(path: str) -> bool:
    return "/verbs/" in path or path.endswith("/verbs.py")


def lacks_verb(sql: str, files: list[str]) -> bool:
    """Whether the statement changes a tenant's row, or a vendor, and none of `files`, those on the
    stack with the innermost first, is a verb's; nor has who makes it a reason to do without."""
    match = WRITE.match(sql)
    if match is None or match[2] not in tenant_tables() | {"tenancy_vendor"}:
        return False
    # Managers make the statements of whoever asks them to, and a test looks on.
    writer = next((path for path in files if "models" not in path and path[:6] != "tests/"), "")
    # A migration changes what a version finds, and nobody's licence.
    if writer in WITHOUT_VERB or "/migrations/" in writer or any(map(is_verb, files)):
        return False
    return not any(re.search(pattern, sql) for pattern in STATEMENTS_WITHOUT_VERB)


# What commands, jobs and chores changed without a verb in the test that is being run. Some of
# them survive every fault, so that raising is not enough.
without_verb: list[str] = []
# What a row is found by, by its table: whoever changes that, or the words themselves, has to see to
# it that they agree (tenancy/finding.py).
HAVE_WORDS: dict[str, tuple[str, ...]] = {
    "accounts_user": people.SEARCHED,
    "licenses_license": ("key", "key_form", *words.SEARCHED),
    "licenses_licensemetadata": ("key", "value", "visible"),
    "licenses_activation": ("hostname",),
    "licenses_gonemachine": ("hostname",),
}
# The tables in which the test has written what has words, or words.
worded: set[str] = set()


def touches_words(sql: str, table: str) -> bool:
    """Whether a statement that writes the table may change what words a row has, or should have."""
    if table.endswith("word"):
        return True
    if table not in HAVE_WORDS or sql.startswith("DELETE"):
        return table in HAVE_WORDS
    written, _where, _conditions = sql.partition(" WHERE ")
    return any(f'"{column}"' in written for column in HAVE_WORDS[table])


def every_write_behind_a_door_has_its_verb(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
) -> Any:
    """An execute wrapper that refuses, and notes, what a command, job or chore changes without a
    verb. A request is watched by `Watch`, and what a test arranges by itself by nobody."""
    if match := WRITE.match(sql):
        if touches_words(sql, match[2]):
            worded.add(match[2])
        files = rooms_behind_a_door()
        if files and lacks_verb(sql, files):
            without_verb.append(sql)
            raise AssertionError(f"No verb does this, called from {files}: {sql}")
    return execute(sql, params, many, context)


def watch_connection(connection: BaseDatabaseWrapper, **_kwargs: Any) -> None:
    """Watches a connection for as long as it lives; to be called whenever one is made."""
    wrappers = connection.execute_wrappers
    if every_write_behind_a_door_has_its_verb not in wrappers:
        # The first one: whoever adds one for a while takes away the last.
        wrappers.insert(0, every_write_behind_a_door_has_its_verb)


class Watch:
    """An execute wrapper that refuses statements that forget their vendor and changes that no verb
    makes, and at the end a request that changed a tenant's row and left no entry in the audit
    trail."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.recorded = False

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        if WRITE.match(sql) and lacks_verb(sql, list(rooms_on_the_stack())):
            raise AssertionError(f"No verb does this: {sql}")
        result = every_statement_names_its_vendor(execute, sql, params, many, context)
        if sql.startswith('INSERT INTO "audit_auditentry"'):
            self.recorded = True
        if is_recorded_change(sql) and context["cursor"].rowcount:
            self._note(sql, context["connection"])
        return result

    def _note(self, sql: str, connection: BaseDatabaseWrapper) -> None:
        """Notes a change; in a transaction once that ends, since a preview is undone."""
        if connection.in_atomic_block:
            note = partial(self.written.append, sql)
            connection.run_on_commit.append((set(connection.savepoint_ids), note, False))  # type: ignore[arg-type]
        else:
            self.written.append(sql)

    def check(self, connection: BaseDatabaseWrapper) -> None:
        """What a test's own transaction, which never ends, has kept counts as well."""
        for _sids, note, _robust in connection.run_on_commit:
            if isinstance(note, partial) and note.func == self.written.append:
                note()
        if self.written and not self.recorded:
            raise AssertionError(f"No entry in the audit trail tells of this: {self.written}")


def is_recorded_change(sql: str) -> bool:
    """Whether the statement changes a row of a tenant, or a vendor, in a way to be written down."""
    match = re.match(r'(INSERT INTO|UPDATE|DELETE FROM) "(\w+)"', sql)
    if match is None or match[2] not in tenant_tables() | {"tenancy_vendor"}:
        return False
    return not any(re.search(pattern, sql) for pattern in UNRECORDED)
