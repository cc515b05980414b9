"""E-mail templates and automated e-mails of the Web API, which are the texts and e-mails of the back
office."""

from typing import Any

import pytest
from django.core import mail

from accounts.models import Role
from audit.models import AuditEntry
from licenses.verbs.mailing import send_license
from mail.kinds import KINDS
from mail.models import OutgoingEmail, OwnText
from mail.texts import TEXTS
from mail.wire import id_of
from tenancy.door import inside
from tests.api.program import Program, program_of
from tests.world import World, signed_in, user, vendor_now

PATH = "/v3/email-templates"
TODAY = "/v3/automated-emails"
LOGS = "/v3/automated-email-event-logs"


@pytest.fixture
def program(world: World) -> Program:
    return program_of(world.acme_admin)


def path_of(world: World, name: str, path: str = PATH) -> str:
    return f"{path}/{id_of(TEXTS[name], world.acme)}"


def own_texts(world: World) -> dict[str, tuple[str, str]]:
    with inside(world.acme):
        return {each.kind: (each.subject, each.text) for each in OwnText.objects.all()}


# --- Templates ----------------------------------------------------------------------------------


def test_every_text_of_the_back_office_is_a_template(world: World, program: Program) -> None:
    with inside(world.acme):
        send_license(world.ada_license)
        send_license(world.ada_license)
    rows = {}
    for page in (1, 2):
        answer = program.get(f"{PATH}?page={page}&limit=20")
        rows |= {each["event"]: each for each in answer.json()}
    assert answer["Pagination-Count"] == str(len(TEXTS)) == str(len(rows))
    assert program.get(f"{PATH}?page=9").json() == []
    told = rows["license.created"]
    assert told["id"] == str(id_of(TEXTS["license"], world.acme))
    assert told == program.get(path_of(world, "license")).json()
    assert told == program.get(path_of(world, "license", TODAY)).json()
    subject, body = TEXTS["license"].standard()
    assert (told["subject"], told["body"], told["sent"]) == (subject, body, 2)
    assert (told["fromName"], told["replyTo"]) == ("Acme Instruments", "support@acme.example")
    assert {"license.expiring-soon", "user.created", "user.reset-password-request"} < rows.keys()


def test_the_list_is_asked_for_some(world: World, program: Program) -> None:
    def events(query: str) -> list[str]:
        return [each["event"] for each in program.get(f"{PATH}?limit=100&{query}").json()]

    assert events("event=license.created") == ["license.created"]
    assert events("enabled[eq]=False&sort=event") == ["license-first", "license.created"]
    assert events("enabled=false&sort=-event") == ["license.created", "license-first"]
    assert "license.expiring-soon" in events("query=EXPIRE")
    for query in ("event[sw]=license", "vendor=acme", "sort=body[0]", "page=0"):
        assert program.get(f"{PATH}?{query}").status_code == 400, query


def test_a_list_makes_as_many_queries_with_own_texts_and_without(
    world: World, program: Program, django_assert_num_queries: Any
) -> None:
    program.get(PATH)
    queries = 4
    with django_assert_num_queries(queries):
        program.get(PATH)
    for event in ("license.created", "user.created", "license.expiring-soon"):
        said = {"event": event, "subject": "A", "body": "{key} {link} {off}"}
        if event == "user.created":
            said["body"] = "{link}"
        if event == "license.created":
            said["body"] = "{key} {link}"
        assert program.create(PATH, said).status_code == 201
    with django_assert_num_queries(queries):
        program.get(PATH)


