"""The rights are one table, and the docs show it as it is."""

from pathlib import Path

import pytest
from django.apps import apps

from accounts.rights import RIGHTS, given_to, includes

DOCS = Path(__file__).resolve().parents[2] / "docs" / "security-model.md"
ROLES = ("operator", "admin", "support")


def table() -> list[str]:
    """The rows of docs/security-model.md, made of the table."""
    things = sorted({thing for rights in RIGHTS.values() for thing in rights})
    return [
        f"| `{thing}` | "
        + " | ".join(", ".join(RIGHTS[role].get(thing, ())).replace("_", " ") for role in ROLES)
        + " |"
        for thing in things
    ]


def test_the_docs_show_the_table() -> None:
    shown = [line for line in DOCS.read_text().splitlines() if line.startswith("| `")]
    rights = [line for line in shown if line.split("`")[1].count(".") == 1]
    assert [line.replace("|  |", "| |").replace("|  |", "| |") for line in table()] == [
        line.replace("|  |", "| |").replace("|  |", "| |") for line in rights
    ]


def test_every_row_is_a_model() -> None:
    for rights in RIGHTS.values():
        for thing in rights:
            assert apps.get_model(thing)


@pytest.mark.parametrize(
    ("role", "right", "allowed"),
    [
        ("support", "accounts.view_user", True),
        ("support", "accounts.change_user", False),
        ("support", "licenses.release_activation", True),
        ("support", "accounts.change_portalsettings", False),
        ("support", "licenses.export_license", False),
        ("operator", "accounts.view_user", False),
        ("user", "accounts.view_user", False),
        ("admin", "tenancy.add_vendor", False),
        ("admin", "licenses.", True),
        ("operator", "licenses.", False),
    ],
)
def test_what_is_not_in_the_table_is_refused(role: str, right: str, allowed: bool) -> None:
    assert includes(given_to(role), right) is allowed
