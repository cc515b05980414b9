"""Style sheets that nobody reads to their end."""

from bench.strangers import begin, connections, sip
from bench.under_attack import Site

SIZE, SMALL = 200, 30


def attack(site: Site, size: int) -> None:
    # Many on each connection, so that they fill whatever lies between.
    head = site.head("GET", "/static/css/base.css") + b"\r\n"
    with connections(site, size, receive_buffer=2048) as clients:
        begin(clients, head * 10)
        sip(site, clients, 1)
