"""What customers are told of a licence that the vendor changes, and what not."""

import pytest

from licenses.history import WITHHELD, history_of
from licenses.models import License, LicenseMetadata
from licenses.verbs.details import add_metadata, change_metadata
from licenses.verbs.licenses import change_license
from tenancy.door import inside
from tests.world import World, signed_in

# A new field of a licence is put here or into WITHHELD, by decision.
TOLD = {
    "name", "order_number", "renewal_url",
    "id", "created_at", "updated_at", "vendor", "key", "key_form", "product", "product_version", "user", "expires_at", "expires_on",
    "anchor", "periods", "maintenance_expires_on", "maintenance_anchor", "maintenance_periods",
    "maintenance_policy", "maintenance_expires_at", "max_allowed_release_version", "suspended",
    "revoked", "notes", "total_activations", "total_deactivations", "first_activated_at", "type",
    "allowed_activations", "allowed_deactivations", "subscription_interval", "expiration_strategy",
    "fingerprint_matching_strategy", "allow_vm_activation", "allow_container_activation",
    "server_sync_interval", "server_sync_grace_period", "allowed_clock_offset", "lease_duration",
    "leasing_strategy", "allowed_floating_clients", "allow_client_lease_duration",
    "expiring_soon_event_offset", "allowed_countries", "disallowed_countries",
    "allowed_ip_addresses", "allowed_ip_ranges", "disallowed_ip_addresses", "user_locked",
    "require_authentication", "disable_geo_location",
}  # fmt: skip


def test_of_every_field_it_is_decided_whether_customers_are_told() -> None:
    assert {field.name for field in License._meta.concrete_fields} == TOLD | WITHHELD
    assert not TOLD & WITHHELD


@pytest.mark.parametrize("field", sorted(WITHHELD - {"policy"}))
def test_what_is_withheld_is_in_no_history(world: World, field: str) -> None:
    license = world.ada_license
    with inside(world.acme):
        before = history_of(license).count()
        setattr(license, field, "https://example.com/SECRET-PLAN")
        change_license(license, fields=[field])
        assert history_of(license).count() == before
    page = signed_in(world.ada).get(f"/licenses/{license.pk}/").content.decode()
    assert "SECRET-PLAN" not in page


def test_who_gets_a_licence_reads_nothing_of_who_had_it(world: World) -> None:
    license = world.ada_license
    with inside(world.acme):
        entry = LicenseMetadata(
            vendor=world.acme, license=license, key="Room", value="OF-ADA", visible=True
        )
        add_metadata(entry)
        license.user, license.notes = world.grace, "For Grace"
        change_license(license, fields=["user", "notes"])
        entry.license, entry.value = license, "Of Grace"
        change_metadata(entry, fields=["value"])
    page = signed_in(world.grace).get(f"/licenses/{license.pk}/").content.decode()
    assert "Of Grace" in page
    assert "For Grace" in page
    assert "OF-ADA" not in page
    assert "Ada of Acme only" not in page


def test_what_only_looks_changed_is_not_told(world: World) -> None:
    license = world.ada_license
    with inside(world.acme):
        before = history_of(license).count()
        license.internal_notes = "Pays late"
        change_license(license, fields=["internal_notes", "notes"])
        assert history_of(license).count() == before


def test_of_a_change_of_both_the_customer_sees_the_own_half(world: World) -> None:
    license = world.ada_license
    with inside(world.acme):
        license.internal_notes, license.notes = "SECRET-PLAN", "For everybody"
        change_license(license, fields=["internal_notes", "notes"])
        assert history_of(license)[0].changes["internal_notes"] == ["", "SECRET-PLAN"]
    page = signed_in(world.ada).get(f"/licenses/{license.pk}/").content.decode()
    assert "Ada of Acme only → For everybody" in page
    assert "SECRET-PLAN" not in page
    staff = signed_in(world.acme_support)
    trail = staff.get(f"/licenses/license/{license.pk}/history/").content.decode()
    assert "SECRET-PLAN" in trail
