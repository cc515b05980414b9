"""The downloads page, a release's page, and the box on a licence's page."""

import re
from datetime import timedelta
from typing import Any

import pytest

from licenses.models import License
from licenses.verbs.licenses import create_license, revoke
from releases.models import Release
from releases.notes import render
from tenancy.door import inside
from tests.conftest import NOW, ON_POSTGRESQL
from tests.licenses.test_pages import queries
from tests.releases.test_platforms import LINUX, WINDOWS
from tests.world import Browser, World, release, signed_in


@pytest.fixture
def many(world: World) -> World:
    """Orbit for two platforms in three versions and a beta, and Spectra."""
    with inside(world.acme):
        create_license(product=world.spectra, user=world.ada)
        for version in ("1.10.0", "1.9.0"):
            for platform in ("linux", "windows"):
                release(world.orbit, version, platforms=[platform], name=f"Orbit {platform}")
        release(world.orbit, "2.0.0", channel="beta")
        release(world.spectra, "5.0", platforms=["linux", "macos", "windows"])
    return world


def shown(browser: Browser, query: str = "", **headers: str) -> tuple[list[str], list[str]]:
    """The newest and the older releases, as name and version."""
    response = browser.get(f"/releases/?{query}", headers=headers)
    assert response.status_code == 200
    names = [
        [f"{row.name} {row.version}" for row in response.context[part]]
        for part in ("newest", "older")
    ]
    return names[0], names[1]


@pytest.mark.parametrize(
    ("query", "browser", "newest", "older"),
    [
        ("", LINUX, ["Orbit linux 1.10.0", "Spectra 5.0"], ["Orbit linux 1.9.0", "Orbit 1.2.0"]),
        ("", WINDOWS, ["Orbit windows 1.10.0", "Spectra 5.0"], ["Orbit windows 1.9.0"]),
        (
            "platform=windows",
            LINUX,
            ["Orbit windows 1.10.0", "Spectra 5.0"],
            ["Orbit windows 1.9.0"],
        ),
        ("platform=macos", LINUX, ["Spectra 5.0"], []),
        ("channel=beta", LINUX, ["Orbit 2.0.0"], []),
        (
            "channel=",
            LINUX,
            ["Orbit 2.0.0", "Orbit linux 1.10.0", "Spectra 5.0"],
            ["Orbit linux 1.9.0", "Orbit 1.2.0"],
        ),
        ("platform=nonsense&product=nonsense", LINUX, None, None),
    ],
)
def test_the_newest_come_first(
    many: World, query: str, browser: str, newest: list[str] | None, older: list[str] | None
) -> None:
    found = shown(signed_in(many.ada), query, user_agent=browser)
    if newest is None:
        assert len(found[0]) + len(found[1]) == 6
        return
    assert found == (newest, older)


def test_without_a_known_browser_all_platforms_are_shown(many: World) -> None:
    newest, _older = shown(signed_in(many.ada), user_agent="curl/8.5")
    assert sorted(newest) == ["Orbit linux 1.10.0", "Orbit windows 1.10.0", "Spectra 5.0"]


@pytest.mark.parametrize("word", ["win64", "Windows", "Win", "WIN-64", "windows-x64", "Windows 11"])
def test_another_spelling_hides_no_newer_release(world: World, word: str) -> None:
    with inside(world.acme):
        release(world.orbit, "1.9.0", platforms=["windows"])
        release(world.orbit, "1.10.0", platforms=[word])
    browser = signed_in(world.ada)
    for query in ("", "platform=windows", "platform=win64", "platform=Win64", "platform=x64 win"):
        found = shown(browser, query, user_agent=WINDOWS)
        assert found == (["Orbit 1.10.0"], ["Orbit 1.9.0"]), query
    path = f"/releases/feed/{world.orbit.pk}.json?platform="
    for asked in ("windows", "win", "win64"):
        items = browser.get(path + asked).json()["items"]
        assert [item["_release"]["version"] for item in items] == ["1.10.0", "1.9.0"]
    box = browser.get(f"/licenses/{world.ada_license.pk}/", headers={"user-agent": WINDOWS})
    assert "orbit-1.10.0.bin" in box.content.decode()


