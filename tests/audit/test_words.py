"""The trail outlives what it tells of."""

import pytest

from audit import trail
from audit.models import AuditEntry
from audit.words import changed_fields, in_words, value_text
from licenses.models import License
from tenancy.door import inside
from tests.roles import unguarded
from tests.world import World, signed_in


@pytest.mark.parametrize("gone", ["licenses.coupon", "coupons.coupon", "nonsense"])
def test_a_model_that_is_gone_is_told_by_raw_names(gone: str) -> None:
    entry = AuditEntry(subject_type=gone, facts={"changes": {"secret_code": ["A", True]}})
    assert changed_fields(entry) == [("secret_code", "A", "yes")]


def test_a_field_that_is_gone_is_told_by_its_raw_name() -> None:
    entry = AuditEntry(
        subject_type="licenses.license", facts={"changes": {"colour": ["red", None]}}
    )
    assert changed_fields(entry) == [("colour", "red", "none")]


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("2027-12-31", "31 December 2027"),
        ("2027-12-31T18:00:00+00:00", "31 December 2027, 18:00 UTC"),
        ("2027-13-45", "2027-13-45"),
        ("2027-13-45T18:00:00+00:00", "2027-13-45T18:00:00+00:00"),
        ("2027-12-31 and later", "2027-12-31 and later"),
    ],
)
def test_days_and_moments_are_read_as_such(value: str, read: str) -> None:
    assert value_text(value) == read


def test_an_end_that_is_a_day_is_told_by_the_day() -> None:
    changes = {
        "expires_at": ["2026-12-01T10:30:00+00:00", "2027-12-31T22:59:59+00:00"],
        "expires_on": [None, "2027-12-31"],
        "subscription_interval": ["P18M", ""],
    }
    assert in_words(License, changes) == [
        ("Validity", "18 months", "perpetual"),
        ("Expires", "1 December 2026, 10:30 UTC", "31 December 2027"),
    ]


def test_pages_show_an_entry_about_a_model_that_is_gone(world: World) -> None:
    entry = trail.record("changed", world.orbit)
    with inside(world.acme), unguarded(AuditEntry):
        facts = {"changes": {"code": ["X1", "X2"]}}
        AuditEntry.objects.filter(pk=entry.pk).update(subject_type="licenses.coupon", facts=facts)
    browser = signed_in(world.acme_admin)
    for path in ("/audit/auditentry/", f"/audit/auditentry/{entry.pk}/change/"):
        page = browser.get(path)
        assert page.status_code == 200
        assert "X2" in page.content.decode()
