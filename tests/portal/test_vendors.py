"""What operators read of a vendor and do with it, by pages and by commands."""

import re
import smtplib
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.core import mail
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit.models import AuditEntry
from mail.models import OutgoingEmail
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.table import vendor_by_company_id
from tests.world import PASSWORD, Browser, World, set_vendor, signed_in, vendor_now
from web import limits


def path(world: World, page: str) -> str:
    return f"/tenancy/vendor/{world.acme.pk}/{page}/"


def run(*command: str) -> str:
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue()


def without_administrator(world: World) -> None:
    with inside(world.acme):
        User.objects.filter(pk=world.acme_admin.pk).update(is_active=False)


# --- The page -----------------------------------------------------------------------------------


def test_the_page_says_where_who_and_how_much(world: World) -> None:
    with inside(world.acme):
        OutgoingEmail.objects.create(
            vendor=world.acme, kind="license", recipient="x@example.com", state="failed"
        )
    page = signed_in(world.operator).get(path(world, "change")).content.decode()
    for told in (
        "http://acme.portal.localhost:8000/",
        "admin@acme.example",
        "Last sign-in" if world.acme_admin.last_login else "Has not signed in yet",
        "Release files stored here",
        "E-mails that failed in 30 days",
        "The vendor has no domain of its own.",
        "Suspend",
    ):
        assert told in page, told
    assert "Nobody can administer" not in page
    for private in ("ada@example.com", world.ada_license.key, "x@example.com"):
        assert private not in page


def test_its_times_are_those_of_the_page(world: World) -> None:
    """And not those of the vendor, who has another zone."""
    with inside(world.acme):
        Vendor.objects.filter(pk=world.acme.pk).update(time_zone="America/New_York")
        when = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
        User.objects.filter(pk=world.acme_admin.pk).update(last_login=when)
    page = signed_in(world.operator).get(path(world, "change")).content.decode()
    assert "Last sign-in 20 November 2026, 23:30 UTC" in page
    assert "Times are those of UTC." in page


def test_a_reserved_company_id_is_called_so(world: World) -> None:
    new = {"name": "Apps", "admin_email": "boss@apps.example"}
    for company_id in ("app", "App", "-apps", "a b"):
        page = signed_in(world.operator).post(
            "/tenancy/vendor/add/", new | {"company_id": company_id}
        )
        assert "that is not reserved." in page.content.decode(), company_id
        assert vendor_by_company_id(company_id.lower()) is None


def test_staff_of_a_suspended_vendor_read_that_it_is_closed(world: World) -> None:
    """Whoever they are and whatever they type: the portal says so to everybody, too."""
    set_vendor(world.acme, status=Vendor.Status.INACTIVE)
    form = {"company_id": "acme", "email": "admin@acme.example"}
    for password in (PASSWORD, "wrong"):
        page = Browser("app").post("/login/", form | {"password": password}).content.decode()
        assert "The portal and the back office of this company are closed." in page
    others = form | {"company_id": "globex", "password": PASSWORD}
    assert "closed" not in Browser("app").post("/login/", others).content.decode()


def test_a_vendor_whose_administrator_has_left_says_so(world: World) -> None:
    without_administrator(world)
    page = signed_in(world.operator).get(path(world, "change")).content.decode()
    assert "Nobody can administer this vendor" in page
    assert "Switched off" in page


def test_who_was_invited_and_has_not_come_yet_is_no_alarm_of_nobody(world: World) -> None:
    with inside(world.acme):
        User.objects.filter(pk=world.acme_admin.pk).update(password=make_password(None))
    page = signed_in(world.operator).get(path(world, "change")).content.decode()
    assert "Nobody has followed the invitation" in page
    assert "no administrator has an account in use" not in page


def test_the_page_costs_the_same_whoever_administers(world: World) -> None:
    operator = signed_in(world.operator)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            operator.get(path(world, "change"))
        return len(captured)

    queries()
    one = queries()
    with inside(world.acme):
        for n in range(2):
            User.objects.create_user(
                vendor=world.acme, email=f"{n}@acme.example", role="admin", password="x" * 12
            )
    assert queries() == one


@pytest.mark.parametrize("page", ["suspend", "resume", "administrator", "change"])
def test_nobody_else_gets_there(world: World, page: str) -> None:
    for who in (world.acme_admin, world.acme_support, world.globex_admin):
        assert signed_in(who).get(path(world, page)).status_code == 403
        assert signed_in(who).post(path(world, page)).status_code == 403
    assert vendor_now(world.acme).is_active
    nobody = "00000000-0000-4000-8000-000000000000"
    operator = signed_in(world.operator)
    assert operator.get(f"/tenancy/vendor/{nobody}/suspend/").status_code == 404


