"""A client that others wrote, `cryptlex-python-sdk` from PyPI, as it is but for the base URL: each
of its operations is called, and parses what it is answered.

What the portal has is found in the client by method and path, so that a new operation is tried as
soon as it is there; what it doesn't have answers a 404 that the client parses.
"""

import pkgutil
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from inspect import Parameter, signature
from typing import Any, get_type_hints

import cryptlex_web_api_client.api
import httpx
import orjson
import pytest
from cryptlex_web_api_client.client import AuthenticatedClient
from cryptlex_web_api_client.models.http_error_response_dto import HttpErrorResponseDto

from tests.api.program import Program, operations, token_of
from tests.api.test_matrix import ROWS
from tests.world import World, fingerprint

BASE = "http://api.portal.localhost"
NOBODY = "00000000-0000-4000-8000-000000000000"
# Of the client's, that nobody can call: for one its generator has lost the path, others it wrote
# twice, once without a method.
BROKEN = ("invoices.getnext", "productdat", "certificatepem")

Bodies = dict[tuple[str, str], Callable[[World], dict[str, Any]]]
# What makes sense to send; of others nothing is sent, and an error parsed.
BODIES: Bodies = {
    ("PATCH", "/v3/products/{id}"): lambda world: {"displayName": "Orbit II"},
    ("POST", "/v3/products"): lambda world: {"name": "Comet", "displayName": "Comet"},
    ("POST", "/v3/feature-flags"): lambda world: {
        "name": "export",
        "description": "To PDF",
        "productId": str(world.orbit.pk),
    },
    ("PATCH", "/v3/feature-flags/{id}"): lambda world: {"name": "export-pdf"},
    ("POST", "/v3/product-versions"): lambda world: {
        "name": "pro",
        "displayName": "Professional",
        "productId": str(world.orbit.pk),
        "featureFlags": [],
    },
    ("PATCH", "/v3/product-versions/{id}"): lambda world: {"displayName": "Professional II"},
    ("POST", "/v3/email-templates"): lambda world: {
        "name": "Reminder",
        "subject": "{{product.name}} ends",
        "body": "{{license.key}} ends {when}: {link} {off}",
        "event": "license.expiring-soon",
        "enabled": True,
        "custom": False,
    },
    ("PATCH", "/v3/email-templates/{id}"): lambda world: {"subject": "New"},
    ("POST", "/v3/releases"): lambda world: {
        "name": "Orbit",
        "version": "2.0.0",
        "channel": "stable",
        "platform": "windows",
        "productId": str(world.orbit.pk),
    },
    ("PATCH", "/v3/releases/{id}"): lambda world: {"notes": "New"},
    ("POST", "/v3/license-policies"): lambda world: {"name": "Yearly", "type": "node-locked"},
    ("PATCH", "/v3/license-policies/{id}"): lambda world: {"name": "Monthly"},
    ("POST", "/v3/licenses"): lambda world: {
        "productId": str(world.orbit.pk),
        "userId": str(world.ada.pk),
        "allowedActivations": 2,
    },
    ("PATCH", "/v3/licenses/{id}"): lambda world: {"notes": "New"},
    ("POST", "/v3/tags"): lambda world: {"name": "friends"},
    ("POST", "/v3/webhooks"): lambda world: {
        "name": "Shop",
        "url": "https://shop.example/hooks",
        "token": "a secret of the shop's",
        "active": True,
        "events": ["license.created", "activation.created"],
    },
    ("PATCH", "/v3/webhooks/{id}"): lambda world: {
        "name": "Other shop",
        "url": "https://shop.example/other",
        "token": "another secret",
        "active": False,
        "events": ["license.deleted"],
    },
    ("POST", "/v3/users"): lambda world: {
        "email": "new@acme.example",
        "password": "a long enough password",
        "firstName": "New",
        "lastName": "Person",
    },
    ("PATCH", "/v3/users/{id}"): lambda world: {
        "email": world.ada.email,
        "firstName": "Ada",
        "lastName": "King",
    },
    ("POST", "/v3/activations"): lambda world: {
        "productId": str(world.orbit.pk),
        "key": world.ada_license.key,
        "os": "linux",
        "fingerprint": fingerprint("client"),
    },
    ("PATCH", "/v3/activations/{id}"): lambda world: {
        "productId": str(world.orbit.pk),
        "key": world.ada_license.key,
        "os": "linux",
        "fingerprint": fingerprint("ada-laptop"),
    },
}
# What the portal's own rules refuse of the world's rows.
REFUSED = {
    ("DELETE", "/v3/products/{id}"): "licences hang on it",
    ("DELETE", "/v3/users/{id}"): "licences hang on her",
    ("DELETE", "/v3/releases/{id}"): "it is published",
    ("DELETE", "/v3/release-files/{id}"): "it is published",
    ("GET", "/v3/me/licenses/{id}"): "an administrator has none",
    ("GET", "/v3/me/activations/{id}"): "an administrator has none",
}


