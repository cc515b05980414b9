"""What somebody has in the second place: an app that shows codes, and codes on paper."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from tenancy.door import within_scope
from tenancy.models import Vendor
from tenancy.rows import SameVendor, secret


class FactorsManager(models.Manager["SecondFactor"]):
    """Those of the current scope; outside every scope operators' alone."""

    def get_queryset(self) -> models.QuerySet["SecondFactor"]:
        return within_scope(super().get_queryset())


class CodesManager(models.Manager["RecoveryCode"]):
    """Those of the current scope; outside every scope operators' alone."""

    def get_queryset(self) -> models.QuerySet["RecoveryCode"]:
        return within_scope(super().get_queryset())


class SecondFactor(models.Model):
    """That a person is asked for the code of an app beside the password. It is there from the first
    right code on (verbs.py); an operator's has no vendor."""

    vendor = models.ForeignKey(
        Vendor, models.PROTECT, null=True, related_name="+", verbose_name=_("vendor")
    )
    user = models.OneToOneField(User, models.CASCADE, related_name="+", verbose_name=_("person"))
    encrypted_secret = secret(
        models.TextField(help_text="Under KEY_ENCRYPTION_KEYS, never in clear.")
    )
    # The step (codes.py) of the last code that was used: no code counts twice.
    last_step = models.BigIntegerField()

    of_scope = FactorsManager()

    class Meta:
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")
        base_manager_name = "of_scope"
        constraints = (
            SameVendor(
                field="user", to_table="accounts_user", name="second_factor_user_same_vendor"
            ),
        )

    def __str__(self) -> str:
        return str(self.pk)


class RecoveryCode(models.Model):
    """A code that counts once in the place of the app's, for who has lost the phone. Kept as its
    digest (codes.py), until there are new ones or the factor is taken off."""

    vendor = models.ForeignKey(
        Vendor, models.PROTECT, null=True, related_name="+", verbose_name=_("vendor")
    )
    user = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("person"))
    digest = secret(models.CharField(max_length=64))
    # That of its set, in hex; none where the set was made before there were salts.
    salt = secret(models.CharField(max_length=32, blank=True))
    used_at = models.DateTimeField(_("used"), null=True)

    of_scope = CodesManager()

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")
        base_manager_name = "of_scope"
        constraints = (
            models.UniqueConstraint(name="recovery_code_once", fields=("user", "digest")),
            SameVendor(
                field="user", to_table="accounts_user", name="recovery_code_user_same_vendor"
            ),
        )
        indexes = (models.Index(name="recovery_code_of_person", fields=("vendor", "user", "id")),)

    def __str__(self) -> str:
        return str(self.pk)
