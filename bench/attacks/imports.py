"""Imports of licences that write to each of their new customers, and ten who sign in beside."""

from concurrent.futures import ThreadPoolExecutor

from bench.beside_import import Import, Visitor, import_rows
from bench.under_attack import Site

SIZE, SMALL = 20_000, 200  # rows
FRONTS = ("alone",)
# Each of them as often as the limit of tries for one address lets them.
CUSTOMERS = ("ada", "grace") * 5


def attack(site: Site, size: int) -> None:
    import_rows(Import(site.port, size), beside=lambda: sign_in_together(site.port))


def sign_in_together(port: int) -> None:
    def sign_in(name: str) -> None:
        form = {"email": f"{name}@example.com", "password": f"demo-acme-{name}"}
        Visitor(port, "acme").sign_in(**form)

    with ThreadPoolExecutor(len(CUSTOMERS)) as pool:
        list(pool.map(sign_in, CUSTOMERS))
