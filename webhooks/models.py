"""Webhooks of a vendor's, and what was sent to them."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenancy.encryption import encryption
from tenancy.rows import SameVendor, TenantRow, labelled, personal, secret
from tenancy.texts import Line, validate_line
from web.fetching import is_fetchable
from webhooks import signing
from webhooks.events import EVENTS, TEST, label_of

SHOWN = timedelta(minutes=10)


def validate_receiver(address: str) -> None:
    """Raises ValidationError for what nothing can be sent to."""
    if not is_fetchable(address, settings.PRIVATE_RECEIVERS):
        raise ValidationError(
            _("An address begins with https:// and has no name, password or “#” in it.")
        )


def validate_events(events: object) -> None:
    """Raises ValidationError for anything but a list of known events, none twice."""
    if not isinstance(events, list) or not all(isinstance(each, str) for each in events):
        raise ValidationError(_("Events are a list of texts."))
    unknown = sorted(set(events) - set(EVENTS))
    if unknown:
        raise ValidationError(
            _("There is no such event: %(events)s."), params={"events": ", ".join(unknown)}
        )
    if len(set(events)) < len(events):
        raise ValidationError(_("An event stands here twice."))


class Webhook(TenantRow):
    """An address that is told of events; the verbs are in verbs/webhooks.py.

    Of its secret only what is encrypted is kept. The earlier one signs, too, until `earlier_until`,
    where the style has room for two.
    """

    class Style(models.TextChoices):
        CRYPTLEX = "cryptlex", _("As Cryptlex signs")
        STANDARD = "standard", _("Standard Webhooks")

    class Why(models.TextChoices):
        GONE = "gone", _("its receiver says that it is gone (410)")
        FAILING = "failing", _("nothing has arrived for a day")

    name = Line(_("name"), max_length=100)
    url = Line(
        _("address"),
        max_length=500,
        validators=[validate_line, validate_receiver],
        help_text=_("Where events are sent, such as https://shop.example/hooks/licences."),
    )
    style = models.CharField(
        _("signature"),
        max_length=8,
        choices=Style,
        default=Style.CRYPTLEX,
        help_text=_("How the receiver sees that it is you. New receivers: Standard Webhooks."),
    )
    events = labelled(
        models.JSONField(_("events"), default=list, validators=[validate_events]), EVENTS
    )
    active = models.BooleanField(
        _("on"), default=True, help_text=_("While it is off, nothing is sent or kept for it.")
    )
    encrypted_secret = secret(models.TextField(_("secret"), editable=False))
    encrypted_earlier = secret(models.TextField(_("earlier secret"), blank=True, editable=False))
    secret_made_at = models.DateTimeField(default=timezone.now, editable=False)
    earlier_until = models.DateTimeField(_("earlier secret until"), null=True, editable=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, editable=False)
    switched_off = models.CharField(
        _("switched off because"), max_length=7, choices=Why, blank=True, editable=False
    )
    # Up to when ends that come by time were looked for: those found at once, and those of an hour.
    ends_until = models.DateTimeField(default=timezone.now, editable=False)
    soon_until = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantRow.Meta):
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(name="webhook_vendor_pair", fields=("vendor", "id")),
        )
        indexes = (
            models.Index(name="webhook_by_name", fields=("vendor", "name", "id")),
            models.Index(name="webhook_newest", fields=("vendor", "created_at", "id")),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raises ValidationError for an event too few."""
        if self.active and not self.events:
            raise ValidationError({"events": _("Choose at least one event.")})

    @property
    def secret(self) -> str:
        """The secret itself. Raises cryptography.fernet.InvalidToken if no key fits."""
        return encryption().decrypt(self.encrypted_secret.encode()).decode()

    @property
    def has_new_secret(self) -> bool:
        """Whether it was made just now: so long it is shown to who may change the webhook."""
        return timezone.now() < self.secret_made_at + SHOWN

    def secrets_at(self, now: datetime) -> list[str]:
        """The secrets that sign at a moment, the newest first."""
        found = [self.encrypted_secret]
        if self.encrypted_earlier and self.earlier_until and now < self.earlier_until:
            found.append(self.encrypted_earlier)
        texts = [encryption().decrypt(each.encode()).decode() for each in found]
        # A secret of before another style was chosen may be none in this one.
        return [texts[0], *(each for each in texts[1:] if signing.is_secret(each, self.style))]


