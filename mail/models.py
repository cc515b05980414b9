"""E-mails that go out: queued by mail/outbox.py, handed over by mail/delivery.py."""

from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mail import texts
from tenancy.finding import OrderedEmail
from tenancy.rows import SameVendor, TenantRow, personal, secret
from tenancy.texts import Line, Prose


class OutgoingEmail(TenantRow):
    """One e-mail to one address, from the moment it is queued to its end.

    It holds ids and addresses only (of a test of a text, that text): text, links and tokens are
    made when it is sent, and what went out is kept beside it, without the links that open
    something (`SentText`). Whoever sends it holds a `claim`, and every step is one UPDATE that
    names the claim.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("being sent")
        HANDED_OVER = "handed-over", _("handed over, waiting for the reply")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        UNKNOWN = "unknown", _("unknown, perhaps sent")
        NOT_NEEDED = "not-needed", _("no longer needed")

    kind = models.CharField(_("kind"), max_length=40)
    recipient = personal(OrderedEmail(_("recipient")))
    user = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("person")
    )
    license_id = models.UUIDField(null=True)
    details = personal(models.JSONField(default=dict))
    subject = personal(models.CharField(_("subject"), max_length=300, blank=True))
    state = models.CharField(_("state"), max_length=11, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    claim = secret(models.UUIDField(null=True))
    # When something has to be done about it again: queued, the next attempt; being sent, the end
    # of the lease; handed over, the end of waiting. Empty: nothing any more.
    due_at = models.DateTimeField(_("due"), null=True)
    sent_at = models.DateTimeField(_("sent"), null=True)
    last_error = personal(models.CharField(_("last error"), max_length=300, blank=True))
    # What may exist once per vendor has a name here: "reminder of this licence, this expiry".
    once = models.CharField(max_length=200, blank=True)

    class Meta(TenantRow.Meta):
        verbose_name = _("e-mail")
        verbose_name_plural = _("e-mails")
        ordering = ("-created_at", "id")
        constraints = (
            models.UniqueConstraint(
                name="outgoing_email_once", fields=("vendor", "once"), condition=~Q(once="")
            ),
            models.UniqueConstraint(name="outgoing_email_vendor_pair", fields=("vendor", "id")),
            SameVendor(name="outgoing_email_user_vendor", field="user", to_table="accounts_user"),
        )
        indexes = (
            models.Index(name="outgoing_email_by_age", fields=("vendor", "-created_at", "id")),
            models.Index(name="outgoing_email_to", fields=("vendor", "recipient", "id")),
            models.Index(
                name="outgoing_email_failed",
                fields=("vendor", "-created_at", "id"),
                condition=Q(state="failed"),
            ),
            models.Index(
                name="outgoing_email_sent", fields=("vendor", "kind"), condition=Q(state="sent")
            ),
            models.Index(
                name="outgoing_email_due", fields=("due_at",), condition=Q(due_at__isnull=False)
            ),
        )

    named_after_person = True

    def __str__(self) -> str:
        return f"{self.subject or self.kind} → {self.recipient}"


class SentText(TenantRow):
    """What went out of an e-mail the last time that it was handed over, as it was, but that links
    with a token are taken out; kept for 90 days by verbs/keeping.py."""

    updated_at = None  # type: ignore[assignment]
    email = models.OneToOneField(OutgoingEmail, models.CASCADE, related_name="sent_text")
    sender = personal(models.TextField(_("from")))
    recipient = personal(models.TextField(_("to")))
    reply_to = personal(models.TextField(_("reply to"), blank=True))
    subject = personal(models.TextField(_("subject")))
    text = personal(models.TextField(_("text")))
    html = personal(models.TextField(_("HTML")))

    class Meta(TenantRow.Meta):
        verbose_name = _("sent text")
        verbose_name_plural = _("sent texts")
        constraints = (
            SameVendor(
                name="sent_text_email_vendor",
                field="email",
                to_table="mail_outgoingemail",
                goes_along=True,
            ),
        )
        indexes = (models.Index(name="sent_text_by_age", fields=("vendor", "created_at")),)

    named_after_person = True

    def __str__(self) -> str:
        return self.subject


LONGEST_SUBJECT, LONGEST_TEXT = 200, 10_000  # characters


class OwnText(TenantRow):
    """A text that the vendor has written anew, in the place of the standard one (mail/texts.py)."""

    kind = models.CharField(_("e-mail"), max_length=40, editable=False)
    subject = Line(_("subject"), max_length=LONGEST_SUBJECT)
    text = Prose(
        _("text"),
        max_length=LONGEST_TEXT,
        # A text field's max_length is checked by forms alone.
        validators=[MaxLengthValidator(LONGEST_TEXT)],
        help_text=_("Plain text; a blank line begins a paragraph. {link} by itself is a button."),
    )

    class Meta(TenantRow.Meta):
        verbose_name = _("text of e-mails")
        verbose_name_plural = _("texts of e-mails")
        ordering = ("kind",)
        constraints = (models.UniqueConstraint(name="own_text_once", fields=("vendor", "kind")),)

    def __str__(self) -> str:
        known = texts.TEXTS.get(self.kind)
        return str(known.label) if known else self.kind

    def clean(self) -> None:
        """Raises ValidationError for placeholders that the text has not, or lacks."""
        # What is too long its field tells; of thousands of names in it none is told.
        if len(self.subject) > LONGEST_SUBJECT or len(self.text) > LONGEST_TEXT:
            return
        texts.check(texts.TEXTS[self.kind], subject=self.subject, body=self.text)
