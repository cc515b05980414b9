"""Webhooks: `/v3/webhooks`, and what was sent to them: `/v3/webhook-event-logs`."""

from collections.abc import Iterable
from typing import Any, Literal
from uuid import UUID

from django.http import HttpResponse
from ninja import Router

from api.allowed import needs
from api.answers import answer, created, nothing
from api.bodies import Answer, Body, Moment
from api.lists import Column, Kind, Listing, listed, row_of
from api.requests import ApiRequest
from webhooks import wire
from webhooks.events import EVENTS, GROUPS
from webhooks.models import Delivery, Webhook
from webhooks.verbs.delivering import resend
from webhooks.verbs.webhooks import (
    change_webhook,
    create_webhook,
    delete_webhook,
    rotate,
    send_test,
)

router = Router(tags=["webhooks"])
READ = needs("webhook:read", "webhooks.view_webhook")
ADD = needs("webhook:write", "webhooks.add_webhook")
CHANGE = needs("webhook:write", "webhooks.change_webhook")
DELETE = needs("webhook:write", "webhooks.delete_webhook")
READ_LOG = needs("webhook:read", "webhooks.view_delivery")
SEND = needs("webhook:write", "webhooks.send_delivery")


class WebhookBody(Body):
    name: str = ""
    url: str = ""
    token: str = ""
    active: bool = True
    events: list[str] = []
    style: str = Webhook.Style.CRYPTLEX


class WebhookAnswer(Answer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    name: str
    url: str
    token: str | None = None
    active: bool
    events: list[str]
    style: Literal["cryptlex", "standard"]
    previous_token_expires_at: Moment | None = None


class DeliveryAnswer(Answer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    webhook_id: UUID
    event: str
    status: Literal["queued", "sending", "delivered", "given-up"]
    attempts: int
    status_code: int | None = None
    reason: str | None = None
    request: str
    response: str
    duration: int | None = None
    last_attempt_at: Moment | None = None
    next_attempt_at: Moment | None = None


WEBHOOKS = Listing(
    columns={
        "id": Column("id", Kind.ID),
        "name": Column("name"),
        "url": Column("url"),
        "active": Column("active", Kind.FLAG),
        "createdAt": Column("created_at", Kind.MOMENT),
        "updatedAt": Column("updated_at", Kind.MOMENT),
    },
    found=lambda rows, words: rows.filter(name__icontains=words),
)
LOG = Listing(
    columns={
        "id": Column("id", Kind.ID),
        "webhookId": Column("webhook_id", Kind.ID),
        "event": Column("event"),
        "status": Column("state"),
        "createdAt": Column("created_at", Kind.MOMENT),
    },
)


def _shown(request: ApiRequest, row: Webhook) -> dict[str, Any]:
    """Its token for a program that may change it: whoever has that can sign as the vendor."""
    # SECURITY: tests/api/test_webhooks.py. To read webhooks is not enough.
    return wire.webhook(row, with_token=CHANGE.lets(request.bearer))


def _webhook_of(id: str) -> Webhook:
    """Raises NotFound."""
    row: Webhook = row_of(Webhook.objects.all(), id, "webhook")
    return row


def _delivery_of(id: str) -> Delivery:
    """Raises NotFound."""
    row: Delivery = row_of(Delivery.objects.all(), id, "event")
    return row


@router.get(
    "/webhooks", auth=READ, response=list[WebhookAnswer], openapi_extra=WEBHOOKS.documented()
)
def list_webhooks(request: ApiRequest) -> HttpResponse:
    return listed(request, Webhook.objects.all(), WEBHOOKS, lambda row: _shown(request, row))


@router.get("/webhooks/events", auth=READ, response=dict[str, list[str]])
def events(request: ApiRequest) -> HttpResponse:
    """Every event that there is, by what it is about."""
    return answer({_about(group.events): list(group.events) for group in GROUPS})


def _about(events: Iterable[str]) -> str:
    """`license` of `license.created`."""
    return next(iter(events)).partition(".")[0]


@router.get("/webhooks/triggers", auth=READ, response=list[str])
def triggers(request: ApiRequest) -> HttpResponse:
    """The same, one after the other."""
    return answer(list(EVENTS))


@router.post("/webhooks", auth=ADD, response={201: WebhookAnswer})
def create(request: ApiRequest, body: WebhookBody) -> HttpResponse:
    """Without a token it gets one."""
    given = body.given
    secret = given.pop("token", "")
    row = create_webhook(Webhook(vendor=request.vendor, **given), secret=secret)
    return created(_shown(request, row))


@router.get("/webhooks/{id}", auth=READ, response=WebhookAnswer)
def get(request: ApiRequest, id: str) -> HttpResponse:
    return answer(_shown(request, _webhook_of(id)))


@router.patch("/webhooks/{id}", auth=CHANGE, response=WebhookAnswer)
def update(request: ApiRequest, id: str, body: WebhookBody) -> HttpResponse:
    """With another token the earlier one signs for a day as well, where the style has room."""
    row, given = _webhook_of(id), body.given
    secret = given.pop("token", "")
    for name, value in given.items():
        setattr(row, name, value)
    return answer(_shown(request, change_webhook(row, fields=list(given), secret=secret)))


@router.delete("/webhooks/{id}", auth=DELETE, response={204: None})
def delete(request: ApiRequest, id: str) -> HttpResponse:
    delete_webhook(_webhook_of(id))
    return nothing()


@router.post("/webhooks/{id}/rotate-token", auth=CHANGE, response=WebhookAnswer)
def rotate_token(request: ApiRequest, id: str) -> HttpResponse:
    """A new token; the earlier one signs for a day as well, where the style has room."""
    return answer(_shown(request, rotate(_webhook_of(id))))


@router.post("/webhooks/{id}/test", auth=CHANGE, response=DeliveryAnswer)
def test(request: ApiRequest, id: str) -> HttpResponse:
    """Sends `webhook.test`; the log says what came of it."""
    return answer(wire.delivery(send_test(_webhook_of(id))))


# --- The log ------------------------------------------------------------------------------------


@router.get(
    "/webhook-event-logs",
    auth=READ_LOG,
    response=list[DeliveryAnswer],
    openapi_extra=LOG.documented(),
)
def list_deliveries(request: ApiRequest) -> HttpResponse:
    return listed(request, Delivery.objects.all(), LOG, wire.delivery)


@router.get("/webhook-event-logs/{id}", auth=READ_LOG, response=DeliveryAnswer)
def get_delivery(request: ApiRequest, id: str) -> HttpResponse:
    return answer(wire.delivery(_delivery_of(id)))


@router.post("/webhook-event-logs/{id}/resend", auth=SEND, response=DeliveryAnswer)
def send_again(request: ApiRequest, id: str) -> HttpResponse:
    """Sends it again, with the same id; 409 while it is on its way."""
    return answer(wire.delivery(resend(_delivery_of(id))))
