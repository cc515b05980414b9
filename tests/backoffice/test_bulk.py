"""One change to all licences that a list has, as a job: each once, as they were when it was
confirmed."""

import csv
import io
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.admin import people
from accounts.models import User
from audit.models import AuditEntry
from backoffice.bulk import verbs as bulk
from backoffice.lists import ListAdmin
from backoffice.models import BulkChange
from licenses.models import Activation, License, SeatRequest
from licenses.verbs import licenses, many
from licenses.verbs.activations import activate
from licenses.verbs.licenses import create_license
from mail.models import OutgoingEmail
from tenancy import transactions
from tenancy.door import inside
from tests.accounts.test_roles import person
from tests.world import Browser, World, machine, signed_in, user

pytestmark = pytest.mark.by_database
NUMBER = 25


@pytest.fixture
def crowd(world: World, monkeypatch: pytest.MonkeyPatch, settings: Any) -> World:
    """So many licences of Acme's that end on 1 December, which are more than a preview tells of."""
    monkeypatch.setattr(many, "MOST", 5)
    monkeypatch.setattr(bulk, "STEP", 10)
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    with inside(world.acme):
        for n in range(NUMBER):
            made = create_license(
                product=world.orbit, user=world.grace, key=f"CROWD-LICENCE-{n:06d}"
            )
            licenses.set_last_day(made, day=date(2026, 12, 1))
    return world


QUERY = "?q=CROWD"


def choose(browser: Browser, action: str) -> Any:
    """All that the search finds, by the link below the list."""
    page = browser.get(f"/licenses/license/{QUERY}").content.decode()
    boxes = re.findall(r'name="_selected_action" value="([^"]+)"', page)
    form = {"action": action, "_selected_action": boxes, "select_across": "1"}
    return browser.post(f"/licenses/license/{QUERY}", form)


def sealed(response: Any) -> str:
    found = re.search(r'name="all" value="([^"]+)"', response.content.decode())
    assert found
    return found[1]


def seen_in(response: Any) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', response.content.decode())
    assert found
    return found[1]


def confirm(browser: Browser, action: str, seal: str, **typed: str) -> Any:
    form = {"all": seal, "confirm": "yes", **typed}
    return browser.post(f"/licenses/license/many/{action}/", form)


def confirmed(world: World, action: str = "suspend", **typed: str) -> BulkChange:
    admin = signed_in(world.acme_admin)
    answer = confirm(admin, action, sealed(choose(admin, action)), **typed)
    assert answer.status_code == 302, answer.content.decode()
    with inside(world.acme):
        return BulkChange.objects.get(pk=answer["Location"].split("/")[3])


def work(world: World, change: BulkChange) -> BulkChange:
    bulk.carry_out.call(vendor_id=str(world.acme.pk), change_id=str(change.pk))
    with inside(world.acme):
        return BulkChange.objects.get(pk=change.pk)


def crowd_of(world: World) -> Any:
    return License.objects.filter(key__startswith="CROWD-LICENCE").order_by("key")


def test_all_that_a_search_finds_are_changed_once(crowd: World) -> None:
    admin = signed_in(crowd.acme_admin)
    asked = choose(admin, "extend")
    assert f"{NUMBER} licences are chosen." in asked.content.decode()
    looked = admin.post(
        "/licenses/license/many/extend/", {"all": sealed(asked), "length": "1 Jahr"}
    ).content.decode()
    assert f"{NUMBER} licences are found" in looked
    assert "<ins>1 December 2027</ins>" in looked
    with inside(crowd.acme):
        assert not crowd_of(crowd).filter(expires_on=date(2027, 12, 1)).exists()
    seal = sealed(asked)
    first = confirm(admin, "extend", seal, length="1 Jahr")
    second = confirm(admin, "extend", seal, length="1 Jahr")
    assert first["Location"] == second["Location"]
    with inside(crowd.acme):
        later = create_license(product=crowd.orbit, user=crowd.grace, key="CROWD-LICENCE-LATER1")
        licenses.set_last_day(later, day=date(2026, 12, 1))
        [change] = BulkChange.objects.all()
    waiting = admin.get(first["Location"])
    assert waiting["Refresh"] == "2"
    assert f"0 of {NUMBER} licences" in waiting.content.decode()
    assert DBTaskResult.objects.count() == 1
    change = work(crowd, change)
    assert (change.state, change.changed, change.refused, change.left) == ("done", NUMBER, 0, 0)
    work(crowd, change)  # again, as by a worker that has not heard of it
    with inside(crowd.acme):
        days = list(crowd_of(crowd).values_list("expires_on", flat=True))
        assert days == [date(2027, 12, 1)] * NUMBER + [date(2026, 12, 1)]
        entries = AuditEntry.objects.filter(action="extended")
        assert entries.count() == NUMBER
        assert {each.actor for each in entries} == {"admin@acme.example (Admin)"}
        assert AuditEntry.objects.get(action="change-confirmed").details == {"rows": NUMBER}
    done = admin.get(first["Location"])
    assert "Refresh" not in done
    assert f"{NUMBER} changed" in done.content.decode()


