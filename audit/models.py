"""The audit trail: what was done, by whom, when and from where; written by audit/trail.py."""

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from audit.acting import Source
from audit.append_only import AppendOnly
from tenancy.finding import Ordered
from tenancy.rows import SameVendor, TenantRow, VendorManager, secret


class AuditParticulars(TenantRow):
    """What entries say of people: names, addresses, IP addresses, a customer's values.

    It stands beside the entries, which have its salted hash alone: so it can be erased, and only
    erased, while the chain still verifies. `people` has the ids of those whom it tells of, with a
    space between them.
    """

    updated_at = None  # type: ignore[assignment]
    people = models.TextField(blank=True)
    salt = secret(models.CharField(max_length=32, blank=True))
    said: "models.JSONField[dict[str, Any] | None, dict[str, Any] | None]" = models.JSONField(
        null=True
    )

    class Meta(TenantRow.Meta):
        constraints = (
            models.UniqueConstraint(name="audit_particulars_vendor_pair", fields=("vendor", "id")),
            AppendOnly(
                name="audit_particulars_append_only",
                erasable={"salt": "= ''", "said": "IS NULL"},
            ),
        )

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_erased(self) -> bool:
        return self.said is None


class EntryManager(VendorManager["AuditEntry"]):
    """Entries with what they say of people, by one query."""

    def get_queryset(self) -> models.QuerySet["AuditEntry"]:
        return super().get_queryset().select_related("by", "about")


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
    source = models.CharField(_("from"), max_length=10, choices=Source)
    # Who acted, for customers: the vendor. A customer himself is named in `by`.
    actor_vendor = models.CharField(max_length=255, blank=True)
    actor_id = models.UUIDField(null=True)
    subject_type = models.CharField(_("kind"), max_length=60)
    subject_id = models.UUIDField()
    label = Ordered(_("what"), max_length=300, blank=True)
    license_id = models.UUIDField(null=True)
    customer_id = models.UUIDField(null=True)
    # `changes` and `details`, as far as they tell nothing of people.
    facts = models.JSONField(default=dict)
    # Of people: who acted and from which IP address; about whom, and the values that are theirs.
    by = models.ForeignKey(AuditParticulars, models.PROTECT, null=True, related_name="+")
    by_digest = models.CharField(max_length=64, blank=True)
    about = models.ForeignKey(AuditParticulars, models.PROTECT, null=True, related_name="+")
    about_digest = models.CharField(max_length=64, blank=True)
    visible = models.BooleanField(_("shown to the customer"), default=False)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    objects: ClassVar[EntryManager] = EntryManager()

    class Meta(TenantRow.Meta):
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail entries")
        ordering = ("-sequence",)
        constraints = (
            models.UniqueConstraint(name="audit_sequence_once", fields=("vendor", "sequence")),
            AppendOnly(name="audit_entry_append_only"),
            SameVendor(name="audit_entry_by_vendor", field="by", to_table="audit_auditparticulars"),
            SameVendor(
                name="audit_entry_about_vendor", field="about", to_table="audit_auditparticulars"
            ),
        )
        indexes = (
            models.Index(name="audit_of_license", fields=("vendor", "license_id", "sequence")),
            models.Index(name="audit_of_customer", fields=("vendor", "customer_id", "sequence")),
            models.Index(name="audit_of_subject", fields=("vendor", "subject_id", "sequence")),
            # By them entries are found (backoffice/admin.py).
            models.Index(name="audit_of_actor", fields=("vendor", "actor_id", "sequence")),
            models.Index(name="audit_by_moment", fields=("vendor", "created_at", "id")),
            models.Index(name="audit_by_label", fields=("vendor", "label")),
            models.Index(name="audit_by_action", fields=("vendor", "action", "created_at")),
            # In the order of the list, which offers this filter: some sources are rare.
            models.Index(name="audit_by_source", fields=("vendor", "source", "sequence")),
            # Activations per day are counted in it alone: it also has what the wall asks of a row.
            models.Index(
                name="audit_activated",
                fields=(
                    *("vendor", "created_at", "source"),
                    *("actor_vendor", "actor_id", "customer_id", "license_id"),
                ),
                condition=models.Q(action="activated"),
            ),
        )

    def __str__(self) -> str:
        return f"{self.sequence} {self.action} {self.subject}"

    @property
    def actor(self) -> str:
        """Who acted, for staff; empty for the system."""
        return self._said("by", "actor", "")

    @property
    def actor_for_customers(self) -> str:
        return self.actor_vendor or self._said("by", "for_customers", "")

    @property
    def ip(self) -> str | None:
        said = self.by.said if self.by else None
        return said.get("ip") if said else None

    @property
    def subject(self) -> str:
        """What the row was called that the entry is about."""
        return self.label or self._said("about", "subject", "")

    @property
    def changes(self) -> dict[str, list[Any]]:
        """Old and new value by field; those of a person who was erased are gone."""
        return self._with_people("changes")

    @property
    def details(self) -> dict[str, Any]:
        return self._with_people("details")

    def _said(self, part: str, name: str, default: str) -> str:
        """A word about a person; that it was erased, if it was."""
        particulars: AuditParticulars | None = getattr(self, part)
        if particulars is None:
            return default
        if particulars.said is None:
            return _now("erased")
        return str(particulars.said.get(name, default))

    def _with_people(self, name: str) -> dict[str, Any]:
        said = self.about.said if self.about else None
        return {**self.facts.get(name, {}), **(said or {}).get(name, {})}


class AuditChain(TenantRow):
    """The end of a vendor's trail: how long it is, and the digest of its last entry."""

    vendor = models.OneToOneField(
        "tenancy.Vendor", models.PROTECT, related_name="+", verbose_name=_("vendor")
    )
    length = models.PositiveBigIntegerField(default=0)
    head = models.CharField(max_length=64, default="0" * 64)
    # Who was erased lately, by id, and when: for transactions that were under way.
    erased: "models.JSONField[dict[str, str], dict[str, str]]" = models.JSONField(default=dict)

    class Meta(TenantRow.Meta):
        pass

    def __str__(self) -> str:
        return f"{self.length}:{self.head}"
