"""Personal access tokens, by which programs act for a person."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from accounts.tokens.scopes import SCOPES
from accounts.tokens.words import scope_in_words
from tenancy.rows import SameVendor, TenantRow, personal, secret, told_by
from tenancy.texts import Line


def validate_scopes(scopes: object) -> None:
    """Raises ValidationError for anything but a list of known scopes, none twice."""
    if not isinstance(scopes, list) or not all(isinstance(each, str) for each in scopes):
        raise ValidationError(_("Scopes are a list of texts."))
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown:
        raise ValidationError(
            _("There is no such scope: %(scopes)s."), params={"scopes": ", ".join(unknown)}
        )
    if len(set(scopes)) < len(scopes):
        raise ValidationError(_("A scope stands here twice."))


class PersonalAccessToken(TenantRow):
    """A token of a person's for the Web API, kept as its SHA-256 digest in hex; who reads the table
    is not let in. What it may do follows from its scopes and from what its person may do now."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("person"))
    name = personal(Line(_("name"), max_length=100, help_text=_("Such as the program's.")))
    digest = secret(models.CharField(max_length=64))
    scopes = told_by(
        models.JSONField(_("scopes"), default=list, validators=[validate_scopes]), scope_in_words
    )
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked = models.BooleanField(_("revoked"), default=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)

    class Meta(TenantRow.Meta):
        verbose_name = _("personal access token")
        verbose_name_plural = _("personal access tokens")
        ordering = ("-created_at", "id")
        constraints = (
            models.UniqueConstraint(name="token_once", fields=("vendor", "digest")),
            SameVendor(field="user", to_table="accounts_user", name="token_user_same_vendor"),
        )
        indexes = (
            models.Index(name="token_of_person", fields=("vendor", "user", "-created_at", "id")),
            models.Index(name="token_newest", fields=("vendor", "-created_at", "id")),
        )

    named_after_person = True

    def __str__(self) -> str:
        return self.name

    def concerns(self) -> dict[str, Any]:
        return self.user.concerns()

    @property
    def counts(self) -> bool:
        """Whether a program that comes with it is let in."""
        return not self.revoked and (self.expires_at is None or self.expires_at > timezone.now())