class Delivery(TenantRow):
    """One event to one webhook, from the moment it is queued to its end; and the log of it, for
    30 days.

    `due_at` is when something has to be done about it again: queued, the next attempt; being sent,
    the end of the lease after which it counts as left by a killed worker; empty: it has ended.
    Those of one thing (`thing_id`: a licence and its machines) are sent in the order of `place`.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("being sent")
        DELIVERED = "delivered", _("delivered")
        GIVEN_UP = "given-up", _("given up")

    class Reason(models.TextChoices):
        OFF = "OFF", _("The webhook is off.")
        GONE = (
            "GONE",
            _("The receiver says that it is gone (410), so the webhook was switched off."),
        )
        REFUSED = "REFUSED", _("The receiver did not take it.")
        NO_ANSWER = "NO_ANSWER", _("The receiver did not answer within 10 seconds.")
        UNKNOWN_NAME = "UNKNOWN_NAME", _("There is no server of this name.")
        NOT_PUBLIC = "NOT_PUBLIC", _("The receiver is not at a public address.")
        BAD_ADDRESS = "BAD_ADDRESS", _("Nothing can be sent to this address.")
        BAD_CERTIFICATE = "BAD_CERTIFICATE", _("The receiver’s certificate is not valid.")
        REDIRECT = "REDIRECT", _("The receiver leads to another address, which is not followed.")
        ERASED = "ERASED", _("It told of a person who was erased.")

    webhook = models.ForeignKey(
        Webhook, models.CASCADE, related_name="deliveries", verbose_name=_("webhook")
    )
    event = labelled(models.CharField(_("event"), max_length=40), {**EVENTS, TEST: _("A test")})
    thing_id = models.UUIDField(_("licence or other thing"))
    person_id = models.UUIDField(null=True, editable=False)
    place = models.BigIntegerField(editable=False)
    # What may exist once per webhook has a name here: an end that came by time.
    once = models.CharField(max_length=100, blank=True, editable=False)
    body = personal(models.TextField(_("request")))
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    claim = secret(models.UUIDField(null=True))
    due_at = models.DateTimeField(_("next attempt"), null=True)
    # Since when it is tried: it was queued, or somebody had it sent again.
    tried_since = models.DateTimeField(default=timezone.now, editable=False)
    sent_at = models.DateTimeField(_("last attempt"), null=True)
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    answer = personal(models.TextField(_("answer"), blank=True))
    took = models.PositiveIntegerField(_("milliseconds"), null=True)
    reason = models.CharField(_("reason"), max_length=15, choices=Reason, blank=True)

    class Meta(TenantRow.Meta):
        verbose_name = _("event to a webhook")
        verbose_name_plural = _("events to webhooks")
        ordering = ("-created_at", "id")
        constraints = (
            models.UniqueConstraint(
                name="webhook_delivery_once",
                fields=("vendor", "webhook", "once"),
                condition=~Q(once=""),
            ),
            SameVendor(
                name="webhook_delivery_vendor",
                field="webhook",
                to_table="webhooks_webhook",
                goes_along=True,
            ),
        )
        indexes = (
            models.Index(name="webhook_delivery_newest", fields=("vendor", "-created_at", "id")),
            models.Index(
                name="webhook_delivery_log", fields=("vendor", "webhook", "-created_at", "id")
            ),
            models.Index(name="webhook_delivery_person", fields=("vendor", "person_id")),
            models.Index(
                name="webhook_delivery_due", fields=("due_at",), condition=Q(due_at__isnull=False)
            ),
            # Whether an earlier event of the same thing is still on its way.
            models.Index(
                name="webhook_delivery_before",
                fields=("webhook", "thing_id", "place"),
                condition=Q(due_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.event} → {self.webhook}"

    @property
    def is_over(self) -> bool:
        return self.due_at is None

    @property
    def label(self) -> str:
        return label_of(self.event)