# --- Suspending ---------------------------------------------------------------------------------


def test_suspending_says_what_it_does_and_is_taken_back(world: World) -> None:
    operator, ada = signed_in(world.operator), signed_in(world.ada)
    asked = operator.get(path(world, "suspend")).content.decode()
    assert "Suspend Acme Instruments?" in asked
    assert "1 session ends at once." in asked
    assert vendor_now(world.acme).is_active
    done = operator.post(path(world, "suspend"), follow=True).content.decode()
    assert "Acme Instruments is suspended." in done
    assert "Open it again" in done
    assert "<dd>Suspended</dd>" in done
    vendors = operator.get("/tenancy/vendor/").content.decode()
    assert re.findall(r'data-label="Status"[^>]*>(\w+)<', vendors) == ["Suspended", "Open"]
    assert ada.get("/licenses/").status_code != 200
    assert Browser("globex").get("/login/").status_code == 200
    assert operator.get(path(world, "resume")).status_code == 404
    done = operator.post(path(world, "resume"), follow=True).content.decode()
    assert "is open again" in done
    assert Browser("acme").get("/login/").status_code == 200
    with inside(world.acme):
        told = AuditEntry.objects.filter(subject_id=world.acme.pk, action="changed")
        changes = [entry.changes["status"] for entry in told.order_by("sequence")]
    assert changes == [["active", "inactive"], ["inactive", "active"]]


def test_twice_is_once(world: World) -> None:
    operator = signed_in(world.operator)
    for _ in range(2):
        assert operator.post(path(world, "suspend")).status_code == 302
    with inside(world.acme):
        told = AuditEntry.objects.filter(subject_id=world.acme.pk, action="changed")
        assert told.count() == 1


def test_what_was_typed_meanwhile_stays(world: World) -> None:
    stale = vendor_now(world.acme)
    set_vendor(world.acme, name="Acme Tools")
    operator = signed_in(world.operator)
    assert stale.name == "Acme Instruments"
    operator.post(path(world, "suspend"))
    assert vendor_now(world.acme).name == "Acme Tools"


# --- Administrators -----------------------------------------------------------------------------


def test_a_new_administrator_is_invited(world: World) -> None:
    without_administrator(world)
    operator = signed_in(world.operator)
    done = operator.post(path(world, "administrator"), {"email": " New@Acme.example "}, follow=True)
    assert "An invitation is on its way to new@acme.example." in done.content.decode()
    [message] = mail.outbox
    assert message.to == ["new@acme.example"]
    with inside(world.acme):
        assert User.objects.get(email="new@acme.example").role == "admin"


def test_one_who_was_switched_off_is_let_in_again(world: World) -> None:
    without_administrator(world)
    operator = signed_in(world.operator)
    done = operator.post(path(world, "administrator"), {"email": "admin@acme.example"}, follow=True)
    assert "is an administrator and can sign in" in done.content.decode()
    assert mail.outbox == []
    with inside(world.acme):
        assert User.objects.get(pk=world.acme_admin.pk).is_active


@pytest.mark.parametrize(
    "email", ["ada@example.com", "support@acme.example", "nobody", "", "a@b\n"]
)
def test_who_can_not_be_named(world: World, email: str) -> None:
    operator = signed_in(world.operator)
    answer = operator.post(path(world, "administrator"), {"email": email})
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert mail.outbox == []
    with inside(world.acme):
        assert User.objects.filter(role="admin").count() == 1


# --- Commands -----------------------------------------------------------------------------------


