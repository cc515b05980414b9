"""What moves in from another host of the Web API v3; verbs in moving/verbs/."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenancy.rows import SameVendor, TenantRow, secret
from tenancy.texts import UrlLine

DIGEST = 64  # digits of a SHA-256 in hex
LONGEST_ID = 64
MOST_IDS = 4  # that a line names beside the first one


class Move(TenantRow):
    """One reading of a source, and how far it is: the noun, its page, and how many rows of that
    page are done. They are written with what those rows became, so that nothing is done twice.

    `counts` has by noun how many were read, new, changed, unchanged and refused. The token is
    there, encrypted, as long as it is needed.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("under way")
        STOPPED = "stopped", _("stopped")
        DONE = "done", _("done")

    address = UrlLine(_("source"), max_length=300)
    encrypted_token = secret(models.TextField(blank=True))
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.RUNNING)
    noun = models.CharField(max_length=30, blank=True)
    page = models.PositiveIntegerField(default=1)
    rows_done = models.PositiveIntegerField(default=0)
    # How often in a row the source has not answered.
    tries = models.PositiveIntegerField(default=0)
    # Of jobs, whether they carry it on; otherwise it is a command.
    by_jobs = models.BooleanField(default=False)
    counts: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    why = models.CharField(max_length=500, blank=True)
    started_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("begun by")
    )
    finished_at = models.DateTimeField(_("ended"), null=True)

    class Meta(TenantRow.Meta):
        verbose_name = _("move")
        verbose_name_plural = _("moves")
        ordering = ("-created_at", "id")
        constraints = (
            models.UniqueConstraint(name="move_vendor_pair", fields=("vendor", "id")),
            models.UniqueConstraint(
                name="move_one_at_a_time", fields=("vendor",), condition=Q(state="running")
            ),
            SameVendor(name="move_started_by_vendor", field="started_by", to_table="accounts_user"),
        )
        indexes = (models.Index(name="move_newest", fields=("vendor", "-created_at", "id")),)

    def __str__(self) -> str:
        return self.address

    @property
    def is_running(self) -> bool:
        return self.state == self.State.RUNNING


class Taken(TenantRow):
    """That a row here is one of a source's: what the source said last, and what the row was then,
    as digests. By them it is told who of both has changed it since."""

    noun = models.CharField(max_length=30)
    source_id = models.CharField(max_length=LONGEST_ID)
    row_id = models.UUIDField()
    source_digest = models.CharField(max_length=DIGEST)
    here_digest = models.CharField(max_length=DIGEST)

    class Meta(TenantRow.Meta):
        constraints = (
            models.UniqueConstraint(name="taken_once", fields=("vendor", "noun", "source_id")),
        )
        # By whom what is known of a person is forgotten.
        indexes = (models.Index(name="taken_row", fields=("vendor", "row_id")),)

    def __str__(self) -> str:
        return f"{self.noun} {self.source_id}"


class Remark(TenantRow):
    """A line of a move's report: why something was not taken, or what is to be done about what was.
    It names things by ids and by names that tell of nobody.

    What is said of many rows in the same words is one line: their `number`, which is 0 of any other
    line, and the first ids.
    """

    move = models.ForeignKey(Move, models.CASCADE, related_name="+")
    noun = models.CharField(max_length=30)
    source_id = models.CharField(max_length=LONGEST_ID, blank=True)
    further_ids = models.CharField(
        max_length=MOST_IDS * (LONGEST_ID + 2), blank=True, default="", db_default=""
    )
    number = models.PositiveIntegerField(default=0, db_default=0)
    label = models.CharField(max_length=300, blank=True)
    sentence = models.CharField(max_length=500)
    refused = models.BooleanField(default=True)

    class Meta(TenantRow.Meta):
        constraints = (SameVendor(name="remark_move_vendor", field="move", to_table="moving_move"),)
        indexes = (
            models.Index(name="remark_of_move", fields=("vendor", "move", "created_at", "id")),
            models.Index(name="remark_of_many", fields=("vendor", "move", "noun", "number")),
        )

    def __str__(self) -> str:
        return f"{self.noun} {self.source_id}"
