"""Answering requests: the checks in the protocol's order, idempotency, receipts."""

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from audit.acting import acting_as
from licenses import errors
from licenses.errors import MeterAttributeUsesLimitReached
from licenses.history import history_of
from licenses.models import Activation, License, LicenseMeterAttribute, LicenseUser
from licenses.verbs.activations import activate
from licenses.verbs.licenses import create_license, renew, revoke, suspend
from licenses.verbs.signing_keys import key_in_use
from offline.errors import (
    InvalidLicenseKey,
    InvalidOfflineRequest,
    InvalidProductId,
    RequestUsedUp,
    TrialNotAllowed,
)
from offline.models import OfflineExchange
from offline.verbs.answering import answer, look
from tenancy.door import inside
from tests import world as worlds
from tests.conftest import NOW
from tests.licenses.test_activation import counts, run_at_once
from tests.offline.requests_maker import MachineKeys, jti
from tests.world import World, machine

MACHINE, FORMATTED = MachineKeys(), MachineKeys("formatted anew")
MONTH = 30 * 86400


@pytest.fixture
def license(acme: World) -> License:
    return create_license(
        product=acme.orbit, user=acme.ada, allowed_activations=2, allowed_deactivations=2
    )


def request(world: World, license: License, name: str = "lab", **changes: Any) -> str:
    return MACHINE.activation(world.orbit.pk, license.key, name, **changes)


