"""What tests stand on: the world is each test's own, and signing in is what the page does."""

import pytest
from django.conf import settings
from django.db import models

from accounts.models import Session, User
from accounts.verbs.sessions import digest
from audit.models import AuditEntry, AuditParticulars
from releases.files.shelf import local_path
from tenancy.models import Vendor
from tenancy.verbs import add_vendor
from tests.roles import everywhere
from tests.world import CONTENT, Browser, Kept, World, file_of, signed_in


def test_copies_share_nothing(world: World, kept_world: Kept) -> None:
    other = kept_world.copy()
    assert vars(other) == vars(world)
    mine, others = instances(world), instances(other)
    assert len(mine) == len(others) > 20
    assert not {id(each) for each in mine} & {id(each) for each in others}
    assert not {id(each._state) for each in mine} & {id(each._state) for each in others}
    world.ada_license.product.name = "Changed"
    assert other.ada_license.product.name == "Orbit"


def instances(world: World) -> list[models.Model]:
    """The world's rows and the rows that they have at hand."""
    rows = list(vars(world).values())
    return rows + [each for row in rows for each in row._state.fields_cache.values() if each]


@pytest.mark.parametrize("time", [1, 2])
def test_no_test_sees_what_another_does(acme: World, time: int) -> None:
    """Each of the two changes everything that the next one looks at."""
    assert User.objects.get(pk=acme.ada.pk).first_name == acme.ada.first_name == "Ada"
    path = local_path(file_of(acme.orbit_release).key)
    assert path
    assert path.read_bytes() == CONTENT
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    acme.ada.first_name = "Changed"
    acme.ada.save()
    (path.parent / "more").touch()
    path.write_bytes(b"changed") if time == 1 else path.unlink()


def test_who_does_not_ask_for_the_world_has_an_empty_database(db: None) -> None:
    assert is_empty()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", [1, 2])
def test_so_has_who_commits(time: int) -> None:
    assert is_empty()
    add_vendor(Vendor(company_id="acme", name="Acme"))


def is_empty() -> bool:
    with everywhere():
        return not any(model.objects.exists() for model in (Vendor, AuditEntry, AuditParticulars))


# What is the same of two sessions of a person's.
KEPT = ("vendor_id", "user_id", "site", "password_mark", "begun_at", "seen_at", "ends_at")


def session_of(browser: Browser) -> Session:
    token = browser.cookies[settings.SESSION_COOKIE_NAME].value
    with everywhere():
        return Session._base_manager.get(digest=digest(token))


@pytest.mark.parametrize("name", ["ada", "acme_admin", "acme_support", "operator"])
def test_signed_in_is_what_the_page_makes(world: World, name: str) -> None:
    person = getattr(world, name)
    written = signed_in(person)
    if name == "ada":
        page = Browser("acme").sign_in(person.email, stay="on")
    else:
        company_id = "" if name == "operator" else "acme"
        page = Browser("app").sign_in(person.email, company_id=company_id, stay="on")
    ours, theirs = map(session_of, (written, page))
    assert all(getattr(ours, kept) == getattr(theirs, kept) for kept in KEPT)
    assert written.defaults["HTTP_HOST"] == page.defaults["HTTP_HOST"]
