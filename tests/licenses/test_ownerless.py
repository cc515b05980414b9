"""A licence that is nobody's yet: it works, shows, and begins anew with its first owner."""

from typing import Any

import pytest
from django.core import mail
from django.db import transaction

from accounts.models import User
from licenses.errors import LicenseHasNoOwner
from licenses.history import history_of
from licenses.models import License, LicenseUser
from licenses.token import token_claims
from licenses.verbs.activations import activate, deactivate, sync
from licenses.verbs.details import share
from licenses.verbs.licenses import change_license, create_license, renew, suspend
from licenses.verbs.locking import lock
from licenses.verbs.mailing import send_license
from licenses.verbs.reminders import expiring, send_reminders
from tenancy.door import inside
from tests.conftest import NOW
from tests.world import CONTENT, Browser, World, download_path, machine, signed_in

DAY = 86400


def nobodys(world: World, **terms: Any) -> License:
    """A licence of Orbit without an owner, which ends in five days."""
    asked = {"subscription_interval": "P5D", "allowed_activations": 2, **terms}
    return create_license(product=world.orbit, user=None, key="NOBODY-ACME-ORBIT-0001", **asked)


def give(license: License, user: User | None) -> License:
    license.user = user
    return change_license(license, fields=["user"])


def test_it_takes_and_gives_back_seats(acme: World) -> None:
    license = nobodys(acme)
    activation = activate(license, machine("first"))
    claims = token_claims(activation, license, now=NOW)
    assert [claims[name] for name in ("name", "email", "company", "umd")] == ["", "", "", []]
    assert claims["key"] == license.key
    assert sync(activation.pk).license.pk == license.pk
    deactivate(activation)
    with transaction.atomic():
        assert lock(license.pk).total_deactivations == 1
    assert renew(license).user is None
    assert suspend(license).suspended


def test_nobody_is_written_to(acme: World) -> None:
    license = nobodys(acme)
    with pytest.raises(LicenseHasNoOwner):
        send_license(license)
    assert license not in expiring(NOW)
    assert send_reminders() == 0
    assert mail.outbox == []


def test_its_key_opens_downloads(world: World) -> None:
    with inside(world.acme):
        license = nobodys(world)
    path = f"{download_path(world.orbit_release)}?key={license.key}"
    assert Browser().get(path).getvalue() == CONTENT
    assert Browser("globex").get(path).status_code == 404


def test_the_first_owner_does_not_see_what_was_before(world: World) -> None:
    with inside(world.acme):
        license = nobodys(world)
        activate(license, machine("before"))
        give(license, world.ada)
        activate(license, machine("after"))
        told = {each.details.get("hostname") for each in history_of(license)}
        assert told == {None, "after"}
        give(license, None)
        assert {each.details.get("hostname") for each in history_of(license)} == {None, "before"}
    page = signed_in(world.ada).get(f"/licenses/{license.pk}/")
    assert page.status_code == 404


def test_an_additional_user_sees_it(world: World) -> None:
    with inside(world.acme):
        license = nobodys(world)
        share(LicenseUser(vendor=world.acme, license=license, user=world.grace))
    browser = signed_in(world.grace)
    assert license.key in browser.get("/licenses/").content.decode()
    assert browser.get(f"/licenses/{license.pk}/").status_code == 200
    assert browser.get("/releases/").status_code == 200


@pytest.mark.parametrize("who", ["acme_admin", "acme_support"])
def test_the_back_office_shows_it(world: World, who: str) -> None:
    with inside(world.acme):
        license = nobodys(world)
    browser = signed_in(getattr(world, who))
    page = browser.get(f"/licenses/license/{license.pk}/change/").content.decode()
    assert license.key in page
    assert "All about" not in page
    assert "Send it by e-mail" not in page
    found = browser.get("/find/", {"q": "NOBODY"}, follow=True)
    assert license.key in found.content.decode()
    listed = browser.get("/licenses/license/").content.decode()
    assert license.key in listed
    assert "None" not in listed


def test_it_is_given_to_somebody_in_the_back_office(world: World) -> None:
    with inside(world.acme):
        license = nobodys(world)
    admin = signed_in(world.acme_admin)
    sent = admin.post(f"/licenses/license/{license.pk}/do/send/", follow=True).content.decode()
    assert "This licence has no customer" in sent
    chosen = {"action": "suspend", "_selected_action": [str(license.pk)]}
    assert "None" not in admin.post("/licenses/license/", chosen).content.decode()
    exported = admin.get("/licenses/license/export.csv").getvalue().decode().splitlines()
    [line] = [line for line in exported if license.key in line]
    assert line.startswith('"Orbit","","","","","","NOBODY')