def test_words_of_before_hide_nothing_either(world: World) -> None:
    with inside(world.acme):
        release(world.orbit, "1.9.0", platforms=["windows"])
        newer = release(world.orbit, "1.10.0")
        Release.objects.filter(pk=newer.pk).update(platforms=["win"])
    page = signed_in(world.ada).get("/releases/", headers={"user-agent": WINDOWS})
    assert [row.version for row in page.context["newest"]] == ["1.10.0"]
    assert [row.platforms for row in page.context["newest"]] == ["Windows"]


def test_one_version_for_each_kind_of_a_platform(world: World) -> None:
    with inside(world.acme):
        for word in ("win32", "win64", "windows-arm64"):
            release(world.orbit, "1.10.0", platforms=[word], name=f"Orbit {word}")
        release(world.orbit, "1.9.0", platforms=["windows"])
    browser = signed_in(world.ada)
    newest, older = shown(browser, user_agent=WINDOWS)
    assert sorted(newest) == [
        f"Orbit {word} 1.10.0" for word in ("win32", "win64", "windows-arm64")
    ]
    assert older == ["Orbit 1.9.0"]
    found = shown(browser, "platform=win32", user_agent=WINDOWS)
    assert found == (["Orbit win32 1.10.0"], ["Orbit 1.9.0"])


def test_an_own_platform_is_offered_to_who_chooses_it(world: World) -> None:
    with inside(world.acme):
        release(world.orbit, "1.9.0", platforms=["windows"])
        release(world.orbit, "1.10.0", platforms=["windows-legacy"])
    browser = signed_in(world.ada)
    assert shown(browser, user_agent=WINDOWS) == (["Orbit 1.9.0"], [])
    assert shown(browser, "platform=windows-legacy") == (["Orbit 1.10.0"], [])
    assert sorted(shown(browser, "platform=")[0]) == [
        "Orbit 1.10.0",
        "Orbit 1.2.0",
        "Orbit 1.9.0",
    ]


def test_the_product_filter_offers_own_products_only(many: World) -> None:
    browser = signed_in(many.ada)
    query = f"product={many.spectra.pk}&platform=&channel="
    assert shown(browser, query) == (["Spectra 5.0"], [])
    assert "Quill" not in browser.get("/releases/").content.decode()
    grace = signed_in(many.grace).get("/releases/?platform=&channel=").content.decode()
    assert "Spectra" not in grace


def test_of_what_is_not_covered_the_newest_covered_one_is_shown_too(many: World) -> None:
    with inside(many.acme):
        License.objects.filter(pk=many.ada_license.pk).update(max_allowed_release_version="1.9")
    newest, older = shown(signed_in(many.ada), "platform=linux")
    assert newest == ["Orbit linux 1.10.0", "Orbit linux 1.9.0", "Spectra 5.0"]
    assert older == ["Orbit 1.2.0"]


def test_a_page_says_everything_about_a_file(world: World) -> None:
    page = signed_in(world.ada).get(f"/releases/{world.orbit_release.pk}/").content.decode()
    address = (
        f"http://acme.portal.localhost:8000/releases/{world.orbit_release.pk}/orbit-1.2.0.bin"
        f"?key={world.ada_license.key}"
    )
    for text in (
        "<h1>Orbit 1.2.0</h1>",
        "Linux",
        "24 November 2026",
        "orbit-1.2.0.bin",
        "1.0\xa0KB",
        "785b0751fc2c53dc14a4ce3d800e69ef9ce1009eb327ccf458afe09c242c26c9",
        "Orbit of Acme only",
        "curl -L -C - -O -K -",
        # Windows PowerShell has something else under the name curl; and where the line is pasted
        # without its end, Ctrl-D alone ends nothing.
        "with curl.exe in the place of curl",
        "then Enter and Ctrl-D",
        f"url = &#34;{address}&#34;",
        "sha256sum &#34;orbit-1.2.0.bin&#34;",
        "shasum -a 256 &#34;orbit-1.2.0.bin&#34;",
        "(Get-FileHash &#34;orbit-1.2.0.bin&#34;).Hash.ToLower()",
    ):
        assert text in page, text
    for command in re.findall(r"<code>([^<]*curl[^<]*)</code>", page):
        assert world.ada_license.key not in command  # it would be in the shell's history


