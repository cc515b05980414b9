"""The tables that this app brings: profile, sessions, what happened."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.devices.views import device_text
from accounts.metadata import in_words, visible_only
from accounts.models import Identity, Session, User
from accounts.own_data.tables import Table, register
from accounts.verbs.people import WITHHELD
from accounts.words import browser_text
from audit import words
from audit.models import AuditEntry

PROFILE = Table(
    "profile",
    _("Profile"),
    _("Who you are to the portal."),
    {
        "email": (_("E-mail"), lambda user: user.email),
        "first_name": (_("First name"), lambda user: user.first_name),
        "last_name": (_("Last name"), lambda user: user.last_name),
        "company": (_("Company"), lambda user: user.company),
        "role": (_("Role"), lambda user: user.role_label),
        "language": (_("Language"), lambda user: user.language),
        "time_zone": (_("Time zone"), lambda user: user.time_zone),
        "reminders": (_("Reminders of licences that expire"), lambda user: user.reminders),
        "more": (_("Further values"), lambda user: in_words(visible_only(user.metadata))),
        "created": (_("Account created"), lambda user: user.created_at),
        "last_sign_in": (_("Last sign-in"), lambda user: user.last_login),
        "last_seen": (_("Last seen"), lambda user: user.last_seen_at),
    },
    lambda user: User.objects.filter(pk=user.pk),
)


def sessions(user: User) -> QuerySet[Session]:
    return Session.objects.filter(user=user, ends_at__gt=timezone.now())


SESSIONS = Table(
    "sessions",
    _("Sessions"),
    _("Where you are signed in."),
    {
        "begun": (_("Signed in"), lambda session: session.begun_at),
        "last_seen": (_("Last seen"), lambda session: session.seen_at),
        "ends": (_("Ends"), lambda session: session.ends_at),
        "browser": (_("Browser"), device_text),
    },
    sessions,
)


CONNECTIONS = Table(
    "single-sign-on",
    _("Single sign-on"),
    _("Which identity providers open your account, and by which name they know you."),
    {
        "provider": (_("Provider"), lambda identity: identity.provider.name),
        "issuer": (_("Issuer"), lambda identity: identity.issuer),
        "subject": (_("Name there"), lambda identity: identity.subject),
        "connected": (_("Connected"), lambda identity: identity.created_at),
        "last_used": (_("Last used"), lambda identity: identity.used_at),
    },
    lambda user: (
        Identity.objects.filter(user=user).select_related("provider").order_by("created_at", "id")
    ),
)


def happened(user: User) -> QuerySet[AuditEntry]:
    """What was done to the customer's account and licences, as far as customers are told of it."""
    told = AuditEntry.objects.filter(customer_id=user.pk, visible=True)
    return told.order_by("-sequence")


def is_own(entry: AuditEntry) -> bool:
    """Whether the customer has done it; where staff was is nobody's business.

    SECURITY: tests/accounts/test_own_data.py.
    """
    return entry.actor_id is not None and entry.actor_id == entry.customer_id


def changed(entry: AuditEntry) -> str:
    """Which fields of the account changed, or what else the entry tells."""
    if entry.action != "changed":
        return words.remark(entry)
    if entry.subject_type != User._meta.label_lower:
        return ""
    told = {name: pair for name, pair in entry.changes.items() if name not in WITHHELD}
    return ", ".join(field for field, _old, _new in words.in_words(User, told))


def _of_own(name: str) -> Any:
    return lambda entry: str(entry.details.get(name, "")) if is_own(entry) else ""


ACTIVITY = Table(
    "activity",
    _("Activity"),
    _("What happened with your account and your licences, and when support looked at your portal."),
    {
        "when": (_("When"), lambda entry: entry.created_at),
        "what": (_("What"), words.title_for_customers),
        "more": (_("More"), changed),
        "about": (_("About"), lambda entry: entry.subject),
        "by": (_("By"), lambda entry: entry.actor_for_customers),
        "from": (_("IP address"), lambda entry: (entry.ip or "") if is_own(entry) else ""),
        "browser": (_("Browser"), lambda entry: browser_text(_of_own("browser")(entry))),
    },
    happened,
)


def register_all() -> None:
    """The tables of this room, by place."""
    register(10, PROFILE)
    register(20, SESSIONS)
    register(25, CONNECTIONS)
    register(30, ACTIVITY)
