"""The verbs about a licence as a whole."""

import re
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from audit.acting import acting_as
from licenses.errors import ValidityNotRenewable
from licenses.history import history_of
from licenses.keys import new_key
from licenses.models import License, LicensePolicy
from licenses.verbs.licenses import (
    create_license,
    extend,
    renew,
    revoke,
    suspend,
    unrevoke,
    unsuspend,
)
from tenancy.door import inside
from tests.conftest import NOW
from tests.world import World

DAY = 86400


def make(world: World, **terms: Any) -> License:
    return create_license(product=world.orbit, user=world.ada, **terms)


def in_days(days: float) -> datetime:
    return NOW + timedelta(days=days)


@pytest.mark.parametrize(
    ("terms", "expires_at"),
    [
        ({"validity": 0}, None),
        ({"validity": 10 * DAY}, in_days(10)),
        ({"validity": 10 * DAY, "expiration_strategy": "delayed"}, None),
        ({"validity": 10 * DAY, "expiration_strategy": "rolling"}, None),
    ],
)
def test_the_expiry_of_a_new_licence(
    acme: World, terms: dict[str, Any], expires_at: datetime | None
) -> None:
    assert make(acme, **terms).expires_at == expires_at


def test_a_licence_takes_its_policys_terms_and_keeps_its_own(acme: World) -> None:
    policy = LicensePolicy.objects.create(
        vendor=acme.acme,
        name="Yearly",
        allowed_activations=7,
        validity=DAY,
        key_pattern="[A-Z]{4}(-[0-9]{4}){4}",
    )
    license = make(acme, policy=policy, allowed_activations=9)
    assert (license.allowed_activations, license.validity) == (9, DAY)
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
    [{"type": "floating"}, {"validity": -1}, {"allowed_activations": -2}, {"validity": 10**12}],
)
def test_bad_terms_are_refused(acme: World, terms: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        make(acme, **terms)


def test_renewing_adds_the_validity(acme: World, frozen_time: Any) -> None:
    license = make(acme, validity=10 * DAY)
    assert renew(license).expires_at == in_days(20)
    frozen_time.shift(30 * DAY)
    assert renew(license).expires_at == in_days(40)


def test_extending_adds_seconds(acme: World) -> None:
    license = make(acme, validity=10 * DAY)
    assert extend(license, extension_length=DAY).expires_at == in_days(11)


@pytest.mark.parametrize(
    "terms",
    [
        {"validity": 0},
        {"validity": DAY, "expiration_strategy": "rolling"},
        {"validity": DAY, "expiration_strategy": "delayed"},
    ],
)
def test_what_has_no_expiry_is_not_renewed(acme: World, terms: dict[str, Any]) -> None:
    license = make(acme, **terms)
    with pytest.raises(ValidityNotRenewable):
        renew(license)
    with pytest.raises(ValidityNotRenewable):
        extend(license, extension_length=1)


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
