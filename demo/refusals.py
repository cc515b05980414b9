"""What people of the demo were refused lately: an offline file, and a sign-in."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from accounts.models import Refusal
from demo.ids import demo_id
from demo.people import person_of
from offline.errors import InvalidLicenseKey, InvalidOfflineRequest
from tenancy.models import Vendor

Step = tuple[float, Callable[[], object]]

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
# By a name: how many days ago, of which kind, and why.
REFUSALS: dict[str, tuple[float, dict[str, str]]] = {
    "file": (
        4.1,
        {
            "kind": Refusal.Kind.FILE,
            "reason": InvalidOfflineRequest.code,
            "said": str(InvalidOfflineRequest.text),
        },
    ),
    "other-key": (
        4.0,
        {
            "kind": Refusal.Kind.FILE,
            "reason": InvalidLicenseKey.code,
            "said": str(InvalidLicenseKey.text),
            "machine": "clean-room-07",
            "license_key": "7FEFAB-36978D-5805A6-09B8A4-FA377F-AD2027",
        },
    ),
    "password": (
        1.0,
        {"kind": Refusal.Kind.SIGN_IN, "reason": Refusal.WhyNotIn.WRONG_PASSWORD},
    ),
}


def refusals(vendor: Vendor) -> Iterator[Step]:
    """What notes each of Ada's refusals at Acme that is not there, and how many days ago."""
    if vendor.company_id != "acme":
        return
    for name, (age, fields) in REFUSALS.items():
        pk = demo_id(vendor.company_id, "refusal", name)
        if not Refusal.objects.filter(pk=pk).exists():
            yield age, partial(_note, vendor, {"id": pk, **fields})


def _note(vendor: Vendor, fields: dict[str, Any]) -> None:
    user = person_of(vendor.company_id, "ada@example.com")
    Refusal.objects.create(vendor=vendor, user=user, ip="192.0.2.44", browser=BROWSER, **fields)
