"""People at work, for drills: a process of the portal that writes by its verbs until it is told to
end.

`python -m drills.load fill <licences> <files> <bytes>` makes a large vendor once; `python -m
drills.load work <journal>` sells licences, activates machines, and has drafts whose files come and
go. Into the journal goes a line for each licence that is committed: when, how many seconds it took,
and its key.
"""

import os
import signal
import sys
import threading
import time
from io import BytesIO
from pathlib import Path
from typing import Any

VENDOR, PRODUCT = "acme", "Orbit"


def fill(licenses: int, files: int, size: int) -> None:
    """Licences, and releases with a file of so many bytes each."""
    from django.db import transaction

    from licenses.models import License, Product
    from releases.files.shelf import shelf_for
    from releases.models import Release
    from releases.verbs import publishing
    from tenancy.door import inside

    vendor = _vendor()
    with inside(vendor):
        product = Product.objects.filter(vendor=vendor).order_by("name")[0]
        for start in range(0, licenses, 5_000):
            with transaction.atomic():
                License.objects.bulk_create(
                    License(
                        vendor=vendor, product=product, key=f"FILLED-{n:09}", notes="Sold. " * 20
                    )
                    for n in range(start, min(start + 5_000, licenses))
                )
        for n in range(files):
            draft = Release(vendor=vendor, product=product, name="Filled", version=f"0.{n}.1")
            draft.platforms = ["linux-x64"]
            with shelf_for(vendor.pk) as shelf:
                publishing.save_draft(draft, own_platforms=True)
                stored = shelf.store(BytesIO(os.urandom(size)))
                publishing.add_files(draft, [("filled.bin", stored)])
                publishing.publish(draft)


def work(journal: Path) -> None:
    """Until SIGTERM; exits with 1 when anything of it failed."""
    ended, failed = threading.Event(), []
    signal.signal(signal.SIGTERM, lambda *_: ended.set())

    def repeat(act: Any) -> None:
        number = 0
        while not ended.is_set():
            try:
                act(number)
            except Exception as error:
                failed.append(repr(error))
                ended.set()
            number += 1

    lock = threading.Lock()

    def sell(number: int) -> None:
        start = time.perf_counter()
        key = _sold(number)
        took = time.perf_counter() - start
        with lock, journal.open("a") as lines:
            lines.write(f"{time.time()} {took} {key}\n")

    threads = [threading.Thread(target=repeat, args=[act]) for act in (sell, sell, _draft)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        sys.exit(failed[0])


def _sold(number: int) -> str:
    """The key of a licence that was made, with a machine."""
    from django.db import transaction

    from licenses.models import Product
    from licenses.verbs.activations import Machine, activate
    from licenses.verbs.licenses import create_license
    from tenancy.door import inside

    vendor = _vendor()
    with inside(vendor), transaction.atomic():
        product = Product.objects.filter(vendor=vendor).order_by("name")[0]
        license = create_license(product=product, user=None, allowed_activations=3)
        fingerprint = f"{license.pk}{number}".replace("-", "").ljust(64, "0")
        activate(license, Machine(fingerprint=fingerprint, os="linux"))
    return license.key


def _draft(number: int) -> None:
    """A draft whose file is taken off again, three times out of four."""
    from licenses.models import Product
    from releases.files.shelf import shelf_for
    from releases.models import Release
    from releases.verbs import publishing
    from tenancy.door import inside

    vendor = _vendor()
    with inside(vendor):
        product = Product.objects.filter(vendor=vendor).order_by("name")[0]
        version = f"7.{os.getpid()}.{number}"
        draft = Release(vendor=vendor, product=product, name="Draft", version=version)
        draft.platforms = ["linux-x64"]
        with shelf_for(vendor.pk) as shelf:
            publishing.save_draft(draft, own_platforms=True)
            stored = shelf.store(BytesIO(os.urandom(10_000)))
            publishing.add_files(draft, [("draft.bin", stored)])
        if number % 4:
            publishing.delete_draft(draft)


def _vendor() -> Any:
    from tenancy.table import vendor_by_company_id

    return vendor_by_company_id(VENDOR)


def main(arguments: list[str]) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    import django

    django.setup()
    if arguments[0] == "fill":
        fill(*map(int, arguments[1:]))
    else:
        work(Path(arguments[1]))


if __name__ == "__main__":
    main(sys.argv[1:])
