"""The trail outlives what it tells of."""

import pytest
from django.db.models import Model

from accounts.models import PersonalAccessToken, Role
from audit import rows, trail
from audit.models import AuditEntry
from audit.words import changed_fields, in_words, value_text
from backoffice.models import SavedView
from licenses.models import License, Product
from releases.models import Release, ReleaseFile
from tenancy.door import inside
from tests.roles import unguarded
from tests.world import World, signed_in
from webhooks.models import Webhook


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


@pytest.mark.parametrize(
    ("model", "name", "value", "read"),
    [
        (License, "allowed_deactivations", -1, "no limit"),
        (License, "allowed_deactivations", 3, "3"),
        (License, "allowed_activations", 0, "no limit"),
        (SavedView, "listed", "licenses.license", "licences"),
        (SavedView, "listed", "coupons.coupon", "coupons.coupon"),
        (ReleaseFile, "size", 6_042_543, "5.8\xa0MB"),
        (Release, "platforms", ["win64", "amiga"], "Windows, 64 bit, amiga"),
        (Webhook, "events", ["license.renewed", "gone"], "It is renewed, gone"),
        (Role, "claims", ["licenses.view_license", "a.b_c"], "licences: see, a.b_c"),
        (Role, "claims", [], "none"),
        (
            PersonalAccessToken,
            "scopes",
            ["user:read", "license:write", "old:read", "x"],
            "People: read, Licences: read and change, old:read, x",
        ),
        (PersonalAccessToken, "scopes", [], "none"),
    ],
)
def test_what_programs_call_otherwise_is_told_in_words(
    model: type[Model], name: str, value: object, read: str
) -> None:
    [(_label, old, new)] = in_words(model, {name: [None, value]})
    assert (old, new) == ("none", read)


def test_a_long_value_is_cut_in_the_list_and_whole_on_the_page(world: World) -> None:
    with inside(world.acme):
        notes = "long " * 100 + "end"
        rows.change(_with(world.orbit, description=notes), fields=["description"])
        entry = AuditEntry.objects.latest("sequence")
    browser = signed_in(world.acme_admin)
    assert notes not in browser.get("/audit/auditentry/").content.decode()
    assert notes in browser.get(f"/audit/auditentry/{entry.pk}/change/").content.decode()


def _with(product: Product, **fields: str) -> Product:
    for name, value in fields.items():
        setattr(product, name, value)
    return product


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
