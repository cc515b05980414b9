"""The people of vendors, and operators."""

import uuid
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import verify_password
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.metadata import validate_metadata
from accounts.models.roles import (
    CUSTOMER_ROLES,
    LABELS,
    LONGEST_NAME,
    BuiltIn,
    Role,
    role_label,
)
from accounts.passwords import in_one_spelling, spellings_of_password
from accounts.rights import CLAIMS, OPERATORS_RIGHTS, includes
from tenancy.addresses import email_in_ascii, normalise_email, spellings_of
from tenancy.door import ScopedManager, Way, inside, outside, within_scope
from tenancy.finding import Word, to_row
from tenancy.models import Vendor
from tenancy.preferences import languages, validate_time_zone
from tenancy.rows import SameVendor, labelled, secret
from tenancy.spelling import words_in
from tenancy.texts import EmailLine, Line, Prose


class PortalSettings(Vendor):
    """What a vendor's administrators decide about their portal: the vendor's own row."""

    class Meta:
        proxy = True
        verbose_name = _("settings")
        verbose_name_plural = _("settings")


class UserManager(BaseUserManager["User"]):
    """Creates people; reading goes through the vendor's scope."""

    def create_user(
        self,
        *,
        email: str,
        password: str | None = None,
        vendor: Vendor | None = None,
        **fields: Any,
    ) -> "User":
        """A saved user; without a password nobody can sign in until an invitation sets one."""
        user = self.model(vendor=vendor, email=normalise_email(email), **fields)
        user.set_password(password)
        user.save(force_insert=True, using=self._db)
        if vendor:
            UserWord.objects.begin([user])
        return user

    def create_superuser(self, *, email: str, password: str | None = None) -> "User":
        """An operator, for `manage.py createsuperuser`."""
        with among_operators():
            return self.create_user(email=email, password=password, role=BuiltIn.OPERATOR)

    def at(self, email: str) -> "User | None":
        """Whose the address is. It is looked for as it was typed first, by which people are told
        apart whose addresses became one (`manage.py list_twins`)."""
        ways = spellings_of(email)
        found = self.select_related("vendor").filter(email__in=ways)
        return min(found, key=lambda person: ways.index(person.email), default=None)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=normalise_email(username or ""))


if TYPE_CHECKING:  # django-scopes makes its manager class at run time
    ScopedBase = UserManager
else:
    ScopedBase = type(ScopedManager(vendor="vendor", _manager_class=UserManager))


class ScopedUserManager(ScopedBase):
    """The people of the current scope's vendor; outside a scope every query fails loudly."""


def among_operators() -> AbstractContextManager[None]:
    """The way to operators, who belong to no vendor: their accounts, and which vendors there are.
    The rows of every vendor stay out of reach."""
    return outside(Way.OPERATORS, "Operators belong to no vendor.")


class OperatorManager(UserManager):
    """Operators alone; found `among_operators`."""

    def get_queryset(self) -> models.QuerySet["User"]:
        return super().get_queryset().filter(vendor=None)


class PeopleManager(UserManager):
    """The people of the current scope; outside every scope operators alone.

    Saving a user and following a foreign key to one go through it, so that an operator, who
    works outside every scope, can still be saved. `User.objects` stays loud.
    """

    def get_queryset(self) -> models.QuerySet["User"]:
        return within_scope(super().get_queryset())


