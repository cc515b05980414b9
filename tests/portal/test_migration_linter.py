"""What django-migration-linter says of migrations after a release: it reads the SQL that they come to,
so on PostgreSQL alone.

Beside tests/portal/test_upgrades.py, which looks at operations: the linter knows what keeps writers
waiting, such as an index of a table that has rows, and nothing of keys.
"""

import pytest
from django_migration_linter import MigrationLinter
from django_migration_linter.sql_analyser import analyse_sql_statements

from tests.conftest import ON_POSTGRESQL
from tests.portal.test_upgrades import after_releases

pytestmark = pytest.mark.skipif(not ON_POSTGRESQL, reason="PostgreSQL's SQL is what it reads")

# By room and name, with the reason why nobody is kept out.
EXCEPTIONS: dict[tuple[str, str], str] = {}
INDEX = {"CREATE_INDEX", "CREATE_INDEX_EXCLUSIVE"}


def said_of(room: str, name: str) -> set[str]:
    """The codes of errors and warnings."""
    linter = MigrationLinter(no_cache=True)
    statements = linter.get_sql(room, name)
    errors, _ignored, warnings = analyse_sql_statements(linter.sql_analyser_class, statements, [])
    return {issue.code for issue in (*errors, *warnings)}


def test_migrations_after_a_release_keep_nobody_out(db: None) -> None:
    left = [each for each in after_releases() if each not in EXCEPTIONS]
    assert {each: said for each in left if (said := said_of(*each))} == {}


@pytest.mark.parametrize(
    ("room", "name", "expected"),
    [
        ("branding", "0005_certificates", set()),  # columns with values of before
        ("licenses", "0029_gone_machines", set()),  # new tables, past the wall
        ("moving", "0003_report_of_many", INDEX),
        ("backoffice", "0006_longer_kinds", {"ALTER_COLUMN"}),
    ],
)
def test_it_reads_our_operations(db: None, room: str, name: str, expected: set[str]) -> None:
    assert said_of(room, name) == expected
