"""Webhooks in the back office: set up, secret shown once, tried, read, sent again."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenancy.door import inside
from tests.api.program import program_of
from tests.webhooks.hooks import SECRET, fresh, hook_of, queued
from tests.world import NOW, World, signed_in
from webhooks import signing
from webhooks.models import Delivery, Webhook
from webhooks.verbs.webhooks import MOST_WEBHOOKS, send_test, switch_off

HOOKS, LOG = "/webhooks/webhook/", "/webhooks/delivery/"
TYPED = {
    "name": "Shop",
    "url": "https://shop.example/hooks",
    "style": "standard",
    "events": ["license.created", "activation.deleted"],
    "active": "on",
}


def hooks(world: World) -> list[Webhook]:
    with inside(world.acme):
        return list(Webhook.objects.order_by("name"))


def test_a_new_webhook_shows_its_secret_for_ten_minutes(world: World, time_machine: Any) -> None:
    browser = signed_in(world.acme_admin)
    response = browser.post(f"{HOOKS}add/", TYPED, follow=True)
    [hook] = hooks(world)
    assert hook.events == ["license.created", "activation.deleted"]
    assert signing.is_secret(hook.secret, "standard")
    assert hook.secret in response.text
    page = browser.get(f"{HOOKS}{hook.pk}/change/").text
    assert hook.secret not in page
    assert "A licence is made" in page
    time_machine.move_to(NOW + timedelta(minutes=10), tick=False)
    page = browser.get(f"{HOOKS}{hook.pk}/secret/").text
    assert hook.secret not in page
    assert "is shown no more" in page


def test_a_new_secret(world: World) -> None:
    hook = hook_of(world.acme, "https://shop.example/hooks")
    browser = signed_in(world.acme_admin)
    page = browser.post(f"{HOOKS}{hook.pk}/do/rotate/", follow=True).text
    [now] = hooks(world)
    assert now.secret != SECRET
    assert now.secret in page
    assert SECRET not in page


def test_another_style_makes_a_secret_of_that_style(world: World) -> None:
    hook = hook_of(world.acme, "https://shop.example/hooks")
    browser = signed_in(world.acme_admin)
    page = browser.post(f"{HOOKS}{hook.pk}/change/", TYPED, follow=True).text
    [now] = hooks(world)
    assert signing.is_secret(now.secret, "standard")
    assert now.secret in page


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"url": "http://shop.example/"}, "An address begins with https://"),
        ({"url": "https://ada:pw@shop.example/"}, "An address begins with https://"),
        ({"events": []}, "Choose at least one event."),
        ({"events": ["license.eaten"]}, "license.eaten"),
        ({"name": ""}, "required"),
    ],
)
def test_what_is_refused(world: World, changed: dict[str, Any], said: str) -> None:
    response = signed_in(world.acme_admin).post(f"{HOOKS}add/", {**TYPED, **changed})
    assert said in response.text
    assert hooks(world) == []


def test_a_vendor_has_a_hundred_at_most(world: World) -> None:
    """Each of them takes a turn among those of all vendors."""
    hook = hook_of(world.acme, "https://shop.example/hooks")
    with inside(world.acme):
        for _ in range(MOST_WEBHOOKS - 1):
            hook.pk, hook.id = None, uuid4()
            hook.save(force_insert=True)
    body = {"name": "One more", "url": "https://shop.example/", "events": ["license.created"]}
    refused = program_of(world.acme_admin).create("/v3/webhooks", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "TOO_MANY_WEBHOOKS")
    page = signed_in(world.acme_admin).post(f"{HOOKS}add/", TYPED, follow=True)
    assert "There are 100 webhooks already" in page.text
    assert len(hooks(world)) == MOST_WEBHOOKS
    assert program_of(world.globex_admin).create("/v3/webhooks", body).status_code == 201


@pytest.mark.parametrize("verb", ["rotate-token", "test"])
def test_one_that_is_deleted_in_this_moment_is_gone(
    world: World, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    hook = hook_of(world.acme, "https://shop.example/hooks")
    path = f"/v3/webhooks/{hook.pk}"
    with inside(world.acme):
        Webhook.objects.filter(pk=hook.pk).delete()
    monkeypatch.setattr("api.webhooks._webhook_of", lambda _id: hook)
    refused = program_of(world.acme_admin).create(f"{path}/{verb}")
    assert (refused.status_code, refused.json()["code"]) == (409, "GONE_MEANWHILE")


def test_a_test_and_the_log(world: World) -> None:
    hook = hook_of(world.acme, "https://shop.example/hooks")
    browser = signed_in(world.acme_admin)
    browser.post(f"{HOOKS}{hook.pk}/do/test/")
    [row] = queued(world.acme)
    assert row.event == "webhook.test"
    assert "A test" in browser.get(LOG).text
    with inside(world.acme):
        Delivery.objects.filter(pk=row.pk).update(
            state="given-up", due_at=None, status=500, took=1612, answer="<b>broken</b>"
        )
    page = browser.get(f"{LOG}{row.pk}/change/").text
    assert "&lt;b&gt;broken" in page
    assert "A test → " in page
    assert "500 Internal Server Error" in page
    assert "1.61 seconds" in page
    assert "Send again" in page
    browser.post(f"{LOG}{row.pk}/do/send-again/")
    assert fresh(row).state == "queued"
    assert "Send again" not in browser.get(f"{LOG}{row.pk}/change/").text


def test_support_reads_and_changes_nothing(world: World) -> None:
    hook = hook_of(world.acme, "https://shop.example/hooks")
    browser = signed_in(world.acme_support)
    assert browser.get(f"{HOOKS}{hook.pk}/change/").status_code == 200
    for verb in ("test", "rotate", "send-given-up"):
        assert browser.post(f"{HOOKS}{hook.pk}/do/{verb}/").status_code == 403
    assert hooks(world)[0].secret == SECRET


def test_one_that_was_switched_off_waits_for_somebody(world: World) -> None:
    hook = hook_of(world.acme, "https://shop.example/hooks")
    browser = signed_in(world.acme_admin)
    with inside(world.acme):
        switch_off(hook, Webhook.Why.FAILING)
    page = browser.get("/").text
    assert "webhook that was switched off" in page
    link = re.search(r'href="([^"]*standing=switched-off)"', page)
    assert link is not None
    assert "Shop" in browser.get(link[1]).text
    assert "nothing has arrived for a day" in browser.get(f"{HOOKS}{hook.pk}/change/").text


@pytest.mark.parametrize(("path", "number"), [(HOOKS, 0), (LOG, 0)])
def test_lists_ask_the_same_however_long_they_are(world: World, path: str, number: int) -> None:
    browser = signed_in(world.acme_admin)
    asked = []
    for rows in (1, 3):
        while len(hooks(world)) < rows:
            hook = hook_of(world.acme, "https://shop.example/hooks")
            with inside(world.acme):
                send_test(hook)
        browser.get(path)
        with CaptureQueriesContext(connection) as made:
            browser.get(path)
        asked.append(len(made))
    assert asked[0] == asked[1]
