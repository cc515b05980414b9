"""Limits on trying: token buckets in the database, and those that may be lost in Redis, too."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import hashers
from django.db import connection

from tests import redis
from tests.world import PASSWORD, Browser, World
from web import limits
from web.limits import (
    SIGN_IN_PER_ADDRESS,
    SIGN_IN_PER_IP,
    Limit,
    TooManyAttempts,
    forget_whole_buckets,
    give_back,
    give_back_to,
    take,
    take_counted,
    take_counted_from,
    take_from,
)
from web.models import RateBucket

LIMIT = Limit("test", burst=3, interval=60)
COUNTED = Limit("test", burst=3, interval=60, in_redis=True)
Take = Callable[..., Any]


@pytest.fixture(params=["take", "counted", "in Redis"])
def way(request: pytest.FixtureRequest) -> tuple[Take, Take, Limit]:
    """How a try is used, by name and by address, and of what."""
    if request.param == "in Redis":
        request.getfixturevalue("redis_server")
    if request.param == "take":
        return take, take_from, LIMIT
    return take_counted, take_counted_from, COUNTED


def wait_of(use: Take, *arguments: Any) -> int:
    with pytest.raises(TooManyAttempts) as refused:
        use(*arguments)
    return refused.value.wait


def test_a_burst_and_then_one_per_interval(db: None, frozen_time: Any, way: Any) -> None:
    use, _from, limit = way
    for _ in range(3):
        use(limit, "someone")
    assert wait_of(use, limit, "someone") == 60
    frozen_time.shift(59)
    assert wait_of(use, limit, "someone") == 1
    frozen_time.shift(1)
    use(limit, "someone")
    assert wait_of(use, limit, "someone") == 60


def test_the_bucket_never_holds_more_than_the_burst(db: None, frozen_time: Any, way: Any) -> None:
    use, _from, limit = way
    use(limit, "someone")
    frozen_time.shift(10_000)
    for _ in range(3):
        use(limit, "someone")
    assert wait_of(use, limit, "someone") == 60


def test_limits_and_subjects_are_counted_apart(db: None, way: Any) -> None:
    use, _from, limit = way
    for _ in range(3):
        use(limit, "someone")
    use(limit, "someone else")
    use(limit, "some", "one")
    use(Limit("other", burst=1, interval=60, in_redis=limit.in_redis), "someone")
    assert wait_of(use, limit, "someone") == 60


@pytest.mark.usefixtures("each_store")
def test_what_is_left_is_told(db: None, frozen_time: Any) -> None:
    lefts = [take_counted(COUNTED, "someone") for _ in range(3)]
    assert [(left.tries, left.whole_in) for left in lefts] == [(2, 60), (1, 120), (0, 180)]
    frozen_time.shift(90)
    left = take_counted(COUNTED, "someone")
    assert (left.tries, left.whole_in) == (0, 150)
    assert wait_of(take_counted, COUNTED, "someone") == 30


def test_a_try_can_be_given_back(db: None) -> None:
    for _ in range(3):
        take(LIMIT, "someone")
    give_back(LIMIT, "someone")
    take(LIMIT, "someone")
    with pytest.raises(TooManyAttempts):
        take(LIMIT, "someone")


def test_whole_buckets_are_forgotten(db: None, frozen_time: Any) -> None:
    take(LIMIT, "someone")
    assert forget_whole_buckets() == 0
    frozen_time.shift(61)
    assert forget_whole_buckets() == 1


def test_one_that_is_forgotten_meanwhile_is_taken_anew(
    db: None, frozen_time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the two statements of whoever takes a try of a whole bucket, which was there."""
    take(LIMIT, "ada")
    frozen_time.shift(LIMIT.interval * 2)
    make, forgotten = RateBucket.objects.bulk_create, []

    def make_and_forget(*args: Any, **options: Any) -> Any:
        made = make(*args, **options)
        if not forgotten:
            forgotten.append(forget_whole_buckets())
        return made

    monkeypatch.setattr(RateBucket.objects, "bulk_create", make_and_forget)
    take(LIMIT, "ada")
    assert forgotten == [1]
    assert RateBucket.objects.count() == 1


def test_the_table_holds_no_address(db: None) -> None:
    take(LIMIT, "ada@example.com")
    assert "ada" not in RateBucket.objects.get().key


def test_an_ipv6_network_counts_as_one(db: None, way: Any) -> None:
    _use, use_from, limit = way
    for number in range(3):
        use_from(limit, f"2001:db8:1:2:{number}::1")
    assert wait_of(use_from, limit, "2001:db8:1:2:ffff::1") == 60
    use_from(limit, "2001:db8:1:3::1")
    use_from(limit, "2001:db8:2:2::1")


@pytest.mark.usefixtures("each_store")
def test_a_wide_ipv6_network_is_limited_for_calls_too(db: None) -> None:
    for number in range(COUNTED.burst * 16):
        take_counted_from(COUNTED, f"2001:db8:1:{number:x}::1")
    assert wait_of(take_counted_from, COUNTED, "2001:db8:1:ffff::1") == 4
    take_counted_from(COUNTED, "2001:db8:2::1")


