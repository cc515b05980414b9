"""The verbs by which a vendor has webhooks. Each is atomic and runs in the vendor's scope."""

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import BuiltIn, User
from audit import rows, trail
from mail.outbox import queue
from tenancy.door import inside
from tenancy.encryption import encryption
from tenancy.models import Vendor
from tenancy.table import every_vendor
from tenancy.transactions import in_steps, leave_to_the_end
from webhooks import signing
from webhooks.errors import TooManyWebhooks, WebhookIsOff
from webhooks.models import Delivery, Webhook
from webhooks.verbs import ends
from webhooks.verbs.queueing import queue_test

BOTH_SIGN = timedelta(hours=24)
OF_SECRET = ("encrypted_secret", "encrypted_earlier", "earlier_until", "secret_made_at")
SWITCHED_OFF = "webhook-switched-off"
# Each is told of every event, and takes its turn among those of all vendors.
MOST_WEBHOOKS = 100


@transaction.atomic
def create_webhook(webhook: Webhook, *, secret: str = "") -> Webhook:
    """Saves a vendor's new webhook, with this secret or a new one. Raises ValidationError and
    TooManyWebhooks."""
    # Of many who add one at once each waits for the one before, and counts that one, too.
    Vendor.objects.select_for_update(of=("self",), no_key=True).get(pk=webhook.vendor_id)
    if Webhook.objects.count() >= MOST_WEBHOOKS:
        raise TooManyWebhooks
    webhook.encrypted_secret = encrypted_secret(secret, webhook.style)
    webhook.full_clean()
    return rows.create(webhook)


@transaction.atomic
def change_webhook(webhook: Webhook, *, fields: Collection[str], secret: str = "") -> Webhook:
    """Saves these fields, and another secret if one is given, as `rotate` does. Where it is on
    again, or told of other ends, it begins from now; where it is off, what waits is given up.

    With another style a secret that is none in it is replaced. Raises ValidationError.
    """
    _check_secret(secret, webhook.style)
    before, names = lock(webhook.pk), {*fields}
    if secret and secret != before.secret:
        names |= _put_secret(webhook, secret)
    elif "style" in names and not signing.is_secret(before.secret, webhook.style):
        names |= _put_secret(webhook, signing.new_secret(webhook.style))
    if webhook.active and (not before.active or _more_ends(before, webhook)):
        now = timezone.now()
        webhook.ends_until, webhook.soon_until = now, now
        webhook.failing_since, webhook.switched_off = None, ""
        names |= {"ends_until", "soon_until", "failing_since", "switched_off"}
    webhook.full_clean()
    saved = rows.change(webhook, fields=names)
    if not webhook.active:
        _give_up_what_waits(webhook)
    return saved


def _more_ends(before: Webhook, after: Webhook) -> bool:
    return bool(ends.EVENTS & ({*after.events} - {*before.events}))


@transaction.atomic
def delete_webhook(webhook: Webhook) -> None:
    """Deletes the webhook with its log, and what waits for it."""
    lock(webhook.pk)
    trail.record("deleted", webhook, changes=trail.gone(webhook))
    # After the trail's last step: who queues events holds the end of the chain, and then waits for
    # this row to stay.
    leave_to_the_end(_delete, webhook)


def _delete(webhooks: list[Webhook]) -> None:
    for webhook in webhooks:
        with inside(webhook.vendor_id):
            Delivery.objects.filter(webhook_id=webhook.pk).delete()
            rows_of = Webhook.objects.filter(pk=webhook.pk)
            rows_of._raw_delete(rows_of.db)  # Django would name no vendor


@transaction.atomic
def rotate(webhook: Webhook) -> Webhook:
    """Gives the webhook a new secret. For a day, where the style has room for two signatures, the
    earlier one signs as well."""
    locked = lock(webhook.pk)
    names = _put_secret(locked, signing.new_secret(locked.style))
    locked.save(update_fields=[*names, "updated_at"])
    trail.record("secret-made", locked)
    return locked


