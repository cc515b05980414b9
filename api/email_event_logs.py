"""What was sent, and what not: `/v3/automated-email-event-logs`, the e-mails of the back office."""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from ninja import Router

from api.allowed import needs
from api.answers import answer
from api.bodies import Answer, Moment
from api.errors import UnknownFilter
from api.lists import Column, Kind, Listing, condition, listed, row_of
from api.requests import ApiRequest
from mail import wire
from mail.admin import email_places
from mail.delivery import resend
from mail.models import OutgoingEmail
from mail.texts import TEXTS
from mail.verbs.keeping import kept_of
from tenancy import finding
from tenancy.addresses import spellings_of

router = Router(tags=["automated-email-event-logs"])
READ = needs("emailTemplate:read", "mail.view_outgoingemail")
SEND = needs("emailTemplate:write", "mail.send_outgoingemail")


class EventLogAnswer(Answer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    event: str
    to: str
    subject: str
    status: str
    attempts: int
    sent_at: Moment | None = None
    error: str | None = None
    user_id: UUID | None = None
    license_id: UUID | None = None
    body: str | None = None


def _of_event(op: str, values: list[str]) -> Q:
    """By an event, or by the name of a kind."""
    if op not in {"eq", "in"}:
        raise UnknownFilter(f"event[{op}]")
    wanted = {each for value in values for each in value.split(",")}
    kinds = {each.said_by for each in TEXTS.values() if each.occasion in wanted}
    return Q(kind__in=kinds | wanted)


def _to(op: str, values: list[str]) -> Q:
    """By an address in any spelling."""
    if op == "eq":
        return Q(recipient__in=spellings_of(values[-1]))
    return condition("to", Column("recipient"), op, values)


LOGS = Listing(
    columns={
        "id": Column("id", Kind.ID),
        "status": Column("state"),
        "subject": Column("subject"),
        "userId": Column("user_id", Kind.ID),
        "licenseId": Column("license_id", Kind.ID),
        "createdAt": Column("created_at", Kind.MOMENT),
        "updatedAt": Column("updated_at", Kind.MOMENT),
        "sentAt": Column("sent_at", Kind.MOMENT),
    },
    found=lambda rows, words: finding.find(rows, words, email_places, whole=True).rows,
    special={"event": _of_event, "to": _to},
)


def _emails() -> QuerySet[OutgoingEmail]:
    return OutgoingEmail.objects.all()


def _email_of(id: str) -> OutgoingEmail:
    """Raises NotFound."""
    row: OutgoingEmail = row_of(_emails(), id, "e-mail")
    return row


@router.get(
    "/automated-email-event-logs",
    auth=READ,
    response=list[EventLogAnswer],
    openapi_extra=LOGS.documented(),
)
def list_logs(request: ApiRequest) -> HttpResponse:
    return listed(request, _emails(), LOGS, wire.event_log)


@router.get("/automated-email-event-logs/{id}", auth=READ, response=EventLogAnswer)
def get(request: ApiRequest, id: str) -> HttpResponse:
    """With what it said, for 90 days and without links that open something."""
    email = _email_of(id)
    return answer(wire.event_log(email, kept_of(email)))


@router.post("/automated-email-event-logs/{id}/resend", auth=SEND, response=EventLogAnswer)
def send_again(request: ApiRequest, id: str) -> HttpResponse:
    """One that failed, or of which nobody knows whether it was sent."""
    resend(_email_of(id))
    return answer(wire.event_log(_email_of(id)))
