"""`/internal/tls-ask` among many domains: `.venv/bin/python -m bench.tls_ask [--domains 100000]`.

Runs in a throw-away SQLite database with Django's test client in one process. Times are medians
and the slowest of 500 in milliseconds; the ratio is to the time of `/healthz` in the same run.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable

from bench.throwaway import set_up

ROUNDS = 500


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--domains", type=int, default=100_000)
    number = parser.parse_args().domains
    set_up()
    measure(number)


def measure(number: int) -> None:
    import logging

    from django.test import Client
    from django.utils import timezone

    from branding.models import CustomDomain
    from tenancy.door import inside
    from tenancy.models import Host, Vendor
    from tenancy.verbs import add_vendor

    logging.disable(logging.WARNING)
    now = timezone.now()
    for start in range(0, number, 10_000):
        vendor = add_vendor(Vendor(company_id=f"v{start}", name=f"Vendor {start}"))
        with inside(vendor):
            domains = CustomDomain.objects.bulk_create(
                CustomDomain(
                    vendor=vendor,
                    name=f"licenses.n{each}.example",
                    skeleton=f"n{each}",
                    token="t",
                    state="verified",
                    verified_at=now,
                )
                for each in range(start, min(start + 10_000, number))
            )
        Host.objects.bulk_create(Host(name=each.name, vendor=vendor) for each in domains)
    client = Client(HTTP_HOST="127.0.0.1:8000")

    def ask(name: str) -> Callable[[], int]:
        return lambda: client.get("/internal/tls-ask", {"domain": name}).status_code

    base = report("/healthz", lambda: client.get("/healthz").status_code, 200, 0)
    report("a verified domain", ask(f"licenses.n{number // 2}.example"), 200, base)
    report("an unknown domain", ask("evil.example"), 404, base)
    report("a vendor's subdomain", ask("v0.portal.localhost"), 200, base)


def report(name: str, act: Callable[[], int], code: int, base: float) -> float:
    """Prints and gives the median in milliseconds."""
    assert act() == code
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        act()
        times.append((time.perf_counter() - start) * 1000)
    median = statistics.median(times)
    ratio = median / (base or median)
    print(f"{name:24} median {median:6.2f} ms, slowest {max(times):6.2f} ms, ratio {ratio:5.1f}")
    return median


if __name__ == "__main__":
    sys.exit(main())
