"""Everything of a vendor for people and programs to read: a ZIP with a file of JSON lines for each
table, without what opens anything. It is made while it is sent, a few rows at a time."""

import json
from collections.abc import Iterator
from itertools import islice
from zipfile import ZIP_DEFLATED, ZipFile

from django.db import models
from django.utils.translation import gettext as _

from accounts.own_data.files import Outlet
from backoffice.export import CHUNK
from moving import tables
from tenancy import replica
from tenancy.door import inside, reading
from tenancy.finding import Word
from tenancy.models import Vendor


def archive_of(vendor: Vendor) -> Iterator[bytes]:
    """The archive in parts; whoever calls has recorded it."""
    outlet = Outlet()
    with ZipFile(outlet, "w", ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _explained(vendor))
        for model in tables.vendors_tables():
            # By words rows are found; they say nothing that the rows don't.
            if issubclass(model, Word):
                continue
            with archive.open(f"{model._meta.label}.jsonl", "w", force_zip64=True) as file:
                for part in _lines(model, vendor):
                    file.write(part)
                    yield outlet.taken()
    yield outlet.taken()


def _lines(model: type[models.Model], vendor: Vendor) -> Iterator[bytes]:
    with inside(vendor):
        found = tables.rows_of(model, vendor.pk)
    where = replica.place()
    with reading(where):
        unread = found.iterator(chunk_size=CHUNK)
        while True:
            with inside(vendor), replica.asking(where):
                part = [tables.told(row, secrets=False) for row in islice(unread, CHUNK)]
            if not part:
                return
            yield "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in part).encode()


def _explained(vendor: Vendor) -> str:
    return _(
        "What the portal of %(vendor)s keeps: a file for each table, and in it a row a line, as "
        "JSON. Passwords, keys and tokens are left out, and so are the bytes of release files, "
        "whose sizes and checksums are in releases.ReleaseFile.jsonl.\n"
    ) % {"vendor": vendor.name}
