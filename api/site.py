"""The API itself: its nouns, how it reads, and what it says when something is refused."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.db.models import ProtectedError
from django.http import Http404, HttpRequest, HttpResponse
from ninja.errors import HttpError
from ninja.errors import ValidationError as Unreadable

from api import (
    accounts,
    activation_logs,
    activations,
    analytics,
    email_event_logs,
    email_templates,
    event_logs,
    feature_flags,
    licenses,
    maintenance_policies,
    me,
    personal_access_tokens,
    policies,
    product_versions,
    products,
    release_files,
    release_platforms,
    releases,
    roles,
    tags,
    trial_activations,
    trial_policies,
    uploads,
    users,
    webhooks,
)
from api.allowed import NOBODY
from api.bodies import KindParser
from api.documented import DocumentedAPI
from api.errors import InvalidRequest, IsUsed, NoRight, NotFound, camel, told
from api.idempotency import once
from api.refusals import refusal
from web.errors import GoneMeanwhile, PortalError, in_json

api = DocumentedAPI(
    title="Web API",
    version="3",
    auth=NOBODY,
    parser=KindParser(),
    openapi_url="/openapi.json",
    docs_url="/docs",
    urls_namespace="api",
)
ROUTERS = (
    accounts.router,
    activation_logs.router,
    activations.router,
    analytics.router,
    email_event_logs.router,
    email_templates.router,
    event_logs.router,
    feature_flags.router,
    licenses.router,
    maintenance_policies.router,
    me.router,
    personal_access_tokens.router,
    policies.router,
    product_versions.router,
    products.router,
    release_files.router,
    release_platforms.router,
    releases.router,
    roles.router,
    tags.router,
    trial_activations.router,
    trial_policies.router,
    uploads.router,
    users.router,
    webhooks.router,
)
MOST_TOLD = 20  # of what is wrong with a body: what comes may have 100,000 members
api.add_decorator(once)
for router in ROUTERS:
    api.add_router("", router)


@api.exception_handler(PortalError)
def refused(request: HttpRequest, error: PortalError) -> HttpResponse:
    """Any named error, as `{message, code}`."""
    response = refusal(error)
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(Unreadable)
def unreadable(request: HttpRequest, error: Unreadable) -> HttpResponse:
    """400 for a body whose members are not what they should be, the first of them named."""
    sentences = (f"{_member(each)}: {each['msg']}." for each in error.errors[:MOST_TOLD])
    return in_json(InvalidRequest(" ".join(sentences)))


@api.exception_handler(HttpError)
def unparsed(request: HttpRequest, error: HttpError) -> HttpResponse:
    """A body that `KindParser` has refused, of which ninja makes an error of its own."""
    cause = error.__cause__
    return in_json(cause if isinstance(cause, PortalError) else InvalidRequest(error.message))


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return in_json(told(error))


@api.exception_handler(ProtectedError)
def used(request: HttpRequest, error: ProtectedError) -> HttpResponse:
    kinds = sorted({str(row._meta.verbose_name_plural) for row in error.protected_objects})
    return in_json(IsUsed(", ".join(kinds)))


@api.exception_handler(Http404)
def missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return in_json(NotFound("row"))


@api.exception_handler(ObjectDoesNotExist)
def gone(request: HttpRequest, error: ObjectDoesNotExist) -> HttpResponse:
    """It was there as the operation looked, and is not as its verb does."""
    return in_json(GoneMeanwhile())


@api.exception_handler(PermissionDenied)
def denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return in_json(NoRight())


@api.exception_handler(Exception)
def broken(request: HttpRequest, error: Exception) -> HttpResponse:
    """Django's handlers know what to do: a database that can't be used is 503, all else 500."""
    raise error


def _member(error: dict[str, Any]) -> str:
    """The place of what was refused, as the program wrote it; before it ninja names where it was
    found and the operation's parameter."""
    return ".".join(camel(str(each)) for each in error["loc"][2:]) or "body"
