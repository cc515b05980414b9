"""Analytics: `/v3/analytics/…`, how a vendor's licences and machines stand, as numbers.

Days are the calendar's in UTC. Machines are those that use a seat now; activations and trials by
day are all that there were.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
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
from licenses.models import Activation, License, Product, TrialActivation
from licenses.search import on_licenses
from licenses.statistics import standings
from licenses.status import Status
from releases.models import Release
from tenancy.replica import from_replica

router = Router(tags=["analytics"])
LICENSES = needs("analytics:read", "licenses.view_license")
MACHINES = needs("analytics:read", "licenses.view_activation")
TRIALS = needs("analytics:read", "licenses.view_trialactivation")
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


class CountryAnswer(Answer):
    activations: int
    country_code: str


@router.get("/analytics/licenses", auth=LICENSES, response=StandingsAnswer)
def count_licenses(request: ApiRequest) -> HttpResponse:
    """Licences by status. One that waits for its first activation is active."""
    counted = from_replica(lambda: standings(timezone.now()).by_status)
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
    return answer(from_replica(_totals))


def _totals() -> dict[str, int]:
    customers = Q(role__in=CUSTOMER_ROLES)
    return {
        "products": Product.objects.count(),
        "licenses": License.objects.count(),
        "activations": Activation.objects.count(),
        "releases": Release.objects.count(),
        "users": User.objects.filter(customers).count(),
        "admins": User.objects.exclude(customers).count(),
    }


@router.get(
    "/analytics/activations", auth=MACHINES, response=list[DayAnswer], openapi_extra=PARAMETERS
)
def by_day(request: ApiRequest) -> HttpResponse:
    asked = _read(request)
    entries = AuditEntry.objects.select_related(None).filter(action="activated")
    if "productId" in asked:
        entries = entries.filter(_of_product(asked["productId"]))
    return _by_day(entries, asked)


@router.get(
    "/analytics/trial-activations", auth=TRIALS, response=list[DayAnswer], openapi_extra=PARAMETERS
)
def trials_by_day(request: ApiRequest) -> HttpResponse:
    asked = _read(request)
    return _by_day(_trials(asked), asked)


# By what machines and trials are counted: the end of the address, the column, its name, the shape.
KINDS: tuple[tuple[str, str, str, type[Answer]], ...] = (
    ("app-version", "app_version", "appVersion", VersionAnswer),
    ("os", "os", "os", SystemAnswer),
    ("os-version", "os_version", "osVersion", SystemVersionAnswer),
    ("vm-name", "vm_name", "vmName", VmAnswer),
    ("geo-location", "country", "countryCode", CountryAnswer),
)


def _add(kind: str, field: str, name: str, shape: type[Answer]) -> None:
    """Adds the two operations that count machines and trials by a column."""

    def machines(request: ApiRequest) -> HttpResponse:
        return _counted(request, _machines, field, name)

    def trials(request: ApiRequest) -> HttpResponse:
        return _counted(request, _trials, field, name)

    for path, auth, operation in (
        (f"/analytics/activations/{kind}", MACHINES, machines),
        (f"/analytics/trial-activations/{kind}", TRIALS, trials),
    ):
        router.add_api_operation(
            path,
            ["GET"],
            operation,
            auth=auth,
            response=list[shape],  # type: ignore[valid-type]
            operation_id=path.strip("/").replace("/", "_").replace("-", "_"),
            summary=f"{operation.__name__.capitalize()} by {kind.replace('-', ' ')}",
            openapi_extra=PARAMETERS,
        )


for each in KINDS:
    _add(*each)


def _of_product(product_id: Any) -> Q:
    return on_licenses(License.objects.filter(product_id=product_id))


def _machines(asked: dict[str, Any]) -> QuerySet[Any]:
    machines = Activation.objects.all()
    if "productId" in asked:
        machines = machines.filter(_of_product(asked["productId"]))
    if "licenseId" in asked:
        machines = machines.filter(license_id=asked["licenseId"])
    return machines


def _trials(asked: dict[str, Any]) -> QuerySet[Any]:
    if "licenseId" in asked:
        raise UnknownFilter("licenseId")
    trials = TrialActivation.objects.all()
    return trials.filter(product_id=asked["productId"]) if "productId" in asked else trials


def _counted(
    request: ApiRequest, rows_of: Callable[[dict[str, Any]], QuerySet[Any]], field: str, name: str
) -> HttpResponse:
    """How many machines have each value, the most frequent first; all machines, unless a time is
    asked for. Of a country that is not known, nothing is said."""
    asked = _read(request)
    rows = rows_of(asked)
    if request.GET.get("startDate") or request.GET.get("endDate"):
        rows = rows.filter(created_at__range=(asked["startDate"], asked["endDate"]))
    if field == "country":
        rows = rows.exclude(country="")
    counted = rows.order_by().values(field).annotate(n=Count("pk")).order_by("-n", field)
    found = from_replica(lambda: list(counted))
    return answer([{"activations": each["n"], name: each[field]} for each in found])


def _by_day(rows: QuerySet[Any], asked: dict[str, Any]) -> HttpResponse:
    """How many were made on each day of the time that is asked for."""
    made = rows.filter(created_at__range=(asked["startDate"], asked["endDate"]))
    days = made.annotate(day=TruncDate("created_at", tzinfo=UTC)).order_by("day").values("day")
    counted = from_replica(lambda: list(days.annotate(n=Count("pk"))))
    return answer(
        [
            {
                "activations": each["n"],
                "activatedAt": datetime.combine(each["day"], time(), tzinfo=UTC),
            }
            for each in counted
        ]
    )


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
    if "startDate" not in asked:
        try:
            asked["startDate"] = asked["endDate"] - DAYS
        except OverflowError as error:
            raise InvalidRequest("endDate: use a later time.") from error
    if not timedelta(0) <= asked["endDate"] - asked["startDate"] <= LONGEST:
        raise InvalidRequest("startDate, endDate: use a time of at most 400 days.")
    return asked
