"""The verbs about a licence as a whole."""

import re
import time
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from audit.acting import acting_as
from licenses.ends import End, end_of
from licenses.errors import DateTooFar, ExpiryPerMachine, ValidityNotRenewable
from licenses.history import history_of
from licenses.intervals import Interval
from licenses.keys import new_key
from licenses.models import License, LicensePolicy
from licenses.verbs.licenses import (
    create_license,
    extend,
    renew,
    revoke,
    set_last_day,
    suspend,
    unrevoke,
    unsuspend,
)
from tenancy.door import inside
from tests.world import World


def make(world: World, **terms: Any) -> License:
    return create_license(product=world.orbit, user=world.ada, **terms)


@pytest.mark.parametrize(
    ("terms", "expires_on"),
    [
        ({"subscription_interval": ""}, None),
        ({"subscription_interval": "P10D"}, date(2026, 12, 4)),
        ({"subscription_interval": "P10D", "expiration_strategy": "delayed"}, None),
        ({"subscription_interval": "P10D", "expiration_strategy": "rolling"}, None),
    ],
)
def test_the_expiry_of_a_new_licence(
    acme: World, terms: dict[str, Any], expires_on: date | None
) -> None:
    license = make(acme, **terms)
    assert license.expires_on == expires_on
    assert license.end == (end_of(expires_on, UTC) if expires_on else None)


def test_a_licence_takes_its_policys_terms_and_keeps_its_own(acme: World) -> None:
    policy = LicensePolicy.objects.create(
        vendor=acme.acme,
        name="Yearly",
        allowed_activations=7,
        subscription_interval="P1D",
        key_pattern="[A-Z]{4}(-[0-9]{4}){4}",
    )
    license = make(acme, policy=policy, allowed_activations=9)
    assert (license.allowed_activations, license.subscription_interval) == (9, "P1D")
    assert re.fullmatch("[A-Z]{4}(-[0-9]{4}){4}", license.key)


def test_keys_follow_the_default_pattern_and_differ() -> None:
    keys = {new_key() for _ in range(50)}
    assert len(keys) == 50
    assert all(re.fullmatch(r"([A-F0-9]{6}-){5}[A-F0-9]{6}", key) for key in keys)


@pytest.mark.parametrize("pattern", ["(", "[A-Z]{3}", "x{300}", r"\s{20}"])
def test_a_pattern_that_makes_no_key_is_refused(pattern: str) -> None:
    with pytest.raises(ValidationError):
        new_key(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "(((a{40}){60}){100}){40}",
        "((((a{99}){99}){99}){99}){99}",
        "((((){99}){99}){99}){99}",  # of nothing at all
        r"([A-Z]{99})" + "".join(rf"(\{n}\{n})" for n in range(1, 30)),  # doubled and doubled
        r"[\x20-\U0010ffff]{99}",
    ],
)
def test_a_pattern_that_takes_for_ever_is_refused_at_once(pattern: str) -> None:
    begun = time.process_time()
    with pytest.raises(ValidationError, match="repeats too much"):
        new_key(pattern)
    assert time.process_time() - begun < 0.2


@pytest.mark.parametrize(
    "pattern", [r"[!-~]{99}[!-~]{99}[!-~]{58}", "([A-Z0-9]{4}-){50}[A-Z]{6}", r"(\w{8})-\1"]
)
def test_a_long_pattern_makes_keys(pattern: str) -> None:
    assert re.fullmatch(pattern, new_key(pattern))


@pytest.mark.parametrize(
    "key", ["short", "x" * 257, "with a space in it", "ADA111-ACME-ORBIT-0001"]
)
def test_a_bad_or_used_key_is_refused(acme: World, key: str) -> None:
    with pytest.raises(ValidationError):
        make(acme, key=key)


def test_the_same_key_can_be_used_by_another_vendor(world: World) -> None:
    with inside(world.globex):
        made = create_license(product=world.quill, user=world.bob, key=world.ada_license.key)
        assert License.objects.get(key=world.ada_license.key) == made


