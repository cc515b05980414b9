"""The audit trail: what was done, by whom, when and from where; written by audit/trail.py."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.acting import Door
from audit.append_only import AppendOnly
from tenancy.rows import TenantRow


class AuditEntry(TenantRow):
    """One thing that was done. Written once: the database refuses to change or delete it.

    Whom and what it is about is kept as ids and words, not as foreign keys: the trail outlives
    the rows. Entries of a vendor are numbered without gaps, and each carries the digest of the
    one before it (docs/security-model.md).
    """

    sequence = models.PositiveBigIntegerField(_("number"))
    created_at = models.DateTimeField(_("when"), default=timezone.now)
    updated_at = None  # type: ignore[assignment]
    action = models.CharField(_("action"), max_length=40)
    door = models.CharField(_("from"), max_length=10, choices=Door)
    ip = models.GenericIPAddressField(_("IP address"), null=True)
    actor_id = models.UUIDField(null=True)
    actor = models.CharField(_("who"), max_length=500, blank=True)
    actor_for_customers = models.CharField(max_length=255, blank=True)
    subject_type = models.CharField(_("kind"), max_length=60)
    subject_id = models.UUIDField()
    subject = models.CharField(_("what"), max_length=300)
    license_id = models.UUIDField(null=True)
    customer_id = models.UUIDField(null=True)
    changes = models.JSONField(_("changes"), default=dict)
    details = models.JSONField(_("details"), default=dict)
    visible = models.BooleanField(_("shown to the customer"), default=False)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    class Meta(TenantRow.Meta):
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail entries")
        ordering = ("-sequence",)
        constraints = (
            models.UniqueConstraint(name="audit_sequence_once", fields=("vendor", "sequence")),
            AppendOnly(name="audit_entry_append_only"),
        )
        indexes = (
            models.Index(name="audit_of_license", fields=("vendor", "license_id", "sequence")),
            models.Index(name="audit_of_customer", fields=("vendor", "customer_id", "sequence")),
            models.Index(name="audit_of_subject", fields=("vendor", "subject_id", "sequence")),
            models.Index(name="audit_by_action", fields=("vendor", "action", "created_at")),
        )

    def __str__(self) -> str:
        return f"{self.sequence} {self.action} {self.subject}"


class AuditChain(TenantRow):
    """The end of a vendor's trail: how long it is, and the digest of its last entry."""

    vendor = models.OneToOneField(
        "tenancy.Vendor", models.PROTECT, related_name="+", verbose_name=_("vendor")
    )
    length = models.PositiveBigIntegerField(default=0)
    head = models.CharField(max_length=64, default="0" * 64)

    class Meta(TenantRow.Meta):
        pass

    def __str__(self) -> str:
        return f"{self.length}:{self.head}"
