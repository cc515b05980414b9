"""Domains of vendors' own."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from branding.domains.names import in_unicode
from tenancy.rows import TenantRow, secret


class CustomDomain(TenantRow):
    """A domain of the vendor's own, on the way to being served or served."""

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        VERIFIED = "verified", _("verified")
        FAILING = "failing", _("failing")

    class Diagnosis(models.TextChoices):
        UNCHECKED = "unchecked", _("not checked yet")
        FINE = "fine", _("fine")
        NO_RECORD = "no-record", _("no record yet")
        WRONG_TARGET = "wrong-target", _("wrong target")
        WRONG_TXT = "wrong-txt", _("wrong TXT record")
        TXT_ELSEWHERE = "txt-elsewhere", _("TXT record in the wrong place")
        PROXY = "proxy", _("a proxy in between")
        CAA = "caa", _("no certificate allowed")
        WILDCARD = "wildcard", _("a record for all names")
        TAKEN = "taken", _("belongs to someone else here")
        CONTESTED = "contested", _("entered by two companies")
        NO_ANSWER = "no-answer", _("no answer from the name servers")

    class CertificateFault(models.TextChoices):
        NO_ANSWER = "no-answer", _("port 443 does not answer")
        NOT_PUBLIC = "not-public", _("not at a public address, so not looked at")
        OTHER_NAME = "other-name", _("the certificate is for another name")

    name = models.CharField(_("domain"), max_length=253)
    skeleton = models.CharField(max_length=253, editable=False)
    token = secret(models.CharField(max_length=43, editable=False))
    state = models.CharField(
        _("state"), max_length=8, choices=State, default=State.PENDING, editable=False
    )
    diagnosis = models.CharField(
        _("diagnosis"),
        max_length=13,
        choices=Diagnosis,
        default=Diagnosis.UNCHECKED,
        editable=False,
    )
    found = models.CharField(_("found"), max_length=500, blank=True, editable=False)
    # While this is set the name is this vendor's alone.
    verified_at = models.DateTimeField(_("verified"), null=True, editable=False)
    proved_by_txt = models.BooleanField(_("proved by the TXT record"), default=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, editable=False)
    served_until = models.DateTimeField(
        _("served until"), null=True, editable=False, help_text=_("While its record is gone.")
    )
    warnings = models.PositiveSmallIntegerField(default=0, editable=False)
    checks = models.PositiveIntegerField(_("checks"), default=0, editable=False)
    last_checked_at = models.DateTimeField(_("last checked"), null=True, editable=False)
    next_check_at = models.DateTimeField(_("next check"), null=True, editable=False)
    # Of what its own port 443 shows (branding/domains/certificates.py).
    certificate_looked_at = models.DateTimeField(null=True, editable=False)
    certificate_ends_at = models.DateTimeField(_("certificate ends"), null=True, editable=False)
    certificate_fault = models.CharField(
        max_length=10, choices=CertificateFault, blank=True, db_default="", editable=False
    )

    class Meta(TenantRow.Meta):
        verbose_name = _("custom domain")
        verbose_name_plural = _("custom domains")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                name="custom_domain_once_per_vendor",
                fields=("vendor", "name"),
                violation_error_message=_("This domain is on your list already."),
            ),
            models.UniqueConstraint(
                name="custom_domain_verified_once",
                fields=("name",),
                condition=Q(verified_at__isnull=False),
            ),
            models.CheckConstraint(
                name="custom_domain_pending_is_unverified",
                condition=~Q(state="pending") | Q(verified_at=None),
            ),
        )
        indexes = (
            models.Index(
                fields=("skeleton",),
                condition=Q(verified_at__isnull=False),
                name="custom_domain_skeleton",
            ),
            models.Index(fields=("next_check_at",)),
        )

    def __str__(self) -> str:
        return in_unicode(self.name)

    @property
    def txt_name(self) -> str:
        """Where the alternative proof stands."""
        return f"_portal-verification.{self.name}"

    @property
    def txt_value(self) -> str:
        return f"portal-verification={self.token}"


class ProvedDomain(TenantRow):
    """That a vendor once proved a name. It outlives the domain: who wants the name after it has to
    show more than a CNAME that was left behind. Written once."""

    name = models.CharField(max_length=253)

    class Meta(TenantRow.Meta):
        constraints = (
            models.UniqueConstraint(name="proved_domain_once", fields=("vendor", "name")),
        )
        indexes = (models.Index(fields=("name",)),)

    def __str__(self) -> str:
        return self.name