def modules() -> Iterator[Any]:
    """The client's operations, those that delete last."""
    package = cryptlex_web_api_client.api
    names = [each.name for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    ours = [
        import_module(name) for name in names if name.count(".") == 3 and not name.endswith(BROKEN)
    ]
    # What belongs to a row is deleted before the row, whose name is shorter.
    return iter(sorted(ours, key=lambda each: (".delete" in each.__name__, -len(each.__name__))))


def route_of(module: Any) -> tuple[str, str]:
    """Method and path, as the portal would write them."""
    hints = get_type_hints(module._get_kwargs)
    given = {
        name: f"{{{name}}}" if hints[name] is str else _Nothing()
        for name, each in signature(module._get_kwargs).parameters.items()
        if each.default is Parameter.empty and name != "client"
    }
    asked = module._get_kwargs(client=AuthenticatedClient("", token=""), **given)
    return asked["method"].upper(), re.sub(r"\{\w+\}", "{id}", asked["url"])


class _Members(dict[str, Any]):
    """Members of a body; where the client wants one more, it is an empty text."""

    def copy(self) -> "_Members":
        return _Members(self)

    def pop(self, name: str, default: Any = "") -> Any:
        return super().pop(name, default)


class _Nothing:
    """A body without members."""

    def to_dict(self) -> dict[str, Any]:
        return {}


@pytest.fixture
def routed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the client sends by httpx goes to the portal's test client."""

    def request(method: str, url: str, **sent: Any) -> httpx.Response:
        path = url.removeprefix(BASE)
        asked = httpx.Request(method, url, params=sent.get("params"))
        response = Program().generic(
            method.upper(),
            path,
            orjson.dumps(sent["json"]) if "json" in sent else b"",
            "application/json",
            headers=sent["headers"],
            QUERY_STRING=asked.url.query.decode(),
        )
        content = response.getvalue()
        return httpx.Response(response.status_code, headers=dict(response.items()), content=content)

    monkeypatch.setattr(httpx, "request", request)


def known_routes() -> set[tuple[str, str]]:
    return {(method, re.sub(r"\{\w+\}", "{id}", path)) for method, path, _each in operations()}


def row_for(world: World, path: str, rows: dict[str, object]) -> str:
    """The id of a row of acme's for the path, made once."""
    found = re.fullmatch(r"/v3/(?P<noun>[a-z0-9/-]+?)/\{id\}(/.*)?", path)
    noun = found["noun"] if found else ""
    if noun not in rows and noun in ROWS:
        rows[noun] = ROWS[noun](world)
    return str(rows.get(noun, NOBODY))


def arguments(module: Any, world: World, route: tuple[str, str], id: str) -> dict[str, Any]:
    values = {
        "platform": "linux",
        "product_id": str(world.orbit.pk),
        "key": world.ada_license.key,
        "version": "1.0.0",
        "company_id": "acme",
    }
    hints = get_type_hints(module._get_kwargs)
    given: dict[str, Any] = {}
    for name, each in signature(module._get_kwargs).parameters.items():
        if name == "client" or each.default is not Parameter.empty:
            continue
        if name == "json_body":
            said = BODIES.get(route)
            given[name] = hints[name].from_dict(_Members(said(world))) if said else _Nothing()
        else:
            given[name] = values.get(name, id)
    return given


@pytest.mark.takes_turns
def test_the_client_parses_every_answer(world: World, routed: None) -> None:
    client = AuthenticatedClient(BASE, token=token_of(world.acme_admin))
    known, rows, succeeded = known_routes(), dict[str, object](), set()
    for module in modules():
        route = route_of(module)
        path = route[1]
        given = arguments(module, world, route, row_for(world, path, rows))
        answered = module.sync_detailed(client=client, **given)
        said = (route, answered.status_code, answered.content)
        assert answered.status_code < 500, said
        if route not in known:
            assert answered.status_code in {404, 405}, said
        if answered.status_code >= 400:
            error = HttpErrorResponseDto.from_dict(orjson.loads(answered.content))
            assert error.message, said
            assert isinstance(error.code, str), said
            assert answered.parsed in (None, error), said
        else:
            succeeded.add(route)
            assert not isinstance(answered.parsed, HttpErrorResponseDto), said
            assert (
                answered.status_code == 204
                or answered.content in {b"", b"null"}
                or (answered.parsed is not None or "export" in path or "product" in path)
            ), said
    expected = {each for each in known if each in BODIES or each[0] in {"GET", "DELETE"}}
    tried = {route_of(module) for module in modules()} & expected
    assert tried - succeeded <= REFUSED.keys(), sorted(tried - succeeded - REFUSED.keys())
