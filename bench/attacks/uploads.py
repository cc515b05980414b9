"""Uploads of 20 GB to the upload page, without an account, that arrive slowly."""

from bench.strangers import begin, connections, trickle
from bench.under_attack import Site
from demo.ids import demo_id

EVERY = 0.02  # seconds
SIZE, SMALL = 200, 20
UPLOAD = f"/releases/release/{demo_id('acme', 'release', 'Orbit', '4.2.1', 'linux')}/files/"
BEGUN = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'


def attack(site: Site, size: int) -> None:
    upload_slowly(site, size)


def upload_slowly(site: Site, size: int, cookies: str = "") -> None:
    """So many at a time by somebody with these cookies, each a kilobyte now and then."""
    head = site.head(
        "POST",
        UPLOAD,
        "app",
        Cookie=cookies,
        Content_Type="multipart/form-data; boundary=x",
        Content_Length=str(20 * 1000**3),
    )
    with connections(site, size) as clients:
        begin(clients, head + b"\r\n" + BEGUN, EVERY)
        trickle(site, clients, b"x" * 1000)
