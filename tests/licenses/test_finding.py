"""Rows are found by words, in every script and spelling, and by nobody else's."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User, UserWord
from accounts.verbs.people import change_person
from licenses.models import (
    Activation,
    ActivationWord,
    GoneMachine,
    GoneMachineWord,
    License,
    LicenseMetadata,
    LicenseWord,
)
from licenses.search import Wanted, find
from licenses.verbs.activations import activate, deactivate, sync
from licenses.verbs.details import add_metadata, change_metadata, remove_metadata
from licenses.verbs.licenses import change_license, create_license
from tenancy import finding
from tenancy.door import inside
from tests.conftest import NOW, ON_POSTGRESQL
from tests.words import fill_words
from tests.world import World, machine, signed_in, user


def hits(world: World, path: str, text: str) -> str:
    """What the page shows; a single hit of `/find/` is opened."""
    page = signed_in(world.acme_admin).get(path, {"q": text}, follow=True)
    assert page.status_code == 200
    return str(page.content.decode().partition("<main")[2])


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("Özlem", "ÖZLEM"),
        ("Özlem", "ozlem"),
        ("MÜLLER", "müller"),
        ("École", "e\u0301cole"),
        ("Привет", "привет"),
        ("Привет", "ПРИВ"),
        ("Sørensen", "sorensen"),
        ("山田太郎", "太郎"),
        ("O'Brien", "obrien"),
        ("Anna-Maria", "maria"),
        ("Anna-Maria", "Muster, Anna‑Maria"),
        ("Anna", "annamuster"),
        ("Anna", "<somebody@else.example>"),
        ("Anna", "else.example"),
    ],
)
def test_people_are_found_in_every_script(world: World, name: str, asked: str) -> None:
    for vendor in (world.acme, world.globex):
        with inside(vendor):
            person = user(vendor, "somebody@else.example", last_name="Muster")
            person.first_name = name
            change_person(person=person, fields=["first_name"])
    page = hits(world, "/accounts/user/", asked)
    assert page.count('name="_selected_action"') == 1
    assert "somebody@else.example" in hits(world, "/find/", asked)


@pytest.mark.parametrize(
    "asked", ["lem", "zlem", "schmidt", "anna schmidt", "%", "_", "bob", "byron"]
)
def test_what_begins_no_word_is_not_found(world: World, asked: str) -> None:
    with inside(world.acme):
        user(world.acme, "somebody@else.example", last_name="Özlem")
    assert "somebody@else.example" not in hits(world, "/accounts/user/", asked)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("ada111", True),
        ("ADA1", True),
        ("acme orbit", True),
        ("orbit-0001", True),
        ("rbit0001", True),  # an end of it
        ("001", False),  # too little of an end
        ("da111", False),  # a middle
        ("quill", False),
    ],
)
def test_keys_are_read_out_from_their_beginning_a_group_or_their_end(
    world: World, asked: str, found: bool
) -> None:
    for path in ("/find/", "/licenses/license/", "/licenses/activation/"):
        assert ("ADA111-ACME-ORBIT-0001" in hits(world, path, asked)) is found, path


@pytest.mark.parametrize(
    "asked", ["globex", "bob333", "bob-laptop", "bob@example.com", "0002 quill"]
)
@pytest.mark.parametrize(
    "path",
    [
        "/find/",
        "/accounts/user/",
        "/licenses/license/",
        "/licenses/activation/",
        "/audit/auditentry/",
        "/mail/outgoingemail/",
        "/accounts/personalaccesstoken/",
        "/releases/download/",
        "/releases/release/",
        "/licenses/product/",
    ],
)
def test_another_vendors_rows_are_never_found(filled: World, path: str, asked: str) -> None:
    page = hits(filled, path, asked)
    assert 'id="result_list"' not in page
    assert "/change/" not in page


def test_words_follow_their_rows(acme: World) -> None:
    """What changes is found by what it is now, and what goes leaves nothing."""
    license = create_license(product=acme.orbit, user=acme.ada, key="FOLLOW-ME-00000001")

    def is_found(text: str) -> bool:
        found = find(License.objects.all(), Wanted(text=text), now=NOW, for_staff=True)
        return list(found) == [license]

    license.notes = "Erste Notiz"
    change_license(license, fields=["notes"])
    assert is_found("notiz")
    license.notes = "Zweite"
    change_license(license, fields=["notes"])
    assert not is_found("notiz")
    assert is_found("zweite")
    entry = add_metadata(
        LicenseMetadata(vendor=acme.acme, license=license, key="Raum", value="B12")
    )
    assert is_found("b12 raum")
    entry.value = "C13"
    change_metadata(entry, fields=["value"])
    assert not is_found("b12")
    remove_metadata(entry)
    assert not is_found("raum")
    seat = activate(license, machine("first-name"))
    assert is_found("first-name")
    sync(seat.pk, {"hostname": "second-name"})
    assert not is_found("first-name.")
    assert is_found("secondname")
    deactivate(Activation.objects.get(pk=seat.pk))
    assert not ActivationWord.objects.filter(activation_id=seat.pk).exists()
    assert {each.word for each in GoneMachineWord.objects.all()} == {"name", "secondname"}
    GoneMachine.objects.filter(license=license)._raw_delete("default")
    assert not GoneMachineWord.objects.exists()
    License.objects.filter(pk=license.pk)._raw_delete("default")
    assert not LicenseWord.objects.filter(license_id=license.pk).exists()


def test_what_the_customer_does_not_see_does_not_find(acme: World) -> None:
    license = acme.ada_license
    for key, visible in (("Room", False), ("Roomy", True)):
        add_metadata(
            LicenseMetadata(vendor=acme.acme, license=license, key=key, value=key, visible=visible)
        )
    licenses = License.objects.filter(user=acme.ada)
    assert list(find(licenses, Wanted(text="roomy"), now=NOW)) == [license]
    license.internal_notes = "Roomier"
    change_license(license, fields=["internal_notes"])
    assert not find(licenses, Wanted(text="roomier"), now=NOW)
    license.notes = "Roomier"
    change_license(license, fields=["notes"])
    assert find(licenses, Wanted(text="roomier"), now=NOW)


def test_common_words_are_looked_for_in_part_of_the_list(
    world: World, monkeypatch: pytest.MonkeyPatch, frozen_time: Any
) -> None:
    monkeypatch.setattr(finding, "MOST_NAMED", 2)
    monkeypatch.setattr(finding, "MOST_LOOKED_AT", 3)
    frozen_time.shift(60)
    with inside(world.acme):
        for number in range(5):
            create_license(product=world.orbit, user=world.ada, key=f"COMMON-{number}-00000000")
        rare = create_license(product=world.orbit, user=world.ada, key="COMMON-RARE-00000000")
    page = hits(world, "/licenses/license/", "common")
    assert page.count('name="_selected_action"') == 3
    page = hits(world, "/licenses/license/", "common rare")
    assert page.count('name="_selected_action"') == 1
    assert rare.key in page
    browser = signed_in(world.acme_admin)
    assert "only the first" in browser.get("/licenses/license/?q=common").content.decode()
    rows = browser.get("/licenses/license/export.csv?q=common").getvalue().decode()
    assert rows.count("COMMON-") == 6


@pytest.mark.unfound
def test_a_command_finds_and_repairs_what_is_wrong(world: World) -> None:
    def checked(*options: str) -> str:
        out = StringIO()
        call_command("check_words", *options, stdout=out)
        return out.getvalue()

    assert checked() == "All rows are found.\n"
    with inside(world.acme):
        User.objects.filter(pk=world.ada.pk).update(company="Engines")
        License.objects.filter(pk=world.ada_license.pk).update(key_form="x", notes="Hidden")
        Activation.objects.filter(pk=world.ada_machine.pk).update(hostname="elsewhere")
    with pytest.raises(CommandError, match="4 rows"):
        checked()
    assert "4 rows are repaired." in checked("--repair")
    assert checked() == "All rows are found.\n"


@pytest.mark.unfound
@pytest.mark.skipif(not ON_POSTGRESQL, reason="SQL of PostgreSQL")
def test_words_in_bulk_are_the_same(acme: World) -> None:
    def told() -> list[Any]:
        kinds = (UserWord, LicenseWord, ActivationWord)
        return [list(kind.objects.order_by("pk").values()) for kind in kinds]

    before = told()
    fill_words(acme.acme)
    assert told() == before
