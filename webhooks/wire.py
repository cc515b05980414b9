"""What webhooks tell of things, which is what the Web API shows of them; and what webhooks and
their log are themselves on its wire."""

from collections.abc import Callable, Collection, Mapping
from typing import Any
from uuid import UUID

from accounts import wire as accounts
from accounts.models import User
from licenses import wire as licenses
from licenses.models import Activation, License
from releases import wire as releases
from releases.models import Release
from web.wire import Wire, stamps, valued
from webhooks.events import ACTIVATION, LICENSE, RELEASE, USER
from webhooks.models import Delivery, Webhook

Read = Callable[[Collection[UUID]], Mapping[UUID, Wire]]


def _licenses(ids: Collection[UUID]) -> Mapping[UUID, Wire]:
    rows = licenses.with_wire(License.objects.filter(pk__in=ids))
    return {row.pk: licenses.license(row) for row in rows}


def _activations(ids: Collection[UUID]) -> Mapping[UUID, Wire]:
    return {row.pk: licenses.activation(row) for row in Activation.objects.filter(pk__in=ids)}


def _releases(ids: Collection[UUID]) -> Mapping[UUID, Wire]:
    rows = Release.objects.filter(pk__in=ids).prefetch_related("files")
    return {row.pk: releases.release(row) for row in rows}


def _users(ids: Collection[UUID]) -> Mapping[UUID, Wire]:
    rows = User.objects.filter(pk__in=ids).prefetch_related("tags")
    return {row.pk: accounts.user(row) for row in rows}


# By the kind of row (webhooks/events.py): things as their GET shows them, those that are there.
READ: Mapping[str, Read] = {
    LICENSE: _licenses,
    ACTIVATION: _activations,
    RELEASE: _releases,
    USER: _users,
}


def webhook(row: Webhook, *, with_token: bool) -> Wire:
    """A webhook; its secret for who may change it."""
    return valued(
        {
            **stamps(row),
            "name": row.name,
            "url": row.url,
            "token": row.secret if with_token else None,
            "active": row.active,
            "events": row.events,
            "style": row.style,
            "previousTokenExpiresAt": row.earlier_until if row.encrypted_earlier else None,
        }
    )


def delivery(row: Delivery) -> Wire:
    """An event in the log, with what was sent and what came back."""
    return valued(
        {
            **stamps(row),
            "webhookId": row.webhook_id,
            "event": row.event,
            "status": row.state,
            "attempts": row.attempts,
            "statusCode": row.status,
            "reason": row.reason or None,
            "request": row.body,
            "response": row.answer,
            "duration": row.took,
            "lastAttemptAt": row.sent_at,
            "nextAttemptAt": row.due_at,
        }
    )


def gone(row: Any) -> Wire | None:
    """A machine that has lost its seat, as it was."""
    return licenses.activation(row) if isinstance(row, Activation) else None
