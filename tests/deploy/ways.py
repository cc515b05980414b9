"""One file of the demo by every way that it can be had, and what each answers to every case."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.files import content
from demo.ids import demo_id, demo_key
from tests.deploy import servers
from tests.deploy.matrix import Answer, ask_all
from tests.served import Portal, served

NAME = "orbit-4.2.1-linux.tar.gz"
PATH = f"/releases/{demo_id('acme', 'release', 'Orbit', '4.2.1', 'linux')}/{NAME}"
KEYED = f"{PATH}?key={demo_key('acme', 'lab')}"


@dataclass
class Ways:
    """The file's addresses and answers: `reference` is nginx serving the file itself; `nginx` and
    `caddy` are in front of the portal; `alone` is gunicorn."""

    portal: Portal
    urls: dict[str, str]
    answers: dict[str, dict[str, Answer]]


@contextmanager
def all_ways(folder: Path) -> Iterator[Ways]:
    """Serves the demo behind nginx and Caddy and, a second one, alone."""
    proxied, alone = folder / "proxied", folder / "alone"
    for each in (proxied, alone):
        each.mkdir()
    media = proxied / "media"
    with (
        served(proxied, ACCEL_REDIRECT_PREFIX="/protected/", TRUSTED_PROXIES="1") as portal,
        served(alone) as other,
        servers.nginx(folder / "nginx", portal.port, media) as nginx,
        servers.caddy(folder / "caddy", portal.port, media) as caddy,
    ):
        urls = {
            "reference": f"http://acme.portal.localhost:{nginx}/reference/{_stored_as(media)}",
            "nginx": f"http://acme.portal.localhost:{nginx}{KEYED}",
            "caddy": f"http://acme.portal.localhost:{caddy}{KEYED}",
            "alone": f"http://acme.portal.localhost:{other.port}{KEYED}",
        }
        yield Ways(portal, urls, {way: ask_all(url) for way, url in urls.items()})


def _stored_as(media: Path) -> str:
    """Where the file lies, below the folder of releases."""
    wanted = content(NAME)
    [found] = [
        path
        for path in (media / "releases").rglob("*")
        if path.is_file() and path.stat().st_size == len(wanted) and path.read_bytes() == wanted
    ]
    return str(found.relative_to(media / "releases"))
