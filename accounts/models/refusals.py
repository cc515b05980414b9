"""What a person was refused, and why: so that support can answer "what did she see?"."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from accounts.models.sessions import LONGEST_BROWSER
from tenancy.rows import SameVendor, TenantRow, personal


class Refusal(TenantRow):
    """That somebody did not get in, or handed in a file that was refused. No entry of the trail:
    nothing was changed, and who tries often enough would fill it. Kept by verbs/refusals.py.

    Without a person it is of somebody whom nobody knows here; it is written all the same, so that
    the time of an answer does not tell whom we know.
    """

    class Kind(models.TextChoices):
        SIGN_IN = "sign-in", _("sign-in")
        FILE = "file", _("offline file")

    class WhyNotIn(models.TextChoices):
        """The reasons of a sign-in; those of a file are the codes of its errors."""

        UNKNOWN = "UNKNOWN", _("nobody has this e-mail")
        NO_PASSWORD = "NO_PASSWORD", _("no password set yet")
        WRONG_PASSWORD = "WRONG_PASSWORD", _("wrong password")
        WRONG_CODE = "WRONG_CODE", _("wrong code of the second factor")
        WRONG_PASSKEY = "WRONG_PASSKEY", _("a passkey that is not the account's")
        CLONED_PASSKEY = "CLONED_PASSKEY", _("a passkey that may have been copied")
        SINGLE_SIGN_ON = "SINGLE_SIGN_ON", _("single sign-on did not let in")
        HELD_BACK = "HELD_BACK", _("held back after too many tries")
        SWITCHED_OFF = "SWITCHED_OFF", _("the account is switched off")
        NOT_HERE = "NOT_HERE", _("the account may not use this site")

    updated_at = None  # type: ignore[assignment]
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="+")
    kind = models.CharField(_("kind"), max_length=7, choices=Kind)
    # Among those of its kind; a word that programs know, such as EXPIRED_LICENSE.
    reason = models.CharField(_("reason"), max_length=60)
    said = personal(models.TextField(_("what was said"), blank=True))
    # Of a file, as far as it can be read: the machine, and the licence that it is for. A key that
    # is no licence of the person's stands without one.
    machine = personal(models.CharField(_("machine"), max_length=256, blank=True, default=""))
    license_key = personal(models.CharField(_("key"), max_length=256, blank=True, default=""))
    license_id = models.UUIDField(null=True)
    ip = personal(models.CharField(_("IP address"), max_length=45, blank=True))
    browser = personal(models.CharField(_("browser"), max_length=LONGEST_BROWSER, blank=True))

    class Meta(TenantRow.Meta):
        verbose_name = _("refusal")
        verbose_name_plural = _("refusals")
        ordering = ("-created_at", "id")
        constraints = (
            SameVendor(name="refusal_user_same_vendor", field="user", to_table="accounts_user"),
        )
        indexes = (
            models.Index(name="refusal_of_person", fields=("vendor", "user", "-created_at", "id")),
            models.Index(name="refusal_by_age", fields=("vendor", "created_at")),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.reason}"
