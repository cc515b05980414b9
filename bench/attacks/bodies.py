"""Request bodies that arrive a byte at a time, without an account."""

from bench.strangers import begin, connections, trickle
from bench.under_attack import Site

SIZE, SMALL = 200, 30


def attack(site: Site, size: int) -> None:
    cookie, _token = site.form()  # without it the body would not be read
    kind = "application/x-www-form-urlencoded"
    head = site.head("POST", "/login/", Cookie=cookie, Content_Type=kind, Content_Length="1000")
    with connections(site, size) as clients:
        begin(clients, head + b"\r\n")
        trickle(site, clients, b"x")
