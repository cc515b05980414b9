"""One function finds licences, for customers and for staff."""

from datetime import timedelta
from typing import Any

import pytest

from licenses.models import License, LicenseMetadata, LicenseUser
from licenses.search import Wanted, find
from licenses.status import Status
from licenses.verbs.activations import activate
from licenses.verbs.details import add_metadata, share
from licenses.verbs.licenses import create_license, revoke, suspend
from tests.conftest import NOW
from tests.world import World, machine, signed_in

pytestmark = pytest.mark.by_database


@pytest.fixture
def several(acme: World) -> World:
    """Licences that differ in everything one can ask for."""
    spectra = create_license(
        product=acme.spectra,
        user=acme.grace,
        key="SPECTRA-GRACE-000001",
        notes="Rented for the fair",
        name="Fair in Basel",
        order_number="PO-4711",
        internal_notes="Pays late",
        expires_at=NOW + timedelta(days=20),
    )
    activate(spectra, machine("basel-desk"))
    share(LicenseUser(vendor=acme.acme, license=spectra, user=acme.ada))
    for key, value, visible in (("Booth", "B12", True), ("Margin", "40", False)):
        add_metadata(
            LicenseMetadata(
                vendor=acme.acme, license=spectra, key=key, value=value, visible=visible
            )
        )
    ended = create_license(product=acme.orbit, user=acme.ada, key="ENDED-ADA-0000000001")
    License.objects.filter(pk=ended.pk).update(expires_at=NOW)
    gone = create_license(product=acme.orbit, user=None, key="GONE-NOBODY-00000001")
    License.objects.filter(pk=gone.pk).update(expires_at=NOW + timedelta(days=20))
    revoke(gone)
    suspend(create_license(product=acme.orbit, user=acme.ada, key="PAUSED-ADA-000000001"))
    return acme


SPECTRA, ENDED, GONE, PAUSED = "SPECTRA", "ENDED", "GONE", "PAUSED"
ADA, GRACE = "ADA111", "GRACE1"


def found(wanted: Wanted, **options: Any) -> set[str]:
    licenses = find(License.objects.all(), wanted, now=NOW, **options)
    keys = [license.key.partition("-")[0] for license in licenses]
    assert len(keys) == len(set(keys))
    return set(keys)


@pytest.mark.parametrize(
    ("text", "customers", "staff"),
    [
        ("spectra-grace", {SPECTRA}, {SPECTRA}),
        ("SPECTRA", {SPECTRA}, {SPECTRA}),
        ("the fair", {SPECTRA}, {SPECTRA}),
        ("fair rented", {SPECTRA}, {SPECTRA}),
        ("fair orbit", set(), set()),
        ("spectra-grace-OOOOO1", {SPECTRA}, set()),  # staff is offered it beside the list
        ("SPECTRA GRACE-OO0O0I", {SPECTRA}, set()),
        ("ADA111-ACME-0RB1T-OOO1", {ADA}, set()),
        ("ADA1I1-ACME-ORBIT-0001", {ADA}, set()),
        ("OOOOOOOOOOOO", set(), set()),
        ("b12", {SPECTRA}, {SPECTRA}),
        ("margin", set(), {SPECTRA}),
        ("basel", {SPECTRA}, {SPECTRA}),
        ("po-4711", {SPECTRA}, {SPECTRA}),
        ("pays late", set(), {SPECTRA}),
        ("grace@example.com", set(), {SPECTRA, GRACE}),
        ("ada@example.com", set(), {SPECTRA, ADA, ENDED, PAUSED}),
        ("lovelace orbit", set(), {ADA, ENDED, PAUSED}),
        ("basel-desk", {SPECTRA}, {SPECTRA}),
        ("globex", set(), set()),
        ("%", set(), set()),
        ("a b c d e f g h i j", set(), set()),
        (
            " ",
            {SPECTRA, ADA, GRACE, ENDED, GONE, PAUSED},
            {SPECTRA, ADA, GRACE, ENDED, GONE, PAUSED},
        ),
    ],
)
def test_text(several: World, text: str, customers: set[str], staff: set[str]) -> None:
    assert found(Wanted(text=text)) == customers
    assert found(Wanted(text=text), for_staff=True) == staff


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(status=Status.EXPIRED), {ENDED}),
        (Wanted(status=Status.REVOKED), {GONE}),
        (Wanted(status=Status.SUSPENDED), {PAUSED}),
        (Wanted(status=Status.EXPIRING_SOON), {SPECTRA}),
        (Wanted(expires_within=30), {SPECTRA, GONE}),
        (Wanted(expires_within=30, usable=True), {SPECTRA}),
        (Wanted(expires_within=10), set()),
        (Wanted(never_expires=True), {ADA, GRACE, PAUSED}),
        (Wanted(never_expires=True, usable=True), {ADA, GRACE}),
        (Wanted(never_expires=True, text="grace"), {GRACE}),
    ],
)
def test_what_else_was_asked(several: World, wanted: Wanted, expected: set[str]) -> None:
    assert found(wanted) == expected


def test_product(several: World) -> None:
    assert found(Wanted(product_id=several.spectra.pk)) == {SPECTRA}
    assert found(Wanted(product_id=str(several.spectra.pk), text="orbit")) == set()


def test_the_back_office_finds_what_staff_may_see(several: World) -> None:
    browser = signed_in(several.acme_support)
    for text in ("PO-4711", "late pays", "basel-desk", "ada@example.com spectra"):
        page = browser.get("/licenses/license/", {"q": text}).content.decode()
        assert "SPECTRA-GRACE-000001" in page
        assert "PAUSED-ADA" not in page
