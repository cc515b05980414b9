"""Request bodies of unknown length that arrive a chunk of one byte at a time."""

from bench.strangers import begin, connections, trickle
from bench.under_attack import Site

SIZE, SMALL = 200, 30


def attack(site: Site, size: int) -> None:
    head = site.head("POST", "/login/", Transfer_Encoding="chunked")
    with connections(site, size) as clients:
        begin(clients, head + b"\r\n")
        trickle(site, clients, b"1\r\nx\r\n")
