"""Connections on which nothing is said."""

import time

from bench.strangers import connections
from bench.under_attack import Site

SIZE, SMALL = 500, 150


def attack(site: Site, size: int) -> None:
    with connections(site, size):
        time.sleep(site.lasts)
