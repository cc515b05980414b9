"""Pre-releases and versions with a v: in forms, lists, feeds and a licence's limits."""

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db.models.functions import Left

from licenses.models import License, MaintenancePolicy
from licenses.verbs.licenses import create_license
from releases import errors
from releases.models import Release
from tenancy.door import inside
from tests.backoffice.test_base import license_form
from tests.conftest import NOW
from tests.releases.test_pages import shown
from tests.releases.test_publishing import draft
from tests.releases.test_uploads import release_form
from tests.world import Browser, World, release, signed_in

# The world has Orbit 1.2.0 already.
MIXED = ("1.10.0", "1.9.0", "1.10.0-rc.10", "1.10.0-rc.9", "1.11.0-beta", "1.10.0-alpha")


@pytest.fixture
def many(world: World) -> World:
    with inside(world.acme):
        for version in MIXED:
            release(world.orbit, version)
    return world


def test_a_v_is_taken_off_in_a_form(world: World) -> None:
    admin = signed_in(world.acme_admin)
    form = release_form(world, version=" v4.2.1-rc.1 ", channel="beta")
    assert admin.post("/releases/release/add/", form).status_code == 302
    with inside(world.acme):
        assert Release.objects.get(channel="beta").version == "4.2.1-rc.1"
    again = release_form(world, version="V4.2.1.0-rc.1", channel="beta")
    page = admin.post("/releases/release/add/", again).content.decode()
    assert "There is a release of this version already" in page


def test_a_v_is_taken_off_by_the_verbs(acme: World) -> None:
    assert draft(acme, "v9.0").version == "9.0"
    draft(acme, "9.0-rc.1")
    with pytest.raises(errors.VersionExists):
        draft(acme, "V9.0.0")
    license = create_license(
        product=acme.orbit, user=acme.ada, max_allowed_release_version="v4.2-rc.1"
    )
    license.refresh_from_db()
    assert license.max_allowed_release_version == "4.2-rc.1"


def test_a_v_is_taken_off_a_licences_highest_version(world: World) -> None:
    path = f"/licenses/license/{world.ada_license.pk}/change/"
    form = license_form(world, max_allowed_release_version="v4.2")
    assert signed_in(world.acme_admin).post(path, form).status_code == 302
    with inside(world.acme):
        license = License.objects.get(pk=world.ada_license.pk)
    assert license.max_allowed_release_version == "4.2"


def test_a_pre_release_is_never_the_newest_of_stable(many: World) -> None:
    ada = signed_in(many.ada)
    newest, older = shown(ada, "platform=linux")
    assert newest == ["Orbit 1.10.0"]
    assert older == [
        f"Orbit {version}"
        for version in (
            "1.11.0-beta", "1.10.0-rc.10", "1.10.0-rc.9", "1.10.0-alpha", "1.9.0", "1.2.0"
        )
    ]  # fmt: skip
    page = ada.get("/releases/?platform=linux").content.decode()
    assert page.count('<span class="badge">Pre-release</span>') == 4
    box = ada.get(f"/licenses/{many.ada_license.pk}/").content.decode()
    assert "orbit-1.10.0.bin" in box
    assert "beta" not in box


def test_where_there_is_nothing_else_it_is_listed_all_the_same(world: World) -> None:
    with inside(world.acme):
        create_license(product=world.spectra, user=world.ada)
        release(world.spectra, "1.0-rc.1")
    ada = signed_in(world.ada)
    query = f"product={world.spectra.pk}&platform="
    assert shown(ada, query) == ([], ["Spectra 1.0-rc.1"])
    page = ada.get(f"/releases/?{query}").content.decode()
    assert "Other versions" in page
    assert "Nothing found" not in page


