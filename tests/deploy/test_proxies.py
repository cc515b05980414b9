"""Downloads through nginx and Caddy as deploy/ sets them up, and by gunicorn alone: the same as
nginx serving the file itself, header by header."""

import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import pytest

from demo.files import content
from releases.files.names import attachment
from tests.deploy.matrix import CASES, curl
from tests.deploy.ways import NAME, Ways, all_ways

pytestmark = pytest.mark.proxies


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ways]:
    with all_ways(tmp_path_factory.mktemp("ways")) as ways:
        yield ways


@pytest.mark.parametrize("way", ["nginx", "caddy", "alone"])
@pytest.mark.parametrize("case", [name for name, _arguments in CASES])
def test_as_nginx_itself(everything: Ways, way: str, case: str) -> None:
    expected = everything.answers["reference"][case].compared()
    assert everything.answers[way][case].compared() == expected


@pytest.mark.parametrize("way", ["nginx", "caddy", "alone"])
def test_every_way_describes_the_file_alike(everything: Ways, way: str) -> None:
    conditions = ("If-Match, right tag", "If-Unmodified-Since, right date, with range")
    for case in ("whole file", "HEAD", "middle", *conditions):
        headers = everything.answers[way][case].headers
        assert headers["content-disposition"] == f'attachment; filename="{NAME}"'
        assert headers["content-type"] == "application/gzip"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["repr-digest"].startswith("sha-256=:")
        assert headers["x-robots-tag"] == "noindex"
        assert len(headers["x-request-id"]) in {32, 36}
        assert headers["cache-control"] == "private, no-cache, no-transform"
        assert headers["etag"] == everything.answers["alone"]["whole file"].headers["etag"]
        assert len(headers["etag"]) == 66
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "x-accel-redirect" not in headers
        assert "server" not in headers or "gunicorn" not in headers["server"] or way == "alone"


def test_names_in_unicode_go_through_every_proxy(everything: Ways, tmp_path: Path) -> None:
    names = ("Orbit 6 (x64)+~@.zip", "Überblick für Grüße.pdf", "軌道 #6;.dmg")
    for name in names:
        (tmp_path / name).write_text(name)
    said = everything.portal.manage(
        "publish_release", "acme", "Orbit", "6.0-rc.1", str(tmp_path),
        "--platform", "linux", "--channel", "names",
    )  # fmt: skip
    release = said.rpartition(": ")[2].strip()
    for way in ("nginx", "caddy"):
        base = everything.urls[way].partition("/releases/")[0]
        key = everything.urls[way].partition("?")[2]
        for name in names:
            answer = curl(f"{base}/releases/{release}/{quote(name)}?{key}")
            assert (answer.status, answer.digest) == (200, sha256(name.encode()).hexdigest())
            assert answer.headers["content-disposition"] == attachment(name).lower()


@pytest.mark.parametrize("way", ["nginx", "caddy", "alone"])
def test_search_engines_list_nothing(everything: Ways, way: str) -> None:
    base = everything.urls[way].partition("/releases/")[0]
    for path in ("/static/icons.svg", "/robots.txt", "/favicon.ico", "/login/", "/healthz"):
        answer = curl(f"{base}{path}")
        assert (answer.status, answer.headers["x-robots-tag"]) == (200, "noindex"), path


@pytest.mark.parametrize("way", ["nginx", "caddy"])
def test_nobody_reaches_the_files_by_their_own_address(everything: Ways, way: str) -> None:
    stored = everything.urls["reference"].partition("/reference/")[2]
    base = everything.urls[way].partition("/releases/")[0]
    for path in (f"/protected/{stored}", f"/{stored}", f"/releases/../protected/{stored}"):
        assert curl(f"{base}{path}", "--path-as-is").status == 404
    answer = curl(everything.urls[way].partition("?")[0])
    assert answer.status == 302


@pytest.mark.parametrize("way", ["nginx", "caddy", "alone"])
def test_curl_goes_on_where_it_broke_off(everything: Ways, way: str, tmp_path: Path) -> None:
    wanted, target = content(NAME), tmp_path / NAME
    target.write_bytes(wanted[:1_000_000])
    command = ["curl", "-s", "-f", "-L", "-C", "-", "-o", str(target), everything.urls[way]]
    subprocess.run(command, check=True)
    assert target.read_bytes() == wanted


@pytest.mark.parametrize("way", ["nginx", "caddy"])
def test_the_visitors_address_is_recorded(everything: Ways, way: str) -> None:
    curl(everything.urls[way], "-H", "X-Forwarded-For: 203.0.113.9")
    script = (
        "from tenancy.door import Way, outside\n"
        "from releases.models import Download\n"
        "with outside(Way.EMAILS, 'a test'): print(Download.objects.order_by('-created_at')[0].ip)\n"
    )
    assert everything.portal.manage("shell", "-v", "0", "-c", script).strip() == "127.0.0.1"
