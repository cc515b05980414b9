"""Webhooks of the demo: one of Acme's shop, with what it took and what it refused, and one that was
switched off. Their receivers are nowhere."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from django.utils import timezone

from demo.ids import demo_id
from tenancy.models import Vendor
from webhooks.events import LICENSE
from webhooks.models import Delivery, Webhook
from webhooks.verbs.queueing import body_of
from webhooks.verbs.webhooks import create_webhook
from webhooks.wire import READ

Step = tuple[float, Callable[[], object]]
State, Reason = Delivery.State, Delivery.Reason

SHOP = {
    "name": "Shop",
    "url": "https://shop.acme.example/hooks/licences",
    "style": "standard",
    "events": ["license.created", "license.renewed", "license.expired", "activation.created"],
}
OLD_SHOP = {
    "name": "Old shop",
    "url": "https://old-shop.acme.example/hooks",
    "style": "cryptlex",
    "events": ["license.created"],
    "active": False,
    "switched_off": Webhook.Why.GONE,
}
# Event, about which licence, how many days ago, what became of it, with which answer.
SENT = (
    ("license.created", "full", 6.0, State.DELIVERED, 200, '{"ok": true}'),
    ("license.renewed", "team", 4.0, State.DELIVERED, 204, ""),
    ("license.expired", "expired", 3.0, State.GIVEN_UP, 500, "Internal Server Error"),
    ("license.created", "private", 2.0, State.DELIVERED, 200, '{"ok": true}'),
)


def webhooks(vendor: Vendor) -> Iterator[Step]:
    """What makes those of Acme's that are not there, and how many days ago."""
    if vendor.company_id != "acme":
        return
    for fields in (OLD_SHOP, SHOP):
        pk = demo_id("acme", "webhook", str(fields["name"]))
        if not Webhook.objects.filter(pk=pk).exists():
            # After all else that is told of: nothing is queued for it.
            yield 0, partial(_webhook, vendor, Webhook(id=pk, vendor=vendor, **fields))
    for number, sent in enumerate(SENT):
        pk = demo_id("acme", "delivery", str(number))
        if not Delivery.objects.filter(pk=pk).exists():
            yield 0, partial(_sent, vendor, number, *sent)


def _webhook(vendor: Vendor, webhook: Webhook) -> None:
    key = sha256(f"demo {webhook.name}".encode()).digest()
    create_webhook(webhook, secret=f"whsec_{b64encode(key).decode()}")


def _sent(vendor: Vendor, number: int, event: str, name: str, age: float, *outcome: Any) -> None:
    state, status, answer = outcome
    about, at = demo_id("acme", "license", name), timezone.now() - timedelta(days=age)
    data = READ[LICENSE]([about]).get(about)
    if data is None:
        return
    row = Delivery.objects.create(
        id=demo_id("acme", "delivery", str(number)),
        vendor=vendor,
        webhook_id=demo_id("acme", "webhook", "Shop"),
        event=event,
        thing_id=about,
        place=number,
        body=body_of(event, data, at),
        state=state,
        attempts=11 if state == State.GIVEN_UP else 1,
        sent_at=at,
        status=status,
        answer=answer,
        took=140 + 7 * number,
        reason=Reason.REFUSED if state == State.GIVEN_UP else "",
    )
    Delivery.objects.filter(pk=row.pk).update(created_at=at, updated_at=at)