@pytest.mark.takes_turns
def test_older_versions_come_in_pages_of_25(world: World) -> None:
    with inside(world.acme):
        for number in range(30):
            release(world.orbit, f"0.{number}")
    browser = signed_in(world.ada)
    first, second = (shown(browser, f"page={n}")[1] for n in (1, 2))
    assert (len(first), len(second)) == (25, 5)
    assert first[0] == "Orbit 0.29"
    assert not set(first) & set(second)


def test_who_has_no_licence_and_what_has_no_release_is_explained(world: World) -> None:
    with inside(world.acme):
        Release.objects.update(archived=True)
        License.objects.filter(pk=world.grace_license.pk).update(user=world.ada)
    assert "has not published anything" in signed_in(world.ada).get("/releases/").content.decode()
    page = signed_in(world.grace).get("/releases/").content.decode()
    assert "Downloads come with a licence" in page
    assert "grace@example.com" in page


def test_nothing_found_offers_a_way_out(many: World) -> None:
    page = signed_in(many.ada).get("/releases/?channel=beta&platform=macos").content.decode()
    assert "Nothing found" in page
    assert "Show all releases" in page


def test_the_box_on_a_licence_speaks_of_that_licence(world: World) -> None:
    with inside(world.acme):
        revoked = create_license(product=world.orbit, user=world.ada)
        revoke(revoked)
        empty = create_license(product=world.spectra, user=world.ada)
    browser, file = signed_in(world.ada), "orbit-1.2.0.bin"
    assert file in browser.get(f"/licenses/{world.ada_license.pk}/").content.decode()
    page = browser.get(f"/licenses/{revoked.pk}/").content.decode()
    assert file not in page
    assert "Your licence has been revoked" in page
    page = browser.get(f"/licenses/{empty.pk}/").content.decode()
    assert "Nothing has been published for this product yet." in page


def test_names_and_notes_are_escaped(world: World) -> None:
    with inside(world.acme):
        html = render("<script>alert(1)</script>")
        Release.objects.update(name="<b>Orbit</b>", notes_html=html)
    for path in ("/releases/?platform=", f"/releases/{world.orbit_release.pk}/"):
        page = signed_in(world.ada).get(path).content.decode()
        assert "<b>Orbit" not in page
        assert "<script>alert" not in page


def test_the_pages_cost_the_same_for_one_row_and_for_three(world: World) -> None:
    browser = signed_in(world.ada)
    paths = (
        "/releases/?platform=&channel=",
        f"/releases/{world.orbit_release.pk}/",
        f"/releases/feed/{world.orbit.pk}.json",
        f"/releases/feed/{world.orbit.pk}.atom",
    )
    browser.get(paths[0])
    with inside(world.acme):
        release(world.orbit, "0.1")  # one that is newest and one older
    one = [queries(browser, path) for path in paths]
    with inside(world.acme):
        for number in range(2):
            create_license(product=world.spectra, user=world.ada)
            create_license(product=world.orbit, user=world.ada)
            release(world.orbit, f"0.2{number}")
            release(world.spectra, f"0.2{number}", platforms=[("windows", "macos")[number]])
    assert (
        [queries(browser, path) for path in paths]
        == one
        == ([8, 6, 7, 7] if ON_POSTGRESQL else [9, 7, 8, 8])
    )


def test_dates_read_well(world: World, frozen_time: Any) -> None:
    with inside(world.acme):
        Release.objects.update(published_at=NOW - timedelta(days=30))
    assert "25 October 2026" in signed_in(world.ada).get("/releases/?platform=").content.decode()