def test_a_text_is_written_anew_and_given_up(world: World, program: Program) -> None:
    """By theirs or by our placeholders; the back office shows the same, and it goes out."""
    made = program.create(
        TODAY,
        {
            "name": "Ours",
            "event": "license.created",
            "subject": "{{ product.displayName }}",
            "body": "Dear {{user.name}},\n\n{{license.key}} at {link}\n\n{{account.companyName}} <3",
            "fromName": "Acme Instruments",
            "replyTo": "",
            "cc": "",
            "custom": False,
        },
    )
    assert made.status_code == 201, made.content
    told = made.json()
    assert (told["subject"], told["name"]) == ("{product}", str(TEXTS["license"].label))
    assert told["body"] == "Dear {name},\n\n{key} at {link}\n\n{sender} <3"
    assert own_texts(world) == {"license": (told["subject"], told["body"])}
    page = signed_in(world.acme_admin).get("/mail/owntext/write/license/").content.decode()
    assert "Dear {name}" in page
    with inside(world.acme):
        send_license(world.ada_license)
        entry = AuditEntry.objects.filter(action="created", subject_type="mail.owntext").get()
    assert entry.source == "api"
    assert mail.outbox[-1].subject == "Orbit"
    assert "Acme Instruments &lt;3" in mail.outbox[-1].alternatives[0][0]
    again = program.create(PATH, {"event": "license.created", "subject": "A"})
    assert (again.status_code, again.json()["code"]) == (409, "EMAIL_TEMPLATE_EXISTS")
    path = path_of(world, "license")
    changed = program.change(path, {"subject": "Yours", "event": "license.created"}).json()
    assert (changed["id"], changed["subject"]) == (told["id"], "Yours")
    assert changed["body"] == told["body"]
    assert program.remove(path).status_code == 204
    assert program.remove(path).status_code == 204
    assert own_texts(world) == {}
    assert program.get(path).json()["body"] == TEXTS["license"].standard()[1]


