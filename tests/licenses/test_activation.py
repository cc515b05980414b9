"""Taking and giving back seats."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from licenses import errors
from licenses.history import history_of
from licenses.models import Activation, License, LicenseMeterAttribute, Product
from licenses.verbs import licenses
from licenses.verbs.activations import (
    MachineKey,
    activate,
    deactivate,
    deactivate_as_customer,
    sync,
)
from licenses.verbs.licenses import create_license
from licenses.verbs.releasing import free
from tenancy.door import inside
from tests import world as worlds
from tests.conftest import NOW
from tests.world import World, machine

pytestmark = pytest.mark.by_database
KEY = MachineKey({"kty": "OKP", "crv": "Ed25519", "x": "A" * 43}, "T" * 43)
OTHER_KEY = MachineKey({"kty": "OKP", "crv": "Ed25519", "x": "B" * 43}, "U" * 43)


def make(world: World, **terms: Any) -> License:
    return create_license(
        product=world.orbit, user=world.ada, **{"allowed_activations": 2, **terms}
    )


def counts(license: License) -> tuple[int, int]:
    """Seats used and deactivations used; the counter agrees with the rows."""
    license.refresh_from_db()
    assert license.total_activations == Activation.objects.filter(license=license).count()
    return license.total_activations, license.total_deactivations


def test_a_seat_each_up_to_the_limit(acme: World) -> None:
    license = make(acme)
    activate(license, machine("one"))
    activate(license, machine("two"))
    with pytest.raises(errors.ActivationLimitReached):
        activate(license, machine("three"))
    assert counts(license) == (2, 0)


@pytest.mark.parametrize("unlimited", [0, -1])
def test_no_limit(acme: World, unlimited: int) -> None:
    license = make(acme, allowed_activations=unlimited)
    for number in range(5):
        activate(license, machine(f"machine-{number}"))
    assert counts(license) == (5, 0)


def test_the_same_fingerprint_has_one_seat(acme: World) -> None:
    license = make(acme, allowed_activations=1)
    first = activate(license, machine("one", app_version="1"))
    again = activate(license, machine("one", app_version="2"))
    assert again.pk == first.pk
    assert Activation.objects.get(pk=first.pk).app_version == "2"
    assert counts(license) == (1, 0)


def test_a_new_machine_key_replaces_the_old_one_and_is_recorded(acme: World) -> None:
    license = make(acme)
    activate(license, machine("one"), key=KEY)
    activate(license, machine("one"), key=KEY)
    activate(license, machine("one"), key=OTHER_KEY)
    assert Activation.objects.get(license=license).machine_thumbprint == "U" * 43
    types = list(history_of(license).values_list("action", flat=True))
    assert sorted(types) == ["activated", "created", "machine-key-replaced"]
    assert counts(license) == (1, 1)


def keys(number: int) -> list[MachineKey]:
    return [MachineKey(KEY.jwk, str(each) * 43) for each in range(number)]


def test_a_machine_is_set_up_anew_three_times_a_year(acme: World, frozen_time: Any) -> None:
    license = make(acme)
    first, *others = keys(8)
    activate(license, machine("one"), key=first)
    for key in others[:3]:
        frozen_time.shift(timedelta(days=30))
        activate(license, machine("one"), key=key)
    for key in (*others[3:], first):
        with pytest.raises(errors.MachineKeyReplacedTooOften):
            activate(license, machine("one"), key=key)
    activate(license, machine("one"), key=others[2])
    assert counts(license) == (1, 3)
    activate(license, machine("two"), key=first)
    frozen_time.shift(timedelta(days=364 - 60))
    with pytest.raises(errors.MachineKeyReplacedTooOften):
        activate(license, machine("one"), key=first)
    frozen_time.shift(timedelta(days=1))
    activate(license, machine("one"), key=first)
    with pytest.raises(errors.MachineKeyReplacedTooOften):
        activate(license, machine("one"), key=others[0])
    assert counts(license) == (2, 4)


@pytest.mark.parametrize("allowed", [0, 1, 5])
def test_the_product_says_how_often_a_machine_may_be_set_up_anew(acme: World, allowed: int) -> None:
    license = make(acme)
    Product.objects.filter(pk=license.product_id).update(allowed_key_replacements=allowed)
    for key in keys(allowed + 1):
        activate(license, machine("one"), key=key)
    with pytest.raises(errors.MachineKeyReplacedTooOften):
        activate(license, machine("one"), key=OTHER_KEY)
    assert counts(license) == (1, allowed)


@pytest.mark.parametrize(("allowed", "works"), [(0, 0), (1, 1), (2, 2), (-1, 3)])
def test_setting_up_anew_counts_as_a_deactivation(acme: World, allowed: int, works: int) -> None:
    license = make(acme, allowed_deactivations=allowed)
    first, *others = keys(works + 1)
    activate(license, machine("one"), key=first)
    for key in others:
        activate(license, machine("one"), key=key)
    if allowed >= 0:
        with pytest.raises(errors.DeactivationLimitReached):
            activate(license, machine("one"), key=OTHER_KEY)
    assert counts(license) == (1, works)
    assert (
        Activation.objects.get(license=license).machine_thumbprint
        == (others[-1] if others else first).thumbprint
    )


def test_going_online_and_back_is_no_way_around_it(acme: World) -> None:
    license = make(acme)
    for key in keys(2):
        activate(license, machine("one"), key=key)
        activate(license, machine("one"))
    assert counts(license) == (1, 2)
    activate(license, machine("one"), key=OTHER_KEY)
    activate(license, machine("one"))
    activate(license, machine("one"), key=KEY)
    for key in (None, OTHER_KEY):
        with pytest.raises(errors.MachineKeyReplacedTooOften):
            activate(license, machine("one"), key=key)


def test_support_frees_the_seat_of_a_machine_that_was_set_up_anew_too_often(acme: World) -> None:
    license = make(acme)
    for key in keys(4):
        taken = activate(license, machine("one"), key=key)
    free(taken, reason="The disk broke four times")
    activate(license, machine("one"), key=OTHER_KEY)
    assert counts(license) == (1, 4)  # a release is a deactivation, too


@pytest.mark.parametrize(
    ("terms", "fields", "error"),
    [
        ({"revoked": True}, {}, errors.RevokedLicense),
        ({"suspended": True}, {}, errors.SuspendedLicense),
        ({"expires_at": NOW}, {}, errors.ExpiredLicense),
        ({"type": "hosted-floating"}, {}, errors.InvalidLicenseType),
        ({"type": "on-premise-floating"}, {}, errors.InvalidLicenseType),
        ({"allow_vm_activation": False}, {"vm_name": "KVM"}, errors.VmActivationNotAllowed),
        (
            {"allow_container_activation": False},
            {"container": True},
            errors.ContainerActivationNotAllowed,
        ),
        ({}, {"fingerprint": "x" * 63}, errors.InvalidActivationFingerprint),
        ({}, {"fingerprint": "x" * 257}, errors.InvalidActivationFingerprint),
        ({"revoked": True, "suspended": True}, {"vm_name": "KVM"}, errors.RevokedLicense),
    ],
)
def test_what_keeps_an_offline_machine_out(
    acme: World, terms: dict[str, Any], fields: dict[str, Any], error: type[Exception]
) -> None:
    license = make(acme, **terms)
    with pytest.raises(error):
        activate(license, machine("one", **fields), key=KEY)
    assert counts(license) == (0, 0)


@pytest.mark.parametrize("terms", [{"suspended": True}, {"expires_at": NOW}])
def test_online_a_suspended_or_expired_licence_still_activates(
    acme: World, terms: dict[str, Any]
) -> None:
    license = make(acme, **terms)
    activate(license, machine("one"))
    assert counts(license) == (1, 0)


def test_the_first_activation_starts_a_delayed_licence(acme: World, frozen_time: Any) -> None:
    license = make(acme, subscription_interval="PT1H", expiration_strategy="delayed")
    frozen_time.shift(100)
    activate(license, machine("one"))
    license.refresh_from_db()
    assert license.expires_at == NOW + timedelta(seconds=3700)
    frozen_time.shift(100)
    activate(license, machine("two"))
    license.refresh_from_db()
    assert license.expires_at == NOW + timedelta(seconds=3700)
    assert license.first_activated_at == NOW + timedelta(seconds=100)


def test_a_rolling_licence_expires_per_machine(acme: World, frozen_time: Any) -> None:
    license = make(acme, subscription_interval="PT1H", expiration_strategy="rolling")
    first = activate(license, machine("one"))
    frozen_time.shift(60)
    second = activate(license, machine("two"))
    assert first.expires_at == NOW + timedelta(seconds=3600)
    assert second.expires_at == NOW + timedelta(seconds=3660)
    license.refresh_from_db()
    assert license.expires_at is None


def test_a_lease_that_ends_frees_its_seat_and_a_sync_renews_it(
    acme: World, frozen_time: Any
) -> None:
    license = make(acme, type="hosted-floating", allowed_activations=1, lease_duration=600)
    first = activate(license, machine("one"))
    frozen_time.shift(500)
    sync(first.pk)
    frozen_time.shift(500)
    with pytest.raises(errors.ActivationLimitReached):
        activate(license, machine("two"))
    frozen_time.shift(100)
    activate(license, machine("two"))
    with pytest.raises(errors.ActivationNotFound):
        sync(first.pk)
    assert counts(license) == (1, 1)


def test_the_lease_of_a_machine_without_network_ends_and_a_new_request_renews_it(
    acme: World, frozen_time: Any
) -> None:
    license = make(acme, allowed_activations=1, lease_duration=600)
    assert activate(make(acme, lease_duration=600), machine("online")).lease_expires_at is None
    first = activate(license, machine("one"), key=KEY)
    assert first.lease_expires_at == NOW + timedelta(seconds=600)
    frozen_time.shift(600)
    again = activate(license, machine("one"), key=KEY)
    assert (again.pk, again.lease_expires_at) == (first.pk, NOW + timedelta(seconds=1200))
    with pytest.raises(errors.ActivationLimitReached):
        activate(license, machine("two"), key=OTHER_KEY)
    frozen_time.shift(600)
    activate(license, machine("two"), key=OTHER_KEY)
    with pytest.raises(errors.ActivationLimitReached):
        activate(license, machine("one"), key=KEY)
    assert counts(license) == (1, 1)


def test_a_sync_takes_over_what_the_machine_tells(acme: World, frozen_time: Any) -> None:
    frozen_time.shift(60)
    synced = sync(acme.ada_machine.pk, {"app_version": "9"})
    assert (synced.app_version, synced.last_synced_at) == ("9", NOW + timedelta(seconds=60))
    licenses.revoke(acme.ada_license)
    with pytest.raises(errors.RevokedLicense):
        sync(acme.ada_machine.pk)


def test_deactivating_frees_the_seat_and_counts_once(acme: World) -> None:
    license = make(acme, allowed_activations=1)
    one = activate(license, machine("one"))
    deactivate(one)
    with pytest.raises(errors.ActivationNotFound):
        deactivate(one)
    assert counts(license) == (0, 1)
    activate(license, machine("two"))
    assert counts(license) == (1, 1)


@pytest.mark.parametrize(("allowed", "works"), [(0, 0), (1, 1), (2, 2), (-1, 3)])
def test_deactivations_are_limited(acme: World, allowed: int, works: int) -> None:
    license = make(acme, allowed_activations=3, allowed_deactivations=allowed)
    machines = [activate(license, machine(f"m{number}")) for number in range(3)]
    for activation in machines[:works]:
        deactivate(activation)
    for activation in machines[works:]:
        with pytest.raises(errors.DeactivationLimitReached):
            deactivate(activation)
    assert counts(license) == (3 - works, works)


def test_floating_licences_ignore_the_limit_of_deactivations(acme: World) -> None:
    license = make(acme, type="hosted-floating", allowed_deactivations=0)
    deactivate(activate(license, machine("one")))
    assert counts(license) == (0, 1)


def test_a_customer_deactivates_where_the_product_lets_him(acme: World) -> None:
    license = make(acme)
    offline = activate(license, machine("offline"), key=KEY)
    online = activate(license, machine("online"))
    with pytest.raises(errors.OfflineMachineKeepsItsSeat):
        deactivate_as_customer(offline)
    acme.orbit.customers_may_deactivate = False
    acme.orbit.save()
    with pytest.raises(errors.CustomerDeactivationNotAllowed):
        deactivate_as_customer(online)
    acme.orbit.customers_may_deactivate = True
    acme.orbit.save()
    deactivate_as_customer(online)
    assert counts(license) == (1, 1)


def test_meters_count_up_to_their_limit(acme: World) -> None:
    license = make(acme, allowed_activations=5)
    for name, floating in (("pages", True), ("exports", False)):
        LicenseMeterAttribute.objects.create(
            vendor=acme.acme, license=license, name=name, allowed_uses=10, floating=floating
        )
    one = activate(
        license, machine("one", meter_attributes={"pages": 6, "exports": 6, "other": 99})
    )
    with pytest.raises(errors.MeterAttributeUsesLimitReached):
        activate(license, machine("two", meter_attributes={"exports": 1, "pages": 5}))
    deactivate(one)
    meters = LicenseMeterAttribute.objects.filter(license=license)
    assert dict(meters.values_list("name", "total_uses")) == {"pages": 0, "exports": 6}
    assert dict(meters.values_list("name", "gross_uses")) == {"pages": 6, "exports": 6}
    assert counts(license) == (0, 1)


def run_at_once(number: int, act: Any) -> list[str]:
    """Calls act(n) in threads with connections of their own; what each returned or raised."""
    results: list[str] = []
    barrier = threading.Barrier(number)

    def run(n: int) -> None:
        try:
            barrier.wait()
            results.append(act(n) or "done")
        except errors.LicensingError as error:
            results.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == number, results
    return results


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_of_ten_seats_give_exactly_ten() -> None:
    world = worlds.build()
    with inside(world.acme):
        license = make(world, allowed_activations=10)

    def act(n: int) -> None:
        with inside(world.acme):
            activate(license, machine(f"machine-{n}"))

    results = run_at_once(50, act)
    assert (results.count("done"), results.count("ACTIVATION_LIMIT_REACHED")) == (10, 40)
    with inside(world.acme):
        assert counts(license) == (10, 0)


@pytest.mark.django_db(transaction=True)
def test_twenty_times_the_same_machine_at_once_is_one_seat() -> None:
    world = worlds.build()
    with inside(world.acme):
        license = make(world, allowed_activations=1)

    def act(n: int) -> None:
        with inside(world.acme):
            activate(license, machine("same"))

    assert run_at_once(20, act) == ["done"] * 20
    with inside(world.acme):
        assert counts(license) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_twenty_deactivations_at_once_count_one() -> None:
    world = worlds.build()
    with inside(world.acme):
        license = make(world)
        one = activate(license, machine("one"))

    def act(n: int) -> None:
        with inside(world.acme):
            deactivate(one)

    results = run_at_once(20, act)
    assert (results.count("done"), results.count("ACTIVATION_NOT_FOUND")) == (1, 19)
    with inside(world.acme):
        assert counts(license) == (0, 1)
