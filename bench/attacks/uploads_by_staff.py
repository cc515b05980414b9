"""Uploads of 20 GB by a vendor's own staff that arrive slowly."""

from bench.attacks.uploads import upload_slowly
from bench.under_attack import Site

SIZE, SMALL = 40, 20


def attack(site: Site, size: int) -> None:
    staff = {"email": "admin@acme.example", "password": "demo-acme-admin", "company_id": "acme"}
    upload_slowly(site, size, site.sign_in("app", **staff))
