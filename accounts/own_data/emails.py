"""The table of e-mails to a customer. It stands here, since `mail` knows nobody's account."""

from datetime import datetime
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.own_data.tables import Table, register
from mail.kinds import kind_of
from mail.models import OutgoingEmail, SentText
from mail.verbs.keeping import KEPT_FOR

# What goes to an address that was typed tells whether somebody else has it.
UNTOLD = "email-change"


def emails(user: User) -> QuerySet[Any]:
    """With what was kept of each, in which links with a token are taken out."""
    since: datetime = timezone.now() - KEPT_FOR
    kept = SentText.objects.filter(email=OuterRef("pk"), created_at__gt=since)
    found = OutgoingEmail.objects.filter(user=user).annotate(text=Subquery(kept.values("text")))
    return found.order_by("-created_at", "id")


def _told(name: str) -> Any:
    return lambda email: "" if email.kind == UNTOLD else getattr(email, name) or ""


EMAILS = Table(
    "e-mails",
    _("E-mails"),
    _("What was sent to you; texts of the last 90 days, without links that open something."),
    {
        "when": (_("When"), lambda email: email.created_at),
        "what": (_("What"), lambda email: str(kind_of(email.kind).label)),
        "to": (_("To"), lambda email: email.recipient),
        "sent": (_("Sent"), lambda email: email.sent_at),
        "subject": (_("Subject"), _told("subject")),
        "text": (_("Text"), _told("text")),
    },
    emails,
)


def register_all() -> None:
    """The table, by place."""
    register(80, EMAILS)
