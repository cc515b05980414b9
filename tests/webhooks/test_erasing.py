"""Erasing a person empties what was and would be sent of the person."""

import pytest

from accounts.models import User
from accounts.verbs.erasing import erase_person
from accounts.verbs.people import create_person
from audit.acting import acting_as
from licenses.verbs.activations import Machine, activate
from licenses.verbs.licenses import create_license
from tenancy.door import inside
from tests.webhooks.hooks import fresh, hook_of, queued
from tests.world import World
from webhooks.errors import NotResendable
from webhooks.models import Delivery
from webhooks.verbs.delivering import resend
from webhooks.verbs.erasing import tell

State = Delivery.State


def test_what_tells_of_a_person_is_emptied(world: World) -> None:
    hook_of(world.acme, "https://shop.example/hooks")
    with inside(world.acme):
        new = User(vendor=world.acme, email="lena@acme.example", first_name="Lena", role="user")
        lena = create_person(person=new, invited=False)
        hers = create_license(product=world.orbit, user=lena)
        machine = Machine(fingerprint="f" * 64, os="linux", hostname="hers")
        activate(hers, machine)
        create_license(product=world.orbit, user=world.ada)
        first, *_others, last = queued(world.acme)
        answered = Delivery.objects.filter(pk=last.pk)
        answered.update(state=State.DELIVERED, due_at=None, answer="seen by LENA@acme.example.")
        Delivery.objects.filter(pk=first.pk).update(state=State.DELIVERED, due_at=None)
        assert tell(lena.pk) == "4 events that were sent to webhooks are emptied."
        with acting_as(world.acme_admin):
            erase_person(person=lena, heir=world.grace)
        of_her = queued(world.acme)
        assert [(each.body, each.answer) for each in of_her] == [("", "")] * 5
        assert [(each.state, each.reason) for each in of_her] == [
            (State.DELIVERED, ""),
            *[(State.GIVEN_UP, Delivery.Reason.ERASED)] * 3,
            (State.DELIVERED, ""),
        ]
        with pytest.raises(NotResendable):
            resend(fresh(first))
        assert tell(lena.pk) == ""


def test_others_events_stay(world: World) -> None:
    hook_of(world.acme, "https://shop.example/hooks")
    with inside(world.acme):
        create_license(product=world.orbit, user=world.ada)
        new = User(vendor=world.acme, email="lena@acme.example", role="user")
        lena = create_person(person=new, invited=False)
        with acting_as(world.acme_admin):
            erase_person(person=lena)
        stays, goes = queued(world.acme)
        assert world.ada.email in stays.body
        assert goes.body == ""
