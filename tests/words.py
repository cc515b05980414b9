"""The words of a great many rows by PostgreSQL alone: what tenancy/spelling.py makes of ASCII."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from tenancy.spelling import LONGEST_WORD

LICENSES = "licenses_licenseword"
SCANS = ("indexscan", "bitmapscan", "indexonlyscan")


def form(text: str) -> str:
    """SQL of the stored form of a text, which is SQL, too."""
    return f"regexp_replace(lower({text}), '[^a-z0-9]', '', 'g')"


def words(text: str, visible: str = "false") -> str:
    """SQL of the words of a text."""
    return (
        f"SELECT left(array_to_string(a[i:], ''), {LONGEST_WORD}) AS word, {visible} AS visible "
        f"FROM regexp_split_to_array(lower({text}), '[^a-z0-9]+') a, generate_subscripts(a, 1) i "
        "WHERE a[i] <> ''"
    )


def of_key(text: str) -> str:
    """SQL of the words of a licence's key, but for its beginning."""
    return (
        f"SELECT word, visible FROM ({words(text, 'true')}) k "
        f"WHERE word <> left({form(text)}, {LONGEST_WORD}) UNION ALL "
        f"SELECT '<' || left(reverse({form(text)}), {LONGEST_WORD - 1}), true"
    )


# By table of words and its key, from which tables the words of which texts come.
SOURCES = {
    ("accounts_userword", "user_id"): {
        ("accounts_user", "id"): (
            words("r.email"),
            words("r.first_name || ' ' || r.last_name"),
            words("r.company"),
        )
    },
    (LICENSES, "license_id"): {
        ("licenses_license", "id"): (
            of_key("r.key"),
            words("r.notes", "true"),
            words("r.name", "true"),
            words("r.order_number", "true"),
            words("r.internal_notes"),
        ),
        ("licenses_licensemetadata", "license_id"): (
            words("r.key", "r.visible"),
            words("r.value", "r.visible"),
        ),
    },
    ("licenses_activationword", "activation_id"): {
        ("licenses_activation", "id"): (words("r.hostname"),)
    },
    ("licenses_gonemachineword", "machine_id"): {
        ("licenses_gonemachine", "id"): (words("r.hostname"),)
    },
}


def fill_words(vendor: Any) -> None:
    """Gives the vendor's people, licences and machines their words anew. Indexes are not asked,
    since whoever fills tables keeps none meanwhile."""
    with connection.cursor() as cursor:
        for scan in SCANS:
            cursor.execute(f"SET enable_{scan} = off")
        for (kind, key), sources in SOURCES.items():
            cursor.execute(f"DELETE FROM {kind} WHERE vendor_id = %s", [vendor.pk])
            cursor.execute(_statement(kind, key, sources), [vendor.pk] * len(sources))
        for scan in SCANS:
            cursor.execute(f"RESET enable_{scan}")


def _statement(kind: str, key: str, sources: Mapping[tuple[str, str], Sequence[str]]) -> str:
    name, value = (", visible", ", bool_or(visible)") if kind == LICENSES else ("", "")
    found = " UNION ALL ".join(
        f"SELECT r.vendor_id, w.word, r.{pk} AS id, w.visible FROM {table} r, "
        f"LATERAL ({' UNION ALL '.join(texts)}) w WHERE r.vendor_id = %s"
        for (table, pk), texts in sources.items()
    )
    return (
        f"INSERT INTO {kind} (vendor_id, word, {key}{name}) "
        f"SELECT vendor_id, word, id{value} FROM ({found}) f GROUP BY 1, 2, 3"
    )
