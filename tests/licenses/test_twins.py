"""Two keys that differ in case, dashes or blanks alone are one: every door refuses the second."""

from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from licenses.models import License
from licenses.verbs.licenses import create_license
from tenancy.door import inside
from tenancy.spelling import form_of
from tests.imports.test_customers import problems
from tests.world import Browser, World, signed_in

pytestmark = pytest.mark.by_database
TWINS = ("ada111-acme-orbit-0001", "ADA111ACMEORBIT0001", "ADA111_ACME.ORBIT/0001")
TAKEN = "There is a licence with this key already."


def keys(world: World) -> set[str]:
    with inside(world.acme):
        return set(License.objects.values_list("key", flat=True))


@pytest.mark.parametrize("twin", TWINS)
def test_the_verb_says_so(world: World, twin: str) -> None:
    with inside(world.acme), pytest.raises(ValidationError, match=TAKEN):
        create_license(product=world.orbit, user=world.ada, key=twin)


@pytest.mark.parametrize("twin", TWINS)
def test_the_database_refuses(world: World, twin: str) -> None:
    with inside(world.acme), pytest.raises(IntegrityError), transaction.atomic():
        License(vendor=world.acme, product=world.orbit, key=twin).save(force_insert=True)


@pytest.mark.parametrize("twin", TWINS)
def test_the_page_says_so(world: World, twin: str) -> None:
    before = keys(world)
    form = {
        "product": str(world.orbit.pk),
        "email": "grace@example.com",
        "key": twin,
        "policy": "none",
        "allowed_activations": "1",
    }
    response = signed_in(world.acme_admin).post("/licenses/license/add/", form)
    assert response.status_code == 200
    assert response.content.decode().count(TAKEN) == 1
    assert keys(world) == before


@pytest.mark.parametrize("twin", TWINS)
def test_an_import_says_so_in_its_row(world: World, twin: str) -> None:
    text = f"product,email,policy,key\nOrbit,ada@example.com,none,{twin}\n"
    assert problems(world, text, "licenses") == [[2, "key", TAKEN]]


def test_an_import_says_which_row_has_the_key(world: World) -> None:
    lines = [
        f"Orbit,ada@example.com,none,{key}" for key in ("NEW-KEY-0000-0000-1", "newkey000000001")
    ]
    text = "\n".join(["product,email,policy,key", *lines])
    assert problems(world, text, "licenses") == [[3, "key", "Row 2 has this key already."]]


def test_another_vendor_may_have_it(world: World) -> None:
    with inside(world.globex):
        key = world.ada_license.key.lower()
        made = create_license(product=world.quill, user=world.bob, key=key)
    assert made.key_form == world.ada_license.key_form == form_of(key)


def test_a_feed_takes_the_key_in_any_spelling(world: World) -> None:
    path = f"/releases/feed/{world.orbit.pk}.json"
    dashed = [world.ada_license.key.replace("-", dash) for dash in "\u2011\u2013\u2014\u2212 "]
    unseen = ["\ufeffADA111-ACME-ORBIT-0001", "ADA111-ACME-\u200bORBIT-0001\u00a0"]
    for key in (world.ada_license.key, *TWINS[:2], *dashed, *unseen):
        assert Browser().get(path, {"key": key}).status_code == 200
        for sent in (key, key.encode().decode("latin-1")):  # as tests and as programs send it
            assert Browser().get(path, headers={"License-Key": sent}).status_code == 200
    assert Browser().get(path, {"key": "%"}).status_code == 404
    assert Browser().get(path, headers={"License-Key": "\xff\xfe"}).status_code == 404
    assert Browser("globex").get(path, {"key": world.ada_license.key}).status_code == 404


@pytest.mark.unfound
def test_a_command_lists_them(world: World) -> None:
    out = StringIO()
    call_command("list_twins", stdout=out)
    assert out.getvalue() == "Every key and every e-mail is there once.\n"
    with inside(world.acme):
        # As a database could be from before.
        License.objects.filter(pk=world.grace_license.pk).update(key=TWINS[0])
    out = StringIO()
    with pytest.raises(CommandError, match="1 keys and 0 e-mails"):
        call_command("list_twins", stdout=out)
    assert out.getvalue() == "acme: ADA111-ACME-ORBIT-0001, ada111-acme-orbit-0001\n"
