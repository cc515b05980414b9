"""The trail outlives what it tells of."""

import pytest

from audit import trail
from audit.models import AuditEntry
from audit.words import changed_fields
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
    assert changed_fields(entry) == [("colour", "red", "–")]


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
