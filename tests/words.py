"""The words of a great many rows by PostgreSQL alone: what tenancy/spelling.py makes of ASCII."""

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


KEY = (
    f"SELECT word, visible FROM ({words('r.key', 'true')}) k "
    f"WHERE word <> left(r.key_form, {LONGEST_WORD}) UNION ALL "
    f"SELECT '<' || left(reverse(r.key_form), {LONGEST_WORD - 1}), true"
)
OF_PEOPLE = (words("r.email"), words("r.first_name || ' ' || r.last_name"), words("r.company"))
OF_LICENSES = (
    KEY,
    words("r.notes", "true"),
    words("r.name"),
    words("r.order_number"),
    words("r.internal_notes"),
    *(
        f"SELECT w.word, w.visible FROM licenses_licensemetadata m, LATERAL "
        f"({words(text, 'm.visible')}) w WHERE m.license_id = r.id"
        for text in ("m.key", "m.value")
    ),
)
OF_MACHINES = (words("r.hostname"),)


def fill_words(vendor: Any) -> None:
    """Gives the vendor's people, licences and machines that have no words theirs. Indexes are not
    asked, since whoever fills tables keeps none meanwhile."""
    kinds = [
        ("accounts_user", "accounts_userword", "user_id", OF_PEOPLE),
        ("licenses_license", LICENSES, "license_id", OF_LICENSES),
        ("licenses_activation", "licenses_activationword", "activation_id", OF_MACHINES),
    ]
    with connection.cursor() as cursor:
        for scan in SCANS:
            cursor.execute(f"SET enable_{scan} = off")
        for kind in kinds:
            cursor.execute(_statement(*kind), [vendor.pk])
        for scan in SCANS:
            cursor.execute(f"RESET enable_{scan}")


def _statement(table: str, kind: str, key: str, texts: tuple[str, ...]) -> str:
    name, value = (", visible", ", bool_or(w.visible)") if kind == LICENSES else ("", "")
    return (
        f"INSERT INTO {kind} (vendor_id, word, {key}{name}) "
        f"SELECT r.vendor_id, w.word, r.id{value} FROM {table} r, "
        f"LATERAL ({' UNION ALL '.join(texts)}) w WHERE r.vendor_id = %s "
        f"AND NOT EXISTS (SELECT FROM {kind} k WHERE k.{key} = r.id) GROUP BY 1, 2, 3"
    )
