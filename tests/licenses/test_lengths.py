"""Lengths of time as the vendor's people type and read them."""

import pytest
from django.core.exceptions import ValidationError

from licenses.admin.lengths import LengthOfTimeField, in_unit
from licenses.models import LicensePolicy
from tenancy.door import inside
from tests.backoffice.test_base import TERMS
from tests.world import World, signed_in


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("1 year", 31536000),
        ("2 YEARS", 63072000),
        ("30 days", 2592000),
        ("1 week", 604800),
        ("8hours", 28800),
        ("90 minutes", 5400),
        ("1 second", 1),
        ("3600", 3600),
        (" 0 ", 0),
    ],
)
def test_typed(typed: str, seconds: int) -> None:
    assert LengthOfTimeField().clean(typed) == seconds


@pytest.mark.parametrize("typed", ["", "soon", "1.5 years", "-1 day", "1 year 2 days", "9" * 11])
def test_what_is_no_length(typed: str) -> None:
    with pytest.raises(ValidationError):
        LengthOfTimeField().clean(typed)


@pytest.mark.parametrize(
    ("seconds", "read"),
    [
        (31536000, "1 year"),
        (63072000, "2 years"),
        (2592000, "30 days"),
        (28800, "8 hours"),
        (5400, "90 minutes"),
        (61, "61 seconds"),
        (0, "0"),
        (1, "1 second"),
    ],
)
def test_read(seconds: int, read: str) -> None:
    assert in_unit(seconds) == read
    assert LengthOfTimeField().clean(read) == seconds


def test_a_policy_is_typed_in_words(world: World) -> None:
    admin = signed_in(world.acme_admin)
    form = {**TERMS, "name": "Yearly", "key_pattern": "", "validity": "1 year"}
    assert admin.post("/licenses/licensepolicy/add/", form).status_code == 302
    with inside(world.acme):
        policy = LicensePolicy.objects.get(name="Yearly")
    assert policy.validity == 31536000
    page = admin.get(f"/licenses/licensepolicy/{policy.pk}/change/").content.decode()
    assert 'value="1 year"' in page
    too_long = admin.post("/licenses/licensepolicy/add/", form | {"validity": "101 years"})
    assert "less than or equal to" in too_long.content.decode()