def claims(exchange: OfflineExchange, world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    key = RSAKey.import_key(key_in_use(world.orbit).public_pem)
    token = jwt.decode(exchange.response, key, algorithms=["RS256"])
    return dict(token.header), dict(token.claims)


def test_an_activation_gets_the_token_as_its_response(acme: World, license: License) -> None:
    exchange = answer(acme.ada, request(acme, license))
    header, said = claims(exchange, acme)
    activation = Activation.objects.get(license=license)
    assert header["kid"] == key_in_use(acme.orbit).kid
    assert said["aid"] == str(activation.pk) == str(exchange.activation_id)
    assert said["cnf"] == {"jkt": MACHINE.thumbprint}
    assert said["req"] == jti("activate lab")
    assert said["orv"] == int(NOW.timestamp()) + MONTH
    assert said["amd"] == [{"key": "room", "value": "12"}]
    assert (activation.offline, activation.machine_thumbprint) == (True, MACHINE.thumbprint)
    assert counts(license) == (1, 0)


def test_looking_changes_nothing(acme: World, license: License) -> None:
    review = look(acme.ada, request(acme, license))
    assert (review.changes_seats_by, review.deactivates, review.earlier) == (1, False, None)
    assert counts(license) == (0, 0)
    assert not OfflineExchange.objects.exists()


def test_the_products_setting_says_how_long_a_response_is_valid(
    acme: World, license: License
) -> None:
    acme.orbit.offline_response_validity = 3600
    acme.orbit.save()
    _header, said = claims(answer(acme.ada, request(acme, license)), acme)
    assert said["orv"] == int(NOW.timestamp()) + 3600


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda w, own: MACHINE.activation("nonsense", own.key), InvalidProductId),
        (lambda w, own: MACHINE.activation(w.quill.pk, own.key), InvalidProductId),
        (lambda w, own: MACHINE.activation(w.spectra.pk, own.key), InvalidLicenseKey),
        (lambda w, own: MACHINE.activation(w.orbit.pk, "no-such-key"), InvalidLicenseKey),
        (
            lambda w, own: MACHINE.activation(w.orbit.pk, w.grace_license.key),
            InvalidLicenseKey,
        ),
        (
            lambda w, own: MACHINE.activation(w.orbit.pk, w.bob_license.key),
            InvalidLicenseKey,
        ),
        (lambda w, own: MACHINE.trial(w.orbit.pk), TrialNotAllowed),
        (lambda w, own: "no request", InvalidOfflineRequest),
    ],
)
def test_whose_licence_it_is(
    acme: World, license: License, change: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        answer(acme.ada, change(acme, license))
    assert counts(license) == (0, 0)


@pytest.mark.parametrize(
    ("fields", "machine_fields", "error"),
    [
        ({"revoked": True, "suspended": True, "expires_at": NOW}, {}, errors.RevokedLicense),
        ({"suspended": True, "expires_at": NOW}, {}, errors.SuspendedLicense),
        ({"expires_at": NOW, "type": "hosted-floating"}, {}, errors.ExpiredLicense),
        ({"type": "hosted-floating"}, {}, errors.InvalidLicenseType),
        (
            {"allow_vm_activation": False, "allow_container_activation": False},
            {"vmName": "KVM", "container": True},
            errors.VmActivationNotAllowed,
        ),
        (
            {"allow_container_activation": False},
            {"container": True},
            errors.ContainerActivationNotAllowed,
        ),
    ],
)
def test_the_rules_in_their_order(
    acme: World,
    license: License,
    fields: dict[str, Any],
    machine_fields: dict[str, Any],
    error: type[Exception],
) -> None:
    License.objects.filter(pk=license.pk).update(**fields)
    with pytest.raises(error):
        look(acme.ada, request(acme, license, **machine_fields))
    with pytest.raises(error):
        answer(acme.ada, request(acme, license, **machine_fields))
    assert counts(license) == (0, 0)


def test_the_same_request_twice_is_answered_the_same(
    acme: World, license: License, frozen_time: Any
) -> None:
    text = request(acme, license)
    first = answer(acme.ada, text)
    frozen_time.shift(3600)
    assert look(acme.ada, text).changes_seats_by == 0
    again = answer(acme.ada, text)
    assert (again.pk, again.response) == (first.pk, first.response)
    assert counts(license) == (1, 0)


def test_a_response_that_has_run_out_is_made_anew_on_the_same_seat(
    acme: World, license: License, frozen_time: Any
) -> None:
    text = request(acme, license)
    first = answer(acme.ada, text)
    frozen_time.shift(MONTH)
    again = answer(acme.ada, text)
    assert again.pk == first.pk
    assert claims(again, acme)[1]["orv"] == int(NOW.timestamp()) + 2 * MONTH
    assert counts(license) == (1, 0)


def test_a_new_request_of_the_same_machine_takes_no_seat_and_tells_the_news(
    acme: World, license: License
) -> None:
    License.objects.filter(pk=license.pk).update(
        subscription_interval="P1M", expires_at=NOW.replace(month=12)
    )
    first = answer(acme.ada, request(acme, license))
    renew(license)
    second = answer(acme.ada, request(acme, license, jti=jti("second")))
    assert second.activation_id == first.activation_id
    assert claims(second, acme)[1]["eat"] > claims(first, acme)[1]["eat"]
    assert counts(license) == (1, 0)


def test_a_machine_that_was_formatted_keeps_its_seat_with_a_new_key(
    acme: World, license: License
) -> None:
    answer(acme.ada, request(acme, license))
    anew = FORMATTED.activation(acme.orbit.pk, license.key, jti=jti("anew"))
    assert look(acme.ada, anew).replaces_machine_key is True
    _header, said = claims(answer(acme.ada, anew), acme)
    assert said["cnf"] == {"jkt": FORMATTED.thumbprint}
    types = history_of(license).values_list("action", flat=True)
    assert "machine-key-replaced" in types
    assert counts(license) == (1, 1)


def test_clones_with_one_fingerprint_do_not_share_a_seat_without_limit(
    acme: World, license: License
) -> None:
    License.objects.filter(pk=license.pk).update(allowed_deactivations=-1)
    clones = [MachineKeys(f"clone {number}") for number in range(7)]
    texts = [
        clone.activation(acme.orbit.pk, license.key, jti=jti(f"clone {number}"))
        for number, clone in enumerate(clones)
    ]
    responses = [answer(acme.ada, text).response for text in texts[:4]]
    for text in texts[4:]:
        with pytest.raises(errors.MachineKeyReplacedTooOften):
            look(acme.ada, text)
        with pytest.raises(errors.MachineKeyReplacedTooOften):
            answer(acme.ada, text)
    assert counts(license) == (1, 3)
    # What was answered can be fetched again, and changes nothing.
    assert [answer(acme.ada, text).response for text in texts[:4]] == responses
    assert counts(license) == (1, 3)


def test_an_old_response_that_is_made_anew_for_an_older_key_counts(
    acme: World, license: License, frozen_time: Any
) -> None:
    old = request(acme, license)
    answer(acme.ada, old)
    anew = FORMATTED.activation(acme.orbit.pk, license.key, jti=jti("anew"))
    answer(acme.ada, anew)
    review = look(acme.ada, old)
    assert (review.run_out, review.replaces_machine_key) == (False, False)
    frozen_time.shift(MONTH)
    review = look(acme.ada, old)
    assert (review.run_out, review.replaces_machine_key) == (True, True)
    answer(acme.ada, old)
    assert counts(license) == (1, 2)
    with pytest.raises(errors.DeactivationLimitReached):
        answer(acme.ada, anew)
    assert counts(license) == (1, 2)


def test_a_seat_whose_lease_has_ended_goes_to_the_next_machine(
    acme: World, license: License, frozen_time: Any
) -> None:
    License.objects.filter(pk=license.pk).update(allowed_activations=1, lease_duration=7 * 86400)
    _header, said = claims(answer(acme.ada, request(acme, license, "one")), acme)
    assert said["leat"] == int(NOW.timestamp()) + 7 * 86400
    with pytest.raises(errors.ActivationLimitReached):
        look(acme.ada, request(acme, license, "two"))
    frozen_time.shift(7 * 86400)
    answer(acme.ada, request(acme, license, "two"))
    with pytest.raises(errors.ActivationLimitReached):
        answer(acme.ada, request(acme, license, "one", jti=jti("again")))
    assert counts(license) == (1, 1)


SPELLINGS = [
    lambda key: key.lower(),
    lambda key: key.replace("-", ""),
    lambda key: key.replace("-", " "),
    lambda key: f"  {key}  ",
    lambda key: key.replace("-", "\u2011"),
    lambda key: key.replace("-", "\u2013"),
    lambda key: key.replace("-", "\u2212"),
    lambda key: f"\u200b{key}\u200b",
    lambda key: key.replace("-", "\u00ad-"),
    lambda key: key[:20].lower() + key[20:],
]


@pytest.mark.parametrize("spelt", SPELLINGS)
def test_the_key_in_another_spelling(acme: World, license: License, spelt: Any) -> None:
    text = MACHINE.activation(acme.orbit.pk, spelt(license.key))
    exchange = answer(acme.ada, text)
    assert claims(exchange, acme)[1]["key"] == license.key
    asked = MACHINE.deactivation(acme.orbit.pk, spelt(license.key), exchange.activation_id)
    answer(acme.ada, asked)
    assert counts(license) == (0, 1)


@pytest.mark.parametrize("key", ["-" * 20, "?", "7FEFAB"])
def test_what_is_no_key_finds_nothing(acme: World, license: License, key: str) -> None:
    with pytest.raises(InvalidLicenseKey):
        answer(acme.ada, MACHINE.activation(acme.orbit.pk, key))


def test_no_seat_left(acme: World, license: License) -> None:
    answer(acme.ada, request(acme, license, "one"))
    answer(acme.ada, request(acme, license, "two"))
    with pytest.raises(errors.ActivationLimitReached):
        answer(acme.ada, request(acme, license, "three"))
    answer(acme.ada, request(acme, license, "one", jti=jti("again")))
    assert counts(license) == (2, 0)


def test_an_additional_user_may_hand_in_a_file(acme: World, license: License) -> None:
    with pytest.raises(InvalidLicenseKey):
        answer(acme.grace, request(acme, license))
    LicenseUser.objects.create(vendor=acme.acme, license=license, user=acme.grace)
    with acting_as(acme.grace):
        answer(acme.grace, request(acme, license))
    assert history_of(license).get(action="activated").actor_for_customers == "Grace"
    assert counts(license) == (1, 0)


def deactivation(world: World, license: License, exchange: OfflineExchange, **changes: Any) -> str:
    return MACHINE.deactivation(world.orbit.pk, license.key, exchange.activation_id, **changes)


def test_a_deactivation_gives_the_seat_back_and_a_receipt(acme: World, license: License) -> None:
    exchange = answer(acme.ada, request(acme, license))
    text = deactivation(acme, license, exchange)
    assert look(acme.ada, text).changes_seats_by == -1
    receipt = answer(acme.ada, text)
    header, said = claims(receipt, acme)
    assert header["typ"] == "offline-deactivation-receipt+jwt"
    assert said == {
        "aid": str(exchange.activation_id),
        "lid": str(license.pk),
        "iat": int(NOW.timestamp()),
        "req": jti(f"deactivate lab {exchange.activation_id}"),
    }
    assert receipt.hostname == "lab"
    assert counts(license) == (0, 1)


def test_a_deactivation_twice_counts_once(acme: World, license: License) -> None:
    exchange = answer(acme.ada, request(acme, license))
    text = deactivation(acme, license, exchange)
    first = answer(acme.ada, text)
    suspend(license)
    again = answer(acme.ada, text)
    assert (again.pk, again.response) == (first.pk, first.response)
    assert counts(license) == (0, 1)


def test_an_old_request_starts_nothing_after_its_machine_was_deactivated(
    acme: World, license: License
) -> None:
    text = request(acme, license)
    exchange = answer(acme.ada, text)
    answer(acme.ada, deactivation(acme, license, exchange))
    with pytest.raises(RequestUsedUp):
        answer(acme.ada, text)
    assert counts(license) == (0, 1)
    answer(acme.ada, request(acme, license, jti=jti("new")))
    with pytest.raises(RequestUsedUp):
        answer(acme.ada, text)
    old = answer(acme.ada, deactivation(acme, license, exchange))
    assert old.kind == "deactivation"
    assert counts(license) == (1, 1)


def test_only_the_machines_own_key_gives_the_seat_back(acme: World, license: License) -> None:
    exchange = answer(acme.ada, request(acme, license))
    forged = FORMATTED.deactivation(acme.orbit.pk, license.key, exchange.activation_id)
    with pytest.raises(InvalidOfflineRequest):
        answer(acme.ada, forged)
    online = activate(license, machine("online"))
    with pytest.raises(InvalidOfflineRequest):
        answer(acme.ada, MACHINE.deactivation(acme.orbit.pk, license.key, online.pk, "online"))
    assert counts(license) == (2, 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"activationId": "nonsense"},
        {"activationId": "7f9c24e5-0000-4000-8000-000000000000"},
        {"fingerprint": "y" * 64},
    ],
)
def test_no_such_activation(acme: World, license: License, changes: dict[str, str]) -> None:
    exchange = answer(acme.ada, request(acme, license))
    with pytest.raises(errors.ActivationNotFound):
        answer(acme.ada, deactivation(acme, license, exchange, **changes))
    assert counts(license) == (1, 0)


