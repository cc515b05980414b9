"""A vendor whose programs are online: a served portal, and what the vendor does there by the Web
API."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from portal_licensing import OnlineClient, Product, Web
from tests.served import served

FINGERPRINT = "f" * 64


@dataclass
class Shop:
    """Acme of the demo, with the product Orbit; `call` is by an administrator's token."""

    web: Web
    product_file: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def product(self) -> Product:
        return Product.from_json(self.product_file)

    def call(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        return self.web.call(method, path, body, query=query, headers=self.headers)

    def license(self, **terms: Any) -> dict[str, Any]:
        """A new licence of Orbit's, for two machines unless it is said otherwise."""
        body = {"productId": self.product.id, "allowedActivations": 2, "validity": 0, **terms}
        made: dict[str, Any] = self.call("POST", "licenses", body)
        return made

    def change(self, license: dict[str, Any], **terms: Any) -> None:
        self.call("PATCH", f"licenses/{license['id']}", terms)

    def seats(self, license: dict[str, Any]) -> int:
        """How many are taken."""
        return int(self.call("GET", f"licenses/{license['id']}")["totalActivations"])

    def client(self, folder: Path, name: str = "f", **options: Any) -> OnlineClient:
        """A program on the machine of this name, with a folder of its own."""
        options = {"web": Web(self.web.address, pause=_no_pause), **options}
        fingerprint = name.ljust(64, "-")
        return OnlineClient(self.product, folder / name, fingerprint=fingerprint, **options)


class Clock:
    """The clock of this machine, which may be set wrong."""

    def __init__(self) -> None:
        self.wrong_by = 0.0

    def __call__(self) -> float:
        return time.time() + self.wrong_by


def _no_pause(_seconds: float) -> None:
    pass


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    data = tmp_path_factory.mktemp("shop")
    with served(data, API_CALLS_PER_ADDRESS="100000", API_CALLS_PER_TOKEN="100000") as portal:
        product_file = json.loads(portal.manage("product_file", "acme", "Orbit"))
        web = Web(portal.url("api", "/v3"))
        person = {"email": "admin@acme.example", "password": "demo-acme-admin"}
        answer = web.call("POST", "accounts/login", {"companyId": "acme", **person})
        assert answer
        headers = {"Authorization": f"Bearer {answer['accessToken']}"}
        yield Shop(web, product_file, headers)


@pytest.fixture
def clock() -> Clock:
    return Clock()
