"""Licence policies: `/v3/license-policies`, which are `/v3/license-templates` today."""

from uuid import UUID

from django.http import HttpResponse
from ninja import Router

from api.allowed import needs
from api.answers import answer, created, nothing
from api.bodies import Moment
from api.lists import Column, Kind, Listing, listed, row_of
from api.requests import ApiRequest
from api.terms import NO_TEXTS, TermsAnswer, TermsBody, Texts, put
from licenses import wire
from licenses.models import LicensePolicy
from licenses.verbs.policies import change_policy, create_policy, delete_policy

router = Router(tags=["license-policies"])
READ = needs("licensePolicy:read", "licenses.view_licensepolicy")
ADD = needs("licensePolicy:write", "licenses.add_licensepolicy")
CHANGE = needs("licensePolicy:write", "licenses.change_licensepolicy")
DELETE = needs("licensePolicy:write", "licenses.delete_licensepolicy")


class PolicyBody(TermsBody):
    name: str = ""
    key_pattern: str = ""
    required_metadata_keys: Texts = NO_TEXTS
    required_meter_attributes: Texts = NO_TEXTS


class PolicyAnswer(TermsAnswer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    name: str
    key_pattern: str
    required_metadata_keys: Texts
    required_meter_attributes: Texts


POLICIES = Listing(
    columns={
        "id": Column("id", Kind.ID),
        "name": Column("name"),
        "type": Column("type"),
        "createdAt": Column("created_at", Kind.MOMENT),
        "updatedAt": Column("updated_at", Kind.MOMENT),
    },
    found=lambda rows, words: rows.filter(name__icontains=words),
)
FIELDS = ("name", "key_pattern", "required_metadata_keys", "required_meter_attributes")


def policy_of(id: str) -> LicensePolicy:
    """Raises NotFound."""
    row: LicensePolicy = row_of(LicensePolicy.objects.all(), id, "policy")
    return row


def _fill(policy: LicensePolicy, body: PolicyBody) -> list[str]:
    given = body.given
    own = {name: given[name] for name in FIELDS if name in given}
    return put(policy, own | body.terms(policy))


def list_policies(request: ApiRequest) -> HttpResponse:
    return listed(request, LicensePolicy.objects.all(), POLICIES, wire.policy)


def create(request: ApiRequest, body: PolicyBody) -> HttpResponse:
    policy = LicensePolicy(vendor=request.vendor)
    _fill(policy, body)
    return created(wire.policy(create_policy(policy)))


def get(request: ApiRequest, id: str) -> HttpResponse:
    return answer(wire.policy(policy_of(id)))


def update(request: ApiRequest, id: str, body: PolicyBody) -> HttpResponse:
    policy = policy_of(id)
    return answer(wire.policy(change_policy(policy, fields=_fill(policy, body))))


def delete(request: ApiRequest, id: str) -> HttpResponse:
    """409 as long as a licence or a product is on it."""
    delete_policy(policy_of(id))
    return nothing()


def _serve(noun: str, said: str) -> None:
    """The same under either name."""
    all, one = f"/{noun}", f"/{noun}/{{id}}"
    router.get(
        all,
        auth=READ,
        response=list[PolicyAnswer],
        openapi_extra=POLICIES.documented(),
        operation_id=f"list_{said}",
    )(list_policies)
    router.post(all, auth=ADD, response={201: PolicyAnswer}, operation_id=f"create_{said}")(create)
    router.get(one, auth=READ, response=PolicyAnswer, operation_id=f"get_{said}")(get)
    router.patch(one, auth=CHANGE, response=PolicyAnswer, operation_id=f"update_{said}")(update)
    router.delete(one, auth=DELETE, response={204: None}, operation_id=f"delete_{said}")(delete)


_serve("license-policies", "license_policies")
_serve("license-templates", "license_templates")
