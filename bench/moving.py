"""Moving in from our own server: `.venv/bin/python -m bench.moving [--licenses 10000]`.

One installation with so many licences, twice as many machines and half as many customers is served
by gunicorn; `manage.py import_cryptlex` reads it into another one, is killed in the middle, goes on,
and runs once more. Prints for each run seconds, those of a processor, peak memory of its process,
and what was counted.
"""

import argparse
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.serve import free_port
from bench.throwaway import set_up

MACHINES = 2  # of a licence
COUNTED = re.compile(r"^(licenses|activations|users): (.* new, .*)\.$", re.MULTILINE)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--licenses", type=int, default=10_000)
    parser.add_argument("--kill-after", type=float, default=30.0, help="seconds")
    given = parser.parse_args()
    set_up()
    token = fill(given.licenses)
    print(f"load average at the start: {os.getloadavg()[0]:.1f}")
    with served() as address, tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        there = {**os.environ, "DATA_DIR": folder, "CRYPTLEX_TOKEN": token, "DATABASE_URL": ""}
        there["PRIVATE_PROVIDERS"] = "127.0.0.1"
        prepare(there)
        told("killed", run(there, address, kill_after=given.kill_after))
        told("gone on", run(there, address))
        told("again", run(there, address))
        subprocess.run(manage("verify_audit", "acme"), env=there, check=True)
        subprocess.run(manage("check_words"), env=there, check=True)
    print(f"load average at the end: {os.getloadavg()[0]:.1f}")


def manage(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


def prepare(there: dict[str, str]) -> None:
    for arguments in (("migrate", "-v0"), ("create_vendor", "acme", "Acme", "admin@here.example")):
        subprocess.run(manage(*arguments), env=there, check=True, stdout=subprocess.DEVNULL)


@dataclass
class Run:
    """How long it took, of a processor, too; its peak memory in MiB; what it said, and whether it
    came to its end."""

    seconds: float
    used: float
    peak: float
    said: str
    ended: bool


def run(there: dict[str, str], address: str, kill_after: float = 0) -> Run:
    start, used = time.perf_counter(), processor()
    with tempfile.TemporaryFile("w+") as output:
        command = manage("import_cryptlex", "--company", "acme", "--url", address)
        process = subprocess.Popen(command, env=there, stdout=output, stderr=subprocess.STDOUT)
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, peak_of(process.pid))
            if kill_after and time.perf_counter() - start > kill_after:
                process.send_signal(signal.SIGKILL)
            time.sleep(0.2)
        output.seek(0)
        said = output.read()
    seconds, used = time.perf_counter() - start, processor() - used
    return Run(seconds, used, peak, said, process.returncode == 0)


def processor() -> float:
    """Seconds of a processor that processes have used that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def peak_of(pid: int) -> float:
    """The most memory that the process has had, in MiB; none of one that has ended."""
    try:
        found = re.search(r"VmHWM:\s*(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def told(name: str, run: Run) -> None:
    how = "ended" if run.ended else f"did not end, last: {run.said.strip().splitlines()[-1:]}"
    times = f"{run.seconds:8.1f} s, of a processor {run.used:.1f} s"
    print(f"{name:>10} {times}, {run.peak:.1f} MiB peak, {how}")
    for noun, counts in COUNTED.findall(run.said) if run.ended else ():
        print(f"{'':>10} {noun}: {counts}")


@contextmanager
def served() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "bench.api_alone", "--log-level", "warning"]
    environment = {**os.environ, "API_CALLS_PER_TOKEN": "1000000"}
    process = subprocess.Popen([*command, "--bind", f"127.0.0.1:{port}"], env=environment)
    try:
        time.sleep(5)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def fill(number: int) -> str:
    """A vendor with so many licences; a token of its administrator."""
    import logging

    from accounts.models import BuiltIn, User, UserWord
    from accounts.tokens import verbs as tokens
    from accounts.tokens.scopes import SCOPES
    from accounts.verbs.vendors import begin_vendor
    from licenses.models import LicensePolicy, Product
    from licenses.verbs.products import create_product
    from tenancy.door import inside
    from tenancy.models import Vendor

    logging.disable(logging.WARNING)
    vendor = begin_vendor(Vendor(company_id="source", name="Source"))
    with inside(vendor):
        admin = User.objects.create_user(vendor=vendor, email="a@b.example", role=BuiltIn.ADMIN)
        product = create_product(Product(vendor=vendor, name="Orbit"))
        policy = LicensePolicy.objects.create(
            vendor=vendor, name="Yearly", subscription_interval="P1Y"
        )
        people = [
            User(vendor=vendor, email=f"customer{n}@example.com", first_name=f"Number {n}")
            for n in range(number // 2)
        ]
        User.objects.bulk_create(people, batch_size=500)
        UserWord.objects.begin(people)
        for start in range(0, number, 1000):
            some(vendor, product, policy, people, range(start, min(start + 1000, number)))
        return tokens.write(admin, name="bench", scopes=SCOPES)[1]


def some(vendor: Any, product: Any, policy: Any, people: list[Any], numbers: range) -> None:
    from django.utils import timezone

    from licenses.models import Activation, License, LicenseMetadata, LicenseWord
    from licenses.verbs.licenses import drafted

    licenses = [
        drafted(
            policy,
            vendor=vendor,
            product=product,
            user=people[n % len(people)],
            key=f"LICENSE-{n:08}-BENCH",
            allowed_activations=5,
            total_activations=MACHINES,
            notes=f"Order {n}",
        )
        for n in numbers
    ]
    License.objects.bulk_create(licenses)
    LicenseMetadata.objects.bulk_create(
        LicenseMetadata(vendor=vendor, license=each, key="order", value=each.key)
        for each in licenses
    )
    LicenseWord.objects.begin(licenses)
    Activation.objects.bulk_create(
        Activation(
            vendor=vendor,
            license=each,
            fingerprint=f"{each.key}-{n}".ljust(64, "0"),
            os="linux",
            hostname=f"host-{n}",
            last_synced_at=timezone.now(),
        )
        for each in licenses
        for n in range(MACHINES)
    )


if __name__ == "__main__":
    sys.exit(main())
