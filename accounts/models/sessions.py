"""Who is signed in where."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from tenancy.door import within_scope
from tenancy.hosts import Site
from tenancy.models import Vendor
from tenancy.rows import SameVendor, VendorManager, secret
from web.whereabouts import LONGEST_WORDS

LONGEST_BROWSER = 200  # characters
# What a program gets to come again with when its access token has run out.
REFRESH = "refresh"
SITES = [
    *((each.value, each.value) for each in (Site.CUSTOMER, Site.BACKOFFICE, Site.API)),
    (REFRESH, REFRESH),
]


class SessionsManager(models.Manager["Session"]):
    """The sessions of the current scope; outside every scope operators' alone."""

    def get_queryset(self) -> models.QuerySet["Session"]:
        return within_scope(super().get_queryset())


class Session(models.Model):
    """That a person is signed in in one browser, on one site, at one vendor; an operator's at none.

    The cookie's token is kept as its SHA-256 digest, in hex: who reads the table is not let in.
    """

    vendor = models.ForeignKey(
        Vendor, models.PROTECT, null=True, related_name="+", verbose_name=_("vendor")
    )
    user = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("person"))
    site = models.CharField(_("site"), max_length=10, choices=SITES)
    digest = secret(models.CharField(max_length=64))
    # What it was begun by: with another password it is over.
    password_mark = secret(models.CharField(max_length=64))
    browser = models.CharField(_("browser"), max_length=LONGEST_BROWSER, blank=True)
    # Where it was begun, in words of then, if the operator has a file (web/whereabouts.py).
    place = models.CharField(_("place"), max_length=LONGEST_WORDS, blank=True)
    # Whether its person has chosen to stay signed in (accounts/devices/staying.py).
    is_kept = models.BooleanField(_("stays signed in"), default=False)
    begun_at = models.DateTimeField(_("begun"))
    # When its person has last shown to be that person (accounts/proof.py).
    proved_at = models.DateTimeField(_("proved"), null=True)
    # Whether an identity provider has asked for a second factor (accounts/single_sign_on/).
    factor_elsewhere = models.BooleanField(default=False)
    # What the tokens of a program's sign-in have in common (accounts/tokens/signing_in.py).
    family = models.UUIDField(null=True, editable=False)
    seen_at = models.DateTimeField(_("last seen"))
    # When it ends if nobody comes before (accounts/devices/lifetimes.py).
    ends_at = models.DateTimeField(_("ends"))

    # Whether the mark was made with a SECRET_KEY that is a fallback by now.
    has_old_mark = False

    objects = VendorManager()
    of_scope = SessionsManager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ("-seen_at",)
        base_manager_name = "of_scope"
        constraints = (
            models.UniqueConstraint(name="session_once", fields=("vendor", "digest")),
            # An operator's, which has no vendor, passes.
            SameVendor(field="user", to_table="accounts_user", name="session_user_same_vendor"),
        )
        indexes = (
            models.Index(name="session_by_end", fields=("vendor", "ends_at")),
            # With the end: SQLite would else take the index above for the better one.
            models.Index(
                name="session_of_family",
                fields=("vendor", "family", "ends_at"),
                condition=models.Q(family__isnull=False),
            ),
            models.Index(name="session_of_person", fields=("vendor", "user", "ends_at")),
        )

    def __str__(self) -> str:
        return str(self.pk)
