"""Visitors who get their page, are told that the connection ends, and stay."""

import time

from bench.strangers import begin, connections
from bench.under_attack import Site

SIZE, SMALL = 200, 30


def attack(site: Site, size: int) -> None:
    head = site.head("GET", "/login/", Connection="close")
    with connections(site, size) as clients:
        begin(clients, head + b"\r\n")
        time.sleep(site.lasts)
