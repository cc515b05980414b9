"""Event logs: `/v3/event-logs`, the vendor's audit trail."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from ninja import Router

from accounts import wire as accounts_wire
from accounts.models import User
from api.allowed import needs
from api.answers import answer
from api.bodies import Answer, Moment
from api.lists import Column, Kind, Listing, listed, row_of
from api.requests import ApiRequest
from api.users import UserAnswer, people
from audit import wire
from audit.models import AuditEntry
from audit.trail import told_to
from backoffice.admin import entry_places
from tenancy import finding
from web.wire import Wire

router = Router(tags=["event logs"])
READ = needs("eventLog:read", "audit.view_auditentry")


class ChangeAnswer(Answer):
    property_name: str
    old_value: Any = None
    new_value: Any = None


class EventAnswer(Answer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    resource: str
    resource_id: UUID
    action: str
    changes: list[ChangeAnswer]
    ip_address: str | None = None
    user: UserAnswer | None = None


EVENTS = Listing(
    columns={
        "id": Column("id", Kind.ID),
        "action": Column("action"),
        "resourceId": Column("subject_id", Kind.ID),
        "licenseId": Column("license_id", Kind.ID),
        "userId": Column("actor_id", Kind.ID),
        "createdAt": Column("created_at", Kind.MOMENT),
    },
    found=lambda rows, words: finding.find(rows.order_by("-sequence"), words, entry_places).rows,
    order="sequence",
)


def with_actors(entries: Sequence[AuditEntry]) -> Callable[[AuditEntry], Wire]:
    """How these entries are shown, with whoever acted looked up once for all of them."""
    ids = {entry.actor_id for entry in entries if entry.actor_id}
    found: dict[UUID, User] = {each.pk: each for each in people().filter(pk__in=ids)} if ids else {}

    def show(entry: AuditEntry) -> Wire:
        actor = found.get(entry.actor_id) if entry.actor_id else None
        return wire.event(entry, accounts_wire.user(actor) if actor else None)

    return show


@router.get("/event-logs", auth=READ, response=list[EventAnswer], openapi_extra=EVENTS.documented())
def list_events(request: ApiRequest) -> HttpResponse:
    return listed(request, _told_to(request), EVENTS, showing=with_actors)


@router.get("/event-logs/{id}", auth=READ, response=EventAnswer)
def get(request: ApiRequest, id: str) -> HttpResponse:
    entry = row_of(_told_to(request), id, "event")
    return answer(with_actors([entry])(entry))


def _told_to(request: ApiRequest) -> QuerySet[AuditEntry]:
    return told_to(request.user, AuditEntry.objects.all())
