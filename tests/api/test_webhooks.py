"""Webhooks through the Web API: who reads what they are signed with, and how many there may be."""

from typing import Any

import pytest

from tenancy.door import inside
from tests import world as worlds
from tests.api.program import Program, program_of, token_of
from tests.licenses.test_activation import run_at_once
from tests.webhooks.hooks import SECRET, hook_of
from tests.world import World
from webhooks.models import Webhook
from webhooks.verbs import webhooks

URL = "https://shop.example/hooks"
BODY = {"name": "Shop", "url": URL, "events": ["license.created"]}


@pytest.mark.parametrize(
    ("who", "scopes", "reads"),
    [
        ("acme_admin", ["webhook:read", "webhook:write"], True),
        ("acme_admin", ["webhook:read"], False),
        ("acme_support", ["webhook:read", "webhook:write"], False),
    ],
)
def test_the_token_is_told_to_who_may_change_it(
    world: World, who: str, scopes: list[str], reads: bool
) -> None:
    """Whoever has it can sign as the vendor: to read webhooks is not enough."""
    hook = hook_of(world.acme, URL)
    program = program_of(getattr(world, who), scopes)
    [listed] = program.get("/v3/webhooks").json()
    for told in (listed, program.get(f"/v3/webhooks/{hook.pk}").json()):
        assert told.get("token") == (SECRET if reads else None)
        assert told["url"] == URL


@pytest.mark.django_db(transaction=True)
def test_of_many_who_add_one_at_once_none_gets_past_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(webhooks, "MOST_WEBHOOKS", 3)
    world = worlds.build()
    hook_of(world.acme, URL)
    token = token_of(world.acme_admin)

    def add(_n: int) -> Any:
        return str(Program(token).create("/v3/webhooks", BODY).status_code)

    assert sorted(run_at_once(6, add)) == ["201"] * 2 + ["409"] * 4
    with inside(world.acme):
        assert Webhook.objects.count() == 3
