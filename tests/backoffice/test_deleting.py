"""Deletion of many rows: what hangs on each is told, a job deletes them, and the page of the change
tells which are gone and which are left and why."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib import admin as django_admin
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Tag, User
from accounts.verbs.tags import create_tag
from audit.models import AuditEntry
from backoffice.bulk import deleting
from backoffice.bulk import verbs as bulk
from backoffice.bulk.kinds import KINDS
from backoffice.models import BulkChange
from licenses.models import License, LicensePolicy, Product, TrialActivation
from portal.office.site import BackofficeSite
from tenancy import transactions
from tenancy.door import inside
from tests.accounts.test_roles import person
from tests.backoffice.test_bulk import begun, seen_in, work
from tests.world import NOW, World, signed_in

pytestmark = pytest.mark.by_database
POLICIES, TAGS = "/licenses/licensepolicy/", "/accounts/tag/"
ALL = {"action": "delete_selected", "select_across": "1", "index": "0"}


@pytest.fixture
def policies(world: World, settings: Any) -> World:
    """Acme's policies: one that a licence is on, one that a product has, three that nothing has."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    with inside(world.acme):
        names = ("Used", "Default", "Free 1", "Free 2", "Free 3")
        used, default, *_free = [
            LicensePolicy.objects.create(vendor=world.acme, name=name) for name in names
        ]
        License.objects.filter(pk=world.ada_license.pk).update(policy=used)
        Product.objects.filter(pk=world.orbit.pk).update(default_policy=default)
    return world


def the_change(world: World) -> BulkChange:
    with inside(world.acme):
        return BulkChange.objects.get()


def names_in(world: World) -> set[str]:
    with inside(world.acme):
        return set(LicensePolicy.objects.values_list("name", flat=True))


def test_what_nothing_needs_is_deleted_and_the_rest_is_told(policies: World) -> None:
    office = signed_in(policies.acme_admin)
    before = names_in(policies)
    asked = office.post(POLICIES, ALL).content.decode()
    assert "stays, because of 1 licence" in asked
    assert "stays, because of 1 product" in asked
    assert "nothing hangs on it" in asked
    assert names_in(policies) == before
    page = begun(office, POLICIES, ALL)
    assert names_in(policies) == before  # a job does it
    with inside(policies.acme):
        LicensePolicy.objects.filter(name="Free 2").update(name="Kept after all")
        LicensePolicy.objects.filter(name="Free 3").delete()
        LicensePolicy.objects.create(vendor=policies.acme, name="Later")
    done = work(policies, the_change(policies))
    assert (done.state, done.refused, done.left) == ("done", 2, 2)
    assert names_in(policies) == {"Used", "Default", "Kept after all", "Later"}
    with inside(policies.acme):
        entries = AuditEntry.objects.filter(subject_type="licenses.licensepolicy", action="deleted")
        assert entries.count() == done.changed == done.rows - 4
        assert {each.actor for each in entries} == {"admin@acme.example (Admin)"}
    shown = office.get(page).content.decode()
    assert f"{done.changed} deleted" in shown
    left, _mark, deleted = shown.partition("<h2>Deleted</h2>")
    assert "Free 1" in deleted
    assert "Free 1" not in left
    assert "Free 3" in left
    assert "It is not there any more." in left
    assert "Somebody has given it another name since it was chosen." in left
    assert ">Used</a>" in left
    assert ">Default</a>" in left
    answer = office.get(f"{page.removesuffix('change/')}result.csv").getvalue().decode("utf-8-sig")
    told = {name: result for name, result, _why in csv.reader(io.StringIO(answer))}
    assert told["Free 1"] == "deleted"
    assert (told["Used"], told["Default"]) == ("refused", "refused")


def test_it_is_safe_to_run_twice(policies: World) -> None:
    office = signed_in(policies.acme_admin)
    begun(office, POLICIES, ALL)
    done = work(policies, the_change(policies))
    again = work(policies, done)
    assert (again.changed, again.refused, again.left) == (done.changed, done.refused, done.left)
    with inside(policies.acme):
        assert AuditEntry.objects.filter(action="deleted").count() == done.changed


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_delete_each_once(
    policies: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "STEP", 1)
    monkeypatch.setattr(transactions, "LONGEST", -1.0)
    begun(signed_in(policies.acme_admin), POLICIES, ALL)
    change = the_change(policies)

    def run(_n: int) -> None:
        try:
            work(policies, change)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as workers:
        list(workers.map(run, range(2)))
    change = work(policies, change)
    assert (change.state, change.left) == ("done", 0)
    with inside(policies.acme):
        assert AuditEntry.objects.filter(action="deleted").count() == change.changed


