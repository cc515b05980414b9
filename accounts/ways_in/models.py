"""Who has asked for an account by herself, until the e-mail is confirmed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenancy.rows import TenantRow, personal
from tenancy.texts import EmailLine, Line


class Registration(TenantRow):
    """What somebody has typed who wants an account, and nobody who could sign in. The link that was
    e-mailed to the address makes a customer of it, once (registering.py). It is deleted a day
    after its end, used or not."""

    email = personal(EmailLine(_("e-mail")))
    first_name = personal(Line(_("first name"), max_length=100, blank=True))
    last_name = personal(Line(_("last name"), max_length=100, blank=True))
    company = personal(Line(_("company"), max_length=150, blank=True))
    ends_at = models.DateTimeField(_("ends"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True)

    named_after_person = True

    class Meta(TenantRow.Meta):
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        indexes = (
            models.Index(name="registration_by_end", fields=("vendor", "ends_at")),
            models.Index(name="registration_by_email", fields=("vendor", "email")),
        )

    def __str__(self) -> str:
        return self.email
