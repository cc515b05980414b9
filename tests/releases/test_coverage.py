"""Who may download what: every refusal, at the page, at the file and in the feed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from licenses.models import License, LicenseUser, MaintenancePolicy, Product
from licenses.verbs.licenses import create_license, revoke, suspend
from releases.models import Release
from releases.verbs.publishing import archive, make_private
from tenancy.door import inside
from tests.conftest import NOW
from tests.world import CONTENT, Browser, World, download_path, release, signed_in

DAY = timedelta(days=1)


def change(world: World, **fields: Any) -> None:
    License.objects.filter(pk=world.ada_license.pk).update(**fields)


def expired(world: World) -> None:
    change(world, expires_at=NOW - DAY, expires_on=(NOW - DAY).date())


def expired_but_keeps_older_ones(world: World) -> None:
    """The release came out after the licence ended, so even that product does not keep it."""
    expired(world)
    Product.objects.filter(pk=world.orbit.pk).update(expired_licenses_keep_releases=True)


def unmaintained(world: World) -> None:
    policy = MaintenancePolicy.objects.create(
        vendor=world.acme, name="Ended", subscription_interval="P1D"
    )
    ended = {"maintenance_expires_at": NOW - DAY, "maintenance_expires_on": (NOW - DAY).date()}
    change(world, maintenance_policy=policy, **ended)


def limited(world: World) -> None:
    change(world, max_allowed_release_version="1.1")


def _bought_before(world: World, **rules: bool) -> None:
    policy = MaintenancePolicy.objects.create(vendor=world.acme, name="Steps", **rules)
    change(world, maintenance_policy=policy, created_at=NOW - 9 * DAY)
    older = release(world.orbit, "1.1.0")
    Release.objects.filter(pk=older.pk).update(published_at=NOW - 10 * DAY)


def no_minor_updates(world: World) -> None:
    _bought_before(world, allow_minor_version_updates=False)


def no_major_updates(world: World) -> None:
    _bought_before(world, allow_major_version_updates=False)
    Release.objects.filter(pk=world.orbit_release.pk).update(version="2.0.0", version_key="x")


CASES: list[tuple[Callable[[World], Any], str, str]] = [
    (lambda w: revoke(w.ada_license), "REVOKED_LICENSE", "has been revoked"),
    (lambda w: suspend(w.ada_license), "SUSPENDED_LICENSE", "is suspended"),
    (expired, "EXPIRED_LICENSE", "expired on 23 November 2026: renew it"),
    (expired_but_keeps_older_ones, "EXPIRED_LICENSE", "expired on 23 November 2026"),
    (unmaintained, "MAINTENANCE_EXPIRED", "after your maintenance ended on 23 November 2026"),
    (limited, "RELEASE_VERSION_NOT_ALLOWED", "goes up to version 1.1"),
    (no_minor_updates, "MINOR_VERSION_NOT_INCLUDED", "corrections of version 1.1 only"),
    (no_major_updates, "MAJOR_VERSION_NOT_INCLUDED", "updates of version 1 only"),
]


@pytest.mark.parametrize(("spoil", "code", "text"), CASES)
def test_the_right_refusal_everywhere(
    world: World, spoil: Callable[[World], Any], code: str, text: str
) -> None:
    with inside(world.acme):
        spoil(world)
    browser, key = signed_in(world.ada), world.ada_license.key
    page = browser.get("/releases/?platform=")
    assert text in page.content.decode()
    assert download_path(world.orbit_release) not in page.content.decode()
    detail = browser.get(f"/releases/{world.orbit_release.pk}/")
    assert detail.status_code == 200
    assert text in detail.content.decode()
    assert download_path(world.orbit_release) not in detail.content.decode()
    box = browser.get(f"/licenses/{world.ada_license.pk}/").content.decode()
    assert text in box
    for method in (browser.get, browser.head):
        refused = method(download_path(world.orbit_release))
        assert refused.status_code == 403
    assert text in browser.get(download_path(world.orbit_release)).content.decode()
    answer = Browser().get(f"{download_path(world.orbit_release)}?key={key}")
    assert answer.status_code == 403
    assert answer.json()["code"] == code
    assert text in answer.json()["message"]
    feed = Browser().get(f"/releases/feed/{world.orbit.pk}.json?key={key}").json()
    [item] = [i for i in feed["items"] if i["_release"]["id"] == str(world.orbit_release.pk)]
    assert item["attachments"] == []
    assert item["_release"]["code"] == code
    atom = Browser().get(f"/releases/feed/{world.orbit.pk}.atom?key={key}").content.decode()
    assert download_path(world.orbit_release) not in atom


def fetched(browser: Browser, path: str) -> bytes:
    response = browser.get(path)
    assert response.status_code == 200
    return bytes(response.getvalue())


def test_a_covered_release_comes_as_it_is(world: World) -> None:
    assert fetched(signed_in(world.ada), download_path(world.orbit_release)) == CONTENT
    path = f"{download_path(world.orbit_release)}?key={world.ada_license.key}"
    assert fetched(Browser(), path) == CONTENT


def test_an_expired_licence_keeps_older_versions_when_the_product_says_so(world: World) -> None:
    path = download_path(world.orbit_release)
    with inside(world.acme):
        expired(world)
        Release.objects.filter(pk=world.orbit_release.pk).update(published_at=NOW - 2 * DAY)
    assert signed_in(world.ada).get(path).status_code == 403
    with inside(world.acme):
        Product.objects.filter(pk=world.orbit.pk).update(expired_licenses_keep_releases=True)
    assert fetched(signed_in(world.ada), path) == CONTENT
    with inside(world.acme):
        revoke(world.ada_license)
    assert signed_in(world.ada).get(path).status_code == 403


def test_maintenance_that_ended_keeps_what_came_out_before(world: World) -> None:
    with inside(world.acme):
        unmaintained(world)
        Release.objects.filter(pk=world.orbit_release.pk).update(published_at=NOW - 2 * DAY)
    assert fetched(signed_in(world.ada), download_path(world.orbit_release)) == CONTENT


@pytest.mark.parametrize("version", ["1.1.9", "1.1.0.7", "2.0"])
def test_without_minor_updates_corrections_and_new_majors_come(world: World, version: str) -> None:
    with inside(world.acme):
        no_minor_updates(world)
        newer = release(world.orbit, version)
    assert fetched(signed_in(world.ada), download_path(newer)) == CONTENT


def test_without_major_updates_new_minors_come(world: World) -> None:
    with inside(world.acme):
        no_major_updates(world)
        minor, next_major = release(world.orbit, "1.9"), release(world.orbit, "3.0")
    browser = signed_in(world.ada)
    assert fetched(browser, download_path(minor)) == CONTENT
    assert browser.get(download_path(next_major)).status_code == 403


def test_steps_are_counted_from_the_first_release_when_none_was_out_at_the_purchase(
    world: World,
) -> None:
    with inside(world.acme):
        policy = MaintenancePolicy.objects.create(
            vendor=world.acme, name="Steps", allow_major_version_updates=False
        )
        change(world, maintenance_policy=policy, created_at=NOW - 9 * DAY)
        Release.objects.filter(pk=world.orbit_release.pk).update(published_at=NOW - DAY)
        release(world.orbit, "0.5", channel="beta")  # a beta is nothing that one buys
        second = release(world.orbit, "2.0")
    browser = signed_in(world.ada)
    assert fetched(browser, download_path(world.orbit_release)) == CONTENT
    assert browser.get(download_path(second)).status_code == 403


def test_a_private_release_is_not_what_one_bought(world: World) -> None:
    with inside(world.acme):
        no_major_updates(world)
        private = release(world.orbit, "7.0")
        make_private(private)
        Release.objects.filter(pk=private.pk).update(published_at=NOW - 10 * DAY)
    page = signed_in(world.ada).get(download_path(world.orbit_release))
    assert page.status_code == 403
    assert "updates of version 1 only" in page.content.decode()


def test_an_account_that_is_switched_off_takes_its_keys_along(world: World) -> None:
    with inside(world.acme):
        User.objects.filter(pk=world.ada.pk).update(is_active=False)
    key = world.ada_license.key
    for path in (download_path(world.orbit_release), f"/releases/feed/{world.orbit.pk}.json"):
        assert Browser().get(f"{path}?key={key}").status_code == 404


@pytest.mark.parametrize("name", ["a%00b", "%00", "orbit-1.2.0.bin%00", "ä", "%ff", "a" * 5000])
def test_odd_file_names_are_not_there(world: World, name: str) -> None:
    path = f"/releases/{world.orbit_release.pk}/{name}"
    assert signed_in(world.ada).get(path).status_code == 404
    assert Browser().get(f"{path}?key={world.ada_license.key}").status_code == 404


def test_of_several_licences_one_that_covers_is_enough(world: World) -> None:
    with inside(world.acme):
        expired(world)
        create_license(product=world.orbit, user=world.ada)
    assert fetched(signed_in(world.ada), download_path(world.orbit_release)) == CONTENT


def test_of_several_refusals_the_most_helpful_is_told(world: World) -> None:
    with inside(world.acme):
        unmaintained(world)
        revoke(create_license(product=world.orbit, user=world.ada))
    text = signed_in(world.ada).get(download_path(world.orbit_release)).content.decode()
    assert "maintenance ended" in text


def test_an_additional_user_downloads_too(world: World) -> None:
    with inside(world.acme):
        License.objects.filter(pk=world.grace_license.pk).update(product=world.spectra)
        assert signed_in(world.grace).get(download_path(world.orbit_release)).status_code == 404
        LicenseUser.objects.create(vendor=world.acme, license=world.ada_license, user=world.grace)
    assert fetched(signed_in(world.grace), download_path(world.orbit_release)) == CONTENT


@pytest.mark.parametrize("hide", [make_private, archive])
def test_private_and_archived_releases_are_gone(
    world: World, hide: Callable[[Release], Any]
) -> None:
    with inside(world.acme):
        hide(world.orbit_release)
    browser = signed_in(world.ada)
    for path in (f"/releases/{world.orbit_release.pk}/", download_path(world.orbit_release)):
        assert browser.get(path).status_code == 404
    keyed = f"{download_path(world.orbit_release)}?key={world.ada_license.key}"
    assert Browser().get(keyed).status_code == 404
    assert "1.2.0" not in browser.get("/releases/?platform=").content.decode()
    feed = f"/releases/feed/{world.orbit.pk}.json"
    assert browser.get(feed).json()["items"] == []


def test_a_draft_is_nothing_to_customers(world: World) -> None:
    with inside(world.acme):
        Release.objects.filter(pk=world.orbit_release.pk).update(published=False, published_at=None)
    browser = signed_in(world.ada)
    assert browser.get(download_path(world.orbit_release)).status_code == 404
    assert browser.get(f"/releases/{world.orbit_release.pk}/").status_code == 404


@pytest.mark.parametrize("where", ["file", "feed"])
def test_other_vendors_and_other_products_find_nothing(world: World, where: str) -> None:
    with inside(world.acme):
        other = create_license(product=world.spectra, user=world.ada)
    path = {
        "file": download_path(world.orbit_release),
        "feed": f"/releases/feed/{world.orbit.pk}.json",
    }[where]
    keys = (other.key, world.bob_license.key, "no-such-key-at-all", "a%00b", "%00" * 20)
    for key in keys:
        answer = Browser().get(f"{path}?key={key}")
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND"), key
    foreign = Browser("globex").get(f"{path}?key={world.ada_license.key}")
    assert foreign.status_code == 404
    assert signed_in(world.bob).get(path).status_code == 404
    # A key counts, whoever is signed in beside it.
    assert signed_in(world.ada).get(f"{path}?key={other.key}").status_code == 404


def test_nobody_signed_in_is_asked_to_and_comes_back(world: World) -> None:
    path = download_path(world.orbit_release)
    response = Browser().get(path)
    assert response.status_code == 302
    assert response["Location"] == f"/login/?next={path}"
    feed = Browser().get(f"/releases/feed/{world.orbit.pk}.atom")
    assert (feed.status_code, feed.json()["code"]) == (401, "AUTHENTICATION_FAILED")


@pytest.mark.takes_turns
def test_who_tries_keys_is_slowed_down(world: World) -> None:
    path = f"/releases/feed/{world.orbit.pk}.json"
    for number in range(100):
        assert Browser().get(f"{path}?key=guess-{number:012}").status_code == 404
    answer = Browser().get(f"{path}?key={world.ada_license.key}")
    assert (answer.status_code, answer.json()["code"]) == (429, "TOO_MANY_REQUESTS")
    assert answer["Retry-After"] == "5"