def test_in_another_channel_it_may_be_the_newest(world: World) -> None:
    with inside(world.acme):
        for version in ("2.0-rc.2", "2.0-rc.10", "2.0-beta"):
            release(world.orbit, version, channel="beta")
    assert shown(signed_in(world.ada), "channel=beta&platform=") == (
        ["Orbit 2.0-rc.10"],
        ["Orbit 2.0-rc.2", "Orbit 2.0-beta"],
    )


def test_the_feed_of_the_stable_channel_has_none(many: World) -> None:
    def versions(query: str) -> list[str]:
        path = f"/releases/feed/{many.orbit.pk}.json?key={many.ada_license.key}&{query}"
        return [item["_release"]["version"] for item in Browser().get(path).json()["items"]]

    assert versions("channel=stable") == ["1.10.0", "1.9.0", "1.2.0"]
    assert sorted(versions("")) == sorted([*MIXED, "1.2.0"])
    atom = f"/releases/feed/{many.orbit.pk}.atom?key={many.ada_license.key}&channel=stable"
    assert "1.11.0-beta" not in Browser().get(atom).content.decode()


def test_the_database_orders_as_semver_does(many: World) -> None:
    in_order = [
        "1.11.0-beta", "1.10.0", "1.10.0-rc.10", "1.10.0-rc.9", "1.10.0-alpha", "1.9.0", "1.2.0"
    ]  # fmt: skip
    with inside(many.acme):
        assert [each.version for each in Release.objects.all()] == in_order
    page = signed_in(many.acme_admin).get("/releases/release/").content.decode()
    places = [page.index(f">{version}<") for version in in_order]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("limit", "covered"),
    [
        ("1.10", ["1.10.0", "1.10.0-alpha", "1.10.0-rc.10", "1.10.0-rc.9", "1.2.0", "1.9.0"]),
        ("1.9", ["1.2.0", "1.9.0"]),
        ("1.10.0-rc.9", ["1.10.0-alpha", "1.10.0-rc.9", "1.2.0", "1.9.0"]),
        ("1.10.0-beta", ["1.10.0-alpha", "1.2.0", "1.9.0"]),
    ],
)
def test_a_licences_highest_version(many: World, limit: str, covered: list[str]) -> None:
    with inside(many.acme):
        License.objects.filter(pk=many.ada_license.pk).update(max_allowed_release_version=limit)
    path = f"/releases/feed/{many.orbit.pk}.json?key={many.ada_license.key}"
    items: list[Any] = [item["_release"] for item in Browser().get(path).json()["items"]]
    assert sorted(each["version"] for each in items if each["covered"]) == covered


def test_nobody_bought_a_pre_release(world: World) -> None:
    """Steps are counted from the highest version that was out, of which a pre-release is none."""
    with inside(world.acme):
        release(world.orbit, "2.0.0-rc.1")
        policy = MaintenancePolicy.objects.create(
            vendor=world.acme, name="Steps", allow_major_version_updates=False
        )
        License.objects.filter(pk=world.ada_license.pk).update(
            maintenance_policy=policy, created_at=NOW
        )
        after = release(world.orbit, "2.0.0")
        Release.objects.filter(pk=after.pk).update(published_at=NOW + timedelta(seconds=1))
    path = f"/releases/feed/{world.orbit.pk}.json?key={world.ada_license.key}"
    codes = {
        item["_release"]["version"]: item["_release"]["code"]
        for item in Browser().get(path).json()["items"]
    }
    refused = "MAJOR_VERSION_NOT_INCLUDED"
    assert codes == {"1.2.0": None, "2.0.0-rc.1": refused, "2.0.0": refused}


def test_the_keys_of_before_are_written_anew(many: World) -> None:
    """As the migration finds them: numbers alone, of releases alone."""
    with inside(many.acme):
        releases = Release.objects.exclude(version__contains="-")
        expected = {each.version: each.version_key for each in releases}
        releases.update(version_key=Left("version_key", 36))
        migration = import_module("releases.migrations.0008_versions")
        migration.say_that_they_are_releases(apps, None)
        assert {each.version: each.version_key for each in releases} == expected
