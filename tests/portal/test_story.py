"""Everything about a customer on one page, and the audit trail where it is read."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.story import SHOWN
from accounts.verbs.people import change_person
from audit import trail
from audit.models import AuditEntry
from audit.words import ACTIONS
from backoffice.lists import ListAdmin
from licenses.history import Event
from licenses.verbs.activations import activate
from licenses.verbs.licenses import create_license
from licenses.verbs.mailing import send_license
from mail.models import OutgoingEmail
from offline.verbs.answering import answer
from releases.files.ranges import ByteRange
from releases.verbs.downloads import record
from tenancy.door import inside
from tests.accounts.test_roles import person
from tests.offline.requests_maker import MachineKeys
from tests.world import Browser, World, file_of, machine, signed_in

pytestmark = pytest.mark.by_database


def live(world: World, rows: int = 1) -> None:
    """So many licences, machines, files, downloads and e-mails of Ada."""
    for number in range(rows):
        license = create_license(
            product=world.orbit,
            user=world.ada,
            key=f"STORY-OF-ADA-{number:04}",
            allowed_activations=9,
        )
        activate(license, machine(f"story-{number}"))
        keys = MachineKeys()
        answer(world.ada, keys.activation(world.orbit.pk, license.key, hostname=f"lab-{number}"))
        record(
            file_of(world.orbit_release),
            user=world.ada,
            license=license,
            ip="192.0.2.9",
            granted=ByteRange(0, 1024),
        )
        send_license(license)


@pytest.mark.parametrize("who", ["acme_admin", "acme_support"])
def test_the_whole_story_is_on_one_page(world: World, who: str) -> None:
    with inside(world.acme):
        live(world)
    Browser("acme").sign_in("ada@example.com")  # from 127.0.0.1
    page = signed_in(getattr(world, who)).get(f"/accounts/user/{world.ada.pk}/story/")
    text = page.content.decode()
    for told in (
        "STORY-OF-ADA-0000",
        "story-0",
        "lab-0",
        "orbit-1.2.0.bin",
        "Licence sent by e-mail",
        "127.0.0.1",
        "Ada Lovelace",
    ):
        assert told in text, told
    may_add = text.count("/licenses/license/add/?email=ada%40example.com") == 1
    assert may_add is (who == "acme_admin")
    assert ("/change/" + '">Change<' in text) is (who == "acme_admin")


@pytest.mark.parametrize("rows", [1, 3])
def test_a_story_takes_the_same_queries_however_long(
    world: World, rows: int, django_assert_num_queries: Any
) -> None:
    with inside(world.acme):
        live(world, rows)
    support = signed_in(world.acme_support)
    support.get(f"/accounts/user/{world.ada.pk}/story/")
    # session, vendor, user; the person; whether there are passkeys; seven chapters with a count
    # each, of which four ask what is shared with the customer, and three what the ids of his
    # licences are
    with django_assert_num_queries(30):
        page = support.get(f"/accounts/user/{world.ada.pk}/story/").content.decode()
    assert page.count(">lab-") == 3 * rows  # machines, offline files, what happened


def test_all_e_mails_are_listed_also_those_to_an_address_of_before(world: World) -> None:
    with inside(world.acme):
        OutgoingEmail.objects.bulk_create(
            OutgoingEmail(vendor=world.acme, kind="license", recipient=user.email, user=user)
            for user in (world.grace, *[world.ada] * (SHOWN + 1))
        )
        User.objects.filter(pk=world.ada.pk).update(email="countess@example.com")
    support = signed_in(world.acme_support)
    story = support.get(f"/accounts/user/{world.ada.pk}/story/").content.decode()
    [path] = re.findall(r'"(/mail/outgoingemail/\?[^"]+)"', story)
    page = support.get(path).content.decode()
    assert page.count(">ada@<wbr>example.com<") == SHOWN + 1
    assert "grace@" not in page


def test_the_other_vendors_customer_is_not_there(world: World) -> None:
    for path in (
        f"/accounts/user/{world.bob.pk}/story/",
        f"/accounts/user/{world.bob.pk}/do/invite/",
    ):
        assert signed_in(world.acme_support).post(path).status_code == 404


def test_an_invitation_is_sent_again_to_who_has_no_password(world: World) -> None:
    support = signed_in(world.acme_support)
    path = f"/accounts/user/{world.grace.pk}/do/invite/"
    page = support.post(path, follow=True).content.decode()
    assert "has set a password already" in page
    assert mail.outbox == []
    with inside(world.acme):
        User.objects.filter(pk=world.grace.pk).update(password="!none")
    page = support.post(path, follow=True).content.decode()
    assert "An invitation is on its way to grace@example.com." in page
    assert [message.to for message in mail.outbox] == [["grace@example.com"]]


def test_the_only_administrator_stays_and_a_colleague_is_switched_off_and_on(world: World) -> None:
    admin = signed_in(world.acme_admin)
    own, other = (f"/accounts/user/{row.pk}" for row in (world.acme_admin, world.acme_support))
    assert "switch-off" not in admin.get(f"{own}/story/").content.decode()
    typed = {"email": "admin@acme.example", "role": "admin", "is_active": ""}
    page = admin.post(f"{own}/change/", typed, follow=True).content.decode()
    assert "This is the last administrator. Name another one first." in page
    assert f"{other}/do/switch-off/" in admin.get(f"{other}/story/").content.decode()
    page = admin.post(f"{other}/do/switch-off/", follow=True).content.decode()
    assert "The account of support@acme.example is switched off." in page
    assert "Switch off" not in page
    page = admin.post(f"{other}/do/switch-on/", follow=True).content.decode()
    assert "The account of support@acme.example is switched on again." in page
    support = signed_in(world.acme_support)
    assert "switch-o" not in support.get(f"/accounts/user/{world.ada.pk}/story/").content.decode()
    assert support.post(f"/accounts/user/{world.ada.pk}/do/switch-off/").status_code == 403


def test_a_colleagues_story_tells_of_the_colleague(world: World) -> None:
    Browser("app").sign_in("support@acme.example", company_id="acme")
    with inside(world.acme):
        world.acme_support.company = "Acme"
        change_person(person=world.acme_support, fields=["company"])
    path = f"/accounts/user/{world.acme_support.pk}"
    page = signed_in(world.acme_admin).get(f"{path}/story/").content.decode()
    assert "This person has not signed in yet." not in page
    assert "Changed · Company" in page


NOTE = "Wants to be called,\r\nnot written to."


@pytest.mark.parametrize("who", ["acme_admin", "acme_support"])
def test_a_note_for_staff_stands_first_and_is_written_there(world: World, who: str) -> None:
    staff, page = signed_in(getattr(world, who)), f"/accounts/user/{world.ada.pk}"
    form = staff.get(f"{page}/note/").content.decode()
    assert "internal_notes" in form
    told = staff.post(f"{page}/note/", {"internal_notes": NOTE}, follow=True)
    assert told.redirect_chain == [(f"{page}/story/", 302)]
    text = told.content.decode()
    assert "The note is saved." in text
    assert text.index("Wants to be called,<br>not written to.") < text.index("story-facts")
    assert f"{page}/note/" in text
    with inside(world.acme):
        entry = AuditEntry.objects.get(action="changed")
    assert entry.changes == {"internal_notes": ["", NOTE]}
    assert (entry.subject_id, entry.visible) == (world.ada.pk, False)
    assert entry.actor.startswith(getattr(world, who).email)
    assert "called" not in signed_in(world.ada).get("/profile/activity/").content.decode()


def test_a_note_that_is_too_long_is_asked_for_again(world: World) -> None:
    page = f"/accounts/user/{world.ada.pk}"
    told = signed_in(world.acme_support).post(f"{page}/note/", {"internal_notes": "x" * 4001})
    assert (told.status_code, "x" * 4001 in told.content.decode()) == (200, True)
    with inside(world.acme):
        assert User.objects.get(pk=world.ada.pk).internal_notes == ""


def test_who_only_looks_reads_the_note_and_is_offered_no_form(world: World) -> None:
    with inside(world.acme):
        User.objects.filter(pk=world.ada.pk).update(internal_notes="Pays late")
    looking = signed_in(person(world.acme, "looking", "accounts.view_user"))
    page = looking.get(f"/accounts/user/{world.ada.pk}/story/").content.decode()
    assert "Pays late" in page
    assert "/note/" not in page
    assert looking.get(f"/accounts/user/{world.ada.pk}/note/").status_code == 403


def test_what_happened_says_what_was_changed(world: World) -> None:
    with inside(world.acme):
        world.ada.company = "Engines"
        change_person(person=world.ada, fields=["company"])
    page = signed_in(world.acme_support).get(f"/accounts/user/{world.ada.pk}/story/")
    assert "Changed · Company" in page.content.decode()


# --- The audit trail in the back office ---------------------------------------------------------


def test_a_change_is_told_with_who_and_from_where(world: World) -> None:
    admin = signed_in(world.acme_admin)
    form = {
        "email": "grace@example.com",
        "first_name": "Grace",
        "last_name": "Murray Hopper",
        "company": "",
        "role": "user",
        "is_active": "on",
        "allow_customer_portal_access": "on",
        "metadata": "[]",
    }
    assert admin.post(f"/accounts/user/{world.grace.pk}/change/", form).status_code == 302
    for path in (
        f"/accounts/user/{world.grace.pk}/history/",
        "/audit/auditentry/?action=changed",
        "/audit/auditentry/?q=grace",
        f"/audit/auditentry/?customer={world.grace.pk}",
    ):
        text = signed_in(world.acme_support).get(path).content.decode()
        for told in (
            "Last name",
            "Murray Hopper",
            "admin@acme.example",
            "back office",
            "127.0.0.1",
        ):
            assert told in text, (path, told)
    nothing = admin.get("/audit/auditentry/?customer=nonsense").content.decode()
    assert "Murray Hopper" not in nothing


def test_the_trail_is_exported_whole(world: World) -> None:
    admin = signed_in(world.acme_admin)
    text = b"".join(admin.get("/audit/auditentry/export.csv").streaming_content).decode()  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    with inside(world.acme):
        # That it was exported, too, which is written down before it is read.
        assert AuditEntry.objects.filter(action="exported").count() == 1
        entries = {str(entry.sequence): entry for entry in AuditEntry.objects.all()}
    assert {row["sequence"] for row in rows} == set(entries)
    assert all(entries[row["sequence"]].digest == row["digest"] for row in rows)
    assert "globex" not in text
    assert signed_in(world.acme_support).get("/audit/auditentry/export.csv").status_code == 403


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("/audit/auditentry/", 4),
        ("/mail/outgoingemail/", 4),
        ("/licenses/license/", 9),
        ("/licenses/activation/", 4),
        ("/accounts/user/", 6),  # with the roles that the filter offers
    ],
)
def test_lists_take_the_same_queries_however_long(
    world: World, path: str, queries: int, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ListAdmin, "list_per_page", 100)  # of several pages the rows are counted
    with inside(world.acme):
        live(world, rows)
    support = signed_in(world.acme_support)
    support.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert support.get(path).status_code == 200
    assert len(captured) == queries


@pytest.mark.parametrize("rows", [1, 3])
def test_a_history_takes_the_same_queries(
    world: World, rows: int, django_assert_num_queries: Any
) -> None:
    for number in range(rows):
        trail.record("changed", world.ada, changes={"company": ["", str(number)]})
    support = signed_in(world.acme_support)
    path = f"/accounts/user/{world.ada.pk}/history/"
    support.get(path)
    with django_assert_num_queries(4):
        assert support.get(path).status_code == 200


def test_nothing_of_a_trail_can_be_changed(world: World) -> None:
    admin = signed_in(world.acme_admin)
    entry = trail.record("changed", world.ada)
    for path in (
        f"/audit/auditentry/{entry.pk}/change/",
        f"/audit/auditentry/{entry.pk}/delete/",
        "/audit/auditentry/add/",
    ):
        assert admin.post(path, {"action": "x", "post": "yes"}).status_code == 403


def test_every_event_of_a_licence_has_a_name(world: World) -> None:
    assert {event.value for event in Event} <= set(ACTIONS)


def test_a_customer_reads_no_more_of_a_licence_than_is_visible(world: World) -> None:
    admin = signed_in(world.acme_admin)
    path = f"/licenses/license/{world.ada_license.pk}/change/"
    from tests.backoffice.test_base import license_form

    rows = {
        "metadata-TOTAL_FORMS": "2",
        "metadata-0-key": "Margin",
        "metadata-0-value": "30 %",
        "metadata-1-key": "Order",
        "metadata-1-value": "PO-7",
        "metadata-1-visible": "on",
    }
    assert admin.post(path, license_form(world, **rows)).status_code == 302
    page = signed_in(world.ada).get(f"/licenses/{world.ada_license.pk}/").content.decode()
    assert "PO-7" in page
    assert "Margin" not in page
    assert "30 %" not in page
    trail = admin.get("/audit/auditentry/").content.decode()
    assert "Margin" in trail


def test_support_sends_a_link_for_a_new_password(world: World) -> None:
    support = signed_in(world.acme_support)
    path = f"/accounts/user/{world.ada.pk}/do/password-link/"
    assert path in support.get(f"/accounts/user/{world.ada.pk}/story/").content.decode()
    page = support.post(path, follow=True).content.decode()
    assert "A link for a new password is on its way" in page
    [message] = mail.outbox
    assert message.to == ["ada@example.com"]
    assert "http://acme.portal.localhost:8000/password-reset/" in message.body
    with inside(world.acme):
        entry = AuditEntry.objects.get(action="password-link-sent")
    assert (entry.customer_id, entry.actor) == (world.ada.pk, "support@acme.example (Support)")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"password": "!none"}, "has no password yet"),
        ({"is_active": False}, "is switched off"),
    ],
)
def test_no_link_for_who_could_not_use_it(
    world: World, fields: dict[str, Any], sentence: str
) -> None:
    with inside(world.acme):
        User.objects.filter(pk=world.ada.pk).update(**fields)
    support = signed_in(world.acme_support)
    story = f"/accounts/user/{world.ada.pk}/story/"
    assert "/do/password-link/" not in support.get(story).content.decode()
    page = support.post(f"/accounts/user/{world.ada.pk}/do/password-link/", follow=True)
    assert sentence in page.content.decode()
    assert mail.outbox == []


def test_no_link_without_the_right_or_at_another_vendor(world: World) -> None:
    path = f"/accounts/user/{world.ada.pk}/do/password-link/"
    assert signed_in(world.globex_admin).post(path).status_code == 404
    assert signed_in(world.operator).post(path).status_code == 403
    assert mail.outbox == []


def test_on_a_phone_each_thing_of_a_story_says_what_it_is(world: World) -> None:
    """The column's title stands before it, as the page has it and the style shows it."""
    page = signed_in(world.acme_support).get(f"/accounts/user/{world.ada.pk}/story/")
    assert '<td data-label="Seats">' in page.content.decode()
    style = (Path(__file__).parents[2] / "static/css/backoffice/story.css").read_text()
    phone = style.partition("@media (max-width: 760px) {\n  .story .panel")[2]
    assert "td[data-label] { display: grid" in phone
    base = (Path(__file__).parents[2] / "static/css/base.css").read_text()
    assert "td[data-label]::before { content: attr(data-label)" in base
