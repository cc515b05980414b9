"""Redis as the store of limits, and what happens when it is gone, silent, emptied or of no use."""

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal import env
from portal.seeing import facts, metrics, readiness
from tests import redis
from tests.api.program import program_of
from tests.conftest import ALL_REQUIRED, NO_REDIS
from tests.world import World, signed_in
from web import limits, redis_store
from web.limits import Limit, TooManyAttempts, bucket_key, take_counted
from web.models import RateBucket

LIMIT = Limit("test", burst=3, interval=60, in_redis=True)
SOON = 10.0  # seconds


@pytest.fixture
def own(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Server]:
    """A Redis that may be broken, and is tried again soon."""
    if NO_REDIS and not ALL_REQUIRED:
        pytest.skip("NOT TRIED: redis-server is not on this machine")
    monkeypatch.setattr(redis_store, "AGAIN", 0.05)
    with redis.server() as server:
        settings.REDIS_URL = server.url
        yield server
        redis_store.store_at(server.url).close()
        redis_store.store_at.cache_clear()


def took(act: Callable[[], Any]) -> float:
    start = time.perf_counter_ns()
    act()
    return (time.perf_counter_ns() - start) / 1e9


def wait_until_used(server: redis.Server) -> None:
    store, start = redis_store.store_at(server.url), time.perf_counter_ns()
    while store._is_away:
        assert time.perf_counter_ns() - start < SOON * 1e9
        time.sleep(0.02)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.message for each in caplog.records if each.name == redis_store.__name__]


def in_the_row() -> int:
    return RateBucket.objects.filter(key=bucket_key(LIMIT, "ada")).count()


# --- At work -------------------------------------------------------------------------------------


def test_a_bucket_is_one_key_that_goes_by_itself_and_no_row(
    db: None, redis_server: redis.Server
) -> None:
    take_counted(LIMIT, "ada@example.com")
    [key] = redis_server.kept()
    assert key == f"portal:limit:{bucket_key(LIMIT, 'ada@example.com')}"
    assert "ada" not in key
    with redis_server.client() as client:
        # A minute until it is whole, and as long as clocks may differ.
        assert 110_000 < client.pttl(key) <= 120_000
    assert not RateBucket.objects.exists()


def test_tokens_of_two_vendors_are_two_keys(world: World, redis_server: redis.Server) -> None:
    for person in (world.ada, world.bob):
        assert program_of(person).get("/v3/me").status_code == 200
    assert len(redis_server.kept()) == 2


def test_two_installations_share_no_key(
    settings: Any, redis_server: redis.Server, db: None
) -> None:
    take_counted(LIMIT, "ada")
    settings.SECRET_KEY = "another"
    take_counted(LIMIT, "ada")
    assert len(redis_server.kept()) == 2


def test_emptied_it_begins_anew(db: None, redis_server: redis.Server, caplog: Any) -> None:
    for _ in range(3):
        take_counted(LIMIT, "ada")
    redis_server.flush()
    assert take_counted(LIMIT, "ada").tries == 2
    assert lines(caplog) == []
    assert in_the_row() == 0


# --- Broken --------------------------------------------------------------------------------------


def gone(server: redis.Server) -> Callable[[], None]:
    server.kill()
    return server.start


def silent(server: redis.Server) -> Callable[[], None]:
    server.fall_silent()
    return server.go_on


def full(server: redis.Server) -> Callable[[], None]:
    """It answers pings, and takes nothing."""
    with server.client() as client:
        client.config_set("maxmemory", "1")

    def has_room() -> None:
        with server.client() as client:
            client.config_set("maxmemory", "0")

    return has_room


def copy(server: redis.Server) -> Callable[[], None]:
    """The copy of another one can be read alone."""
    with server.client() as client:
        client.slaveof("127.0.0.1", 1)  # type: ignore[arg-type]

    def by_itself() -> None:
        with server.client() as client:
            client.slaveof()

    return by_itself


