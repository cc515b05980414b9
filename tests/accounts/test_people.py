"""The verbs about a vendor's people."""

from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.verbs.invitations import NoInvitationNeeded, invite, invite_waiting
from accounts.verbs.people import (
    LastAdministrator,
    PersonIsKept,
    change_person,
    create_person,
    delete_person,
    switch_off,
    switch_on,
)
from audit.models import AuditEntry
from licenses.models import LicenseUser
from licenses.verbs.details import share
from licenses.verbs.licenses import create_license
from tests.sql import every_statement_names_its_vendor
from tests.world import NOW, World


def actions(person: User) -> list[str]:
    told = AuditEntry.objects.filter(subject_id=person.pk).order_by("sequence")
    return [entry.action for entry in told]


def test_a_new_person_is_invited(acme: World) -> None:
    eve = create_person(person=User(vendor=acme.acme, email="Eve@Example.com"))
    assert User.objects.get(pk=eve.pk).email == "eve@example.com"
    assert actions(eve) == ["created", "invited"]
    assert [message.to for message in mail.outbox] == [["eve@example.com"]]


def test_a_new_person_need_not_be_invited(acme: World) -> None:
    eve = create_person(person=User(vendor=acme.acme, email="eve@example.com"), invited=False)
    assert (actions(eve), mail.outbox) == (["created"], [])


@pytest.mark.parametrize("fields", [{"email": "ada@example.com"}, {"email": "no address"}])
def test_a_refused_person_is_not_there(acme: World, fields: dict[str, str]) -> None:
    before = User.objects.count()
    with pytest.raises(ValidationError):
        create_person(person=User(vendor=acme.acme, **fields))
    assert (User.objects.count(), mail.outbox) == (before, [])


@pytest.mark.parametrize("n", [1, 3])
def test_whoever_is_kept_is_found_out_the_same_by_one_and_three(acme: World, n: int) -> None:
    """Of what keeps a person one row is read, not all that there are."""
    for _ in range(n - 1):
        create_license(product=acme.orbit, user=acme.ada)
    with CaptureQueriesContext(connection) as captured, pytest.raises(PersonIsKept):
        delete_person(person=acme.ada)
    assert not any("DELETE" in each["sql"] for each in captured)
    assert len(captured) == 7


def test_nobody_becomes_an_operator(acme: World) -> None:
    acme.ada.role = "operator"
    with pytest.raises(ValidationError):
        change_person(person=acme.ada, fields=["role"])
    assert User.objects.get(pk=acme.ada.pk).role == "user"


def test_only_the_named_fields_are_saved(acme: World) -> None:
    acme.ada.company, acme.ada.first_name = "Engines", "Augusta"
    change_person(person=acme.ada, fields=["company"])
    saved = User.objects.get(pk=acme.ada.pk)
    assert (saved.company, saved.first_name) == ("Engines", "Ada")


def test_only_the_named_fields_are_recorded(acme: World) -> None:
    acme.ada.company, acme.ada.first_name = "Engines", "Augusta"
    change_person(person=acme.ada, fields=["company"])
    entry = AuditEntry.objects.get(subject_id=acme.ada.pk, action="changed")
    assert entry.changes == {"company": ["", "Engines"]}


def test_a_person_with_licences_is_kept(acme: World) -> None:
    with pytest.raises(PersonIsKept):
        delete_person(person=acme.ada)
    assert User.objects.filter(pk=acme.ada.pk).exists()
    assert "deleted" not in actions(acme.ada)


def test_a_person_without_licences_goes(acme: World) -> None:
    eve = create_person(person=User(vendor=acme.acme, email="eve@example.com"), invited=False)
    row_id = eve.pk
    share(LicenseUser(vendor=acme.acme, license=acme.ada_license, user=eve))
    with connection.execute_wrapper(every_statement_names_its_vendor):
        delete_person(person=eve)
    assert not LicenseUser.objects.exists()
    assert not User.objects.filter(pk=row_id).exists()
    assert AuditEntry.objects.filter(subject_id=row_id, action="deleted").exists()


def test_who_has_a_password_needs_no_invitation(acme: World) -> None:
    with pytest.raises(NoInvitationNeeded):
        invite(acme.ada)
    eve = create_person(person=User(vendor=acme.acme, email="eve@example.com"), invited=False)
    assert invite_waiting([acme.ada, eve]) == 1
    assert [message.to for message in mail.outbox] == [["eve@example.com"]]


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": "support"}, {"role": "user"}])
def test_somebody_always_administers_the_vendor(acme: World, change: dict[str, Any]) -> None:
    """An invitation that nobody has followed is no administrator yet."""
    create_person(person=User(vendor=acme.acme, email="eve@example.com", role="admin"))
    off = create_person(
        person=User(vendor=acme.acme, email="off@example.com", role="admin", is_active=False),
        invited=False,
        password="four words of mine",
    )
    for name, value in change.items():
        setattr(acme.acme_admin, name, value)
    with pytest.raises(LastAdministrator):
        change_person(person=acme.acme_admin, fields=[*change])
    now = User.objects.get(pk=acme.acme_admin.pk)
    assert (now.role, now.is_active, actions(now)) == ("admin", True, [])
    switch_on(off)
    change_person(person=acme.acme_admin, fields=[*change])
    assert actions(now) == ["changed"]


def test_who_comes_by_single_sign_on_administers_the_vendor_too(acme: World) -> None:
    eve = create_person(person=User(vendor=acme.acme, email="eve@example.com", role="admin"))
    User.objects.filter(pk=eve.pk).update(last_seen_at=NOW)
    switch_off(acme.acme_admin)
    with pytest.raises(LastAdministrator):
        switch_off(User.objects.get(pk=eve.pk))


def test_anybody_else_is_switched_off_and_on(acme: World) -> None:
    switch_off(acme.acme_support)
    assert not User.objects.get(pk=acme.acme_support.pk).is_active
    switch_on(acme.acme_support)
    assert User.objects.get(pk=acme.acme_support.pk).is_active