def test_a_wide_ipv6_network_is_limited_too(db: None) -> None:
    most = LIMIT.burst * 16
    for number in range(most):
        take_from(LIMIT, f"2001:db8:1:{number:x}::1")
    with pytest.raises(TooManyAttempts):
        take_from(LIMIT, "2001:db8:1:ffff::1")
    take_from(LIMIT, "2001:db8:2::1")
    # What the wide network refuses is not used up in the narrow one.
    for number in range(LIMIT.burst):
        give_back_to(LIMIT, f"2001:db8:1:{number:x}::1")
        take_from(LIMIT, "2001:db8:1:ffff::1")
    give_back_to(LIMIT, "2001:db8:1:9::1")
    with pytest.raises(TooManyAttempts):
        take_from(LIMIT, "2001:db8:1:ffff::1")


@pytest.mark.parametrize("address", ["192.0.2.7", ""])
def test_other_addresses_count_for_themselves(db: None, address: str) -> None:
    for _ in range(3):
        take_from(LIMIT, address)
    with pytest.raises(TooManyAttempts):
        take_from(LIMIT, address)
    give_back_to(LIMIT, address)
    take_from(LIMIT, address)
    take_from(LIMIT, "192.0.2.8")


@pytest.mark.django_db(transaction=True)
def test_it_is_exact_under_concurrency(way: Any) -> None:
    use, _from, limit = way
    results: list[bool] = []
    together = threading.Barrier(12)

    def attempt() -> None:
        together.wait()
        try:
            use(limit, "everyone")
            results.append(True)
        except TooManyAttempts:
            results.append(False)
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count(True) == 3
    assert len(results) == 12


def test_sign_in_is_limited_per_address_before_hashing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Browser("acme")
    for _ in range(SIGN_IN_PER_ADDRESS.burst):
        form = {"email": "ada@example.com", "password": "wrong"}
        assert browser.post("/login/", form).status_code == 200

    def no_hashing(*_: object) -> None:
        raise AssertionError("A hash was computed.")

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", no_hashing)
    response = browser.post("/login/", {"email": "ADA@example.com", "password": PASSWORD})
    assert response.status_code == 429
    assert response["Retry-After"] == "60"
    assert "Wait 60 seconds" in response.content.decode()


def test_the_limit_says_nothing_about_whether_the_address_exists(world: World) -> None:
    for email in ("ada@example.com", "nobody@example.com"):
        codes = [
            Browser("acme").post("/login/", {"email": email, "password": "x"}).status_code
            for _ in range(7)
        ]
        assert codes == [200] * 6 + [429]


def test_sign_in_is_limited_per_ip_over_all_vendors(world: World) -> None:
    for number in range(SIGN_IN_PER_IP.burst):
        label = ("acme", "globex")[number % 2]
        form = {"email": f"someone{number}@example.com", "password": "x"}
        assert Browser(label).post("/login/", form).status_code == 200
    form = {"email": "ada@example.com", "password": PASSWORD}
    assert Browser("acme").post("/login/", form).status_code == 429
    elsewhere = Browser("acme", REMOTE_ADDR="192.0.2.7")
    assert elsewhere.post("/login/", form).status_code == 302


@pytest.mark.takes_turns
def test_sign_in_is_limited_per_ipv6_network(world: World) -> None:
    codes = [
        Browser("acme", REMOTE_ADDR=f"2001:db8::{number:x}")
        .post("/login/", {"email": f"someone{number}@example.com", "password": "x"})
        .status_code
        for number in range(1, SIGN_IN_PER_IP.burst + 2)
    ]
    assert codes == [200] * SIGN_IN_PER_IP.burst + [429]


def test_the_ip_can_not_be_made_up(world: World, settings: Any) -> None:
    codes = {
        Browser("acme")
        .post(
            "/login/",
            {"email": f"a{n}@example.com", "password": "x"},
            headers={"x-forwarded-for": f"192.0.2.{n}"},
        )
        .status_code
        for n in range(SIGN_IN_PER_IP.burst + 1)
    }
    assert codes == {200, 429}
    settings.TRUSTED_PROXIES = 1
    form = {"email": "ada@example.com", "password": PASSWORD}
    behind = Browser("acme").post(
        "/login/", form, headers={"x-forwarded-for": "6.6.6.6, 192.0.2.9"}
    )
    assert behind.status_code == 302


@pytest.mark.takes_turns
def test_right_passwords_use_nothing_up(world: World) -> None:
    for _ in range(SIGN_IN_PER_IP.burst + 5):
        browser = Browser("acme")
        browser.sign_in("ada@example.com")
        assert "session" in browser.cookies


def test_whoever_guesses_is_counted_in_the_database(
    world: World, redis_server: redis.Server
) -> None:
    """An empty Redis gives no try back."""
    form = {"email": "ada@example.com", "password": "wrong"}
    codes = []
    for _ in range(SIGN_IN_PER_ADDRESS.burst + 1):
        codes.append(Browser("acme").post("/login/", form).status_code)
        redis_server.flush()
    assert codes == [200] * SIGN_IN_PER_ADDRESS.burst + [429]


def test_only_calls_are_counted_where_they_may_be_lost() -> None:
    every = [each for each in vars(limits).values() if isinstance(each, Limit)]
    assert [each.name for each in every if each.in_redis] == ["api-token", "api-ip"]
