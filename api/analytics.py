"""Analytics: `/v3/analytics/…`, how a vendor's licences and machines stand, as numbers.

Days are the calendar's in UTC. Machines are those that use a seat now; activations by day are all
that there were.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate
from django.http import HttpResponse
from django.utils import timezone
from ninja import Router

from accounts.models import CUSTOMER_ROLES, User
from api.allowed import needs
from api.answers import answer
from api.bodies import Answer, Moment
from api.errors import InvalidRequest, UnknownFilter
from api.lists import Kind, value_of
from api.requests import ApiRequest
from audit.models import AuditEntry
from licenses.models import Activation, License, Product
from licenses.statistics import standings
from licenses.status import Status
from releases.models import Release

router = Router(tags=["analytics"])
LICENSES = needs("analytics:read", "licenses.view_license")
MACHINES = needs("analytics:read", "licenses.view_activation")
DAYS = timedelta(days=30)
LONGEST = timedelta(days=400)
ASKED = {"productId": Kind.ID, "licenseId": Kind.ID, "startDate": Kind.MOMENT,
         "endDate": Kind.MOMENT}  # fmt: skip
PARAMETERS = {
    "parameters": [
        {
            "name": name,
            "in": "query",
            "required": False,
            "schema": {"type": "string", "format": kind.value},
        }
        for name, kind in ASKED.items()
    ]
}


class StandingsAnswer(Answer):
    active: int
    expired: int
    expiring_soon: int
    revoked: int
    suspended: int


class TotalsAnswer(Answer):
    products: int
    licenses: int
    activations: int
    releases: int
    users: int
    admins: int


class DayAnswer(Answer):
    activations: int
    activated_at: Moment


class VersionAnswer(Answer):
    activations: int
    app_version: str


class SystemAnswer(Answer):
    activations: int
    os: str


class SystemVersionAnswer(Answer):
    activations: int
    os_version: str


class VmAnswer(Answer):
    activations: int
    vm_name: str


@router.get("/analytics/licenses", auth=LICENSES, response=StandingsAnswer)
def count_licenses(request: ApiRequest) -> HttpResponse:
    """Licences by status. One that waits for its first activation is active."""
    counted = standings(timezone.now()).by_status
    return answer(
        {
            "active": counted[Status.ACTIVE] + counted[Status.NOT_STARTED],
            "expired": counted[Status.EXPIRED],
            "expiringSoon": counted[Status.EXPIRING_SOON],
            "revoked": counted[Status.REVOKED],
            "suspended": counted[Status.SUSPENDED],
        }
    )


@router.get("/analytics/stats", auth=LICENSES, response=TotalsAnswer)
def count_all(request: ApiRequest) -> HttpResponse:
    customers = Q(role__in=CUSTOMER_ROLES)
    return answer(
        {
            "products": Product.objects.count(),
            "licenses": License.objects.count(),
            "activations": Activation.objects.count(),
            "releases": Release.objects.count(),
            "users": User.objects.filter(customers).count(),
            "admins": User.objects.exclude(customers).count(),
        }
    )


@router.get(
    "/analytics/activations", auth=MACHINES, response=list[DayAnswer], openapi_extra=PARAMETERS
)
def by_day(request: ApiRequest) -> HttpResponse:
    asked = _read(request)
    entries = AuditEntry.objects.select_related(None).filter(
        action="activated", created_at__range=(asked["startDate"], asked["endDate"])
    )
    if "productId" in asked:
        entries = entries.filter(
            license_id__in=License.objects.filter(product_id=asked["productId"]).values("pk")
        )
    days = entries.annotate(day=TruncDate("created_at", tzinfo=UTC)).order_by("day").values("day")
    return answer(
        [
            {
                "activations": each["n"],
                "activatedAt": datetime(each["day"].year, each["day"].month, each["day"].day,
                                        tzinfo=UTC),
            }
            for each in days.annotate(n=Count("pk"))
        ]
    )  # fmt: skip


@router.get(
    "/analytics/activations/app-version",
    auth=MACHINES,
    response=list[VersionAnswer],
    openapi_extra=PARAMETERS,
)
def by_app_version(request: ApiRequest) -> HttpResponse:
    return _machines_by(request, "app_version", "appVersion")


@router.get(
    "/analytics/activations/os",
    auth=MACHINES,
    response=list[SystemAnswer],
    openapi_extra=PARAMETERS,
)
def by_os(request: ApiRequest) -> HttpResponse:
    return _machines_by(request, "os", "os")


@router.get(
    "/analytics/activations/os-version",
    auth=MACHINES,
    response=list[SystemVersionAnswer],
    openapi_extra=PARAMETERS,
)
def by_os_version(request: ApiRequest) -> HttpResponse:
    return _machines_by(request, "os_version", "osVersion")


@router.get(
    "/analytics/activations/vm-name",
    auth=MACHINES,
    response=list[VmAnswer],
    openapi_extra=PARAMETERS,
)
def by_vm(request: ApiRequest) -> HttpResponse:
    return _machines_by(request, "vm_name", "vmName")


def _machines_by(request: ApiRequest, field: str, name: str) -> HttpResponse:
    """How many machines have each value, the most frequent first; all machines, unless a time is
    asked for."""
    asked = _read(request)
    machines: QuerySet[Activation] = Activation.objects.all()
    if "productId" in asked:
        machines = machines.filter(license__product_id=asked["productId"])
    if "licenseId" in asked:
        machines = machines.filter(license_id=asked["licenseId"])
    if request.GET.get("startDate") or request.GET.get("endDate"):
        machines = machines.filter(created_at__range=(asked["startDate"], asked["endDate"]))
    counted = machines.order_by().values(field).annotate(n=Count("pk")).order_by("-n", field)
    return answer([{"activations": each["n"], name: each[field]} for each in counted])


def _read(request: ApiRequest) -> dict[str, Any]:
    """What is asked, with a time of 30 days until now unless one is given. Raises InvalidRequest
    and UnknownFilter."""
    for name in request.GET:
        if name not in ASKED:
            raise UnknownFilter(name)
    asked = {
        name: value_of(name, kind, request.GET[name])
        for name, kind in ASKED.items()
        if request.GET.get(name)
    }
    asked.setdefault("endDate", timezone.now())
    asked.setdefault("startDate", asked["endDate"] - DAYS)
    if not timedelta(0) <= asked["endDate"] - asked["startDate"] <= LONGEST:
        raise InvalidRequest("startDate, endDate: use a time of at most 400 days.")
    return asked
