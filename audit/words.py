"""The audit trail in words: what an action is called, and which fields changed."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from audit.models import AuditEntry
from tenancy.rows import day_of, label_of
from web.moments import at, day

# How audit/trail.py writes a moment.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00")
DAY = re.compile(r"\d{4}-\d\d-\d\d")

ACTIONS = {
    "activated": _lazy("Machine activated"),
    "changed": _lazy("Changed"),
    "change-confirmed": _lazy("Change to many confirmed"),
    "change-stopped": _lazy("Change to many stopped"),
    "columns-said": _lazy("Columns of a file named"),
    "confirmed": _lazy("Import confirmed"),
    "created": _lazy("Created"),
    "deactivated": _lazy("Machine deactivated"),
    "deleted": _lazy("Deleted"),
    "domain-chosen": _lazy("Made the portal's address"),
    "domain-checked": _lazy("Domain checked"),
    "domain-left": _lazy("Address below our zone chosen"),
    "email-changed": _lazy("E-mail changed"),
    "erased": _lazy("Erased from the audit trail"),
    "exported": _lazy("List exported"),
    "extended": _lazy("Extended"),
    "invited": _lazy("Invited"),
    "own-data-taken": _lazy("Own data downloaded"),
    "passkey-added": _lazy("Passkey added"),
    "passkey-refused": _lazy("Passkey refused: there may be a copy of it"),
    "passkey-removed": _lazy("Passkey deleted"),
    "passkeys-taken-off": _lazy("All passkeys deleted by support"),
    "passkey-renamed": _lazy("Passkey renamed"),
    "password-link-made": _lazy("Token for a new password made"),
    "password-link-sent": _lazy("Link for a new password sent"),
    "key-encrypted-anew": _lazy("Signing key encrypted anew"),
    "last-day-set": _lazy("Last day set"),
    "license-sent": _lazy("Licence sent by e-mail"),
    "machine-key-replaced": _lazy("Machine set up again"),
    "maintenance-renewed": _lazy("Maintenance renewed"),
    "password-set": _lazy("Password set"),
    "published": _lazy("Published"),
    "freed": _lazy("Machine released by support"),
    "release-asked": _lazy("Asked to release a machine"),
    "release-refused": _lazy("Release of a machine refused"),
    "released-by-customer": _lazy("Machine released by its customer"),
    "reminders-off": _lazy("Reminders turned off"),
    "moved-in": _lazy("Moved in"),
    "moved-again": _lazy("Changed where it moved in from"),
    "move-begun": _lazy("Moving in begun"),
    "move-ended": _lazy("Moving in ended"),
    "move-resumed": _lazy("Moving in goes on"),
    "reminders-on": _lazy("Reminders turned on"),
    "renewed": _lazy("Renewed"),
    "revoked": _lazy("Revoked"),
    "sent-again": _lazy("E-mail sent again"),
    "event-sent-again": _lazy("Sent again"),
    "test-sent": _lazy("Test sent"),
    "secret-made": _lazy("New secret"),
    "recovery-code-used": _lazy("Signed in with a recovery code"),
    "recovery-codes-made": _lazy("New recovery codes made"),
    "second-factor-added": _lazy("Second factor switched on"),
    "second-factor-removed": _lazy("Second factor switched off"),
    "second-factor-taken-off": _lazy("Second factor taken off"),
    "all-sessions-ended": _lazy("All devices signed out by a link"),
    "registered": _lazy("Registered on the portal"),
    "secret-encrypted-anew": _lazy("Secret encrypted anew"),
    "session-ended": _lazy("Another device signed out"),
    "sessions-ended": _lazy("All other devices signed out"),
    "sessions-ended-by-support": _lazy("All devices signed out by support"),
    "sign-in-link-used": _lazy("Signed in by a link that was e-mailed"),
    "single-sign-on-connected": _lazy("Connected with single sign-on"),
    "single-sign-on-disconnected": _lazy("Disconnected from single sign-on"),
    "signed-in": _lazy("Signed in"),
    "signed-out": _lazy("Signed out"),
    "signing-key-made": _lazy("New signing key"),
    "suspended": _lazy("Suspended"),
    "unrevoked": _lazy("Revocation lifted"),
    "test-email-sent": _lazy("Test e-mail sent"),
    "unsuspended": _lazy("Suspension lifted"),
    "vendor-taken-out": _lazy("Everything exported by the operator"),
    "view-as-begun": _lazy("Began to look at the portal as the customer"),
    "view-as-ended": _lazy("Stopped looking at the portal as the customer"),
    "view-as-page": _lazy("Looked at a page as the customer"),
}
# What customers read of their own account, where that differs.
FOR_CUSTOMERS = {
    "created": _lazy("Account created"),
    "exported": _lazy("Licences exported"),
    "changed": _lazy("Profile changed"),
    "second-factor-taken-off": _lazy("Second factor taken off by support"),
    "view-as-begun": _lazy("Support looked at your portal"),
    "view-as-ended": _lazy("Support stopped looking at your portal"),
}


# The lists that are taken away, by their names in entries.
LISTS = {
    "licenses": _lazy("licences"),
    "customers": _lazy("customers"),
    "audit-trail": _lazy("audit trail"),
    "everything": _lazy("everything"),
    "move": _lazy("report of moving in"),
    # Of what a customer takes of his own (accounts/own_data/).
    "archive": _lazy("everything"),
    "profile": _lazy("profile"),
    "sessions": _lazy("sessions"),
    "single-sign-on": _lazy("single sign-on"),
    "passkeys": _lazy("passkeys"),
    "access-tokens": _lazy("access tokens"),
    "activity": _lazy("activity"),
    "licences": _lazy("licences"),
    "machines": _lazy("machines"),
    "offline-files": _lazy("offline files"),
    "downloads": _lazy("downloads"),
    "e-mails": _lazy("e-mails"),
}


def title(entry: AuditEntry) -> str:
    """What was done, in a few words."""
    return str(ACTIONS.get(entry.action) or entry.action)


def remark(entry: AuditEntry) -> str:
    """What the entry tells beside old and new values: a reason, a page, a list."""
    told = (entry.details.get(name) for name in ("reason", "path", "passkey"))
    text = next((str(each) for each in told if each), "")
    listed = entry.details.get("list", "")
    return text or str(LISTS.get(listed, listed))


def lines(entries: Iterable[AuditEntry]) -> list[tuple[Any, ...]]:
    """Each entry with its title, its changed fields and its remark, for a page."""
    return [(each, title(each), changed_fields(each), remark(each)) for each in entries]


def for_customers(action: str) -> str:
    """What was done to an account, in its customer's words."""
    return str(FOR_CUSTOMERS.get(action) or ACTIONS.get(action) or action)


