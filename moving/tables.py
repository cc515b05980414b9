"""Every table in which a vendor has rows, and how a row is written as JSON and read again.

The tables are found by walking the models: one that is new goes along by itself, unless it is named
here with a reason (tests/moving/test_archive.py).
"""

import base64
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models

from tenancy.encryption import encryption
from tenancy.models import Vendor
from tenancy.rows import is_secret

# Whose rows stay, and why.
LEFT_OUT = {
    "accounts.Session": "Browsers that are signed in at the other host; people sign in again.",
    "accounts.ViewAs": "Views of support that are under way, which are sessions.",
}
# Whose rows are nobody's, or no vendor's alone (tests/moving/test_archive.py).
OF_NOBODY = {
    "accounts.Challenge": "Ways in that are under way; whoever is in the middle begins anew.",
    "admin.LogEntry": "Django's, and empty: the audit trail records what is done.",
    "auth.Group": "Django's, and empty: roles are the vendor's.",
    "auth.Group_permissions": "Django's, and empty.",
    "auth.Permission": "Made of the code by migrations.",
    "contenttypes.ContentType": "Made of the code by migrations.",
    "django_tasks_database.DBTaskResult": "Jobs of this installation's workers.",
    "jobs.ChoreTurn": "When this installation's workers did what.",
    "jobs.KeptNumber": "Counts of all vendors of this installation together.",
    "jobs.SeenWorker": "This installation's workers.",
    "web.AnsweredCall": "Answers of a day to programs that ask twice.",
    "web.RateBucket": "How often somebody has asked, for an hour or a day.",
    "web.SentForm": "Forms of a day, so that none counts twice.",
}
SEALED = "encrypted_"  # begins the name of each field that KEY_ENCRYPTION_KEYS encrypt


def vendors_tables() -> list[type[models.Model]]:
    """The vendor's own table first, then all that lead to it, in the order of their rooms."""
    return [Vendor, *(model for model in apps.get_models() if _is_vendors(model))]


def _is_vendors(model: type[models.Model]) -> bool:
    if model._meta.proxy or not model._meta.managed or model._meta.label in LEFT_OUT:
        return False
    return any(
        isinstance(one, models.ForeignKey) and one.remote_field.model is Vendor
        for one in model._meta.concrete_fields
    )


def rows_of(model: type[models.Model], vendor_id: UUID) -> models.QuerySet[Any]:
    """The vendor's rows in the order of their keys. Runs in the vendor's scope."""
    rows: Any = model._default_manager
    own = {"pk": vendor_id} if model is Vendor else {"vendor_id": vendor_id}
    keys = [one.attname for one in model._meta.pk_fields]
    return rows.select_related(None).filter(**own).order_by(*keys)  # type: ignore[no-any-return]


def told(row: models.Model, *, secrets: bool) -> dict[str, Any]:
    """The row's values as JSON has them, by column; what is encrypted here in clear. Without
    `secrets` those fields are left out."""
    return {
        one.attname: _told(one, getattr(row, one.attname))
        for one in row._meta.concrete_fields
        if secrets or not (is_secret(one) or one.name.startswith(SEALED))
    }


def _told(one: Any, value: Any) -> Any:
    if value is None:
        return None
    if one.name.startswith(SEALED):
        return encryption().decrypt(value.encode()).decode("latin-1") if value else ""
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def made(model: type[models.Model], values: dict[str, Any]) -> models.Model:
    """A row, not saved, of what was told; encrypted with the keys of here. Raises KeyError and
    ValueError for what is no row of the model."""
    row = model()
    for one in model._meta.concrete_fields:
        setattr(row, one.attname, _made(one, values[one.attname]))
    return row


def _made(one: Any, value: Any) -> Any:
    if value is None:
        return None
    if one.name.startswith(SEALED):
        return encryption().encrypt(value.encode("latin-1")).decode() if value else ""
    kind = one.target_field if one.is_relation else one
    if isinstance(kind, models.BinaryField):
        return base64.b64decode(value, validate=True)
    if isinstance(kind, models.UUIDField):
        return UUID(value)
    if isinstance(kind, models.DateTimeField):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(kind, models.DateField) else value


def columns_of(model: type[models.Model]) -> Iterator[Any]:
    """The fields that a row is written by."""
    return iter(model._meta.concrete_fields)