def test_commands_do_the_same(world: World) -> None:
    made = run("create_vendor", "initech", "Initech", "Bill@initech.example")
    assert made == "http://initech.portal.localhost:8000/\n"
    assert [message.to for message in mail.outbox] == [["bill@initech.example"]]
    assert run("suspend_vendor", "initech") == "Initech is suspended.\n"
    vendor = vendor_by_company_id("initech")
    assert vendor is not None
    assert vendor.status == Vendor.Status.INACTIVE
    assert run("suspend_vendor", "initech", "--resume") == "Initech is open.\n"
    told = run("invite_admin", "initech", "bill@initech.example")
    assert told == "An invitation is on its way to bill@initech.example.\n"
    assert len(mail.outbox) == 2
    told = run("invite_admin", "acme", "admin@acme.example")
    assert told == "admin@acme.example is an administrator and has a password.\n"
    run("suspend_vendor", "acme")
    told = run("invite_admin", "acme", "admin@acme.example")
    assert told.endswith(
        "Acme Instruments is suspended: nobody enters before that is taken back.\n"
    )
    run("create_vendor", " Hooli ", "Hooli", "Gavin Belson <gavin@hooli.example>")
    assert mail.outbox[-1].to == ["gavin@hooli.example"]
    assert vendor_by_company_id("hooli") is not None
    pasted = "https://Pied-Piper.portal.localhost/licenses/"
    run("create_vendor", pasted, "Pied Piper", "richard@piper.example")
    assert vendor_by_company_id("pied-piper") is not None


def test_a_command_says_what_is_wrong_with_what(world: World) -> None:
    with pytest.raises(CommandError) as refused:
        run("create_vendor", "new", "", "a@acme.example", "--support-email", "nobody")
    assert str(refused.value) == (
        "name: This field cannot be blank. support_email: Enter a valid email address."
    )
    with pytest.raises(CommandError) as refused:
        run("create_vendor", "new", "New", "nobody")
    assert str(refused.value) == "email: Enter a valid email address."


@pytest.mark.parametrize(
    "command",
    [
        ("create_vendor", "acme", "Acme", "a@acme.example"),
        ("create_vendor", "App", "Acme", "a@acme.example"),
        ("create_vendor", "new", "New", "nobody"),
        ("suspend_vendor", "nobody"),
        ("invite_admin", "nobody", "a@acme.example"),
        ("invite_admin", "acme", "ada@example.com"),
        ("invite_admin", "acme", "nobody"),
        ("send_test_email", "nobody"),
    ],
)
def test_commands_refuse_in_a_sentence(world: World, command: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match=r"\."):
        run(*command)
    assert mail.outbox == []
    assert vendor_by_company_id("new") is None


def test_a_test_e_mail_is_sent_at_once(db: None) -> None:
    assert run("send_test_email", "ops@example.com").endswith(" to ops@example.com.\n")
    [message] = mail.outbox
    assert message.to == ["ops@example.com"]
    assert run("send_test_email", "The operator <ops@example.com>").endswith(
        " to ops@example.com.\n"
    )


@pytest.mark.parametrize(
    "fault", [smtplib.SMTPServerDisconnected("closed"), ConnectionRefusedError(111, "refused")]
)
def test_a_test_e_mail_says_why_it_failed(
    db: None, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fail(self: EmailMessage, **_options: Any) -> None:
        raise fault

    monkeypatch.setattr(EmailMessage, "send", fail)
    with pytest.raises(CommandError, match="did not take it"):
        run("send_test_email", "ops@example.com")


# --- How often ----------------------------------------------------------------------------------


def test_nobody_is_invited_again_and_again(world: World) -> None:
    operator, form = signed_in(world.operator), {"email": "new@acme.example"}
    for _n in range(limits.INVITED_PER_ADDRESS.burst):
        assert operator.post(path(world, "administrator"), form).status_code == 302
    before = len(mail.outbox)
    answer = operator.post(path(world, "administrator"), form)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    again = {"action": "invite_administrators", "_selected_action": [str(world.acme.pk)]}
    assert operator.post("/tenancy/vendor/", again).status_code == 429
    assert len(mail.outbox) == before
    # Of another vendor's, and by who has the server itself, yes.
    other = f"/tenancy/vendor/{world.globex.pk}/administrator/"
    assert operator.post(other, form).status_code == 302
    run("invite_admin", "acme", "new@acme.example")
    assert len(mail.outbox) == before + 2


def test_an_operator_invites_so_many_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "INVITED_PER_OPERATOR", limits.Limit("few", burst=2, interval=60))
    operator = signed_in(world.operator)
    for n in range(2):
        email = {"email": f"new{n}@acme.example"}
        assert operator.post(path(world, "administrator"), email).status_code == 302
    before = len(mail.outbox)
    email = {"email": "new3@acme.example"}
    assert operator.post(path(world, "administrator"), email).status_code == 429
    form = {"company_id": "initech", "name": "Initech", "admin_email": "bill@initech.example"}
    assert operator.post("/tenancy/vendor/add/", form).status_code == 429
    assert vendor_by_company_id("initech") is None
    with inside(world.acme):
        assert not User.objects.filter(email="new3@acme.example").exists()
    assert len(mail.outbox) == before
