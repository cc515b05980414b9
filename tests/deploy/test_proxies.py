"""Downloads through nginx and Caddy as deploy/ sets them up, and by gunicorn alone: the same as
nginx serving the file itself, header by header."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from portal.demo_ids import demo_id, demo_key
from portal.demo_releases import content
from tests.deploy import servers
from tests.deploy.matrix import CASES, Answer, ask_all, curl
from tests.served import Portal, served

pytestmark = pytest.mark.proxies

NAME = "orbit-4.2.1-linux.tar.gz"
PATH = f"/releases/{demo_id('acme', 'release', 'Orbit', '4.2.1', 'linux')}/{NAME}"
KEYED = f"{PATH}?key={demo_key('acme', 'lab')}"


@dataclass
class Set:
    """The addresses of one file: by nginx itself, and by each way that the portal knows."""

    portal: Portal
    urls: dict[str, str]
    answers: dict[str, dict[str, Answer]]


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Set]:
    data = tmp_path_factory.mktemp("proxied")
    proxied = {"ACCEL_REDIRECT_PREFIX": "/protected/", "TRUSTED_PROXIES": "1"}
    media = data / "media"
    with (
        served(data, **proxied) as portal,
        served(tmp_path_factory.mktemp("alone")) as alone,
        servers.nginx(data / "nginx", portal.port, media) as nginx,
        servers.caddy(data / "caddy", portal.port, media) as caddy,
    ):
        stored = _stored_as(media)
        urls = {
            "reference": f"http://acme.portal.localhost:{nginx}/reference/{stored}",
            "nginx": f"http://acme.portal.localhost:{nginx}{KEYED}",
            "caddy": f"http://acme.portal.localhost:{caddy}{KEYED}",
            "alone": f"http://acme.portal.localhost:{alone.port}{KEYED}",
        }
        answers = {name: ask_all(url) for name, url in urls.items()}
        yield Set(portal, urls, answers)


def _stored_as(media: Path) -> str:
    wanted = content(NAME)
    [found] = [
        path
        for path in (media / "releases").rglob("*")
        if path.is_file() and path.stat().st_size == len(wanted) and path.read_bytes() == wanted
    ]
    return str(found.relative_to(media / "releases"))


@pytest.mark.parametrize("way", ["nginx", "caddy", "alone"])
@pytest.mark.parametrize("case", [name for name, _arguments in CASES])
def test_as_nginx_itself(everything: Set, way: str, case: str) -> None:
    expected = everything.answers["reference"][case].compared()
    assert everything.answers[way][case].compared() == expected


@pytest.mark.parametrize("way", ["nginx", "caddy", "alone"])
def test_every_way_describes_the_file_alike(everything: Set, way: str) -> None:
    for case in ("whole file", "HEAD", "middle"):
        headers = everything.answers[way][case].headers
        assert headers["content-disposition"] == f'attachment; filename="{NAME}"'
        assert headers["content-type"] == "application/gzip"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["repr-digest"].startswith("sha-256=:")
        assert headers["cache-control"] == "private, no-cache, no-transform"
        assert headers["etag"] == everything.answers["alone"]["whole file"].headers["etag"]
        assert len(headers["etag"]) == 66
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "x-accel-redirect" not in headers
        assert "server" not in headers or "gunicorn" not in headers["server"] or way == "alone"


@pytest.mark.parametrize("way", ["nginx", "caddy"])
def test_nobody_reaches_the_files_by_their_own_address(everything: Set, way: str) -> None:
    stored = everything.urls["reference"].partition("/reference/")[2]
    base = everything.urls[way].partition("/releases/")[0]
    for path in (f"/protected/{stored}", f"/{stored}", f"/releases/../protected/{stored}"):
        assert curl(f"{base}{path}", "--path-as-is").status == 404
    answer = curl(everything.urls[way].partition("?")[0])
    assert answer.status == 302


@pytest.mark.parametrize("way", ["nginx", "caddy", "alone"])
def test_curl_goes_on_where_it_broke_off(everything: Set, way: str, tmp_path: Path) -> None:
    wanted, target = content(NAME), tmp_path / NAME
    target.write_bytes(wanted[:1_000_000])
    command = ["curl", "-s", "-f", "-L", "-C", "-", "-o", str(target), everything.urls[way]]
    subprocess.run(command, check=True)
    assert target.read_bytes() == wanted


@pytest.mark.parametrize("way", ["nginx", "caddy"])
def test_the_visitors_address_is_recorded(everything: Set, way: str) -> None:
    curl(everything.urls[way], "-H", "X-Forwarded-For: 203.0.113.9")
    script = (
        "from django_scopes import scopes_disabled\n"
        "from releases.models import Download\n"
        "with scopes_disabled(): print({d.ip for d in Download.objects.all()})\n"
    )
    assert everything.portal.manage("shell", "-v", "0", "-c", script).strip() == "{'127.0.0.1'}"