def test_a_list_that_is_another_by_now_is_looked_at_again(policies: World) -> None:
    office = signed_in(policies.acme_admin)
    seen = seen_in(office.post(POLICIES, ALL))
    with inside(policies.acme):
        LicensePolicy.objects.create(vendor=policies.acme, name="Later")
    page = office.post(POLICIES, {**ALL, "seen": seen, "confirm": "yes"}).content.decode()
    assert "The list has other rows by now. Look again." in page
    assert "Later" in page
    with inside(policies.acme):
        assert not BulkChange.objects.exists()


def test_who_may_not_delete_is_neither_offered_it_nor_obeyed(policies: World) -> None:
    support = signed_in(policies.acme_support)
    assert "delete_selected" not in support.get(POLICIES).content.decode()
    before = names_in(policies)
    support.post(POLICIES, {**ALL, "confirm": "yes"})
    looker = person(policies.acme, "deletes", "licenses.view_licensepolicy",
                    "licenses.delete_licensepolicy")  # fmt: skip
    begun(signed_in(looker), POLICIES, ALL)
    with inside(policies.acme):
        User.objects.filter(pk=looker.pk).update(role="support")
    stopped = work(policies, the_change(policies))
    assert stopped.state == "stopped"
    assert "may not do this any more" in stopped.why
    assert names_in(policies) == before


def test_rows_of_the_other_vendor_are_not_reached(policies: World) -> None:
    with inside(policies.globex):
        theirs = LicensePolicy.objects.create(vendor=policies.globex, name="Theirs")
    office = signed_in(policies.acme_admin)
    sent = {"action": "delete_selected", "_selected_action": str(theirs.pk), "index": "0"}
    asked = office.post(POLICIES, sent, follow=True).content.decode()
    assert "Theirs" not in asked
    office.post(POLICIES, {**sent, "seen": "x", "confirm": "yes"})
    with inside(policies.acme):
        assert not BulkChange.objects.exists()
    with inside(policies.globex):
        assert LicensePolicy.objects.filter(pk=theirs.pk).exists()


def test_what_goes_with_a_row_is_told_by_a_statement_for_each_kind(world: World) -> None:
    with inside(world.acme):
        tags = [create_tag(Tag(vendor=world.acme, name=f"Tag {n}")) for n in range(3)]
        for each in (world.ada, world.grace):
            each.tags.add(tags[0], through_defaults={"vendor": world.acme})
        world.ada_license.tags.add(tags[0], through_defaults={"vendor": world.acme})
        with CaptureQueriesContext(connection) as asked:
            told = deleting.hanging(django_admin.site, tags)
        assert told[0] == "is taken from 2 people, 1 licence"
        assert told[1:] == ["nothing hangs on it"] * 2
        with CaptureQueriesContext(connection) as once:
            deleting.hanging(django_admin.site, tags[:1])
    assert len(asked) == len(once) == 2


def test_beyond_a_limit_nobody_counts_what_hangs_on_a_row(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("backoffice.bulk.deleting.MOST_COUNTED", "backoffice.pages.MOST_COUNTED"):
        monkeypatch.setattr(module, 1)
    with inside(world.acme):
        policy = LicensePolicy.objects.create(vendor=world.acme, name="Many")
        other = LicensePolicy.objects.create(vendor=world.acme, name="None")
        License.objects.filter(pk__in=[world.ada_license.pk, world.grace_license.pk]).update(
            policy=policy
        )
        told = deleting.hanging(django_admin.site, [policy, other])
    assert told == ["stays, because of more than 1 licences", "nothing hangs on it"]


def test_trials_of_any_number_are_forgotten(world: World, settings: Any) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    with inside(world.acme):
        for n in range(60):
            TrialActivation.objects.create(
                vendor=world.acme, product=world.orbit, fingerprint=f"lab-{n}", os="linux",
                hostname=f"lab-{n}", expires_at=NOW,
            )  # fmt: skip
    begun(signed_in(world.acme_admin), "/licenses/trialactivation/", ALL)
    done = work(world, the_change(world))
    assert (done.state, done.changed) == ("done", 60)
    with inside(world.acme):
        assert not TrialActivation.objects.exists()


def test_whatever_can_be_deleted_by_choice_is_deleted_by_a_job() -> None:
    site = django_admin.site
    assert isinstance(site, BackofficeSite)
    listed = {
        model: each
        for model, each in site._registry.items()
        if each.actions is not None and model in getattr(each, "writes", {})
    }
    by_choice = {
        model._meta.label_lower
        for model, each in listed.items()
        if model._meta.label_lower in KINDS and each.takes_any_number  # type: ignore[attr-defined]
    }
    assert by_choice == {
        "accounts.tag",
        "licenses.licensepolicy",
        "licenses.maintenancepolicy",
        "licenses.featureflag",
        "licenses.productversion",
        "licenses.trialpolicy",
        "licenses.trialactivation",
    }
    assert dict(site.actions)["delete_selected"] is deleting.delete_selected
