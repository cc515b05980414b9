"""Uploads of 20 GB by a vendor's own staff that arrive slowly."""

from bench.strangers import connections, sent, trickle
from bench.under_attack import Site
from demo.ids import demo_id

SIZE, SMALL = 100, 20
DRAFT = demo_id("acme", "release", "Orbit", "4.2.1", "linux")


def attack(site: Site, size: int) -> None:
    cookies = site.sign_in(
        "app", email="admin@acme.example", password="demo-acme-admin", company_id="acme"
    )
    head = site.head(
        "POST",
        f"/releases/release/{DRAFT}/files/",
        "app",
        Cookie=cookies,
        Content_Type="multipart/form-data; boundary=x",
        Content_Length=str(20 * 1000**3),
    )
    begun = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
    with connections(site, size) as clients:
        for each in clients:
            sent(each, head + b"\r\n" + begun)
        trickle(site, clients, b"x" * 1000)
