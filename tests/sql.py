"""The watch over SQL: no statement on a tenant's table may forget to name the vendor.

That every such statement filters on `vendor_id` is what lets the database be sharded by vendor,
and it is a second net below the scopes.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from django.apps import apps

from accounts.models import User
from accounts.tenants import TenantRow

VENDORS_OWN = re.compile(r'"accounts_vendor"\."id" = "(\w+)"\."vendor_id"')
VENDOR_CONDITION = re.compile(r'"vendor_id" (=|IN|IS NULL)', re.IGNORECASE)


@cache
def tenant_tables() -> frozenset[str]:
    models = (model for model in apps.get_models() if issubclass(model, TenantRow | User))
    return frozenset(model._meta.db_table for model in models)


def forgets_vendor(sql: str) -> bool:
    """Whether the statement touches a tenant's table without a condition on the vendor."""
    tables = set(re.findall(r'"(\w+)"', sql)) & tenant_tables()
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