@pytest.mark.parametrize("breaks", [gone, silent, full, copy])
@pytest.mark.parametrize("is_known", [True, False])
def test_the_database_counts_meanwhile(
    db: None, own: redis.Server, caplog: Any, breaks: Any, is_known: bool
) -> None:
    """Whether connections are there from before or not. A bucket begins anew in either place."""
    caplog.set_level(logging.INFO)
    if is_known:
        take_counted(LIMIT, "ada")
    mend = breaks(own)
    first = took(lambda: take_counted(LIMIT, "ada"))
    rest = took(lambda: [take_counted(LIMIT, "ada") for _ in range(2)])
    with pytest.raises(TooManyAttempts):
        take_counted(LIMIT, "ada")
    assert in_the_row() == 1
    assert first < 1
    assert rest < redis_store.WAIT, "Nobody waits twice."
    assert facts.redis_answers() is False
    [line] = lines(caplog)
    assert line.startswith("Redis can't be used now, limits are counted in the database: ")
    mend()
    wait_until_used(own)
    take_counted(LIMIT, "ada")
    assert len([key for key in own.kept() if not key.endswith(":seen")]) == 1
    assert facts.redis_answers() is True
    assert lines(caplog) == [line, "Redis is used again."]


def test_programs_are_served_and_limited_meanwhile(
    world: World, own: redis.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "API_PER_TOKEN", LIMIT)
    program = program_of(world.ada)
    assert program.get("/v3/me").status_code == 200
    own.kill()
    answers = [program.get("/v3/me") for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert [each["X-Rate-Limit-Remaining"] for each in answers] == ["2", "1", "0", "0"]


def test_who_watches_is_told(world: World, own: redis.Server) -> None:
    operator = signed_in(world.operator)
    assert "redis: unavailable" not in readiness.find().told
    assert "Counts calls of the Web API" in operator.get("/how/").content.decode()
    own.kill()
    assert "redis: unavailable" in readiness.find().told
    assert (
        "calls of the Web API are counted in the database" in operator.get("/how/").content.decode()
    )


def metrics_told() -> dict[str, float]:
    families = metrics.Installation().collect()
    return {each.name: each.value for family in families for each in family.samples}


def test_a_metric_says_whether_it_is_up(
    db: None, own: redis.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.seeing.metrics.connection.close", lambda: None)
    assert metrics_told()["portal_redis_up"] == 1
    own.kill()
    told = metrics_told()
    assert (told["portal_redis_up"], told["portal_database_up"]) == (0, 1)
    own.start()
    wait_until_used(own)
    assert metrics_told()["portal_redis_up"] == 1


def test_nothing_is_said_of_a_redis_that_is_not_set(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.seeing.metrics.connection.close", lambda: None)
    assert "portal_redis_up" not in metrics_told()
    assert facts.redis_answers() is None
    assert "redis: unavailable" not in readiness.find().told
    assert "Redis" not in signed_in(world.operator).get("/how/").content.decode()


# --- The setting ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["", "redis://redis", "redis://:pass%2Fword@10.0.0.7:6380/2", "rediss://u:p@redis.example.com",
     "redis://[::1]:6379", "unix:///run/redis/redis.sock"],
)  # fmt: skip
def test_addresses_that_are_understood(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("REDIS_URL", url)
    assert env.redis("REDIS_URL") == url


@pytest.mark.parametrize(
    "url",
    ["redis", "http://redis", "redis://", "redis://redis:x", "redis://redis:0", "redis://redis/name",
     "redis://:s3cret/x@redis:6379", "unix://", "redis://[::1"],
)  # fmt: skip
def test_others_are_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("REDIS_URL", url)
    with pytest.raises(ImproperlyConfigured) as refused:
        env.redis("REDIS_URL")
    assert "REDIS_URL is no address of Redis: use redis://" in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_it_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / "url").write_text("redis://:word@redis\n")
    monkeypatch.setenv("REDIS_URL_FILE", str(tmp_path / "url"))
    assert env.redis("REDIS_URL") == "redis://:word@redis"
