"""Which of KEY_ENCRYPTION_KEYS open what is encrypted in the database, and the file apart in which
a copy of them is kept.

A key is told by its id, the beginning of a digest: keys are 256 random bits, so that it gives
nothing of them away.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from portal.backup.errors import Fault
from portal.env import words
from tenancy.door import Way, inside, outside
from tenancy.encryption import encryption
from tenancy.rows import TenantRow
from tenancy.table import every_vendor

# Fields that hold something encrypted begin so (tests/portal/test_backup.py).
ENCRYPTED = "encrypted_"
SOME = 100  # vendors
NAME, SIGNS = "KEY_ENCRYPTION_KEYS", "SECRET_KEY"
HEAD = (
    "# A copy of the portal's secrets. Keep it apart from the back-ups: together they give away\n"
    "# all that is encrypted in them, and without it nobody ever reads that again.\n"
)


def id_of(key: str) -> str:
    return hashlib.sha256(f"portal {key}".encode()).hexdigest()[:16]


def at_hand() -> dict[str, str]:
    """The keys of this installation by their ids, the one in use first. Raises Fault for none."""
    try:
        encryption()
    except ImproperlyConfigured as error:
        raise Fault(str(error)) from error
    return {id_of(key): key for key in settings.KEY_ENCRYPTION_KEYS}


def columns() -> list[tuple[str, str]]:
    """Table and column of everything encrypted."""
    return [(model._meta.db_table, name) for model, name in _fields()]


def _fields() -> list[tuple[Any, str]]:
    return [
        (model, field.attname)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.attname.startswith(ENCRYPTED)
    ]


def some_shut() -> list[str]:
    """Columns of which some vendor, of a hundred at most, or the operators have a value that none
    of the keys at hand opens; of each a single value is tried. Raises Fault for no keys."""
    mine, vendors = at_hand(), every_vendor()[:SOME]
    tried = []
    for model, name in _fields():
        column = f"{model._meta.db_table}.{name}"
        for vendor in vendors:
            with inside(vendor):
                tried.append((column, _last(model, name)))
        if not issubclass(model, TenantRow):
            with outside(Way.OPERATORS, "Operators have second factors, too."):
                tried.append((column, _last(model, name)))
    return sorted(opened_by(mine, [(column, value) for column, value in tried if value])[1])


def _last(model: Any, name: str) -> str:
    values = model._base_manager.exclude(**{name: ""}).order_by("-pk").values_list(name, flat=True)
    return values.first() or ""


def opened_by(
    keys: dict[str, str], values: Iterable[tuple[str, str]]
) -> tuple[dict[str, int], dict[str, int]]:
    """Of values with their columns: how many each key opens, and by column how many none does."""
    locks = {id: Fernet(key) for id, key in keys.items()}
    opened: Counter[str] = Counter()
    shut: Counter[str] = Counter()
    for column, value in values:
        id = next((id for id, lock in locks.items() if _opens(lock, value)), None)
        if id is None:
            shut[column] += 1
        else:
            opened[id] += 1
    return dict(opened), dict(shut)


def _opens(lock: Fernet, value: str) -> bool:
    try:
        lock.decrypt(value.encode())
    except InvalidToken:
        return False
    return True


def keep(file: Path) -> None:
    """Writes the keys at hand into a file for its owner alone, and leaves those in it that were
    kept before, since older back-ups need them. It can be an environment file of container
    engines and systemd. Raises Fault."""
    kept = dict.fromkeys([*settings.KEY_ENCRYPTION_KEYS, *(read(file) if file.exists() else [])])
    lines = [f"{NAME}={','.join(kept)}", f"{SIGNS}={settings.SECRET_KEY}"]
    unfinished = file.with_name(f".{file.name}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as written:
            written.write(HEAD + "\n".join([*lines, ""]))
            written.flush()
            os.fsync(descriptor)
        unfinished.replace(file)
    except OSError as error:
        raise Fault(f"The keys can't be kept in {file}: {error.strerror}.") from error


def read(file: Path) -> list[str]:
    """The keys that a file keeps. Raises Fault for one that keeps none."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Fault(f"{file} can't be read: {error}.") from error
    found = [line.partition("=")[2] for line in lines if line.partition("=")[0] == NAME]
    keys: Sequence[str] = words(found[0]) if found else []
    for key in keys:
        try:
            Fernet(key)
        except ValueError as error:
            raise Fault(f"{file} has something in {NAME} that is no Fernet key.") from error
    if not keys:
        raise Fault(f"{file} has no line {NAME}=….")
    return list(keys)