def test_all_are_chosen_without_scripts(crowd: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ListAdmin, "list_per_page", 10)
    admin = signed_in(crowd.acme_admin)
    page = admin.get(f"/licenses/license/{QUERY}").content.decode()
    button = re.search(r"<noscript>(.+?)</noscript>", page, re.DOTALL)
    assert button
    assert f"Choose all {NUMBER} licences that are found" in button[1]
    # As the browser sends it: the hidden field, then the button.
    form = {"action": "suspend", "select_across": ["0", "1"]}
    assert 'name="select_across" value="1"' in button[1]
    asked = admin.post(f"/licenses/license/{QUERY}", form)
    assert f"{NUMBER} licences are found" in asked.content.decode()
    some = admin.post(f"/licenses/license/{QUERY}", form | {"action": ""}, follow=True)
    assert "No action selected" in some.content.decode()
    # Of a narrowed list no box is all of it; of all there are, none is none.
    form |= {"select_across": "0", "index": "0"}
    none = admin.post(f"/licenses/license/{QUERY}", form)
    assert f"{NUMBER} licences are found" in none.content.decode()
    none = admin.post("/licenses/license/", form, follow=True)
    assert "must be selected" in none.content.decode()


def test_what_was_changed_since_and_what_is_refused_is_told(crowd: World) -> None:
    change = confirmed(crowd, "extend", day="2026-12-24")
    with inside(crowd.acme):
        first, second, *_others = crowd_of(crowd)
        licenses.suspend(first)
        licenses.set_last_day(second, day=date(2027, 6, 1))
    change = work(crowd, change)
    assert (change.changed, change.refused, change.left) == (NUMBER - 2, 0, 2)
    admin = signed_in(crowd.acme_admin)
    page = admin.get(f"/backoffice/bulkchange/{change.pk}/change/").content.decode()
    assert first.key in page
    assert "has changed this licence since the preview" in page
    answer = admin.get(f"/backoffice/bulkchange/{change.pk}/result.csv")
    lines = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert lines[0] == ["licences", "result", "reason"]
    told = {key: (result, why) for key, result, why in lines[1:]}
    assert len(told) == NUMBER
    assert told[first.key][0] == "left alone"
    assert told["CROWD-LICENCE-000024"] == ("changed", "")
    with inside(crowd.acme):
        second.refresh_from_db()
        assert second.expires_on == date(2027, 6, 1)


def test_one_that_is_refused_does_not_undo_another(crowd: World) -> None:
    with inside(crowd.acme):
        create_license(product=crowd.orbit, user=crowd.grace, key="CROWD-LICENCE-FOREVER")
    change = work(crowd, confirmed(crowd, "extend", length="90 days"))
    assert (change.state, change.changed, change.refused) == ("done", NUMBER, 1)
    page = signed_in(crowd.acme_admin).get(f"/backoffice/bulkchange/{change.pk}/change/")
    assert "no expiry date that could be moved" in page.content.decode()
    with inside(crowd.acme):
        days = list(crowd_of(crowd).values_list("expires_on", flat=True))
        assert days == [date(2027, 3, 1)] * NUMBER + [None]
        assert AuditEntry.objects.filter(action="extended").count() == NUMBER


