"""No attack leads anywhere, none meets a 500, and the page tells the truth of each."""

from typing import Any

import pytest
from django.test import Client

from tests import world as worlds
from tests.accounts.attacks.catalogue import (
    MODULES,
    Attack,
    Scene,
    every_attack,
    rooms,
    told_in_the_page,
)
from tests.accounts.attacks.conftest import ANSWERS
from tests.world import World

ALONE = [each for each in every_attack() if not each.at_once]
AT_ONCE = [each for each in every_attack() if each.at_once]
LEAST = 60
# In which the database has a part of its own.
BY_DATABASE = {"enumeration", "rights", "second_factor", "ways_in"}
BROKEN = 500


@pytest.fixture(autouse=True)
def _nothing_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever an attack asks for, in whatever thread, is answered on purpose."""
    ask = Client.request

    def asked(self: Client, **request: Any) -> Any:
        response = ask(self, **request)
        assert response.status_code < BROKEN, request
        return response

    monkeypatch.setattr(Client, "request", asked)


def marked(each: Attack) -> Any:
    marks = [pytest.mark.by_database] if each.room in BY_DATABASE else []
    return pytest.param(each, id=each.name, marks=marks)


def carry_out(request: pytest.FixtureRequest, each: Attack, scene: Scene) -> None:
    answer = each.run(scene)
    request.config.stash[ANSWERS][each.name] = answer
    if not request.config.getoption("--table", default=False):
        assert answer == dict(told_in_the_page())[each.told]


@pytest.mark.parametrize("each", [marked(each) for each in ALONE])
def test_it_leads_nowhere(
    request: pytest.FixtureRequest, world: World, frozen_time: Any, settings: Any, each: Attack
) -> None:
    carry_out(request, each, Scene(world, frozen_time, settings))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("each", [pytest.param(each, id=each.name) for each in AT_ONCE])
def test_many_at_once_lead_nowhere(
    request: pytest.FixtureRequest, frozen_time: Any, settings: Any, each: Attack
) -> None:
    carry_out(request, each, Scene(worlds.build(), frozen_time, settings))


def test_the_page_has_each_of_them_once(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--table", default=False):
        pytest.skip("The page is being written.")
    told = [each.told for each in every_attack()]
    assert [attack for attack, _answer in told_in_the_page()] == told
    assert len(set(told)) == len(told) >= LEAST
    assert len({each.name for each in every_attack()}) == len(told)


def test_each_module_is_on_the_page() -> None:
    assert rooms() == set(MODULES)
