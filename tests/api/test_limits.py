"""How often programs may come: by token, and by address without one."""

from typing import Any

import pytest

from tests.api.program import Program, program_of
from tests.world import World
from web import limits
from web.limits import Limit

FEW = 3


@pytest.fixture(autouse=True)
def few_calls(monkeypatch: pytest.MonkeyPatch, each_store: str) -> None:
    for name, of in (("API_PER_TOKEN", "api-token"), ("API_PER_IP", "api-ip")):
        monkeypatch.setattr(limits, name, Limit(of, FEW, 60 / FEW, in_redis=True))


def told(response: Any) -> tuple[int, str, str]:
    left = response["X-Rate-Limit-Remaining"]
    return response.status_code, response["X-Rate-Limit-Limit"], left


def test_a_token_may_come_so_often_from_wherever(world: World) -> None:
    program, other = program_of(world.ada), program_of(world.ada)
    answers = [program.get("/v3/me", REMOTE_ADDR=f"192.0.2.{n}") for n in range(FEW + 1)]
    assert [told(each) for each in answers] == [
        (200, "3", "2"), (200, "3", "1"), (200, "3", "0"), (429, "3", "0"),
    ]  # fmt: skip
    assert answers[-1].json()["code"] == "TOO_MANY_REQUESTS"
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60
    assert int(answers[-1]["X-Rate-Limit-Reset"]) <= 60
    assert other.get("/v3/me").status_code == 200


def test_what_is_refused_counts_too(world: World) -> None:
    program = program_of(world.ada)
    paths = ("/v3/users", "/v3/me/licenses/x", "/v3/nothing", "/v3/me")
    assert [program.get(path).status_code for path in paths] == [403, 404, 404, 200]
    assert program.get("/v3/me").status_code == 429, "An address that is none is not counted."


@pytest.mark.parametrize(
    ("same", "other"),
    [
        (["192.0.2.1"] * 4, "192.0.2.2"),
        # One line has a whole network of IPv6.
        (["2001:db8::1", "2001:db8::2", "2001:db8::ffff:1", "2001:db8::4"], "2001:db8:0:1::1"),
    ],
)
def test_an_address_may_come_so_often_without(world: World, same: list[str], other: str) -> None:
    codes = [Program("pat_wrong").get("/v3/me", REMOTE_ADDR=each).status_code for each in same]
    assert codes == [401] * FEW + [429]
    assert Program().get("/v3/me", REMOTE_ADDR=other).status_code == 401


def test_time_gives_calls_back(world: World, frozen_time: Any) -> None:
    program = program_of(world.ada)
    while (answer := program.get("/v3/me")).status_code == 200:
        pass
    frozen_time.shift(int(answer["Retry-After"]))
    assert program.get("/v3/me").status_code == 200
