"""`GET /v3/licenses?limit=100` beside a bare view: `.venv/bin/python -m bench.program_lists`.

In one process and a throw-away database (SQLite, or PostgreSQL by DATABASE_URL) it asks by turns
the Web API, with all middleware, a token and limits, and a bare function that makes the same
queries by the same models and sends the same bytes by orjson: no middleware, token or schema.
Times are medians in milliseconds; the ratio is the bare view's to the API's.
"""

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

from bench.throwaway import set_up

ROUNDS, NUMBER = 60, 100


def main() -> None:
    set_up(os.environ.get("DATABASE_URL", ""))
    measure()


def measure() -> None:
    import orjson
    from django.db import connection
    from django.http import HttpResponse
    from django.test import Client, RequestFactory
    from django.test.utils import CaptureQueriesContext

    from licenses import wire
    from licenses.models import License
    from tenancy.door import inside
    from web.wire import HOW

    vendor, token = fill()
    client = Client(headers={"Host": "api.portal.localhost", "Authorization": f"Bearer {token}"})

    def by_api() -> Any:
        return client.get(f"/v3/licenses?limit={NUMBER}")

    def bare(request: Any) -> HttpResponse:
        rows = License.objects.all()
        rows.count()
        page = wire.with_wire(rows).order_by("created_at", "id")[: int(request.GET["limit"])]
        told = [wire.license(row) for row in page]
        return HttpResponse(orjson.dumps(told, default=str, option=HOW), "application/json")

    def by_bare_view() -> Any:
        request = RequestFactory().get(f"/v3/licenses?limit={NUMBER}")
        with inside(vendor):
            return bare(request)

    compare({"Web API": by_api, "bare view": by_bare_view}, connection, CaptureQueriesContext)


def compare(ways: dict[str, Callable[[], Any]], connection: Any, captured_by: Any) -> None:
    times: dict[str, list[float]] = {name: [] for name in ways}
    for name, ask in ways.items():
        with captured_by(connection) as captured:
            response = ask()
        assert response.status_code == 200, response.content
        print(f"{name:10} {len(captured):2} queries {len(response.content):7} bytes")
    for _ in range(ROUNDS):
        for name, ask in ways.items():
            start = time.perf_counter()
            ask()
            times[name].append((time.perf_counter() - start) * 1000)
    medians = {name: statistics.median(each) for name, each in times.items()}
    for name, median in medians.items():
        print(f"{name:10} {median:7.2f} ms")
    print(f"ratio {medians['bare view'] / medians['Web API']:.2f}")


def fill() -> tuple[Any, str]:
    """A vendor with licences and what hangs on them, and an administrator's token."""
    from accounts.models import BuiltIn, User
    from accounts.tokens import verbs as tokens
    from accounts.tokens.scopes import SCOPES
    from accounts.verbs.vendors import begin_vendor
    from licenses.models import Product
    from licenses.verbs.details import set_metadata, tag_license
    from licenses.verbs.licenses import create_license
    from licenses.verbs.meters import set_meters
    from licenses.verbs.products import create_product
    from tenancy.door import inside
    from tenancy.models import Vendor

    vendor = begin_vendor(Vendor(company_id="acme", name="Acme Instruments"))
    with inside(vendor):
        people = User.objects
        admin = people.create_user(vendor=vendor, email="admin@example.com", role=BuiltIn.ADMIN)
        product = create_product(Product(vendor=vendor, name="Orbit"))
        for number in range(NUMBER):
            ada = people.create_user(vendor=vendor, email=f"ada{number}@example.com")
            license = create_license(product=product, user=ada, subscription_interval="P1Y")
            set_metadata(license, [{"key": "order", "value": str(number)}])
            set_meters(license, [{"name": "renders", "allowed_uses": 9}])
            tag_license(license, names=["shop"])
        return vendor, tokens.make(admin, name="bench", scopes=SCOPES)[1]


if __name__ == "__main__":
    main()
