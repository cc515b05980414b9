"""Downloads under a condition (`If-Match`) that are read slowly, with a licence's key."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from bench.strangers import begin, connections, sip
from bench.under_attack import Site, ask
from demo.ids import demo_id, demo_key

EVERY = 0.05  # seconds
SIZE, SMALL = 40, 20
CHANNEL = "attacks"
LARGE = 32 * 1024 * 1024  # bytes, more than lies between gunicorn and a visitor
FEED = f"/releases/feed/{demo_id('acme', 'product', 'Orbit')}.json"
FEED += f"?key={demo_key('acme', 'lab')}&channel={CHANNEL}"


def attack(site: Site, size: int) -> None:
    path = large_file(site) or publish(site)
    headers, _content = ask(site.port, site.host(), path, Range="bytes=0-0")
    head = site.head("GET", path, If_Match=headers["ETag"])
    with connections(site, size, receive_buffer=4096) as clients:
        begin(clients, head + b"\r\n", EVERY)
        sip(site, clients, 1024)


def large_file(site: Site) -> str:
    """The address of the large file with the key of a licence that covers it, if there is one."""
    _headers, content = ask(site.port, site.host(), FEED)
    items = json.loads(content)["items"]
    url = urlsplit(items[0]["attachments"][0]["url"]) if items else None
    return f"{url.path}?{url.query}" if url else ""


def publish(site: Site) -> str:
    """Publishes it, and gives its address."""
    with TemporaryDirectory(prefix="portal-attack-") as folder:
        with Path(folder, "large.bin").open("wb") as file:
            file.truncate(LARGE)
        command = ["publish_release", "acme", "Orbit", "4.2.9", folder]
        site.portal.manage(*command, "--platform", "linux", "--channel", CHANNEL)
    return large_file(site)