def _put_secret(webhook: Webhook, secret: str) -> set[str]:
    webhook.encrypted_earlier = webhook.encrypted_secret
    webhook.secret_made_at = timezone.now()
    webhook.earlier_until = webhook.secret_made_at + BOTH_SIGN
    webhook.encrypted_secret = _encrypted(secret)
    return set(OF_SECRET)


def _check_secret(secret: str, style: str) -> None:
    """Raises ValidationError for a given secret that is none."""
    if not secret or signing.is_secret(secret, style):
        return
    if style == Webhook.Style.STANDARD:
        text = _("A secret of Standard Webhooks is whsec_ and 24 to 64 bytes in base64.")
    else:
        text = _("A secret is one line of up to 256 visible characters.")
    raise ValidationError({"token": text})


def encrypted_secret(secret: str, style: str) -> str:
    """This secret, or a new one, as it is kept. Raises ValidationError for one that is none."""
    _check_secret(secret, style)
    return _encrypted(secret or signing.new_secret(style))


def _encrypted(secret: str) -> str:
    return encryption().encrypt(secret.encode()).decode()


@transaction.atomic
def send_test(webhook: Webhook) -> Delivery:
    """Queues a test. Raises WebhookIsOff."""
    locked = lock(webhook.pk)
    if not locked.active:
        raise WebhookIsOff
    trail.record("test-sent", locked)
    return queue_test(locked)


@transaction.atomic
def switch_off(webhook: Webhook, why: Webhook.Why) -> None:
    """Switches off a webhook of which nothing arrives any more, and writes to the vendor's
    administrators; nothing if somebody has done so already."""
    locked = lock(webhook.pk)
    if not locked.active:
        return
    locked.active, locked.switched_off = False, why
    rows.change(locked, fields=["active", "switched_off"])
    _give_up_what_waits(locked)
    for person in User.objects.filter(role=BuiltIn.ADMIN, is_active=True):
        queue(SWITCHED_OFF, user=person, details={"webhook": str(locked.pk)})


def _give_up_what_waits(webhook: Webhook) -> None:
    waiting = Delivery.objects.filter(webhook=webhook, due_at__isnull=False)
    waiting.update(
        state=Delivery.State.GIVEN_UP,
        reason=Delivery.Reason.OFF,
        due_at=None,
        claim=None,
        updated_at=timezone.now(),
    )


def lock(webhook_id: Any) -> Webhook:
    """The webhook, held until the transaction ends; events may be queued for it meanwhile."""
    held = Webhook.objects.select_for_update(of=("self",), no_key=True)
    return held.select_related("vendor").get(pk=webhook_id)


# --- The key that encrypts ----------------------------------------------------------------------


def encrypted_anew() -> list[tuple[Webhook, dict[str, str]]]:
    """Every secret, of all vendors, encrypted under the first key. Raises
    cryptography.fernet.InvalidToken if one fits no key."""
    return [(each, _rotated(each)) for each in _every_webhook()]


def _rotated(webhook: Webhook) -> dict[str, str]:
    found = {name: getattr(webhook, name) for name in ("encrypted_secret", "encrypted_earlier")}
    return {
        name: encryption().rotate(text.encode()).decode() for name, text in found.items() if text
    }


def store_encrypted_anew(found: list[tuple[Webhook, dict[str, str]]]) -> int:
    """Keeps them so; how many there are. One that was changed meanwhile stays as it is."""
    in_steps(found, lambda each: _store(*each))
    return len(found)


def _store(webhook: Webhook, secrets: dict[str, str]) -> None:
    with inside(webhook.vendor_id):
        as_read: dict[str, Any] = {name: getattr(webhook, name) for name in secrets}
        changes: dict[str, Any] = {**secrets}
        if Webhook.objects.filter(pk=webhook.pk, **as_read).update(**changes):
            trail.record("secret-encrypted-anew", webhook)


def _every_webhook() -> Iterator[Webhook]:
    for vendor in every_vendor():
        with inside(vendor):
            found = list(Webhook.objects.order_by("pk"))
        yield from found
