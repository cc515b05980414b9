"""Queries, time and size of each page at 25 rows: `.venv/bin/python -m bench.pages`.

Runs in a throw-away SQLite database, with Django's test client in one process: what a page costs
without network, server and sign-in. Times are medians in milliseconds of 200 requests; the ratio
is to the time of `/healthz`, the cheapest answer, in the same run.
"""

import statistics
import sys
import time
from pathlib import Path

from bench.throwaway import set_up

ROUNDS = 200


def main() -> None:
    set_up()
    measure()


def measure() -> None:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from accounts.models import User
    from accounts.verbs.vendors import begin_vendor
    from licenses.models import Product
    from licenses.verbs.activations import Machine, activate
    from licenses.verbs.licenses import create_license
    from licenses.verbs.products import create_product
    from tenancy.door import inside
    from tenancy.models import Vendor

    vendor = begin_vendor(Vendor(company_id="acme", name="Acme Instruments"))
    with inside(vendor):
        ada = User.objects.create_user(
            vendor=vendor, email="ada@example.com", password="a password"
        )
        product = create_product(Product(vendor=vendor, name="Orbit"))
        licenses = [
            create_license(
                product=product, user=ada, allowed_activations=50, subscription_interval="P4M"
            )
            for _ in range(25)
        ]
        for number in range(25):
            name = f"machine-{number:02}"
            activate(
                licenses[0], Machine(fingerprint=name.ljust(64, "-"), os="linux", hostname=name)
            )
    client = Client(HTTP_HOST="acme.portal.localhost")
    client.post("/login/", {"email": "ada@example.com", "password": "a password"})
    base = 0.0
    print(f"{'page':24} {'queries':>7} {'ms':>7} {'ratio':>6} {'bytes':>7}")
    pages = {
        "/healthz": "/healthz",
        "/licenses/": "/licenses/",
        "/licenses/<id>/": f"/licenses/{licenses[0].pk}/",
        "/offline/": "/offline/",
        "/profile/": "/profile/",
        "/login/ (visitor)": "/login/",
    }
    for name, path in pages.items():
        visitor = Client(HTTP_HOST="acme.portal.localhost") if "visitor" in name else client
        visitor.get(path)  # the first page of a while moves `last seen`
        with CaptureQueriesContext(connection) as captured:
            response = visitor.get(path)
        assert response.status_code == 200, (path, response.status_code)
        queries, times = len(captured), []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            visitor.get(path)
            times.append((time.perf_counter() - start) * 1000)
        median = statistics.median(times)
        base = base or median
        size = len(response.content)
        print(f"{name:24} {queries:7} {median:7.2f} {median / base:6.1f} {size:7}")
    assets = [
        *Path("static").rglob("*.css"),
        *Path("static").rglob("*.js"),
        Path("static/icons.svg"),
    ]
    for asset in sorted(assets):
        print(f"{asset!s:24} {'':7} {'':7} {'':6} {asset.stat().st_size:7}")


if __name__ == "__main__":
    sys.exit(main())