class User(AbstractBaseUser):
    """A person with an account at exactly one vendor, or an operator, who belongs to none."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    vendor = models.ForeignKey(
        Vendor,
        models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("vendor"),
    )
    email = EmailLine(_("e-mail"))
    password = secret(models.CharField(_("password"), max_length=128))
    # Links that were e-mailed count as long as it is what it was (accounts/verbs/links.py).
    link_mark = secret(models.CharField(max_length=32, blank=True, default="", editable=False))
    first_name = Line(_("first name"), max_length=100, blank=True)
    last_name = Line(_("last name"), max_length=100, blank=True)
    company = Line(_("company"), max_length=150, blank=True)
    # The name of a role of the vendor's (Role), or "operator".
    role = labelled(
        models.CharField(_("role"), max_length=LONGEST_NAME, default=BuiltIn.USER), LABELS
    )
    is_active = models.BooleanField(_("active"), default=True)
    allow_customer_portal_access = models.BooleanField(
        _("may use the customer portal"), default=True
    )
    metadata = models.JSONField(
        _("metadata"),
        default=list,
        blank=True,
        validators=[validate_metadata],
    )
    tags = models.ManyToManyField(
        "accounts.Tag", through="UserTag", related_name="users", verbose_name=_("tags")
    )
    internal_notes = Prose(
        _("internal notes"), max_length=4000, blank=True, help_text=_("For your staff alone.")
    )
    reminders = models.BooleanField(
        _("reminders"),
        default=True,
        help_text=_("E-mails that remind customers of licences that expire."),
    )
    # Empty: the vendor's (accounts/preferences.py).
    language = models.CharField(_("language"), max_length=10, blank=True, choices=languages)
    time_zone = models.CharField(
        _("time zone"), max_length=64, blank=True, validators=[validate_time_zone]
    )
    has_registered = models.BooleanField(
        _("registered on the portal"), default=False, editable=False
    )
    last_seen_at = models.DateTimeField(_("last seen"), null=True, editable=False)
    # Since when there is a row of SecondFactor, so that no page has to look; its verbs keep it.
    second_factor_since = models.DateTimeField(_("second factor since"), null=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    password_to_store: str | None = None
    # Whether it was an identity provider that has said who it is (accounts/second_factor/).
    by_provider = False

    objects = ScopedUserManager()
    operators = OperatorManager()
    people = PeopleManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ("email",)
        base_manager_name = "people"
        constraints = (
            # The e-mail is stored in its one spelling, so this holds however it is typed.
            models.UniqueConstraint(
                name="user_email_unique_per_vendor",
                fields=("vendor", "email"),
                violation_error_message=_("There is an account with this e-mail already."),
            ),
            models.UniqueConstraint(
                name="operator_email_unique", fields=("email",), condition=Q(vendor=None)
            ),
            models.CheckConstraint(name="user_email_lower_case", condition=Q(email=Lower("email"))),
            models.CheckConstraint(
                name="only_operators_have_no_vendor",
                condition=Q(role=BuiltIn.OPERATOR, vendor=None)
                | (~Q(role=BuiltIn.OPERATOR) & Q(vendor__isnull=False)),
            ),
            models.UniqueConstraint(name="user_vendor_pair", fields=("vendor", "id")),
            # An operator, who has no vendor, passes.
            SameVendor(
                field="role",
                to_table="accounts_role",
                to_field="name",
                name="user_role_of_same_vendor",
            ),
        )
        indexes = (
            models.Index(name="user_by_company", fields=("vendor", "company", "id")),
            # Staff are few among many customers.
            models.Index(name="user_by_role", fields=("vendor", "role")),
        )

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        """Its field has cleaned the e-mail; of Django's own clean rows of before would change."""

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password and in_one_spelling(raw_password))

    def check_password(self, raw_password: str | None) -> bool:
        """Whether this is the person's password, in any spelling. What it finds stored otherwise
        than in its one spelling is in `password_to_store`, to be stored anew."""
        first, *others = spellings_of_password(raw_password or "")
        for spelling in (first, *others):
            is_right, is_outdated = verify_password(spelling, self.password)
            if is_right:
                self.password_to_store = first if is_outdated or spelling != first else None
                return True
        return False

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email

    @property
    def is_customer(self) -> bool:
        return self.role in CUSTOMER_ROLES

    @property
    def is_operator(self) -> bool:
        return self.role == BuiltIn.OPERATOR

    @property
    def is_staff(self) -> bool:
        """Whether the person may enter the back office (Django admin asks by this name)."""
        return self.is_active and not self.is_customer

    @property
    def may_use_portal(self) -> bool:
        return self.is_active and self.is_customer and self.allow_customer_portal_access

    def concerns(self) -> dict[str, Any]:
        """As of a tenant's row (tenancy/rows.py)."""
        return {"customer_id": self.pk} if self.is_customer else {}

    @property
    def role_label(self) -> str:
        return role_label(self.role)

    @cached_property
    def claims(self) -> list[str]:
        """What the row of the person's role claims, looked up once; whoever asks for many people
        brings it along (`claims_of`)."""
        if self.vendor_id is None:
            return []
        with inside(self.vendor_id):
            roles = Role.objects.filter(vendor=self.vendor_id, name=self.role)
            return roles.values_list("claims", flat=True).first() or []

    @property
    def rights(self) -> frozenset[str]:
        """What the person may do in the back office while the account is active. A claim that this
        version does not know is worth nothing."""
        if self.is_operator:
            return OPERATORS_RIGHTS
        return frozenset() if self.is_customer else CLAIMS.intersection(self.claims or ())

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_active and includes(self.rights, perm)

    def has_perms(self, perm_list: Any, obj: object = None) -> bool:
        return all(self.has_perm(perm) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and includes(self.rights, f"{app_label}.")


class UserWord(Word):
    """A word of a person's e-mail, name or company. Operators have none."""

    pk = models.CompositePrimaryKey("vendor_id", "word", "user_id")
    user = to_row("accounts.User")

    row = "user"

    class Meta(Word.Meta):
        constraints = (
            SameVendor(
                name="user_word_user_vendor",
                field="user",
                to_table="accounts_user",
                goes_along=True,
            ),
        )

    @classmethod
    def of(cls, rows: Sequence[User]) -> list[Self]:
        return [
            cls(vendor_id=user.vendor_id, word=word, user_id=user.pk)
            for user in rows
            if user.vendor_id
            for word in sorted(words_of(user))
        ]


# By what a person is found.
SEARCHED = ("email", "first_name", "last_name", "company")


def words_of(user: User) -> set[str]:
    """First and last name are one text, so that they are found in one word, too; an e-mail is found
    in both spellings of its domain."""
    email, name = user.email, f"{user.first_name} {user.last_name}"
    texts = (email, email_in_ascii(email), name, user.company)
    return set().union(*map(words_in, texts))
