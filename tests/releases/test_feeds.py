"""The release feeds: JSON Feed and Atom, for people and for programs."""

import hashlib
import re
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest

from releases.models import Release
from tenancy.door import inside
from tenancy.models import Vendor
from tests.conftest import NOW
from tests.world import CONTENT, Browser, World, release, signed_in

ATOM = "{http://www.w3.org/2005/Atom}"


def json_path(world: World, query: str = "") -> str:
    return f"/releases/feed/{world.orbit.pk}.json?{query}"


def test_json(world: World) -> None:
    key = world.ada_license.key
    response = Browser().get(json_path(world, f"key={key}"))
    assert response["Content-Type"] == "application/feed+json"
    assert response["Cache-Control"] == "private, no-store"
    feed = response.json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"] == "Orbit releases"
    [item] = feed["items"]
    base = f"http://acme.portal.localhost:8000/releases/{world.orbit_release.pk}/"
    assert item["url"] == base
    assert item["title"] == "Orbit 1.2.0"
    assert item["content_html"] == "<p>Orbit of Acme only</p>\n"
    assert item["date_published"] == "2026-11-24T12:00:00+00:00"
    [attachment] = item["attachments"]
    assert attachment["url"] == f"{base}orbit-1.2.0.bin?key={key}"
    assert attachment["size_in_bytes"] == len(CONTENT)
    assert attachment["_file"]["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert item["_release"]["platforms"] == ["linux"]
    assert item["_release"]["covered"] is True
    got = Browser().get(attachment["url"].removeprefix("http://acme.portal.localhost:8000"))
    assert got.getvalue() == CONTENT


def test_signed_in_the_addresses_hold_no_key(world: World) -> None:
    feed = signed_in(world.ada).get(json_path(world)).content.decode()
    assert "orbit-1.2.0.bin" in feed
    assert "key=" not in feed


@pytest.mark.parametrize("kind", ["json", "atom"])
def test_a_key_in_a_header_is_in_no_address(world: World, kind: str) -> None:
    headers = {"license-key": world.ada_license.key.lower()}
    path = f"/releases/feed/{world.orbit.pk}.{kind}"
    feed = Browser().get(path, headers=headers)
    assert feed.status_code == 200
    assert "key=" not in feed.content.decode()
    [address] = re.findall(r"http://acme[^\"<]+/orbit-1\.2\.0\.bin", feed.content.decode())
    file = address.removeprefix("http://acme.portal.localhost:8000")
    assert Browser().get(file, headers=headers).getvalue() == CONTENT
    assert Browser().get(file).status_code == 302


@pytest.mark.parametrize("key", ["no-such-key-at-all", "é" * 20, ""])
def test_a_wrong_key_in_a_header_is_told_as_to_a_program(world: World, key: str) -> None:
    for path in (json_path(world), f"/releases/{world.orbit_release.pk}/orbit-1.2.0.bin"):
        response = Browser().get(path, headers={"license-key": key})
        if key:
            assert response.status_code == 404
            assert response.json()["code"] == "NOT_FOUND"
        else:
            assert response.status_code == (401 if "feed" in path else 302)


def test_atom(world: World) -> None:
    path = f"/releases/feed/{world.orbit.pk}.atom?key={world.ada_license.key}"
    response = Browser().get(path)
    assert response["Content-Type"] == "application/atom+xml"
    feed = ET.fromstring(response.content)
    [entry] = feed.findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == "Orbit 1.2.0"
    assert entry.findtext(f"{ATOM}id") == f"urn:uuid:{world.orbit_release.pk}"
    [enclosure] = [link for link in entry.findall(f"{ATOM}link") if link.get("rel") == "enclosure"]
    assert enclosure.get("length") == str(len(CONTENT))
    assert "key=" in (enclosure.get("href") or "")


def test_names_with_control_characters_leave_the_feed_whole(world: World) -> None:
    Vendor.objects.update(name="Acme\x1b\x0c Instruments")
    path = f"/releases/feed/{world.orbit.pk}.atom?key={world.ada_license.key}"
    feed = ET.fromstring(Browser().get(path).content)
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "Acme Instruments"


@pytest.mark.takes_turns
def test_newest_first_and_narrowed(world: World) -> None:
    with inside(world.acme):
        for number in range(60):
            made = release(world.orbit, f"0.{number}", platforms=["linux", "mac"])
            Release.objects.filter(pk=made.pk).update(published_at=NOW - timedelta(days=number + 1))
        release(world.orbit, "9.0", channel="beta", platforms=["windows"])
    browser = signed_in(world.ada)

    def versions(query: str = "") -> list[str]:
        return [
            item["_release"]["version"]
            for item in browser.get(json_path(world, query)).json()["items"]
        ]

    assert len(versions()) == 50
    assert versions("platform=mac")[:2] == ["0.0", "0.1"]
    assert versions("channel=beta") == ["9.0"]
    assert versions("channel=beta&platform=mac") == []
    assert versions("channel=a%00b") == []


@pytest.mark.parametrize("kind", ["json", "atom"])
def test_an_unchanged_feed_is_not_sent_again(world: World, kind: str) -> None:
    path = f"/releases/feed/{world.orbit.pk}.{kind}?key={world.ada_license.key}"
    etag = Browser().get(path)["ETag"]
    assert Browser().get(path, headers={"if-none-match": etag}).status_code == 304
    with inside(world.acme):
        release(world.orbit, "1.3")
    assert Browser().get(path, headers={"if-none-match": etag}).status_code == 200
