"""Requests of customers to release a machine of theirs."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from licenses.models.license import License
from tenancy.rows import SameVendor, TenantRow, personal
from tenancy.texts import Line


class SeatRequest(TenantRow):
    """That a customer wants the seat of a machine back which can't give it back itself: what he
    asked, and what came of it. It outlives the machine; verbs in verbs/releasing.py.

    A release that the vendor lets customers do themselves is one, too, and answered at once.
    """

    class State(models.TextChoices):
        OPEN = "open", _("waiting for an answer")
        RELEASED = "released", _("released")
        REFUSED = "refused", _("refused")
        NOT_NEEDED = "not-needed", _("no longer needed")

    license = models.ForeignKey(
        License, models.CASCADE, related_name="seat_requests", verbose_name=_("licence")
    )
    # Whose the licence was then: a later owner does not read it.
    owner = models.ForeignKey(
        "accounts.User",
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("owner of the licence at that time"),
    )
    user = models.ForeignKey(
        "accounts.User",
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("asked by"),
    )
    activation_id = models.UUIDField()
    hostname = personal(Line(_("machine"), max_length=256, blank=True))
    reason = personal(Line(_("reason"), max_length=500))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    by_customer = models.BooleanField(_("released by the customer"), default=False)
    answer = personal(Line(_("answer"), max_length=500, blank=True))
    answered_by = models.ForeignKey(
        "accounts.User",
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("answered by"),
    )
    answered_at = models.DateTimeField(_("answered"), null=True)

    class Meta(TenantRow.Meta):
        verbose_name = _("request to release")
        verbose_name_plural = _("requests to release")
        ordering = ("-created_at", "id")
        constraints = (
            models.UniqueConstraint(
                name="seat_request_open_once",
                fields=("vendor", "activation_id"),
                condition=Q(state="open"),
            ),
            SameVendor(
                name="seat_request_license_vendor", field="license", to_table="licenses_license"
            ),
            SameVendor(name="seat_request_owner_vendor", field="owner", to_table="accounts_user"),
            SameVendor(name="seat_request_user_vendor", field="user", to_table="accounts_user"),
            SameVendor(
                name="seat_request_answerer_vendor", field="answered_by", to_table="accounts_user"
            ),
        )
        indexes = (
            models.Index(name="seat_request_newest", fields=("vendor", "-created_at", "id")),
        )

    named_after_person = True

    def __str__(self) -> str:
        return self.hostname or str(_("Machine without a name"))

    def concerns(self) -> dict[str, Any]:
        return {"license_id": self.license_id, "customer_id": self.owner_id, "visible": True}

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN
