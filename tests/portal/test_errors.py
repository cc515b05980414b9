"""Error pages: the same design, no data, no query."""

import re
from collections.abc import Iterator

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts.single_sign_on.errors import SingleSignOnBusy, SingleSignOnRefused, Why
from api.errors import InvalidRequest
from branding.domains.errors import BadDomainName, DomainTaken
from imports.tables import TableRefused
from imports.verbs.people import ImportFailed
from licenses.errors import MachineIsGone
from moving.errors import ArchiveRefused
from portal import errors
from tenancy.hosts import Address, Site
from tests.world import Browser, World
from web.errors import PortalError
from web.limits import TooManyAttempts
from web.places import AllPlacesTaken

# What the errors are made with whose sentence needs it.
DETAILS: dict[type[PortalError], tuple[object, ...]] = {
    TooManyAttempts: (1, 7),
    TableRefused: ("The file is empty.",),
    ImportFailed: ("Row 3: this customer is not there any more.",),
    MachineIsGone: ("lab: machine deactivated on 24 November 2026.",),
    ArchiveRefused: ("The passphrase is wrong.",),
    InvalidRequest: ("name: This field is required.",),
    BadDomainName: tuple(BadDomainName.reasons),
    SingleSignOnRefused: tuple(Why),
    SingleSignOnBusy: (Why.BUSY,),
}

CASES = [
    (400, lambda r: errors.bad_request(r, RequestDataTooBig())),
    (400, errors.bad_request),
    (403, lambda r: errors.permission_denied(r, PermissionDenied())),
    (403, errors.csrf_failure),
    (403, errors.portal_closed),
    (404, errors.not_found),
    (421, errors.misdirected),
    (409, lambda r: errors.refused(r, DomainTaken())),
    (413, errors.too_large),
    (429, lambda r: errors.refused(r, TooManyAttempts(7))),
    (500, errors.server_error),
    (503, lambda r: errors.refused(r, AllPlacesTaken())),
]


@pytest.mark.parametrize(("status", "handler"), CASES)
def test_a_page_without_query_or_user(db: None, status: int, handler: object) -> None:
    request = RequestFactory().get("/")  # no user, no session, no address
    with CaptureQueriesContext(connection) as captured:
        response = handler(request)  # type: ignore[operator]
    assert response.status_code == status
    assert len(captured) == 0
    assert "<h1>" in response.content.decode()


@pytest.mark.parametrize(("status", "handler"), CASES)
def test_the_api_answers_in_json(status: int, handler: object) -> None:
    request = RequestFactory().get("/")
    request.address = Address(Site.API)  # type: ignore[attr-defined]
    response = handler(request)  # type: ignore[operator]
    assert response["Content-Type"] == "application/json"
    assert response.status_code == status
    assert b'"code"' in response.content


def test_the_api_says_not_found_in_its_own_way(world: World) -> None:
    response = Browser("api").get("/v3/anything")
    assert response.status_code == 404
    assert response.json() == {"message": "there is nothing here", "code": "NOT_FOUND"}


def test_a_server_error_shows_a_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("accounts.views.SignInForm", fail)
    browser = Browser("acme", raise_request_exception=False)
    response = browser.get("/login/")
    assert response.status_code == 500
    assert "secret detail" not in response.content.decode()
    assert "Something went wrong on our side" in response.content.decode()


def test_a_wrong_method_has_a_page_too(world: World) -> None:
    response = Browser("acme").get("/logout/")
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert "use the button" in response.content.decode()


def test_a_malformed_host_is_a_bad_request(world: World) -> None:
    assert Browser().get("/", headers={"host": "a b"}).status_code == 400


def test_the_page_names_the_vendor_and_nothing_else(world: World) -> None:
    page = Browser("acme").get("/nothing/").content.decode()
    assert "<title>There is nothing here · Acme Instruments</title>" in page


def kinds(base: type[PortalError]) -> Iterator[type[PortalError]]:
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


def test_every_error_has_a_code_of_its_own() -> None:
    """A family has none; a special case has that of the error which it is a case of."""
    named = [kind for kind in kinds(PortalError) if kind.__module__.partition(".")[0] != "tests"]
    owners: dict[str, type[PortalError]] = {}
    for kind in named:
        if not hasattr(kind, "code"):
            assert kind.__subclasses__(), kind
            continue
        assert re.fullmatch(r"[A-Z]+(_[A-Z]+)*", kind.code), kind
        if "code" in vars(kind):
            assert owners.setdefault(kind.code, kind) is kind, kind
    assert len(owners) > 40


def test_every_error_has_a_sentence() -> None:
    for kind in kinds(PortalError):
        if not hasattr(kind, "code"):
            continue
        for detail in DETAILS.get(kind, ("x",)):
            text = kind(detail).sentence
            assert text.endswith("."), kind
            assert "%" not in text, kind


def test_whoever_handles_no_error_has_it_told_by_the_portal(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise DomainTaken

    monkeypatch.setattr("accounts.views.SignInForm", fail)
    response = Browser("acme").get("/login/")
    assert response.status_code == 409
    assert "belongs to someone else here" in response.content.decode()
