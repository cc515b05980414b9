"""Calls of the Web API beside bare views, in one process and one run, for bench/api.py.

By turns a call is made by the Web API, with all middleware, a token or none, limits and schemas,
and by a bare view, which does the same to the same tables and sends the same bytes by orjson:

- the list of 100 licences: counts them and reads them by the same models, inside the vendor's
  scope; no middleware, token, limit or schema;
- an activation: reads the body by `json`, asks whose the product is, and inside that scope calls
  the verb that the API calls, which finds the licence, locks it, looks for the machine, writes
  machine, words, counter and entry of the audit trail in one transaction; signs the token by RS256;
- a sync: the same of an activation, by its verb, with its lock, its writes and its signature.
"""

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import uuid4

NUMBER = 100
HOST = "api.portal.localhost"


@dataclass(frozen=True, slots=True)
class Compared:
    """A call's median in milliseconds by the API and by a bare view, and their statements."""

    name: str
    least: float
    api: float
    bare: float
    statements: tuple[int, int]

    @property
    def ratio(self) -> float:
        return self.bare / self.api


@dataclass(frozen=True, slots=True)
class Stage:
    """A vendor with what is asked for."""

    vendor: Any
    token: str
    product: Any
    license: Any  # with as many seats as anybody wants
    activation: Any


def compare(stage: Stage, rounds: int) -> list[Compared]:
    return [
        in_turn("GET /v3/licenses?limit=100", 0.8, *lists(stage), rounds),
        in_turn("POST /v3/activations", 0.6, *activations(stage), rounds),
        in_turn("PATCH /v3/activations/{id}", 0.6, *syncs(stage), rounds),
    ]


Ask = Callable[[], Any]


def in_turn(name: str, least: float, by_api: Ask, by_bare_view: Ask, rounds: int) -> Compared:
    statements = (counted(by_api), counted(by_bare_view))
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for mine, ask in zip(times, (by_api, by_bare_view), strict=True):
            start = time.perf_counter()
            response = ask()
            mine.append((time.perf_counter() - start) * 1000)
            assert response.status_code in {200, 201}, response.content
    return Compared(name, least, *map(statistics.median, times), statements)


def counted(ask: Ask) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    ask()
    with CaptureQueriesContext(connection) as captured:
        ask()
    return len(captured)


def answered(told: Any, status: int = 200) -> Any:
    import orjson
    from django.http import HttpResponse

    from web.wire import HOW

    return HttpResponse(
        orjson.dumps(told, default=str, option=HOW), "application/json", status=status
    )


def client(token: str = "") -> Any:
    from django.test import Client

    return Client(headers={"Host": HOST, **({"Authorization": f"Bearer {token}"} if token else {})})


def lists(stage: Stage) -> tuple[Ask, Ask]:
    from licenses import wire
    from licenses.models import License
    from tenancy.door import inside

    program = client(stage.token)

    def bare() -> Any:
        with inside(stage.vendor):
            rows = License.objects.all()
            rows.count()
            page = wire.with_wire(rows).order_by("created_at", "id")[:NUMBER]
            return answered([wire.license(row) for row in page])

    return lambda: program.get(f"/v3/licenses?limit={NUMBER}"), bare


def activations(stage: Stage) -> tuple[Ask, Ask]:
    from django.utils import timezone

    from licenses.token import issue_token
    from licenses.verbs import programs
    from licenses.verbs.activations import Machine
    from tenancy.door import inside
    from tenancy.table import vendor_of_product

    program = client()

    def body() -> str:
        return json.dumps(
            {
                "productId": str(stage.product.pk),
                "key": stage.license.key,
                "fingerprint": sha256(uuid4().bytes).hexdigest(),
                "os": "linux",
                "hostname": "build 7",
            }
        )

    def by_api() -> Any:
        return program.post("/v3/activations", body(), content_type="application/json")

    def bare() -> Any:
        from uuid import UUID

        told = json.loads(body())
        product_id, key = UUID(told.pop("productId")), told.pop("key")
        vendor = vendor_of_product(product_id)
        assert vendor
        with inside(vendor):
            activation = programs.activate_online(product_id, key, Machine(**told))
            token = issue_token(activation, now=timezone.now())
            return answered({"activationToken": token}, 201)

    return by_api, bare


def syncs(stage: Stage) -> tuple[Ask, Ask]:
    from django.utils import timezone

    from licenses.token import issue_token
    from licenses.verbs.activations import sync
    from tenancy.door import inside
    from tenancy.table import vendor_of_activation

    program, id = client(), stage.activation.pk
    body = json.dumps({"appVersion": "2"})

    def by_api() -> Any:
        return program.patch(f"/v3/activations/{id}", body, content_type="application/json")

    def bare() -> Any:
        told = json.loads(body)
        vendor = vendor_of_activation(id)
        assert vendor
        with inside(vendor):
            activation = sync(id, {"app_version": told["appVersion"]})
            return answered({"activationToken": issue_token(activation, now=timezone.now())})

    return by_api, bare


def fill() -> Stage:
    """A vendor with licences and what hangs on them, an administrator's token, and a machine."""
    from accounts.models import BuiltIn, User
    from accounts.tokens import verbs as tokens
    from accounts.tokens.scopes import SCOPES
    from accounts.verbs.vendors import begin_vendor
    from licenses.models import Product
    from licenses.verbs.activations import Machine, activate
    from licenses.verbs.details import set_metadata, tag_license
    from licenses.verbs.licenses import create_license
    from licenses.verbs.meters import set_meters
    from licenses.verbs.products import create_product
    from tenancy.door import inside
    from tenancy.models import Vendor

    vendor = begin_vendor(Vendor(company_id="acme", name="Acme Instruments"))
    with inside(vendor):
        people = User.objects
        admin = people.create_user(vendor=vendor, email="admin@example.com", role=BuiltIn.ADMIN)
        product = create_product(Product(vendor=vendor, name="Orbit"))
        for number in range(NUMBER):
            ada = people.create_user(vendor=vendor, email=f"ada{number}@example.com")
            license = create_license(product=product, user=ada, subscription_interval="P1Y")
            set_metadata(license, [{"key": "order", "value": str(number)}])
            set_meters(license, [{"name": "renders", "allowed_uses": 9}])
            tag_license(license, names=["shop"])
        endless = create_license(product=product, user=ada, allowed_activations=-1)
        machine = Machine(fingerprint="a" * 64, os="linux", hostname="build 7")
        return Stage(
            vendor,
            tokens.make(admin, name="bench", scopes=SCOPES)[1],
            product,
            endless,
            activate(endless, machine),
        )
