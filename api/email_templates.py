"""The texts of e-mails: `/v3/email-templates`, which are `/v3/automated-emails` today.

They are those of the back office: one for each occasion, the standard one until the vendor writes
it anew. None can be added, and one that is deleted is the standard one again.
"""

from collections import Counter
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count
from django.http import HttpResponse
from ninja import Router

from accounts.verbs.settings import change_settings
from api.allowed import needs
from api.answers import answer, created, nothing
from api.bodies import Answer, Body, Moment
from api.errors import InvalidRequest, NoRight, NotFound
from api.lists import Kind, documented_few, listed_few
from api.requests import ApiRequest
from mail import emails, wire
from mail.models import OutgoingEmail, OwnText
from mail.placeholders import in_our_words
from mail.texts import TEXTS, Text, fill
from mail.verbs import texts as own_texts
from tenancy.models import Vendor
from web.errors import PortalError
from web.wire import Wire

router = Router(tags=["email-templates"])
READ = needs("emailTemplate:read", "mail.view_owntext")
CHANGE = needs("emailTemplate:write", "mail.change_owntext")
SWITCH = "accounts.change_portalsettings"


# Names of members in the code.
SNAKE = {"fromName": "from_name", "fromEmail": "from_email", "replyTo": "reply_to"}
MEMBER = {"text": "body"}


class TemplateIsThere(PortalError):
    """The vendor has written the text of this event already."""

    code = "EMAIL_TEMPLATE_EXISTS"
    text = "There is an own text for the event %(detail)s already: change it."


class TemplateBody(Body):
    event: str = ""
    subject: str = ""
    body: str = ""
    enabled: bool = True
    from_name: str = ""
    from_email: str = ""
    reply_to: str = ""
    cc: str = ""
    bcc: str = ""
    custom: bool = False


