"""The chapters of a customer's story that this app brings: e-mails, sign-ins, access tokens, the
audit trail."""

from itertools import groupby

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import PersonalAccessToken, Refusal, User
from accounts.story import SHOWN, Cell, Chapter, register
from accounts.tokens.verbs import tokens_of
from accounts.tokens.words import told
from accounts.verbs.refusals import KEPT
from accounts.words import browser_text
from audit import words
from audit.models import AuditEntry
from audit.trail import told_to
from backoffice.pages import counted
from mail.kinds import kind_of
from mail.models import OutgoingEmail
from web.moments import at

READ = 2 * KEPT  # refusals: no more are kept of a person (accounts/verbs/refusals.py)
REFUSALS = 30  # rows of them


def emails(user: User, _reader: User) -> Chapter:
    """The e-mails to the person, with what became of them."""
    sent = OutgoingEmail.objects.filter(user=user)
    rows = [
        [
            Cell(at(email.created_at), _page(email)),
            Cell(str(kind_of(email.kind).label)),
            Cell(email.recipient),
            Cell(email.get_state_display()),
        ]
        for email in sent[:SHOWN]
    ]
    return Chapter(
        "emails",
        _("E-mails"),
        (_("When"), _("What"), _("To"), _("State")),
        rows,
        counted(sent.order_by()),
        _("No e-mail has gone to this person."),
        reverse("admin:mail_outgoingemail_changelist", query={"user__id__exact": str(user.pk)}),
    )


def sign_ins(user: User, _reader: User) -> Chapter:
    """When the person signed in, and from where."""
    entries = _about(user).filter(action="signed-in")
    rows = [
        [
            Cell(at(entry.created_at), _page(entry)),
            Cell(entry.ip or ""),
            Cell(entry.get_source_display()),
        ]
        for entry in entries[:SHOWN]
    ]
    return Chapter(
        "sign-ins",
        _("Sign-ins"),
        (_("When"), _("IP address"), _("Where")),
        rows,
        counted(entries.order_by()),
        _("This person has not signed in yet."),
    )


def refusals(user: User, _reader: User) -> Chapter:
    """What the person was refused lately: what she saw, as far as we know. The same again and again
    is one row, so that it hides nothing else."""
    found = Refusal.objects.filter(user=user)
    whys = dict(Refusal.WhyNotIn.choices)
    rows = []
    for _same, each in groupby(found[:READ], key=_what_was_refused):
        newest, *before = each
        why = newest.said or str(whys.get(newest.reason, newest.reason))
        rows.append(
            [
                Cell(at(newest.created_at)),
                Cell(newest.get_kind_display()),
                Cell(_times(why, 1 + len(before))),
                Cell(newest.machine),
                _license_of(newest),
                Cell(newest.ip or ""),
                Cell(browser_text(newest.browser or "")),
            ]
        )
    return Chapter(
        "refusals",
        _("Refused in the last 30 days"),
        (
            _("When"),
            _("What"),
            _("Why"),
            _("Machine"),
            _("Licence"),
            _("IP address"),
            _("Browser"),
        ),
        rows[:REFUSALS],
        counted(found.order_by()),
        _("Nothing was refused: no sign-in failed, no offline file."),
    )


def _what_was_refused(refusal: Refusal) -> tuple[object, ...]:
    """What makes two refusals, one after the other, the same to who reads them."""
    return (
        refusal.kind,
        refusal.reason,
        refusal.said,
        refusal.machine,
        refusal.license_key,
        refusal.ip,
        refusal.browser,
    )


def _times(why: str, times: int) -> str:
    """The reason, and how often it was told, if more than once."""
    if times == 1:
        return why
    return gettext("%(why)s · %(times)d times") % {"why": why, "times": times}


def access_tokens(user: User, _reader: User) -> Chapter:
    """With what programs act in the person's name; a link to revoke those that count."""
    tokens = tokens_of(user)
    rows = [
        [
            Cell(token.name, _token_page(token), "accounts.change_user"),
            Cell(" · ".join(told(token.scopes))),
            Cell(at(token.last_used_at) if token.last_used_at else gettext("never")),
            Cell(_end_of(token)),
        ]
        for token in tokens[:SHOWN]
    ]
    return Chapter(
        "access-tokens",
        _("Access tokens"),
        (_("Name"), _("For"), _("Last used"), _("Ends")),
        rows,
        counted(tokens.order_by()),
        _("No program acts in this person's name."),
    )


def _token_page(token: PersonalAccessToken) -> str:
    return reverse("admin:accounts_user_token", args=[token.user_id, token.pk])


def _end_of(token: PersonalAccessToken) -> str:
    if token.revoked:
        return gettext("revoked")
    return at(token.expires_at) if token.expires_at else gettext("never")


def _license_of(refusal: Refusal) -> Cell:
    """The key that a file named; a link where that is a licence of the person's."""
    if refusal.license_id is None:
        return Cell(refusal.license_key)
    url = reverse("admin:licenses_license_change", args=[refusal.license_id])
    return Cell(refusal.license_key, url, "licenses.view_license")


def trail(user: User, reader: User) -> Chapter:
    """What happened to the person and to what is his."""
    told = told_to(reader, _about(user))
    entries = told.exclude(action__in=("signed-in", "signed-out", "view-as-page"))
    rows = [
        [
            Cell(at(entry.created_at), _page(entry)),
            Cell(_told(entry)),
            Cell(entry.subject),
            Cell(entry.actor or ""),
        ]
        for entry in entries[:SHOWN]
    ]
    return Chapter(
        "trail",
        _("What happened"),
        (_("When"), _("What"), _("About"), _("Who")),
        rows,
        counted(entries.order_by()),
        _("Nothing has been written down yet."),
        _all_about(user),
    )


def _about(user: User) -> QuerySet[AuditEntry]:
    """Entries name the customer whom they concern; a colleague is what they are about."""
    whose = {"customer_id": user.pk} if user.is_customer else {"subject_id": user.pk}
    return AuditEntry.objects.filter(**whose)


def _all_about(user: User) -> str:
    if user.is_customer:
        return reverse("admin:audit_auditentry_changelist", query={"customer": str(user.pk)})
    return reverse("admin:accounts_user_history", args=[user.pk])


def _page(row: OutgoingEmail | AuditEntry) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def _told(entry: AuditEntry) -> str:
    changed = words.changed_fields(entry) if entry.action == "changed" else []
    fields = ", ".join(field for field, _old, _new in changed)
    return " · ".join(filter(None, (words.title(entry), fields, words.remark(entry))))


def register_all() -> None:
    """What this room tells of a customer, by place on the page."""
    register(50, "mail.view_outgoingemail", emails)
    register(60, "audit.view_auditentry", sign_ins)
    register(5, "audit.view_auditentry", refusals)
    register(70, "audit.view_auditentry", trail)
    register(65, "accounts.change_user", access_tokens)
