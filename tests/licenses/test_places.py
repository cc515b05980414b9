"""Where a licence may be activated, and what a policy asks of new licences."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from licenses import places
from licenses.errors import RequiredIsMissing
from licenses.models import License, LicensePolicy
from licenses.verbs.issuing import issue
from licenses.verbs.licenses import create_license
from licenses.verbs.policies import check_required, create_policy
from tenancy.door import inside
from tests.backoffice.test_base import TERMS, license_form
from tests.world import World, signed_in


@pytest.mark.parametrize(
    ("spelled", "text", "spelling"),
    [
        (places.address, "192.0.2.7", "192.0.2.7"),
        (places.address, "2001:DB8:0::7", "2001:db8::7"),
        (places.network, "192.0.2.7/24", "192.0.2.0/24"),
        (places.network, "192.0.2.7", "192.0.2.7/32"),
        (places.network, "2001:DB8::/32", "2001:db8::/32"),
        (places.country, "de", "DE"),
        (places.country, "XK", "XK"),
    ],
)
def test_each_has_one_spelling(spelled: Callable[[str], str], text: str, spelling: str) -> None:
    assert spelled(text) == spelling


@pytest.mark.parametrize(
    ("spelled", "text"),
    [
        (places.address, "192.0.2.256"),
        (places.address, "192.0.2.0/24"),
        (places.address, "example.com"),
        (places.network, "192.0.2.0/33"),
        (places.network, "192.0.2.1-192.0.2.9"),
        (places.country, "UK"),
        (places.country, "DEU"),
        (places.country, "D"),
    ],
)
def test_what_is_none_is_refused(spelled: Callable[[str], str], text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        spelled(text)


def test_there_are_all_countries() -> None:
    assert len(places.COUNTRIES) == 249 + 1
    assert all(len(code) == 2 and code.isupper() for code in places.COUNTRIES)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ([], []),
        (["de", " AT", "DE"], ["DE", "AT"]),
        (["Germany"], None),
        ("DE", None),
        (["DE", 7], None),
        ([""], None),
        (None, None),
        (["DE"] * 301, None),
    ],
)
def test_a_list_has_each_once(value: Any, kept: list[str] | None) -> None:
    field: Any = License._meta.get_field("allowed_countries")
    if kept is None:
        with pytest.raises(ValidationError):
            field.to_python(value)
    else:
        assert field.to_python(value) == kept


def test_a_licence_has_them_of_its_policy_and_the_back_office_changes_both(world: World) -> None:
    admin = signed_in(world.acme_admin)
    form = TERMS | {
        "name": "Alps",
        "key_pattern": "",
        "allowed_countries": "de, at\nch",
        "allowed_ip_ranges": "192.0.2.9/24",
        "user_locked": "on",
        "required_metadata_keys": "Cost centre\nRoom",
    }
    path = "/licenses/licensepolicy/add/"
    refused = admin.post(path, form | {"disallowed_ip_addresses": "192.0.2.300"})
    assert "“192.0.2.300” is no IP address." in refused.content.decode()
    assert admin.post(path, form).status_code == 302
    with inside(world.acme):
        policy = LicensePolicy.objects.get(name="Alps")
        license = create_license(product=world.orbit, user=world.ada, policy=policy)
    assert policy.required_metadata_keys == ["Cost centre", "Room"]
    assert license.allowed_countries == ["DE", "AT", "CH"]
    assert license.allowed_ip_ranges == ["192.0.2.0/24"]
    assert license.user_locked
    page = f"/licenses/license/{license.pk}/change/"
    assert "DE, AT, CH" in admin.get(page).content.decode()
    assert "DE\nAT\nCH" in admin.get(f"{page}?change=yes").content.decode()
    changed = license_form(world, allowed_countries="fr", allowed_ip_ranges="")
    assert admin.post(page, changed).status_code == 302
    with inside(world.acme):
        license.refresh_from_db()
    assert (license.allowed_countries, license.allowed_ip_ranges) == (["FR"], [])


def test_what_a_policy_requires_is_there_or_no_licence(acme: World) -> None:
    policy = LicensePolicy(vendor=acme.acme, name="Strict", required_metadata_keys=["Room"])
    create_policy(policy)
    email = "new@example.com"
    with pytest.raises(RequiredIsMissing, match="Room"):
        issue(product=acme.orbit, email=email, policy=policy, metadata=[{"key": "x", "value": ""}])
    room = {"key": "Room", "value": "7"}
    license = issue(product=acme.orbit, email=email, policy=policy, metadata=[room])
    assert license.policy == policy
    policy.required_meter_attributes = ["renders"]
    with pytest.raises(RequiredIsMissing, match="renders"):
        check_required(policy, metadata=["Room"])
    check_required(policy, metadata=["Room"], meters=["renders", "more"])
    check_required(None, metadata=[])
