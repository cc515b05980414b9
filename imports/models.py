"""A file of customers or licences that staff bring in; verbs in imports/verbs/."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenancy.rows import SameVendor, TenantRow, personal
from tenancy.texts import Line


class DataImport(TenantRow):
    """One uploaded CSV file, and what became of it.

    `content` is the file's text, as long as it may still be imported; `errors` the first of its
    problems as row, column and sentence; `preview` has counts and the first rows as they will be
    saved, and at last why it failed. `steps` is how many steps write it, once they are prepared;
    from then on `rows_done` counts rows that are written, and before rows that are read.
    """

    class State(models.TextChoices):
        CHECKING = "checking", _("being checked")
        REFUSED = "refused", _("refused")
        READY = "ready", _("ready to import")
        IMPORTING = "importing", _("being imported")
        UNDOING = "undoing", _("being taken back")
        DONE = "done", _("imported")
        FAILED = "failed", _("failed")

    kind = models.CharField(_("kind"), max_length=20)
    file_name = Line(_("file"), max_length=200)
    content = personal(models.TextField())
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
        return self.state in {self.State.CHECKING, self.State.IMPORTING, self.State.UNDOING}


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
