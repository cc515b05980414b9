"""People at work, for drills: a process of the portal that writes by its verbs until it is told to
end.

`python -m drills.load fill <licences> <files> <bytes>` makes a large vendor once; `python -m
drills.load work <journal>` sells licences, activates machines, and has drafts whose files come and
go. `... stage <address>` makes a vendor with a licence of few seats and a webhook that goes there, and
prints their ids; `... tell <journal>` sells licences by e-mail there, again where the database was
away. Into the journal goes a line for each licence that is committed: when, how many seconds it took,
and its key.
"""

import json
import os
import signal
import sys
import threading
import time
from io import BytesIO
from pathlib import Path
from typing import Any

VENDOR, PRODUCT, CUSTOMER = "acme", "Orbit", "ada@example.com"


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


def stage(address: str) -> None:
    """What drills/stage.py works with, as JSON: the product, licences and their keys, a token."""
    from accounts.models import User
    from accounts.tokens.verbs import write
    from accounts.verbs.vendors import begin_vendor
    from bench.seats import METER, SEATS, USES
    from licenses.models import Product
    from licenses.verbs.licenses import create_license
    from licenses.verbs.meters import set_meters
    from licenses.verbs.products import create_product
    from tenancy.door import inside
    from tenancy.models import Vendor
    from webhooks.models import Webhook
    from webhooks.verbs.webhooks import create_webhook

    vendor = begin_vendor(Vendor(company_id=VENDOR, name="Acme Instruments"))
    with inside(vendor):
        product = create_product(Product(vendor=vendor, name=PRODUCT))
        ada = User.objects.create_user(vendor=vendor, email=CUSTOMER)
        license = create_license(product=product, user=ada, allowed_activations=SEATS)
        set_meters(license, [{"name": METER, "allowed_uses": USES}])
        endless = create_license(product=product, user=ada, allowed_activations=-1)
        hook = Webhook(vendor=vendor, name="Shop", url=address, events=["license.created"])
        create_webhook(hook, secret="a secret of the shop's")
        _row, token = write(ada, name="Counted", scopes=["user:read"])
    told = {"product": str(product.pk), "endless": [str(endless.pk), endless.key], "token": token}
    print(json.dumps(told | {"license": [str(license.pk), license.key]}))


def tell(journal: Path) -> None:
    """Until SIGTERM: licences, each with an e-mail; what is committed goes into the journal."""
    from django.db import Error, close_old_connections, transaction

    from accounts.models import User
    from licenses.models import Product
    from licenses.verbs.licenses import create_license
    from mail.outbox import queue
    from tenancy.door import inside
    from tenancy.waiting import passes

    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    while not ended.wait(0.1):
        try:
            vendor = _vendor()
            with inside(vendor), transaction.atomic():
                ada = User.objects.get(email=CUSTOMER)
                product = Product.objects.get(name=PRODUCT)
                license = create_license(product=product, user=ada, allowed_activations=1)
                email = queue("invitation", user=ada)
        except Error as error:
            if not passes(error):
                raise
            close_old_connections()
            continue
        with journal.open("a") as lines:
            lines.write(f"{email.pk} {license.pk}\n")  # type: ignore[union-attr]


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
    elif arguments[0] == "stage":
        stage(arguments[1])
    else:
        {"work": work, "tell": tell}[arguments[0]](Path(arguments[1]))


if __name__ == "__main__":
    main(sys.argv[1:])