def title_for_customers(entry: AuditEntry) -> str:
    """What was done, to the account or to a licence, in its customer's words."""
    return title(entry) if entry.license_id else for_customers(entry.action)


def changed_fields(entry: AuditEntry) -> list[tuple[str, str, str]]:
    """Name, old and new value of each field that changed, in words."""
    return in_words(_model_of(entry), entry.changes)


def _model_of(entry: AuditEntry) -> type[Model] | None:
    """What the entry is about; None when there is no such model any more. The trail outlives it."""
    try:
        return apps.get_model(entry.subject_type)
    except (LookupError, ValueError):
        return None


def in_words(model: type[Model] | None, changes: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Name, old and new value of each of a model's fields in `changes` (trail.changes_between); a
    model or a field that is gone by its raw name."""
    return [
        (_label(model, name), _in_words(model, name, old), _in_words(model, name, new))
        for name, (old, new) in _by_day(model, changes).items()
    ]


def _by_day(model: Any, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes in the order of the model's fields, whatever order the database has kept them
    in; moments that are the end of a day are told by the day."""
    fields = [field.name for field in model._meta.fields] if model else []
    known = {name: changes[name] for name in fields if name in changes}
    told = known | {name: pair for name, pair in changes.items() if name not in known}
    for name, pair in changes.items():
        field = _field(model, name)
        days = told.pop(day_of(field), None) if field else None
        if days:
            told[name] = [on or at for on, at in zip(days, pair, strict=True)]
    return told


def _in_words(model: Any, name: str, value: Any) -> str:
    """A field's value; by its label, where it has one."""
    field = _field(model, name)
    if field and isinstance(value, list) and all(isinstance(each, str) for each in value):
        return value_text([label_of(field, each) or each for each in value])
    is_told = isinstance(value, str | int) and not isinstance(value, bool)
    label = label_of(field, value) if field and is_told else ""
    return label or value_text(value)


def _field(model: Any, name: str) -> Any:
    """The field; None when it is gone, or its model."""
    try:
        return model._meta.get_field(name)
    except (FieldDoesNotExist, AttributeError):
        return None


def _label(model: Any, name: str) -> str:
    field = _field(model, name)
    if field is None:
        return name
    label = str(getattr(field, "verbose_name", name))
    return label[:1].upper() + label[1:]


def value_text(value: Any) -> str:
    """A recorded value as people read it."""
    if value in (None, "", [], {}):
        return _("none")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    if isinstance(value, list) and all(isinstance(each, dict) and "key" in each for each in value):
        return "; ".join(f"{each['key']}: {each.get('value') or '–'}" for each in value)
    return (_time_text(value) or value) if isinstance(value, str) else str(value)


def _time_text(value: str) -> str:
    """A moment or a day, as audit/trail.py writes it, in words; empty for any other text."""
    try:
        if MOMENT.fullmatch(value):
            return at(datetime.fromisoformat(value))
        return day(date.fromisoformat(value)) if DAY.fullmatch(value) else ""
    except ValueError:
        return ""
