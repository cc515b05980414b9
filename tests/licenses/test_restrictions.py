"""From where, and by whom, a licence may be activated."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from licenses.errors import (
    CountryNotAllowed,
    IpAddressNotAllowed,
    LicensingError,
    UserNotAllowed,
)
from licenses.models import Activation, License
from licenses.verbs.activations import activate
from licenses.verbs.leases import free_seats
from licenses.verbs.licenses import create_license
from licenses.verbs.restrictions import check_place, check_user
from tenancy.door import inside
from tests.geoip import BERLIN, NOWHERE, TOKYO, written
from tests.world import World, machine


@dataclass
class Terms:
    allowed_countries: list[str] = field(default_factory=list)
    disallowed_countries: list[str] = field(default_factory=list)
    allowed_ip_addresses: list[str] = field(default_factory=list)
    allowed_ip_ranges: list[str] = field(default_factory=list)
    disallowed_ip_addresses: list[str] = field(default_factory=list)
    disable_geo_location: bool = False


OFFICE = {"allowed_ip_addresses": ["192.0.2.7"], "allowed_ip_ranges": ["2001:db8::/32"]}

PLACES: list[tuple[dict[str, Any], str, type[LicensingError] | None]] = [
    ({}, NOWHERE, None),
    ({}, "", None),
    ({"disallowed_ip_addresses": ["192.0.2.1"]}, "192.0.2.1", IpAddressNotAllowed),
    ({"disallowed_ip_addresses": ["192.0.2.1"]}, "192.0.2.2", None),
    (OFFICE, "192.0.2.7", None),
    (OFFICE, "192.0.2.8", IpAddressNotAllowed),
    (OFFICE, "2001:db8:1::7", None),
    (OFFICE, "2001:db9::7", IpAddressNotAllowed),
    (OFFICE, "", IpAddressNotAllowed),
    ({"allowed_ip_ranges": ["0.0.0.0/0"]}, "2001:db8::1", IpAddressNotAllowed),
    ({"allowed_countries": ["DE"]}, BERLIN, None),
    ({"allowed_countries": ["DE"]}, TOKYO, CountryNotAllowed),
    ({"allowed_countries": ["DE"]}, NOWHERE, CountryNotAllowed),
    ({"allowed_countries": ["DE"], "disable_geo_location": True}, BERLIN, CountryNotAllowed),
    ({"disallowed_countries": ["DE"]}, BERLIN, CountryNotAllowed),
    ({"disallowed_countries": ["DE"]}, NOWHERE, None),
    ({"disallowed_countries": ["DE"], "disable_geo_location": True}, BERLIN, None),
]


def test_places_are_allowed_or_not(tmp_path: Path, settings: Any) -> None:
    settings.GEOIP_DATABASE = written(tmp_path / "places.mmdb")
    for terms, ip, refusal in PLACES:
        try:
            check_place(Terms(**terms), ip)
        except LicensingError as error:
            assert type(error) is refusal, (terms, ip)
        else:
            assert refusal is None, (terms, ip)


def test_without_a_file_no_country_is_known(settings: Any) -> None:
    settings.GEOIP_DATABASE = None
    check_place(Terms(disallowed_countries=["DE"]), BERLIN)
    with pytest.raises(CountryNotAllowed):
        check_place(Terms(allowed_countries=["DE"]), BERLIN)


@pytest.mark.parametrize(
    ("locked", "hash", "before", "allowed"),
    [
        (False, "", "a", True),
        (True, "a", "", True),
        (True, "a", "a", True),
        (True, "b", "a", False),
        (True, "", "", False),
    ],
)
def test_a_machine_is_locked_to_its_first_user(
    locked: bool, hash: str, before: str, allowed: bool
) -> None:
    if allowed:
        check_user(user_locked=locked, user_hash=hash, before=before)
        return
    with pytest.raises(UserNotAllowed):
        check_user(user_locked=locked, user_hash=hash, before=before)


def test_the_worker_frees_the_seats_of_ended_leases(world: World, frozen_time: object) -> None:
    licenses = []
    for vendor, product in ((world.acme, world.orbit), (world.globex, world.quill)):
        with inside(vendor):
            license = create_license(
                product=product,
                user=None,
                type="hosted-floating",
                allowed_activations=2,
                lease_duration=60,
            )
            activate(license, machine("one"))
            licenses.append(license)
    assert free_seats() == 0
    frozen_time.shift(30)  # type: ignore[attr-defined]
    with inside(world.acme):
        activate(licenses[0], machine("two"))
    frozen_time.shift(30)  # type: ignore[attr-defined]
    assert free_seats() == 2
    assert free_seats() == 0
    left = []
    for license in licenses:
        with inside(license.vendor):
            counted = License.objects.get(pk=license.pk).total_activations
            left.append((counted, Activation.objects.filter(license=license).count()))
    assert left == [(1, 1), (0, 0)]
