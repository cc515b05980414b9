"""What an operator reads of a vendor: who administers it, how much there is, and what fails.

Numbers and states, and the administrators; no row of a customer's. Runs in the vendor's scope.
"""

from dataclasses import dataclass

from django.db.models import QuerySet, Sum
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import CUSTOMER_ROLES, BuiltIn, Session, User
from backoffice.pages import counted, in_words
from branding.models import CustomDomain
from licenses.models import Activation, License
from mail.models import OutgoingEmail
from mail.recent import RECENT, recent
from releases.models import ReleaseFile
from web.moments import at

SHOWN = 50  # administrators, domains


@dataclass(frozen=True, slots=True)
class Line:
    """Somebody or something by name, with its state; `wrong` needs somebody."""

    name: str
    state: str
    wrong: bool = False


def administrators() -> list[Line]:
    """Who administers the vendor, and when they signed in last."""
    found = User.objects.filter(role=BuiltIn.ADMIN).order_by("-is_active", "email")
    return [Line(each.email, _state_of(each), not each.is_active) for each in found[:SHOWN]]


def _state_of(person: User) -> str:
    if not person.is_active:
        return _("Switched off")
    if not person.has_usable_password():
        return _("Invited, no password yet")
    if person.last_login is None:
        return _("Has not signed in yet")
    return _("Last sign-in %(when)s") % {"when": at(person.last_login)}


def alarm() -> str:
    """Why nobody can administer the vendor, now or yet; empty when somebody can."""
    active = User.objects.filter(role=BuiltIn.ADMIN, is_active=True)[:SHOWN]
    if any(person.has_usable_password() for person in active):
        return ""
    if active:
        return _(
            "Nobody has followed the invitation to administer this vendor yet. "
            "Name the administrator again to send another one."
        )
    return _("Nobody can administer this vendor: no administrator has an account in use.")


def domains() -> list[Line]:
    """The vendor's own domains, and whether they work."""
    return [
        Line(
            str(domain),
            f"{domain.get_state_display()}, {domain.get_diagnosis_display()}",
            domain.state == CustomDomain.State.FAILING,
        )
        for domain in CustomDomain.objects.order_by("name")[:SHOWN]
    ]


def amounts() -> list[Line]:
    """How much of everything there is."""
    stored = ReleaseFile.objects.exclude(key="").aggregate(bytes=Sum("size"))["bytes"] or 0
    failed = counted(_failed_emails())
    return [
        Line(_("Customers"), number(User.objects.filter(role__in=CUSTOMER_ROLES))),
        Line(_("Licences"), number(License.objects.all())),
        Line(_("Machines"), number(Activation.objects.all())),
        Line(_("Release files stored here"), filesizeformat(stored)),
        Line(
            _("E-mails that failed in %(n)d days") % {"n": RECENT}, in_words(failed), bool(failed)
        ),
    ]


def _failed_emails() -> QuerySet[OutgoingEmail]:
    failed = OutgoingEmail.objects.filter(state=OutgoingEmail.State.FAILED)
    return recent(failed, timezone.now())


def number(
    rows: "QuerySet[User] | QuerySet[License] | QuerySet[Activation] | QuerySet[OutgoingEmail]",
) -> str:
    """How many rows there are; beyond MOST_COUNTED nobody counts."""
    return in_words(counted(rows))


def signed_in() -> str:
    """How many sessions a suspension ends, in words."""
    n = counted(Session.objects.filter(ends_at__gt=timezone.now()))
    return ngettext("%(n)d session ends at once.", "%(n)d sessions end at once.", n) % {"n": n}