def test_a_row_more_costs_one_statement(crowd: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows of a step are locked together, and go without savepoints."""
    monkeypatch.setattr(bulk, "STEP", NUMBER)
    counts = []
    for number, action in ((NUMBER, "suspend"), (NUMBER - 10, "unsuspend")):
        change = confirmed(crowd, action)
        with inside(crowd.acme):
            [step] = change.steps.all()
            change.steps.update(rows=step.rows[:number])
        with CaptureQueriesContext(connection) as asked:
            assert work(crowd, change).changed == number
        counts.append(len(asked))
    assert counts[0] - counts[1] == 10


@pytest.mark.parametrize("what", ["left", "came", "left and came"])
def test_a_list_of_other_licences_is_looked_at_again(crowd: World, what: str) -> None:
    """As many as before, too: one has left and another has come meanwhile."""
    admin = signed_in(crowd.acme_admin)
    seal = sealed(choose(admin, "suspend"))
    with inside(crowd.acme):
        if "left" in what:
            crowd_of(crowd).filter(key="CROWD-LICENCE-000003").delete()
        if "came" in what:
            create_license(product=crowd.orbit, user=crowd.grace, key="CROWD-LICENCE-LATER1")
        now = crowd_of(crowd).count()
    again = confirm(admin, "suspend", seal)
    page = again.content.decode()
    assert "The list has other rows by now. Look again." in page
    assert f"all {now} licences" in page
    with inside(crowd.acme):
        assert not BulkChange.objects.exists()
    assert confirm(admin, "suspend", sealed(again)).status_code == 302
    with inside(crowd.acme):
        assert BulkChange.objects.get().rows == now


def test_what_is_confirmed_twice_is_confirmed_whatever_the_list_has_by_then(crowd: World) -> None:
    admin = signed_in(crowd.acme_admin)
    seal = sealed(choose(admin, "suspend"))
    first = confirm(admin, "suspend", seal)
    with inside(crowd.acme):
        create_license(product=crowd.orbit, user=crowd.grace, key="CROWD-LICENCE-LATER1")
    second = confirm(admin, "suspend", seal)
    assert second["Location"] == first["Location"]
    assert "was confirmed already" in admin.get(second["Location"]).content.decode()
    with inside(crowd.acme):
        assert BulkChange.objects.get().rows == NUMBER


def test_of_chosen_licences_one_that_is_gone_is_told_before_the_others_change(
    crowd: World,
) -> None:
    admin = signed_in(crowd.acme_admin)
    with inside(crowd.acme):
        chosen = list(crowd_of(crowd)[:3])
    form = {"action": "suspend", "_selected_action": [str(each.pk) for each in chosen]}
    path, sent = "/licenses/license/many/suspend/", {"confirm": "yes"}
    asked = admin.post("/licenses/license/", form)
    with inside(crowd.acme):
        chosen[0].delete()
    again = admin.post(path, sent | {"seen": seen_in(asked)})
    assert "The list has other rows by now. Look again." in again.content.decode()
    with inside(crowd.acme):
        assert not crowd_of(crowd).filter(suspended=True).exists()
    done = admin.post(path, sent | {"seen": seen_in(again)}, follow=True)
    assert "2 licences are changed." in done.content.decode()


@pytest.mark.parametrize("how", ["another role", "inactive"])
def test_who_may_no_longer_do_it_has_nothing_changed(crowd: World, how: str) -> None:
    change = confirmed(crowd)
    with inside(crowd.acme):
        changes = {"role": "support"} if how == "another role" else {"is_active": False}
        User.objects.filter(pk=crowd.acme_admin.pk).update(**changes)
    change = work(crowd, change)
    assert (change.state, change.changed) == ("stopped", 0)
    assert "may not do this any more" in change.why
    with inside(crowd.acme):
        assert not crowd_of(crowd).filter(suspended=True).exists()


def test_it_goes_on_where_it_was_stopped_by_time_and_ends_where_somebody_stops_it(
    crowd: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "AT_A_TIME", -1.0)
    change = confirmed(crowd)
    change = work(crowd, change)
    assert (change.changed, DBTaskResult.objects.count()) == (0, 2)
    with inside(crowd.acme):
        BulkChange.objects.update(updated_at=timezone.now() - timedelta(hours=1))
    assert bulk.go_on() == 1
    monkeypatch.setattr(bulk, "AT_A_TIME", 10.0)
    monkeypatch.setattr(
        bulk, "_left", lambda change, until: bulk._steps(change).order_by("number")[:1]
    )
    change = work(crowd, change)
    assert (change.state, change.changed) == ("running", bulk.STEP)
    looker = signed_in(person(crowd.acme, "looker", "backoffice.view_bulkchange"))
    assert (
        "Stop it" not in looker.get(f"/backoffice/bulkchange/{change.pk}/change/").content.decode()
    )
    assert looker.post(f"/backoffice/bulkchange/{change.pk}/do/stop/").status_code == 403
    admin = signed_in(crowd.acme_admin)
    page = admin.post(f"/backoffice/bulkchange/{change.pk}/do/stop/", follow=True).content.decode()
    assert "Somebody has stopped it." in page
    assert f"{bulk.STEP} of {NUMBER}" in page
    again = admin.post(f"/backoffice/bulkchange/{change.pk}/do/stop/", follow=True)
    assert "has come to its end already" in again.content.decode()
    assert work(crowd, change).changed == bulk.STEP


def test_a_preview_of_the_other_vendor_s_is_worth_nothing(crowd: World) -> None:
    seal = sealed(choose(signed_in(crowd.acme_admin), "revoke"))
    other = signed_in(crowd.globex_admin)
    for made_up in (seal, "x", ""):
        answer = confirm(other, "revoke", made_up)
        assert answer["Location"] == "/licenses/license/"
    support = signed_in(crowd.acme_support)
    assert confirm(support, "revoke", seal).status_code == 403
    with inside(crowd.acme):
        assert not BulkChange.objects.exists()


def test_what_became_of_each_is_forgotten_after_90_days(crowd: World) -> None:
    change = work(crowd, confirmed(crowd))
    with inside(crowd.acme):
        BulkChange.objects.update(finished_at=timezone.now() - timedelta(days=91))
    bulk.clean_up()
    page = signed_in(crowd.acme_admin).get(f"/backoffice/bulkchange/{change.pk}/change/")
    assert "result.csv" not in page.content.decode()
    assert f"{NUMBER} changed" in page.content.decode()


def test_any_number_of_people_is_invited(crowd: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "MOST_AT_ONCE", 5)
    with inside(crowd.acme):
        waiting = [user(crowd.acme, f"waits{n}@crowd.example") for n in range(8)]
        User.objects.filter(email__endswith="@crowd.example").update(password="!")
        user(crowd.acme, "knows@crowd.example")
    # Without the page of the change: whoever may not see it is told.
    support = signed_in(crowd.acme_support)
    form = {"action": "send_invitation", "select_across": "1"}
    path = "/accounts/user/?kind=customers&q=crowd.example"
    told = support.post(path, form, follow=True).content.decode()
    assert "A job sends 8 invitations" in told
    page = signed_in(crowd.acme_admin).post(path, form)
    with inside(crowd.acme):
        by_support, by_admin = BulkChange.objects.order_by("created_at", "id")
        if by_support.confirmed_by != crowd.acme_support:
            by_support, by_admin = by_admin, by_support
        User.objects.filter(pk=waiting[0].pk).update(password="x")
        User.objects.filter(pk=waiting[1].pk).delete()
    assert page["Location"] == f"/backoffice/bulkchange/{by_admin.pk}/change/"
    done = work(crowd, by_admin)
    assert (done.state, done.rows, done.changed, done.refused, done.left) == ("done", 8, 6, 1, 1)
    with inside(crowd.acme):
        sent = OutgoingEmail.objects.filter(kind="invitation").values_list("recipient", flat=True)
        assert set(sent) == {f"waits{n}@crowd.example" for n in range(2, 8)}
        assert AuditEntry.objects.filter(action="invited").count() == 6
    shown = signed_in(crowd.acme_admin).get(page["Location"]).content.decode()
    assert "has set a password already" in shown
    assert "not there any more" in shown


def begun(browser: Browser, path: str, sent: dict[str, Any], **typed: str) -> str:
    """The page of a change that an action asked about before, and was confirmed."""
    asked = browser.post(path, sent)
    assert asked.status_code == 200
    confirmed = browser.post(path, {**sent, "seen": seen_in(asked), "confirm": "yes", **typed})
    assert confirmed.status_code == 302, confirmed.content.decode()
    return str(confirmed["Location"])


def test_any_number_of_machines_is_released(crowd: World) -> None:
    with inside(crowd.acme):
        license = create_license(product=crowd.orbit, user=crowd.grace, allowed_activations=0)
        machines = [activate(license, machine(f"crowd-{n}")) for n in range(8)]
        waiting = seat_request(crowd, machines[2])
    admin, path = signed_in(crowd.acme_admin), "/licenses/activation/?q=crowd"
    sent = {"action": "release_many", "select_across": "1", "index": "0"}
    without = admin.post(path, {**sent, "confirm": "yes"}).content.decode()
    assert "This field is required." in without
    page = begun(admin, path, sent, reason="The lab is closed")
    with inside(crowd.acme):
        change = BulkChange.objects.get()
        machines[0].delete()
        assert Activation.objects.filter(license=license).count() == 7  # a job does it
    done = work(crowd, change)
    assert (done.state, done.rows, done.changed, done.left) == ("done", 8, 7, 1)
    with inside(crowd.acme):
        assert not Activation.objects.filter(license=license).exists()
        assert License.objects.get(pk=license.pk).total_deactivations == 7
        freed = AuditEntry.objects.filter(license_id=license.pk, action="freed")
        assert [each.details["reason"] for each in freed] == ["The lab is closed"] * 7
        waiting.refresh_from_db()
        assert waiting.state == "released"
    assert "crowd-0" in admin.get(page).content.decode()
    result = admin.get(f"{page.removesuffix('change/')}result.csv").getvalue().decode()
    assert result.count("crowd-") == 8
    assert "licenses.release_activation" not in crowd.ada.rights
    nobody = person(crowd.acme, "looks", "licenses.view_activation")
    assert "release_many" not in signed_in(nobody).get("/licenses/activation/").content.decode()


def test_any_number_of_people_is_switched_off(crowd: World) -> None:
    with inside(crowd.acme):
        people_of = [user(crowd.acme, f"leaves{n}@crowd.example") for n in range(6)]
    admin, path = signed_in(crowd.acme_admin), "/accounts/user/?kind=customers&q=crowd.example"
    begun(admin, path, {"action": "switch_off", "select_across": "1", "index": "0"})
    own = {"action": "switch_off", "_selected_action": str(crowd.acme_admin.pk), "index": "0"}
    begun(admin, "/accounts/user/?kind=team", own)
    with inside(crowd.acme):
        many_of, alone = BulkChange.objects.order_by("-rows")
    assert work(crowd, many_of).changed == 6
    refused = work(crowd, alone)
    assert (refused.changed, refused.refused) == (0, 1)
    with inside(crowd.acme):
        active = User.objects.filter(pk__in=[each.pk for each in people_of], is_active=True)
        assert not active.exists()
        assert User.objects.get(pk=crowd.acme_admin.pk).is_active
    shown = admin.get(f"/backoffice/bulkchange/{alone.pk}/change/").content.decode()
    assert "You can&#x27;t switch yourself off together with others." in shown
    assert "switch_off" not in signed_in(crowd.acme_support).get(path).content.decode()


def test_other_rows_than_were_seen_are_asked_about_again(crowd: World) -> None:
    admin, path = signed_in(crowd.acme_admin), "/accounts/user/?kind=customers"
    sent = {"action": "switch_off", "select_across": "1", "index": "0"}
    seen = seen_in(admin.post(path, sent))
    with inside(crowd.acme):
        # As many as before, but others.
        User.objects.filter(pk=user(crowd.acme, "goes@acme.example").pk).delete()
        User.objects.filter(pk=crowd.ada.pk).update(role="support")
        user(crowd.acme, "comes@acme.example")
    page = admin.post(path, {**sent, "seen": seen, "confirm": "yes"}).content.decode()
    assert "The list has other rows by now. Look again." in page
    with inside(crowd.acme):
        assert not BulkChange.objects.exists()


def seat_request(world: World, lost: Activation) -> SeatRequest:
    return SeatRequest.objects.create(
        vendor=world.acme,
        license_id=lost.license_id,
        activation_id=lost.pk,
        user=world.grace,
        hostname=lost.hostname,
        reason="Broken",
    )


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_change_each_once(
    crowd: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "LONGEST", -1.0)
    change = confirmed(crowd, "extend", length="1 month")

    def run(_n: int) -> None:
        try:
            work(crowd, change)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as workers:
        list(workers.map(run, range(2)))
    change = work(crowd, change)
    assert (change.state, change.changed) == ("done", NUMBER)
    with inside(crowd.acme):
        assert set(crowd_of(crowd).values_list("expires_on", flat=True)) == {date(2027, 1, 1)}
        assert AuditEntry.objects.filter(action="extended").count() == NUMBER
