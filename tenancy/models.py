"""The tenant, to whom every row of every other room belongs, and the table of hosts."""

import uuid
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from tenancy.hosts import is_company_id
from tenancy.preferences import languages, validate_time_zone
from tenancy.texts import EmailLine, Line, Prose, UrlLine

NO_COMPANY_ID = _(
    "Use one short name of small letters, digits and inner hyphens, 63 at most, that "
    "is not reserved."
)


def validate_company_id(value: str) -> None:
    if not is_company_id(value):
        raise ValidationError(NO_COMPANY_ID, code="invalid_company_id")


def validate_sender(name: str) -> None:
    """Raises ValidationError for a sender's name that mail programs would read as an address."""
    if set(name) & set("@<>"):
        raise ValidationError(
            _("Write a name, not an address: without @, < and >."), code="invalid_sender"
        )


class Vendor(models.Model):
    """The tenant: a company that sells software through the portal."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Open")
        INACTIVE = "inactive", _("Suspended")

    class SecondFactorFor(models.TextChoices):
        NOBODY = "", _("nobody")
        STAFF = "staff", _("your staff")
        EVERYONE = "everyone", _("your staff and all customers")

    class Registration(models.TextChoices):
        OFF = "", _("nobody")
        DOMAINS = "domains", _("whose e-mail is at one of these domains")
        OPEN = "open", _("everybody")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company_id = models.CharField(
        _("company id"),
        max_length=63,
        unique=True,
        validators=[validate_company_id],
        help_text=_("The first part of the portal's address. It can't be changed later."),
    )
    name = Line(_("name"), max_length=100)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.ACTIVE)
    # The portal's address in links when it is not `<company_id>.<our zone>`: a verified domain of
    # the vendor's own. Set by the verbs of branding/domains/verbs.py.
    canonical_domain = models.CharField(
        _("address"), max_length=253, blank=True, default="", editable=False
    )
    # Until when, while that domain's record is missing; then links lead to the subdomain again.
    canonical_until = models.DateTimeField(null=True, editable=False)
    support_email = EmailLine(_("support e-mail"), blank=True)
    support_url = UrlLine(_("support page"), blank=True)
    website = UrlLine(_("website"), blank=True)
    # Of e-mails in the vendor's name; empty: its name, and its support e-mail.
    email_sender = Line(
        _("sender's name of e-mails"),
        max_length=100,
        blank=True,
        validators=[validate_sender],
        help_text=_("What people read as who wrote; the vendor's name unless it says otherwise."),
    )
    email_reply_to = EmailLine(
        _("answers to e-mails go to"),
        blank=True,
        help_text=_("An e-mail address; the support e-mail unless it says otherwise."),
    )
    send_expiry_reminders = models.BooleanField(
        _("remind customers of licences that expire"),
        default=True,
        help_text=_("By e-mail to the licence's owner, 60, 30 and 7 days and one day before."),
    )
    send_new_licenses = models.BooleanField(
        _("e-mail licences that programs make to their customers"),
        default=False,
        help_text=_(
            "New licences of the Web API, such as those that a payment system's bridge makes. In "
            "the back office you choose it for each."
        ),
    )
    show_support_views = models.BooleanField(
        _("show visits of support"),
        default=True,
        help_text=_("Customers see in their history when support looked at their portal."),
    )
    allowed_own_releases = models.PositiveSmallIntegerField(
        _("machines that a customer may release without asking"),
        default=0,
        validators=[MaxValueValidator(1000)],
        help_text=_(
            "In a year, of lost or broken machines without network. 0: your staff answers each "
            "request to release one."
        ),
    )
    second_factor_for = models.CharField(
        _("who has to have a second factor"),
        max_length=8,
        blank=True,
        choices=SecondFactorFor,
        default=SecondFactorFor.NOBODY,
        help_text=_(
            "They sign in with a code from an app beside the password. Everybody else may do so."
        ),
    )
    second_factor_grace = models.PositiveSmallIntegerField(
        _("days until it has to be set up"),
        default=14,
        validators=[MaxValueValidator(365)],
        help_text=_("Until then one may go on without it. 0: at once."),
    )
    # Since when that is asked of each; empty: it is not.
    staff_asked_since = models.DateTimeField(null=True, editable=False)
    customers_asked_since = models.DateTimeField(null=True, editable=False)
    # Ways in for customers who have lost theirs (accounts/ways_in/).
    sign_in_by_link = models.BooleanField(
        _("customers may sign in by a link that is e-mailed"),
        default=False,
        help_text=_(
            "Without their password. Who has a second factor is asked for it all the same."
        ),
    )
    keys_by_email = models.BooleanField(
        _("customers may have their licence keys e-mailed"),
        default=False,
        help_text=_("By their address alone, without signing in; to that address and no other."),
    )
    registration = models.CharField(
        _("who may register as a customer"),
        max_length=7,
        blank=True,
        choices=Registration,
        default=Registration.OFF,
        help_text=_(
            "By themselves, on the sign-in page; they have to confirm their e-mail, and begin "
            "without licences."
        ),
    )
    registration_domains = Prose(
        _("domains whose people may register"),
        max_length=4000,
        blank=True,
        default="",
        help_text=_(
            "A line for each, such as university.example. That is without what lies below it: "
            "*.university.example is everything below."
        ),
    )
    # Names of first steps (portal/office/first_steps.py) that were put aside, or of which nothing
    # else tells that they are done.
    settled_steps = models.JSONField(
        _("settled first steps"), default=list, blank=True, editable=False
    )
    # Empty: the installation's.
    language = models.CharField(_("language"), max_length=10, blank=True, choices=languages)
    time_zone = models.CharField(
        _("time zone"), max_length=64, blank=True, validators=[validate_time_zone]
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("vendor")
        verbose_name_plural = _("vendors")
        ordering = ("name",)
        indexes = (models.Index(name="vendor_by_name", fields=("name", "id")),)
        constraints = (
            models.CheckConstraint(
                name="vendor_company_id_lower_case", condition=Q(company_id=Lower("company_id"))
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        return self.status == self.Status.ACTIVE

    @property
    def sender_name(self) -> str:
        """Who writes the vendor's e-mails, as people read it."""
        return self.email_sender or self.name

    @property
    def answers_to(self) -> str:
        """The address to which answers to the vendor's e-mails go; empty: the sender's own."""
        return self.email_reply_to or self.support_email

    @property
    def zone(self) -> ZoneInfo:
        """Where the vendor's days begin and end."""
        return ZoneInfo(self.time_zone or settings.TIME_ZONE)


class Host(models.Model):
    """That a vendor's portal answers at a host. No scoped row, since it is read before anybody's
    scope is entered; kept by the verbs of vendors and of domains (`tenancy/verbs.py`)."""

    # The label below our zone, or a whole domain of the vendor's own: one has no dot, the other
    # has. As the primary key it is one vendor's alone.
    name = models.CharField(primary_key=True, max_length=253)
    vendor = models.ForeignKey(Vendor, models.PROTECT, related_name="+")
    # Until when a domain is served whose record is gone.
    served_until = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(name="host_lower_case", condition=Q(name=Lower("name"))),
            models.CheckConstraint(
                name="host_below_our_zone_has_no_end",
                condition=Q(name__contains=".") | Q(served_until=None),
            ),
        )

    def __str__(self) -> str:
        return self.name
