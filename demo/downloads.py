"""The downloads of the demo data, over the last weeks."""

from collections.abc import Callable, Iterator
from functools import partial

from demo.ids import demo_id
from licenses.models import License
from releases.files.ranges import ByteRange
from releases.models import Download, ReleaseFile
from releases.verbs.downloads import record
from tenancy.models import Vendor

# Licence, file, and how many days ago it was downloaded.
DOWNLOADS: dict[str, tuple[tuple[str, str, tuple[int, ...]], ...]] = {
    "acme": (
        ("soon", "spectra-3.0.2.zip", (19, 18, 12, 5, 1)),
        ("soon", "spectra-2.8.0.zip", (27, 22)),
        ("team", "orbit-4.2.1-windows.zip", (26, 14, 14, 8, 3)),
        ("lab", "orbit-4.1.0-linux.tar.gz", (29, 21, 7)),
        ("unlimited", "vault-1.8.2-linux.tar.gz", (24, 10, 2)),
    ),
    "globex": (
        ("poet", "quill-7.1.zip", (13, 6)),
        ("sums", "ledger-2.2.0.4-windows.zip", (20,)),
    ),
}


def downloads(vendor: Vendor) -> Iterator[tuple[int, Callable[[], object]]]:
    """What records each of the vendor's downloads, with how many days ago it was; nothing where
    there are any already. Runs in the vendor's scope."""
    if Download.objects.exists():
        return
    for sample, name, days in DOWNLOADS[vendor.company_id]:
        for ago in days:
            yield ago, partial(_download, vendor, sample, name)


def _download(vendor: Vendor, sample: str, name: str) -> None:
    licenses = License.objects.select_related("user")
    license = licenses.get(pk=demo_id(vendor.company_id, "license", sample))
    file = ReleaseFile.objects.get(name=name)
    whole = ByteRange(0, file.size - 1)
    record(file, user=license.user, license=license, ip="192.0.2.10", granted=whole)
