"""A file of customers or licences that staff bring in; verbs in imports/verbs/."""

import json
from hashlib import sha256
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenancy.rows import SameVendor, TenantRow, personal, secret
from tenancy.texts import Line


class DataImport(TenantRow):
    """One uploaded file, and what became of it.

    `original` is the file as it was sent and `content` its rows (imports/tables.py), both as long
    as it may still be imported; `layout` how it is read: its letters, its sheet, and what its
    columns mean. `errors` are the first of its problems as row, column and sentence; `preview` has
    counts and the first rows as they will be saved, and at last why it failed. `steps` is how many
    steps write it, once they are prepared; from then on `rows_done` counts rows that are written,
    and before rows that are checked.
    """

    class State(models.TextChoices):
        READING = "reading", _("being read")
        ASKING = "asking", _("waits for an answer")
        CHECKING = "checking", _("being checked")
        REFUSED = "refused", _("refused")
        READY = "ready", _("ready to import")
        IMPORTING = "importing", _("being imported")
        UNDOING = "undoing", _("being taken back")
        DONE = "done", _("imported")
        FAILED = "failed", _("failed")

    kind = models.CharField(_("kind"), max_length=20)
    file_name = Line(_("file"), max_length=200)
    original = secret(models.BinaryField(default=bytes))
    content = personal(models.TextField())
    layout: "models.JSONField[dict[str, Any], dict[str, Any]]" = personal(
        models.JSONField(_("layout"), default=dict)
    )
    options = models.JSONField(_("options"), default=dict)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.CHECKING)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    rows_done = models.PositiveIntegerField(_("rows done"), default=0)
    steps = models.PositiveIntegerField(null=True)
    errors: "models.JSONField[list[Any], list[Any]]" = personal(
        models.JSONField(_("problems"), default=list)
    )
    error_count = models.PositiveIntegerField(_("number of problems"), default=0)
    preview: "models.JSONField[dict[str, Any], dict[str, Any]]" = personal(
        models.JSONField(_("preview"), default=dict)
    )
    created_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("uploaded by")
    )
    confirmed_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("confirmed by")
    )
    confirmed_ip = personal(models.GenericIPAddressField(_("confirmed from"), null=True))
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta(TenantRow.Meta):
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ("-created_at", "id")
        constraints = (
            models.UniqueConstraint(name="data_import_vendor_pair", fields=("vendor", "id")),
            SameVendor(
                name="data_import_created_by_vendor", field="created_by", to_table="accounts_user"
            ),
            SameVendor(
                name="data_import_confirmed_by_vendor",
                field="confirmed_by",
                to_table="accounts_user",
            ),
        )
        indexes = (models.Index(name="data_import_newest", fields=("vendor", "-created_at", "id")),)

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_running(self) -> bool:
        """Whether a job has to do with it."""
        State = self.State
        return self.state in {State.READING, State.CHECKING, State.IMPORTING, State.UNDOING}

    @property
    def layout_digest(self) -> str:
        """By which a layout that was looked at is told from another one."""
        return sha256(json.dumps(self.layout, sort_keys=True).encode()).hexdigest()

    @property
    def may_be_read_otherwise(self) -> bool:
        """Whether it can still be said how it is read."""
        return self.state in {self.State.ASKING, self.State.READY}


class ImportStep(TenantRow):
    """A part of what a file becomes, ready to be written by an act (imports/steps.py); `content` is
    JSON. There are some from when a confirmed import was read until it is done or taken back.
    """

    data_import = models.ForeignKey(DataImport, models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    act = models.CharField(max_length=20)
    content = personal(models.TextField())
    done_at = models.DateTimeField(null=True)

    class Meta(TenantRow.Meta):
        constraints = (
            models.UniqueConstraint(name="import_step_once", fields=("data_import", "number")),
            SameVendor(
                name="import_step_import_vendor",
                field="data_import",
                to_table="imports_dataimport",
            ),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.act}"


class ColumnMeaning(TenantRow):
    """What a heading means in the vendor's files of a kind, as somebody has said: the name of a
    column, empty where it is left out. `heading` is its stored form (tenancy/spelling.py).
    """

    kind = models.CharField(max_length=20)
    heading = models.CharField(max_length=100)
    column = models.CharField(max_length=40)

    class Meta(TenantRow.Meta):
        constraints = (
            models.UniqueConstraint(
                name="column_meaning_once", fields=("vendor", "kind", "heading")
            ),
        )

    def __str__(self) -> str:
        return f"{self.heading} → {self.column}"