def test_what_is_as_it_was_changes_nothing(world: World, program: Program) -> None:
    path = path_of(world, "license")
    told = program.get(path).json()
    assert program.change(path, told).json() == told
    assert program.change(path, {}).json() == told
    assert own_texts(world) == {}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "another event": ({"event": "license.renewed"}, "event: it is license.created"),
    "an unknown placeholder": ({"body": "{key} {link} {nmae}"}, "body: There is no placeholder {nmae}"),
    "one of theirs": (
        {"body": "{{license.key}} {link} {{license.allowedActivations}}"},
        "body: There is no placeholder {{license.allowedActivations}} here. There are {product}, ",
    ),
    "a filter": ({"subject": "{{ license.key | upcase }}"}, "{{license.key | upcase}}"),
    "one that is not closed": ({"body": "{{" * 250_000}, "There is no placeholder {{}} here"),
    "a condition that is not closed": ({"body": "{%" * 250_000}, "take {% out"),
    "thousands of names": ({"body": "{a} " * 125_000 + "{link}"}, "at most 10000 characters"),
    "a condition": ({"body": "{% if x %}{key}{% endif %} {link}"}, "take {% if x %} out"),
    "HTML": ({"body": "<p>{key} {link}</p>"}, "without <p>"),
    "a script": ({"subject": "<SCRIPT src=x>"}, "without <SCRIPT src=x>"),
    "no link": ({"body": "{{license.key}}"}, "body: {link} has to be in the text"),
    "a link in the subject": ({"subject": "{link}"}, "subject: A subject"),
    "too long": ({"subject": "x" * 201}, "subject: "),
    "HTML of one's own": ({"custom": True}, "custom: "),
    "another sender": ({"fromName": "Globex"}, "fromName: it is that of the settings"),
    "another address": ({"fromEmail": "a@globex.example"}, "fromEmail: "),
    "another address for answers": ({"replyTo": "a@globex.example"}, "replyTo: "),
    "a copy": ({"bcc": "eve@example.com"}, "bcc: an e-mail goes to one address"),
    "no text": ({"subject": ["x"]}, "subject"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_can_not_be_said_is_refused(world: World, program: Program, case: str) -> None:
    body, said = REFUSED[case]
    answer = program.change(path_of(world, "license"), body)
    assert answer.status_code == 400, answer.content
    assert said in answer.json()["message"]
    assert len(answer.content) < 1000
    assert own_texts(world) == {}


def test_there_is_no_text_of_an_event_that_does_not_come(program: Program) -> None:
    answer = program.create(PATH, {"event": "license.renewed", "subject": "A", "body": "B"})
    assert answer.status_code == 400
    assert "There are " in answer.json()["message"]


def test_a_preview_has_samples(world: World, program: Program) -> None:
    program.change(path_of(world, "license"), {"body": "{{license.key}}, {link}"})
    told = program.get(f"{path_of(world, 'license', TODAY)}/preview").json()
    assert told["body"].startswith("ORBIT-7KQ2M-X4TPA-9WZ3C, http")
    assert "{" not in told["subject"] + told["body"]


def test_what_is_sent_by_itself_is_switched(world: World, program: Program) -> None:
    for name, field in (
        ("license", "send_new_licenses"),
        ("expiry-reminder", "send_expiry_reminders"),
    ):
        for enabled in (False, True, False):
            told = program.change(path_of(world, name), {"enabled": enabled}).json()
            assert told["enabled"] == enabled == getattr(vendor_now(world.acme), field)
    with inside(world.acme):
        assert AuditEntry.objects.filter(action="changed", subject_type="tenancy.vendor").exists()
    invitation = path_of(world, "invitation")
    assert program.get(invitation).json()["enabled"]
    assert program.change(invitation, {"enabled": False}).status_code == 400
    assert program.change(invitation, {"enabled": True}).status_code == 200


def test_switching_takes_the_right_to_change_settings(world: World) -> None:
    with inside(world.acme):
        role = Role.objects.create(
            vendor=world.acme, name="Writers", claims=["mail.view_owntext", "mail.change_owntext"]
        )
        writer = user(world.acme, "writer@acme.example", role=role.name)
    program = program_of(writer)
    path = path_of(world, "license")
    answer = program.change(path, {"enabled": True, "subject": "New"})
    assert (answer.status_code, answer.json()["code"]) == (403, "NO_RIGHT")
    assert own_texts(world) == {}
    assert program.change(path, {"enabled": False, "subject": "New"}).status_code == 200


def test_an_id_is_the_same_before_and_after_and_another_vendors_is_another(
    world: World, program: Program
) -> None:
    theirs = {each["id"] for each in program_of(world.globex_admin).get(f"{PATH}?limit=100").json()}
    own = {each["id"] for each in program.get(f"{PATH}?limit=100").json()}
    assert len(theirs) == len(own) == len(TEXTS)
    assert theirs.isdisjoint(own)


@pytest.mark.unfound
@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_said_by_a_kind(name: str) -> None:
    assert TEXTS[name].said_by in KINDS
    occasions = [each.occasion for each in TEXTS.values()]
    assert len(set(occasions)) == len(occasions)


# --- What was sent ------------------------------------------------------------------------------


def test_what_was_sent_is_told(world: World, program: Program, frozen_time: Any) -> None:
    with inside(world.acme):
        send_license(world.ada_license)
        frozen_time.shift(60)
        failed = OutgoingEmail.objects.create(
            vendor=world.acme, kind="invitation", user=world.grace, recipient="grace@example.com"
        )
    first, second = program.get(LOGS).json()
    assert first == {
        **{name: first[name] for name in ("id", "createdAt", "updatedAt", "sentAt")},
        "event": "license.created",
        "to": "ada@example.com",
        "subject": "Your licence for Orbit",
        "status": "sent",
        "attempts": 1,
        "userId": str(world.ada.pk),
        "licenseId": str(world.ada_license.pk),
    }
    assert second["event"] == "user.created"
    told = program.get(f"{LOGS}/{first['id']}").json()
    assert world.ada_license.key in told["body"]
    for query, ids in {
        "event=license.created": [first["id"]],
        "event[in]=user.created,license": [first["id"], second["id"]],
        "to=ADA@example.com": [first["id"]],
        "to[cn]=grace": [second["id"]],
        "query=grace@": [str(failed.pk)],
        f"licenseId={world.ada_license.pk}": [first["id"]],
        "status=queued&sort=-createdAt": [second["id"]],
    }.items():
        assert [each["id"] for each in program.get(f"{LOGS}?{query}").json()] == ids, query
    assert program.get(f"{LOGS}?event[sw]=license").status_code == 400


def test_the_list_makes_as_many_queries_for_three(
    world: World, program: Program, django_assert_num_queries: Any
) -> None:
    program.get(LOGS)
    for number in (1, 2):
        with inside(world.acme):
            for _each in range(number):
                send_license(world.ada_license)
        with django_assert_num_queries(4):
            program.get(LOGS)


def test_what_failed_is_sent_again(world: World, program: Program) -> None:
    with inside(world.acme):
        send_license(world.ada_license)
        email = OutgoingEmail.objects.get()
        OutgoingEmail.objects.update(state=OutgoingEmail.State.FAILED)
    path = f"{LOGS}/{email.pk}/resend"
    assert program.create(path).json()["id"] == str(email.pk)
    assert len(mail.outbox) == 2
    assert program.create(path).status_code == 409
    assert program_of(world.acme_support).create(path).json()["code"] == "NO_RIGHT"
