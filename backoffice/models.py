"""What the back office keeps for itself: changes to many rows, saved views of lists."""

from typing import Any

from django.apps import apps
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenancy.rows import SameVendor, TenantRow, personal, secret, told_by
from tenancy.texts import Line


class BulkChange(TenantRow):
    """One change to all rows that a list had when it was confirmed, and what came of it.

    `kind` says of what the rows are and `name` what is done to them (backoffice/bulk/kinds.py),
    with the `values` that were typed. Each row counts as changed, refused or left alone.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waits for a worker")
        RUNNING = "running", _("being made")
        DONE = "done", _("done")
        STOPPED = "stopped", _("stopped")
        FAILED = "failed", _("failed")

    kind = models.CharField(max_length=40)
    name = models.CharField(max_length=40)
    label = models.CharField(_("change"), max_length=200)
    values: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    why = models.CharField(max_length=300, blank=True)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    refused = models.PositiveIntegerField(_("refused"), default=0)
    left = models.PositiveIntegerField(_("left alone"), default=0)
    confirmed_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("confirmed by")
    )
    confirmed_ip = personal(models.GenericIPAddressField(_("confirmed from"), null=True))
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta(TenantRow.Meta):
        verbose_name = _("change to many")
        verbose_name_plural = _("changes to many")
        ordering = ("-created_at", "id")
        constraints = (
            models.UniqueConstraint(name="bulk_change_vendor_pair", fields=("vendor", "id")),
            SameVendor(
                name="bulk_change_confirmed_by_vendor",
                field="confirmed_by",
                to_table="accounts_user",
            ),
        )
        indexes = (models.Index(name="bulk_change_newest", fields=("vendor", "-created_at", "id")),)

    def __str__(self) -> str:
        return self.label

    @property
    def is_running(self) -> bool:
        """Whether a job has to do with it."""
        return self.state in {self.State.WAITING, self.State.RUNNING}

    @property
    def rows_done(self) -> int:
        return self.changed + self.refused + self.left


class BulkStep(TenantRow):
    """Some of the rows of a change: each with its id and by what it is seen whether it was changed
    since. `problems` has the place of a row among these, what became of it, and why."""

    change = models.ForeignKey(BulkChange, models.CASCADE, related_name="steps")
    number = models.PositiveIntegerField()
    rows: "models.JSONField[list[Any], list[Any]]" = models.JSONField()
    problems: "models.JSONField[list[Any], list[Any]]" = models.JSONField(default=list)
    troubled = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True)

    class Meta(TenantRow.Meta):
        constraints = (
            models.UniqueConstraint(name="bulk_step_once", fields=("change", "number")),
            SameVendor(
                name="bulk_step_change_vendor", field="change", to_table="backoffice_bulkchange"
            ),
        )
        indexes = (
            # What a change's page shows, among very many steps.
            models.Index(
                name="bulk_step_troubled",
                fields=("vendor", "change", "number"),
                condition=models.Q(troubled__gt=0),
            ),
        )

    def __str__(self) -> str:
        return str(self.number)


def list_in_words(label: str) -> str:
    """What rows of a list are called, by the label of their model; empty where there is none."""
    try:
        return str(apps.get_model(label)._meta.verbose_name_plural)
    except (LookupError, ValueError):
        return ""


class SavedView(TenantRow):
    """What narrows and orders a list, under a name: the list's address behind its question mark.

    It is its owner's, who may share it with all who may view the list.
    """

    owner = models.ForeignKey(
        "accounts.User", models.CASCADE, related_name="+", verbose_name=_("owner")
    )
    listed = told_by(models.CharField(_("list"), max_length=80), list_in_words)
    name = Line(_("name"), max_length=60)
    # It may look for a person, who can be erased: the trail does not repeat it.
    query = secret(personal(models.CharField(max_length=1000)))
    shared = models.BooleanField(
        _("for the team"), default=False, help_text=_("All who may see this list can open it.")
    )

    class Meta(TenantRow.Meta):
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(
                name="saved_view_name_once",
                fields=("owner", "listed", "name"),
                violation_error_message=_("You have a view of this name already."),
            ),
            SameVendor(name="saved_view_owner_vendor", field="owner", to_table="accounts_user"),
        )
        indexes = (
            models.Index(
                name="saved_view_shared",
                fields=("vendor", "listed", "name"),
                condition=models.Q(shared=True),
            ),
        )

    def __str__(self) -> str:
        return self.name