@pytest.mark.parametrize(
    "terms",
    [
        {"type": "floating"},
        {"subscription_interval": "P-1D"},
        {"allowed_activations": -2},
        {"subscription_interval": "P101Y"},
    ],
)
def test_bad_terms_are_refused(acme: World, terms: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        make(acme, **terms)


def test_renewing_adds_the_validity(acme: World, frozen_time: Any) -> None:
    license = make(acme, subscription_interval="P1M")
    assert renew(license).expires_on == date(2027, 1, 24)
    frozen_time.move_to(datetime(2027, 1, 31, 9, tzinfo=UTC))
    late = renew(license)
    assert (late.expires_on, late.anchor) == (date(2027, 2, 28), "2027-01-31T09:00:00")
    assert renew(license).expires_on == date(2027, 3, 31)
    assert [event.changes["expires_on"] for event in history_of(license)[:2]] == [
        ["2027-02-28", "2027-03-31"],
        ["2027-01-24", "2027-02-28"],
    ]


def test_extending_adds_days(acme: World) -> None:
    license = make(acme, subscription_interval="P10D")
    longer = extend(license, by=Interval(days=1))
    assert (longer.expires_on, longer.periods) == (date(2026, 12, 5), 0)


def test_extending_by_hours_leaves_no_day(acme: World) -> None:
    license = make(acme, subscription_interval="P10D")
    longer = extend(license, by=Interval(hours=2))
    assert longer.end == End(datetime(2026, 12, 5, 1, 59, 59, tzinfo=UTC))


def test_a_last_day_can_be_set_and_counts_on(acme: World) -> None:
    license = make(acme, subscription_interval="P1M")
    assert set_last_day(license, day=date(2027, 1, 31)).expires_on == date(2027, 1, 31)
    assert renew(license).expires_on == date(2027, 2, 28)
    assert renew(license).expires_on == date(2027, 3, 31)


def test_the_same_day_again_changes_nothing(acme: World) -> None:
    license = make(acme, subscription_interval="P1M")
    before = history_of(license).count()
    set_last_day(license, day=date(2026, 12, 24))
    assert history_of(license).count() == before


def test_what_never_ended_can_be_given_a_last_day(acme: World) -> None:
    assert set_last_day(acme.ada_license, day=date(2027, 1, 31)).expires_on == date(2027, 1, 31)


def test_where_machines_end_by_themselves_there_is_no_day_to_set(acme: World) -> None:
    license = make(acme, subscription_interval="P1M", expiration_strategy="rolling")
    with pytest.raises(ExpiryPerMachine):
        set_last_day(license, day=date(2027, 1, 31))


@pytest.mark.parametrize("day", [date(9999, 12, 31)])
def test_a_day_too_far_is_refused(acme: World, day: date) -> None:
    with pytest.raises(DateTooFar):
        set_last_day(acme.ada_license, day=day)


@pytest.mark.parametrize(
    "terms",
    [
        {"subscription_interval": ""},
        {"subscription_interval": "P1D", "expiration_strategy": "rolling"},
        {"subscription_interval": "P1D", "expiration_strategy": "delayed"},
    ],
)
def test_what_has_no_expiry_is_not_renewed(acme: World, terms: dict[str, Any]) -> None:
    license = make(acme, **terms)
    with pytest.raises(ValidityNotRenewable):
        renew(license)
    with pytest.raises(ValidityNotRenewable):
        extend(license, by=Interval(days=1))


def test_suspending_and_revoking_are_recorded_once_each(acme: World) -> None:
    license = make(acme)
    for verb in (suspend, suspend, unsuspend, revoke, revoke, unrevoke, unrevoke):
        with acting_as(acme.acme_admin):
            verb(license)
    license.refresh_from_db()
    assert (license.suspended, license.revoked) == (False, False)
    events = [(each.action, each.actor_for_customers) for each in history_of(license)]
    assert sorted(events) == [
        ("created", ""),
        ("revoked", "Acme Instruments"),
        ("suspended", "Acme Instruments"),
        ("unrevoked", "Acme Instruments"),
        ("unsuspended", "Acme Instruments"),
    ]
