"""Whose word counts for who somebody is: a vendor's identity providers, and whom they know."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from accounts.models.roles import CUSTOMER_ROLES, Role
from tenancy.addresses import domain_in_unicode
from tenancy.rows import SameVendor, TenantRow, personal, secret
from tenancy.texts import Line, Prose, validate_line
from web.fetching import is_fetchable

LONGEST_SUBJECT = 255  # characters (OpenID Connect Core 1.0, 2)


def validate_issuer(address: str) -> None:
    """Raises ValidationError for what can't be an issuer (OpenID Connect Discovery 1.0, 3)."""
    if not is_fetchable(address) or "?" in address:
        raise ValidationError(_now("An issuer begins with https:// and has no “?” or “#” in it."))


def words_in(text: str) -> list[str]:
    """What stands in a field that has several words, with blanks or commas between them."""
    return text.replace(",", " ").replace(";", " ").split()


def domains_in(text: str) -> list[str]:
    """The domains in a text, each in its one spelling and once; `@` before one is left out."""
    return list(dict.fromkeys(domain_in_unicode(word.lstrip("@")) for word in words_in(text)))


def roles_in(text: str) -> dict[str, str]:
    """By the provider's word the role that it stands for, from lines `word = role`. Raises
    ValueError with the line that is none."""
    found = {}
    for line in filter(str.strip, text.splitlines()):
        word, sign, role = (part.strip() for part in line.rpartition("="))
        if not (word and sign and role):
            raise ValueError(line.strip())
        found[word] = role
    return found


