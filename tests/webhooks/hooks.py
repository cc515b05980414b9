"""Webhooks for tests."""

import json
from collections.abc import Sequence
from typing import Any

from tenancy.door import inside
from tenancy.models import Vendor
from webhooks.events import EVENTS
from webhooks.models import Delivery, Webhook
from webhooks.verbs.webhooks import create_webhook

SECRET = "a secret of the shop's"
STANDARD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def hook_of(
    vendor: Vendor, url: str, events: Sequence[str] = tuple(EVENTS), **fields: Any
) -> Webhook:
    """A new webhook of the vendor's."""
    secret = fields.pop("secret", SECRET)
    with inside(vendor):
        row = Webhook(vendor=vendor, name="Shop", url=url, events=list(events), **fields)
        return create_webhook(row, secret=secret)


def queued(vendor: Vendor) -> list[Delivery]:
    """What was queued at the vendor, in order."""
    with inside(vendor):
        return list(Delivery.objects.select_related("webhook").order_by("place"))


def events_at(vendor: Vendor) -> list[str]:
    return [each.event for each in queued(vendor)]


def said(delivery: Delivery) -> Any:
    return json.loads(delivery.body)


def fresh(delivery: Delivery) -> Delivery:
    with inside(delivery.vendor_id):
        return Delivery.objects.select_related("webhook").get(pk=delivery.pk)