def test_the_limit_of_deactivations(acme: World, license: License) -> None:
    License.objects.filter(pk=license.pk).update(allowed_deactivations=0)
    exchange = answer(acme.ada, request(acme, license))
    with pytest.raises(errors.DeactivationLimitReached):
        answer(acme.ada, deactivation(acme, license, exchange))
    assert counts(license) == (1, 0)


def test_a_revoked_licence_answers_nothing(acme: World, license: License) -> None:
    exchange = answer(acme.ada, request(acme, license))
    revoke(license)
    for text in (request(acme, license), deactivation(acme, license, exchange)):
        with pytest.raises(errors.RevokedLicense):
            answer(acme.ada, text)
    assert counts(license) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_the_same_file_at_once_is_one_seat_and_one_answer() -> None:
    world = worlds.build()
    with inside(world.acme):
        license = create_license(product=world.orbit, user=world.ada, allowed_activations=5)
    text = request(world, license)

    def act(n: int) -> str:
        with inside(world.acme):
            return answer(world.ada, text).response

    assert len(set(run_at_once(12, act))) == 1
    with inside(world.acme):
        assert counts(license) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_of_many_files_at_once_for_one_seat_one_takes_it() -> None:
    """One machine stops, one starts; whoever comes later finds no seat, and stops nothing."""
    world = worlds.build()
    with inside(world.acme):
        license = create_license(product=world.orbit, user=world.ada, allowed_activations=1)
        stopping = activate(license, machine("old")).pk

    def act(n: int) -> str:
        with inside(world.acme):
            text = MachineKeys().activation(world.orbit.pk, license.key, f"new-{n}")
            answer(world.ada, text, stop=[stopping])
            return "started"

    results = run_at_once(6, act)
    assert sorted(results) == ["ACTIVATION_LIMIT_REACHED"] * 5 + ["started"]
    with inside(world.acme):
        assert counts(license) == (1, 1)


def test_what_refuses_the_new_machine_lets_the_old_one_run(acme: World) -> None:
    license = create_license(product=acme.orbit, user=acme.ada, allowed_activations=1)
    old = activate(license, machine("old"))
    LicenseMeterAttribute.objects.create(
        vendor=acme.acme, license=license, name="pages", allowed_uses=0
    )
    text = MachineKeys().activation(
        acme.orbit.pk, license.key, meterAttributes=[{"name": "pages", "uses": 1}]
    )
    with pytest.raises(MeterAttributeUsesLimitReached):
        answer(acme.ada, text, stop=[old.pk])
    assert counts(license) == (1, 0)
    assert Activation.objects.filter(pk=old.pk).exists()
