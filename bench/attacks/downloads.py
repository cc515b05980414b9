"""Downloads under a condition (`If-Match`) that are read slowly, with a licence's key."""

from bench.strangers import connections, sip
from bench.under_attack import Site, ask
from tests.deploy.ways import KEYED

SIZE, SMALL = 40, 20


def attack(site: Site, size: int) -> None:
    headers, _content = ask(site.port, site.host(), KEYED, Range="bytes=0-0")
    head = site.head("GET", KEYED, If_Match=headers["ETag"])
    with connections(site, size, receive_buffer=4096) as clients:
        for each in clients:
            each.sendall(head + b"\r\n")
        sip(site, clients, 1024)