class TemplateAnswer(Answer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    name: str
    from_name: str
    from_email: str
    reply_to: str
    cc: str
    bcc: str
    subject: str
    body: str
    event: str
    enabled: bool
    custom: bool
    domain_verified: bool
    sent: int


class PreviewAnswer(Answer):
    subject: str
    body: str


MEMBERS = {
    "id": Kind.ID,
    "name": Kind.TEXT,
    "event": Kind.TEXT,
    "subject": Kind.TEXT,
    "body": Kind.TEXT,
    "enabled": Kind.FLAG,
    "sent": Kind.NUMBER,
    "createdAt": Kind.MOMENT,
    "updatedAt": Kind.MOMENT,
}


def _text_of(request: ApiRequest, id: str) -> Text:
    """Raises NotFound."""
    for text in TEXTS.values():
        if str(wire.id_of(text, request.vendor)) == id.lower():
            return text
    raise NotFound("e-mail template")


def _told(vendor: Vendor, text: Text) -> Wire:
    sent = OutgoingEmail.objects.filter(kind=text.said_by, state=OutgoingEmail.State.SENT)
    return wire.template(text, own_texts.text_of(text), vendor, sent.count())


def _all(vendor: Vendor) -> list[Wire]:
    """Every text, in the order of the back office."""
    went = OutgoingEmail.objects.filter(state=OutgoingEmail.State.SENT).order_by()
    sent = Counter(dict(went.values_list("kind").annotate(Count("id"))))
    own = {row.kind: row for row in OwnText.objects.all()}
    return [
        wire.template(
            text, own.get(text.name) or own_texts.standard_of(text), vendor, sent[text.said_by]
        )
        for text in TEXTS.values()
    ]


def _fill(request: ApiRequest, text: Text, body: TemplateBody) -> Vendor:
    """Takes over what was supplied, and what is as it was changes nothing; the vendor, with the
    settings of then."""
    given, vendor = body.given, request.vendor
    for name, value in wire.settings_of(vendor).items():
        _check_same(name, given.get(SNAKE.get(name, name), value), value)
    switched = _switch(request, text, given)
    said = own_texts.text_of(text)
    subject, words = said.subject, said.text
    if "subject" in given:
        subject = _read(text, "subject", body.subject)
    if "body" in given:
        words = _read(text, "body", body.body)
    if (subject, words) != (said.subject, said.text):
        _write(text, subject, words)
    return switched


def _check_same(name: str, wanted: object, value: object) -> None:
    """Raises InvalidRequest for another value of what all e-mails have in common; an empty text
    leaves it as it is."""
    if wanted in ("", value):
        return
    if name == "custom":
        raise InvalidRequest("custom: e-mails are made of plain text, and HTML is not taken.")
    if name in {"cc", "bcc"}:
        raise InvalidRequest(f"{name}: an e-mail goes to one address.")
    raise InvalidRequest(f"{name}: it is that of the settings, {value!r}, for all e-mails.")


def _switch(request: ApiRequest, text: Text, given: dict[str, object]) -> Vendor:
    """The vendor, with what was chosen. Raises NoRight, and InvalidRequest for what is always
    sent."""
    wanted = given.get("enabled", wire.is_enabled(text, request.vendor))
    if wanted == wire.is_enabled(text, request.vendor):
        return request.vendor
    if not text.switch:
        raise InvalidRequest("enabled: this e-mail is sent whenever there is need for it.")
    if not request.user.has_perm(SWITCH):
        raise NoRight
    chosen: Any = {text.switch: wanted}
    return change_settings(vendor=request.vendor, **chosen)


def _read(text: Text, member: str, typed: str) -> str:
    try:
        return in_our_words(typed, text.placeholders)
    except ValidationError as error:
        raise InvalidRequest(f"{member}: {' '.join(error.messages)}") from error


def _write(text: Text, subject: str, body: str) -> None:
    try:
        own_texts.write(text, subject=subject, body=body)
    except ValidationError as error:
        told = error.message_dict
        raise ValidationError({MEMBER.get(name, name): told[name] for name in told}) from error


# --- Operations ---------------------------------------------------------------------------------


def list_templates(request: ApiRequest) -> HttpResponse:
    return listed_few(request, _all(request.vendor), MEMBERS)


@transaction.atomic
def create(request: ApiRequest, body: TemplateBody) -> HttpResponse:
    """Writes the text of an event anew that has the standard one. `name` is the back office's."""
    text = next((each for each in TEXTS.values() if each.occasion == body.event), None)
    if text is None:
        told = ", ".join(each.occasion for each in TEXTS.values())
        raise InvalidRequest(f"event: there is no e-mail of this event here. There are {told}.")
    if OwnText.objects.filter(kind=text.name).exists():
        raise TemplateIsThere(text.occasion)
    return created(_told(_fill(request, text, body), text))


def get(request: ApiRequest, id: str) -> HttpResponse:
    return answer(_told(request.vendor, _text_of(request, id)))


@transaction.atomic
def update(request: ApiRequest, id: str, body: TemplateBody) -> HttpResponse:
    """What is supplied; of the event and the name there is nothing to change."""
    text = _text_of(request, id)
    if body.event not in ("", text.occasion):
        raise InvalidRequest(f"event: it is {text.occasion}, and stays so.")
    return answer(_told(_fill(request, text, body), text))


def delete(request: ApiRequest, id: str) -> HttpResponse:
    """Gives the own words up for the standard ones."""
    own_texts.back_to_standard(_text_of(request, id))
    return nothing()


def preview(request: ApiRequest, id: str) -> HttpResponse:
    """With samples in the place of what placeholders stand for."""
    text = _text_of(request, id)
    own, values = own_texts.text_of(text), emails.sample_values(text, request.vendor)
    return answer({"subject": fill(own.subject, values), "body": fill(own.text, values)})


def _serve(noun: str, said: str) -> None:
    """The same under either name."""
    all, one = f"/{noun}", f"/{noun}/{{id}}"
    router.get(
        all,
        auth=READ,
        response=list[TemplateAnswer],
        openapi_extra=documented_few(MEMBERS),
        operation_id=f"list_{said}s",
    )(list_templates)
    router.post(all, auth=CHANGE, response={201: TemplateAnswer}, operation_id=f"create_{said}")(
        create
    )
    router.get(one, auth=READ, response=TemplateAnswer, operation_id=f"get_{said}")(get)
    router.patch(one, auth=CHANGE, response=TemplateAnswer, operation_id=f"update_{said}")(update)
    router.delete(one, auth=CHANGE, response={204: None}, operation_id=f"delete_{said}")(delete)
    router.get(f"{one}/preview", auth=READ, response=PreviewAnswer, operation_id=f"preview_{said}")(
        preview
    )


_serve("email-templates", "email_template")
_serve("automated-emails", "automated_email")
