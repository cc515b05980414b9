"""What an entry says of people, apart from the rest: so that a person can be erased."""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from audit.models import AuditParticulars


def is_person(row: models.Model) -> bool:
    return isinstance(row, get_user_model())


def is_personal(row: models.Model, name: str) -> bool:
    """Whether a value of the row under this name tells of a person. What is unknown does."""
    if is_person(row):
        return True
    try:
        field = row._meta.get_field(name)
    except FieldDoesNotExist:
        return True
    return _leads_to_person(field) or getattr(field, "is_personal", False)


def _leads_to_person(field: Any) -> bool:
    return isinstance(field, models.ForeignKey) and issubclass(
        field.remote_field.model, get_user_model()
    )


def is_named_after_person(row: models.Model) -> bool:
    """Whether what the row is called tells of a person."""
    return is_person(row) or getattr(row, "named_after_person", False)


def people_of(row: models.Model) -> set[UUID]:
    """The ids of the people whom the row is or leads to."""
    keys = (getattr(row, one.attname) for one in row._meta.concrete_fields if _leads_to_person(one))
    return {key for key in keys if key} | ({row.pk} if is_person(row) else set())


def split(
    row: models.Model, changes: Mapping[str, list[Any]]
) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """The changes that tell nothing of people, and those that do."""
    plain: dict[str, list[Any]] = {}
    of_people: dict[str, list[Any]] = {}
    for name, pair in changes.items():
        (of_people if is_personal(row, name) else plain)[name] = list(pair)
    return plain, of_people


def particulars(
    vendor_id: UUID, people: Iterable[UUID | None], said: Mapping[str, Any]
) -> AuditParticulars | None:
    """A row, not saved yet, with what of `said` is not empty; None when nothing is."""
    told = {name: value for name, value in said.items() if value}
    if not told:
        return None
    return AuditParticulars(
        vendor_id=vendor_id,
        people=" ".join(sorted(str(each) for each in people if each)),
        salt=secrets.token_hex(16),
        said=told,
    )


def digest_of(row: AuditParticulars | None) -> str:
    """SHA-256, in hex, of the salt and what is said; empty for nothing."""
    if row is None:
        return ""
    return hashlib.sha256(f"{row.salt}{canonical(row.said)}".encode()).hexdigest()


def canonical(said: Any) -> str:
    """JSON in the one form that is hashed."""
    return json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