class IdentityProvider(TenantRow):
    """A provider of OpenID Connect that says who somebody is: either the vendor's customers, at the
    portal, or its staff, in the back office, and never both."""

    name = Line(
        _("name"),
        max_length=60,
        help_text=_("People read it on the button: “Sign in with …”."),
    )
    for_staff = models.BooleanField(
        _("for staff"),
        default=False,
        help_text=_("It lets your staff into the back office, and no customer anywhere."),
    )
    is_on = models.BooleanField(
        _("on"), default=False, help_text=_("People see its button. Try it before.")
    )
    issuer = Line(
        _("issuer"),
        max_length=500,
        validators=[validate_line, validate_issuer],
        help_text=_("Its address, written just as the provider writes it."),
    )
    client_id = Line(_("client id"), max_length=255, blank=True)
    encrypted_secret = secret(
        models.TextField(
            _("client secret"),
            blank=True,
            help_text=_("Kept encrypted and never shown again. Empty: it stays as it is."),
        )
    )
    domains = Line(
        _("domains of e-mails"),
        max_length=1000,
        blank=True,
        help_text=_(
            "Only people with an e-mail there are let in, such as “example.com example.org”. "
            "Empty: customers of any; for staff at least one is needed."
        ),
    )
    only_domains = Line(
        _("only by single sign-on"),
        max_length=1000,
        blank=True,
        help_text=_(
            "Domains whose people can’t sign in with a password any more, while this is on. "
            "Administrators still can."
        ),
    )
    creates_people = models.BooleanField(
        _("adds people"),
        default=False,
        help_text=_("Whoever signs in for the first time and has no account gets one."),
    )
    first_name_attribute = Line(_("first name"), max_length=100, blank=True, default="given_name")
    last_name_attribute = Line(_("last name"), max_length=100, blank=True, default="family_name")
    company_attribute = Line(
        _("company"),
        max_length=100,
        blank=True,
        help_text=_("Which claims of the provider have them. Empty: what is here stays."),
    )
    role_attribute = Line(
        _("claim with the role"),
        max_length=100,
        blank=True,
        help_text=_("Such as “groups” or “roles”. For staff alone; empty: roles stay as they are."),
    )
    roles = Prose(
        _("roles"),
        max_length=4000,
        blank=True,
        help_text=_(
            "What the provider says and the role that it stands for, one a line, such as "
            "“portal-admins = admin”. The first line that fits counts; who has none is not let in."
        ),
    )
    factor_contexts = Line(
        _("contexts with a second factor"),
        max_length=500,
        blank=True,
        help_text=_(
            "Values of “acr” that mean that the provider has asked for a second factor. They are "
            "asked for; “mfa” among its “amr” always counts."
        ),
    )

    class Meta(TenantRow.Meta):
        verbose_name = _("identity provider")
        verbose_name_plural = _("identity providers")
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(name="identity_provider_vendor_pair", fields=("vendor", "id")),
            models.UniqueConstraint(
                name="identity_provider_name_once",
                fields=("vendor", "name"),
                violation_error_message=_("There is a provider of this name already."),
            ),
            # SECURITY: tests/accounts/test_single_sign_on.py. No customer's provider names a role.
            models.CheckConstraint(
                name="only_staff_get_roles",
                condition=Q(for_staff=True) | Q(role_attribute=""),
                violation_error_message=_("Only a provider for staff says who has which role."),
            ),
            models.CheckConstraint(
                name="staff_provider_has_domains",
                condition=Q(for_staff=False) | ~Q(domains=""),
                violation_error_message=_(
                    "A provider for staff needs the domains of their e-mails."
                ),
            ),
        )

    def __str__(self) -> str:
        return self.name

    def is_for(self, person: User) -> bool:
        """Whether the person is one of those whom the provider may speak for: an account of the
        other kind is never its business."""
        return person.is_customer != self.for_staff

    def has_domain_of(self, email: str) -> bool:
        return not self.domains or email.rpartition("@")[2] in domains_in(self.domains)

    def is_only_way_of(self, email: str) -> bool:
        return email.rpartition("@")[2] in domains_in(self.only_domains)

    def clean(self) -> None:
        """Raises ValidationError for domains and roles that make no sense together."""
        errors = {}
        elsewhere = set(domains_in(self.only_domains)) - set(domains_in(self.domains))
        if self.domains and elsewhere:
            errors["only_domains"] = _now("These are not among the domains that it is for.")
        try:
            named = set(roles_in(self.roles).values())
        except ValueError as error:
            text = _now("This line is not of the form “word = role”: %(line)s")
            errors["roles"] = text % {"line": error}
        else:
            if named & {*map(str, CUSTOMER_ROLES)}:
                errors["roles"] = _now("Customers’ roles are given to nobody by a provider.")
            missing = named.difference(
                Role.objects.filter(vendor=self.vendor_id).values_list("name", flat=True)
            )
            if missing:
                text = _now("There is no such role: %(roles)s")
                errors["roles"] = text % {"roles": ", ".join(sorted(missing))}
        if self.for_staff and self.creates_people and not (self.role_attribute and self.roles):
            errors["creates_people"] = _now("New staff need a role: say which claim has it.")
        if self.is_on and not self.client_id:
            errors["client_id"] = _now("Without a client id it can’t be on.")
        if errors:
            raise ValidationError(errors)


class Identity(TenantRow):
    """That a provider's word for somebody is this person: by issuer and subject, and never by
    e-mail. With another issuer none of them counts."""

    updated_at = None  # type: ignore[assignment]
    provider = models.ForeignKey(
        IdentityProvider, models.CASCADE, related_name="+", verbose_name=_("identity provider")
    )
    user = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("person"))
    issuer = models.CharField(_("issuer"), max_length=500)
    subject = personal(models.CharField(_("subject"), max_length=LONGEST_SUBJECT))
    used_at = models.DateTimeField(_("last used"), null=True)

    class Meta(TenantRow.Meta):
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        constraints = (
            models.UniqueConstraint(
                name="identity_once", fields=("vendor", "provider", "issuer", "subject")
            ),
            SameVendor(
                field="provider",
                to_table="accounts_identityprovider",
                name="identity_provider_same_vendor",
            ),
            SameVendor(field="user", to_table="accounts_user", name="identity_user_same_vendor"),
        )
        indexes = (models.Index(name="identity_of_user", fields=("vendor", "user")),)

    def __str__(self) -> str:
        return str(self.pk)
