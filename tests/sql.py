"""The watch over SQL: no statement on a tenant's table may forget to name the vendor.

That every such statement filters on `vendor_id` is what lets the database be sharded by vendor,
and it is a second net below the scopes.
"""

import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps

from accounts.models import User
from tenancy.rows import TenantRow

VENDORS_OWN = re.compile(r'"tenancy_vendor"\."id" = "(\w+)"\."vendor_id"')
VENDOR_CONDITION = re.compile(r'"vendor_id" (=|IN|IS NULL)', re.IGNORECASE)


@cache
def tenant_tables() -> frozenset[str]:
    models = (model for model in apps.get_models() if issubclass(model, TenantRow | User))
    return frozenset(model._meta.db_table for model in models)


@cache
def all_tables() -> frozenset[str]:
    return frozenset(model._meta.db_table for model in apps.get_models())


def tables_of(sql: str) -> set[str]:
    """The tables that a statement names."""
    return set(re.findall(r'"(\w+)"', sql)) & all_tables()


def forgets_vendor(sql: str) -> bool:
    """Whether the statement touches a tenant's table without a condition on the vendor."""
    tables = tables_of(sql) & tenant_tables()
    # Who the vendor is gets looked up by its own row; what is joined to that belongs to it.
    tables -= set(VENDORS_OWN.findall(sql))
    if not tables:
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
    if forgets_vendor(sql):
        raise AssertionError(f"This statement names no vendor: {sql}")
    return execute(sql, params, many, context)


# What is written without an entry in the audit trail, and why.
UNRECORDED = (
    r'(INTO|UPDATE) "audit_audit(entry|chain|particulars)"',  # the trail itself
    r'UPDATE "accounts_user" SET "last_(seen_at|login)" = \S+ WHERE',  # nobody did that
    r'UPDATE "accounts_user" .*"accounts_user"."vendor_id" IS NULL',  # operators have no trail
    r'(INTO|UPDATE) "releases_download"',  # a record of its own
    r'UPDATE "releases_releasefile" SET "download_count" =',  # counts those
    r'(INTO|UPDATE) "mail_outgoingemail"',  # says itself what became of it
    r'UPDATE "imports_dataimport"',  # how far it is; its rows and its steps are recorded
    r'UPDATE "branding_customdomain"',  # most checks change nothing; those that do are recorded
    r'(INTO|FROM) "branding_brandimage"',  # the bytes of what the branding's entry names
    r'INTO "accounts_viewas"',  # an offer; that a view begins and ends is recorded
    r'UPDATE "licenses_activation"',  # a machine that is seen again
)


ROOT = Path(__file__).resolve().parents[1]
WRITE = re.compile(r'(INSERT(?: OR IGNORE)? INTO|UPDATE|DELETE FROM) "(\w+)"')

# What writes without a verb on the stack, by the file that has to be there instead, and why.
WITHOUT_VERB = {
    "audit/trail.py": "An export or a page that was shown is recorded, and nothing else changes.",
    "mail/delivery.py": "The states of an e-mail, moved by the queue's jobs; its functions are verbs.",
    "mail/outbox.py": "The one function that queues an e-mail; a password link is asked for by a job.",
}
# The same by the statement.
STATEMENTS_WITHOUT_VERB = {
    r'^UPDATE "accounts_user" SET "last_login" = \S+ WHERE': "Django's own receiver of a sign-in.",
    r'^UPDATE "accounts_user" .*"vendor_id" IS NULL': "Django's page of an operator's own password.",
}


def rooms_on_the_stack() -> Iterator[str]:
    """The files of our rooms that are being run, as paths from the root, the innermost first."""
    frame = sys._getframe(1)
    while frame is not None:
        if name := _from_root(frame.f_code.co_filename):
            yield name
        frame = frame.f_back  # type: ignore[assignment]


@cache
def _from_root(file: str) -> str:
    """The path of one of our files from the root; empty for others'."""
    path = Path(file)
    is_ours = path.is_relative_to(ROOT) and ".venv" not in path.parts
    return path.relative_to(ROOT).as_posix() if is_ours else ""


def is_verb(path: str) -> bool:
    return "/verbs/" in path or path.endswith("/verbs.py")


def lacks_verb(sql: str, files: list[str]) -> bool:
    """Whether the statement changes a tenant's row, or a vendor, and nothing in `files`, those on
    the stack, is a verb or has a reason to do without."""
    match = WRITE.match(sql)
    if match is None or match[2] not in tenant_tables() | {"tenancy_vendor"}:
        return False
    if any(is_verb(path) or path in WITHOUT_VERB for path in files):
        return False
    return not any(re.search(pattern, sql) for pattern in STATEMENTS_WITHOUT_VERB)


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
            self.written.append(sql)
        return result

    def check(self) -> None:
        if self.written and not self.recorded:
            raise AssertionError(f"No entry in the audit trail tells of this: {self.written}")


def is_recorded_change(sql: str) -> bool:
    """Whether the statement changes a row of a tenant, or a vendor, in a way to be written down."""
    match = re.match(r'(INSERT INTO|UPDATE|DELETE FROM) "(\w+)"', sql)
    if match is None or match[2] not in tenant_tables() | {"tenancy_vendor"}:
        return False
    return not any(re.search(pattern, sql) for pattern in UNRECORDED)
