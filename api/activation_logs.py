"""What happened to machines: `/v3/activation-logs`, which are entries of the audit trail."""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpResponse, HttpResponseBase
from ninja import Router

from api.allowed import needs
from api.answers import answer
from api.bodies import Answer, Moment
from api.errors import UnknownFilter
from api.lists import Column, Kind, Listing, listed, narrowed, read, row_of, value_of
from api.programs import OperatingSystem, PlaceAnswer
from api.requests import ApiRequest
from audit import trail
from audit.models import AuditEntry
from backoffice.export import as_csv
from licenses import wire
from licenses.history import SEATS
from licenses.models import Activation, License
from licenses.search import on_licenses
from tenancy.door import current_vendor
from tenancy.spelling import form_of

router = Router(tags=["activation_logs"])
READ = needs("activation:read", "audit.view_auditentry")
EXPORT = needs("activation:read", "audit.export_auditentry")


class ActivationLogAnswer(Answer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    action: str
    os: OperatingSystem | None = None
    os_version: str | None = None
    hostname: str | None = None
    vm_name: str | None = None
    container: bool | None = None
    app_version: str | None = None
    location: PlaceAnswer | None = None
    license_id: UUID


def _of_product(op: str, values: list[str]) -> Q:
    if op != "eq":
        raise UnknownFilter(f"productId[{op}]")
    product = value_of("productId", Kind.ID, values[-1])
    return on_licenses(License.objects.filter(product_id=product))


ACTIVATION_LOGS = Listing(
    columns={
        "id": Column("id", Kind.ID),
        "licenseId": Column("license_id", Kind.ID),
        "action": Column("action"),
        "createdAt": Column("created_at", Kind.MOMENT),
    },
    special={"productId": _of_product},
    found=lambda rows, words: rows.filter(
        license_id__in=License.objects.filter(key_form=form_of(words)).values("pk")
    ),
)
EXPORTED = {
    "id": lambda row: row.pk,
    "createdAt": lambda row: row.created_at,
    "action": lambda row: row.action,
    "licenseId": lambda row: row.license_id,
    "hostname": lambda row: row.details.get("hostname"),
    "os": lambda row: row.details.get("os"),
    "osVersion": lambda row: row.details.get("os_version"),
    "vmName": lambda row: row.details.get("vm_name"),
    "container": lambda row: row.details.get("container"),
    "appVersion": lambda row: row.details.get("app_version"),
    "ipAddress": lambda row: row.ip,
}


def entries() -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(
        action__in=SEATS, subject_type=Activation._meta.label_lower, license_id__isnull=False
    )


@router.get(
    "/activation-logs",
    auth=READ,
    response=list[ActivationLogAnswer],
    openapi_extra=ACTIVATION_LOGS.documented(),
)
def list_logs(request: ApiRequest) -> HttpResponse:
    return listed(request, entries(), ACTIVATION_LOGS, wire.activation_log)


@router.get("/activation-logs/export", auth=EXPORT, openapi_extra=ACTIVATION_LOGS.documented())
def export(request: ApiRequest) -> HttpResponseBase:
    """The list as CSV; the audit trail tells who took it."""
    asked = read(request, ACTIVATION_LOGS)
    chosen = narrowed(entries(), ACTIVATION_LOGS, asked).order_by("created_at", "id")
    trail.record("exported", current_vendor(), details={"list": "activation-logs"})
    return as_csv("activation-logs", chosen, EXPORTED)


@router.get("/activation-logs/{id}", auth=READ, response=ActivationLogAnswer)
def get(request: ApiRequest, id: str) -> HttpResponse:
    return answer(wire.activation_log(row_of(entries(), id, "activation log")))
