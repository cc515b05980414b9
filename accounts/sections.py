"""The sections of a customer's story that this app brings: e-mails, sign-ins, the audit trail."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import audit_words
from accounts.email_kinds import kind_of
from accounts.models import AuditEntry, OutgoingEmail, User
from accounts.story import SHOWN, Cell, Section, tells
from portal.moments import at


@tells(50)
def emails(user: User) -> Section:
    """The e-mails to the person, with what became of them."""
    sent = OutgoingEmail.objects.filter(user=user)
    rows = [
        [
            Cell(at(email.created_at), _page("outgoingemail", email)),
            Cell(str(kind_of(email.kind).label)),
            Cell(email.recipient),
            Cell(email.get_state_display()),
        ]
        for email in sent[:SHOWN]
    ]
    return Section(
        "emails",
        _("E-mails"),
        (_("When"), _("What"), _("To"), _("State")),
        rows,
        sent.count(),
        _("No e-mail has gone to this person."),
        reverse("admin:accounts_outgoingemail_changelist", query={"q": user.email}),
    )


@tells(60)
def sign_ins(user: User) -> Section:
    """When the person signed in, and from where."""
    entries = AuditEntry.objects.filter(customer_id=user.pk, action="signed-in")
    rows = [
        [
            Cell(at(entry.created_at), _page("auditentry", entry)),
            Cell(entry.ip or "–"),
            Cell(entry.get_channel_display()),
        ]
        for entry in entries[:SHOWN]
    ]
    return Section(
        "sign-ins",
        _("Sign-ins"),
        (_("When"), _("IP address"), _("Where")),
        rows,
        entries.count(),
        _("This person has not signed in yet."),
    )


@tells(70)
def trail(user: User) -> Section:
    """What happened to the person and to what is his."""
    entries = AuditEntry.objects.filter(customer_id=user.pk).exclude(
        action__in=("signed-in", "signed-out", "view-as-page")
    )
    rows = [
        [
            Cell(at(entry.created_at), _page("auditentry", entry)),
            Cell(_told(entry)),
            Cell(entry.subject),
            Cell(entry.actor or "–"),
        ]
        for entry in entries[:SHOWN]
    ]
    return Section(
        "trail",
        _("What happened"),
        (_("When"), _("What"), _("About"), _("Who")),
        rows,
        entries.count(),
        _("Nothing has been written down yet."),
        reverse("admin:accounts_auditentry_changelist", query={"customer": str(user.pk)}),
    )


def _page(model: str, row: OutgoingEmail | AuditEntry) -> str:
    return reverse(f"admin:accounts_{model}_change", args=[row.pk])


def _told(entry: AuditEntry) -> str:
    return " · ".join(filter(None, (audit_words.title(entry), audit_words.remark(entry))))
