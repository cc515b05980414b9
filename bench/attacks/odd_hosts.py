"""Requests for hosts that are none, one after the other."""

import time

from bench.strangers import sent
from bench.under_attack import Site

SIZE, SMALL = 5000, 300
ODD = ("a b", "[::1", "acme..portal.localhost", "acme.portal.localhost:port", "ä", "a/b", "x_y")


def attack(site: Site, size: int) -> None:
    end = time.monotonic() + site.lasts * 4
    for number in range(size):
        if time.monotonic() > end:
            break
        with site.connect() as client:
            head = f"GET /{number} HTTP/1.1\r\nHost: {ODD[number % len(ODD)]}\r\n\r\n"
            if sent(client, head.encode()):
                client.recv(4096)
