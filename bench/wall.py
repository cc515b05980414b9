"""What row-level security costs: the licences page with it and without, in one run.

`.venv/bin/python -m bench.wall [licences of the vendor]`, on a throw-away PostgreSQL. Whole pages
of a customer with 25 licences through Django's test client, signed in: as the portal's role through
its own backend, and as a superuser through Django's, for whom there is no wall and nothing is said.
In turn, round by round; medians of rounds in milliseconds, and the ratio.
"""

import statistics
import sys
import time
from typing import Any

from bench import throwaway
from tests import postgres

ROUNDS = 15
PAGES = 20
PATHS = ("/licenses/", "/profile/", "/offline/", "/releases/")


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    with postgres.server() as entry:
        postgres.make_roles(entry)
        where = f"{postgres.TEMPLATE}?host={entry['HOST']}"
        throwaway.set_up(f"postgresql://{postgres.OWNER}@/{where}")
        ada = fill(number)
        doors = connections_with_and_without()
        for path in PATHS:
            measure(doors, ada, path)


def fill(number: int) -> Any:
    """A vendor with so many licences of others and 25 of one customer's; that customer."""
    from accounts.models import User
    from accounts.verbs.vendors import begin_vendor
    from licenses.models import License, Product
    from licenses.verbs.products import create_product
    from tenancy.door import inside
    from tenancy.models import Vendor

    vendor = begin_vendor(Vendor(company_id="acme", name="Acme"))
    with inside(vendor):
        people = [
            User.objects.create_user(vendor=vendor, email=f"{name}@example.com")
            for name in ("ada", "bob")
        ]
        product = create_product(Product(vendor=vendor, name="Orbit"))
        License.objects.bulk_create(
            License(
                vendor=vendor,
                product=product,
                user=people[n >= 25],
                key=f"KEY-{n:08}",
                allowed_activations=3,
            )
            for n in range(number + 25)
        )
    return people[0]


def connections_with_and_without() -> dict[str, Any]:
    """Two connections to the same database: behind the wall, and in front of it."""
    from django.db import connections
    from django.db.backends.postgresql.base import DatabaseWrapper

    connection = connections["default"]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    settings = connection.settings_dict
    return {
        "without": DatabaseWrapper({**settings, "USER": "tests"}),
        "with": type(connection)({**settings, "USER": postgres.WEB}),
    }


def measure(doors: dict[str, Any], person: Any, path: str) -> None:
    from django.db import connections
    from django.test import Client

    from tests.world import signed_in

    times: dict[str, list[float]] = {name: [] for name in doors}
    clients: dict[str, Client] = {}
    for name, connection in doors.items():
        connections["default"] = connection
        clients[name] = signed_in(person)
        assert clients[name].get(path).status_code == 200
    for _ in range(ROUNDS):
        for name, connection in doors.items():
            connections["default"] = connection
            times[name].append(timed(clients[name], path))
    medians = {name: statistics.median(each) for name, each in times.items()}
    print(
        f"{path:12} without {medians['without']:6.2f} ms, with {medians['with']:6.2f} ms, "
        f"ratio {medians['with'] / medians['without']:.3f}",
        flush=True,
    )


def timed(client: Any, path: str) -> float:
    """Milliseconds for a page, of several one after the other."""
    start = time.perf_counter()
    for _ in range(PAGES):
        client.get(path)
    return (time.perf_counter() - start) * 1000 / PAGES


if __name__ == "__main__":
    main()
