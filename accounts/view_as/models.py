"""Support's looks at the portal as a customer sees it."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from tenancy.rows import SameVendor, TenantRow, secret
from web.moments import clock


class ViewAs(TenantRow):
    """One look by a member of staff at a customer's portal; verbs.py has the verbs.

    Link and cookie are kept as SHA-256 digests, in hex: who reads the table can open nothing.
    `ends_at` is the link's end until the link is used, and the view's own end from then on.
    """

    staff = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("staff"))
    customer = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("customer"))
    link_digest = secret(models.CharField(max_length=64))
    cookie_digest = secret(models.CharField(max_length=64, blank=True, default=""))
    begun_at = models.DateTimeField(_("begun"), null=True)
    ends_at = models.DateTimeField(_("ends"))
    stopped_at = models.DateTimeField(_("stopped"), null=True)

    class Meta(TenantRow.Meta):
        verbose_name = _("view as a customer")
        verbose_name_plural = _("views as a customer")
        ordering = ("-created_at",)
        constraints = (
            SameVendor(field="staff", to_table="accounts_user", name="view_as_staff_same_vendor"),
            SameVendor(
                field="customer", to_table="accounts_user", name="view_as_customer_same_vendor"
            ),
            models.UniqueConstraint(name="view_as_link_once", fields=("vendor", "link_digest")),
            models.UniqueConstraint(
                name="view_as_cookie_once",
                fields=("vendor", "cookie_digest"),
                condition=~Q(cookie_digest=""),
            ),
        )
        indexes = (
            models.Index(name="view_as_of_staff", fields=("vendor", "staff")),
            models.Index(name="view_as_of_customer", fields=("vendor", "customer")),
            models.Index(name="view_as_by_end", fields=("vendor", "ends_at")),
            # SQLite does not see that who looks for a cookie looks for none that is empty.
            models.Index(name="view_as_by_cookie", fields=("vendor", "cookie_digest")),
        )

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def until(self) -> str:
        """When it ends, for staff."""
        return clock(self.ends_at)

    def is_current(self, now: datetime) -> bool:
        """Whether it may show anything now: it neither was stopped nor ran out, the member of
        staff still has the right to, and the customer could come in himself."""
        return (
            self.begun_at is not None
            and self.stopped_at is None
            and now < self.ends_at
            and self.is_allowed
        )

    @property
    def is_allowed(self) -> bool:
        """Whether its two people are still allowed to take part in it."""
        return self.staff.has_perm("accounts.view_as_user") and self.customer.may_use_portal
