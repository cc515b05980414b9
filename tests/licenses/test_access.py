"""Which licences are a customer's: own ones and those that are shared with him, by indexes."""

import pytest

from licenses import access, search
from licenses.access import licenses_of
from licenses.models import License, LicenseUser
from licenses.pages.listing import Mine
from licenses.verbs.licenses import create_license
from tenancy.door import inside
from tenancy.prepared import forget_statements
from tests.conftest import NOW
from tests.world import World


def share(world: World, *licenses: License) -> None:
    for license in licenses:
        LicenseUser.objects.create(vendor=world.acme, license=license, user=world.grace)


@pytest.mark.parametrize("named", [0, 1, 2, 500])
def test_own_and_shared_ones_are_found_once_each(
    acme: World, monkeypatch: pytest.MonkeyPatch, named: int
) -> None:
    """Whether those that are shared are few enough to be named in the query, or more."""
    monkeypatch.setattr(access, "MOST_NAMED", named)
    assert list(licenses_of(acme.grace)) == [acme.grace_license]
    more = create_license(product=acme.spectra, user=acme.ada)
    share(acme, acme.ada_license, acme.grace_license)  # the second one is hers anyway
    found = licenses_of(acme.grace)
    assert sorted(each.key for each in found) == sorted(
        (acme.ada_license.key, acme.grace_license.key)
    )
    assert found.count() == 2
    assert more not in found
    assert licenses_of(acme.ada).count() == 2


@pytest.mark.parametrize("named", [0, 500])
def test_totals_and_pages_are_made_of_either(
    acme: World, monkeypatch: pytest.MonkeyPatch, named: int
) -> None:
    monkeypatch.setattr(access, "MOST_NAMED", named)
    forget_statements()
    share(acme, acme.ada_license, create_license(product=acme.spectra, user=acme.ada))
    mine = licenses_of(acme.grace)
    totals = search.totals(mine, NOW)
    assert (totals.all, totals.by_status) == (3, (3, 0, 0, 0, 0, 0))
    assert totals.products == ((acme.orbit.pk, "Orbit"), (acme.spectra.pk, "Spectra"))
    mine_as_listed = Mine.of(acme.grace.pk, NOW, as_it_begins=True)
    assert mine_as_listed.totals == totals
    for sort in (*search.SORTS, *(f"-{sort}" for sort in search.SORTS)):
        assert len(search.sorted_by(mine, sort, NOW)) == 3
        shown = mine_as_listed.found(search.Wanted(), sort)[0:25]
        assert [each.pk for each in shown] == [
            each.pk for each in search.sorted_by(mine, sort, NOW)
        ]
    forget_statements()
    wanted = search.Wanted(text="ADA111")
    assert list(search.find(mine, wanted, now=NOW)) == [acme.ada_license]


def test_somebody_without_licences_has_none(acme: World) -> None:
    License.objects.filter(pk=acme.grace_license.pk).update(user=acme.ada)
    mine = licenses_of(acme.grace)
    assert not mine.exists()
    totals = search.totals(mine, NOW)
    assert (totals.all, totals.products) == (0, ())


def test_what_is_shared_elsewhere_counts_nowhere_else(world: World) -> None:
    with inside(world.globex):
        LicenseUser.objects.create(
            vendor=world.globex, license=world.bob_license, user=world.ada_of_globex
        )
    with inside(world.acme):
        assert list(licenses_of(world.ada)) == [world.ada_license]
