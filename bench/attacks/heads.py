"""Request heads that arrive a byte at a time."""

from bench.strangers import begin, connections, trickle
from bench.under_attack import Site

SIZE, SMALL = 200, 30


def attack(site: Site, size: int) -> None:
    with connections(site, size) as clients:
        begin(clients, site.head("GET", "/login/") + b"X-Slow: ")
        trickle(site, clients, b"x")
