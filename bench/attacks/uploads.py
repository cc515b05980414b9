"""Uploads of 20 GB to the upload page, without an account, that arrive slowly."""

from bench.strangers import connections, sent, trickle
from bench.under_attack import Site
from demo.ids import demo_id

SIZE, SMALL = 200, 20
RELEASE = demo_id("acme", "release", "Orbit", "4.2.1", "linux")


def attack(site: Site, size: int) -> None:
    head = site.head(
        "POST",
        f"/releases/release/{RELEASE}/files/",
        "app",
        Content_Type="multipart/form-data; boundary=x",
        Content_Length=str(20 * 1000**3),
    )
    begun = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
    with connections(site, size) as clients:
        for each in clients:
            sent(each, head + b"\r\n" + begun)
        trickle(site, clients, b"x" * 1000)
