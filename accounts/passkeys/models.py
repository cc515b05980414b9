"""Passkeys of people, and the challenges that wait for one."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from tenancy.door import within_scope
from tenancy.models import Vendor
from tenancy.rows import SameVendor, personal
from tenancy.texts import Line

LONGEST_ID = 1364  # characters: 1,023 bytes in base64url, the most that WebAuthn allows


class PasskeysManager(models.Manager["Passkey"]):
    """Those of the current scope; outside every scope operators' alone."""

    def get_queryset(self) -> models.QuerySet["Passkey"]:
        return within_scope(super().get_queryset())


class Passkey(models.Model):
    """The public half of a key with which a person signs in (WebAuthn); an operator's has no
    vendor. Bytes are kept in base64url, as browsers give them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    vendor = models.ForeignKey(
        Vendor, models.PROTECT, null=True, related_name="+", verbose_name=_("vendor")
    )
    user = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("person"))
    # The host that it is bound to for good, whatever host it is used at (places.py).
    rp_id = models.CharField(max_length=253)
    credential_id = models.CharField(max_length=LONGEST_ID)
    public_key = models.TextField()
    # How often it was used, as its authenticator counts; 0 for those that don't.
    sign_count = models.BigIntegerField()
    transports = models.JSONField(default=list)
    is_backed_up = models.BooleanField(_("synchronised"))
    name = personal(Line(_("name"), max_length=60))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), null=True)

    of_scope = PasskeysManager()

    class Meta:
        verbose_name = _("passkey")
        verbose_name_plural = _("passkeys")
        ordering = ("created_at", "id")
        base_manager_name = "of_scope"
        constraints = (
            models.UniqueConstraint(name="passkey_once", fields=("vendor", "credential_id")),
            models.UniqueConstraint(
                name="operators_passkey_once", fields=("credential_id",), condition=Q(vendor=None)
            ),
            SameVendor(field="user", to_table="accounts_user", name="passkey_user_same_vendor"),
        )
        indexes = (
            models.Index(name="passkey_of_person", fields=("vendor", "user", "created_at", "id")),
        )

    def __str__(self) -> str:
        return self.name


class Challenge(models.Model):
    """That a browser was asked to show a passkey, and has not answered (challenges.py).

    The key is a keyed hash, so that the table holds nothing of anybody. Nobody's row: in the back
    office it is not known before the answer whose passkey it will be.
    """

    key = models.CharField(max_length=64, primary_key=True)
    ends_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(name="challenge_by_end", fields=("ends_at",)),)

    def __str__(self) -> str:
        return self.key
