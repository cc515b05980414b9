"""A program that calls the Web API as people's programs do.

Each answer is held against what the operation documents: its status, and the shape of its body.
"""

from collections.abc import Sequence
from typing import Any

from ninja.constants import NOT_SET
from ninja.operation import Operation
from pydantic import TypeAdapter

from accounts.models import User
from accounts.tokens import verbs as tokens
from accounts.tokens.scopes import SCOPES
from api.site import api
from tenancy.door import inside
from tests.world import Browser

OF_ERRORS = {"message", "code"}


def token_of(person: User, scopes: Sequence[str] = SCOPES) -> str:
    """A new token of the person's, for everything unless scopes are given."""
    with inside(person.vendor):
        return tokens.write(person, name="a program", scopes=scopes)[1]


class Program(Browser):
    """Comes to api.PARENT_HOST, with a token or without."""

    def __init__(self, token: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        super().__init__("api", headers=headers)

    def request(self, **request: Any) -> Any:
        response = super().request(**request)
        check(response)
        return response

    def send(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """Sends the body as JSON, as it is if it is bytes."""
        data = body if body is not None else b""
        return self.generic(method, path, _encoded(data), "application/json", **more)

    def create(self, path: str, body: Any = None) -> Any:
        return self.send("POST", path, body)

    def change(self, path: str, body: Any = None) -> Any:
        return self.send("PATCH", path, body)

    def remove(self, path: str) -> Any:
        return self.send("DELETE", path)


def program_of(person: User, scopes: Sequence[str] = SCOPES) -> Program:
    """A program with a new token of the person's."""
    return Program(token_of(person, scopes))


def _encoded(data: Any) -> bytes:
    import orjson

    return data if isinstance(data, bytes) else orjson.dumps(data)


def operations() -> list[tuple[str, str, Operation]]:
    """Every operation: method, path below the host, and what it is."""
    found = []
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                whole = f"/v3/{prefix}{path}".replace("//", "/")
                found += [(method, whole, operation) for method in operation.methods]
    return found


def _operation_of(response: Any) -> Operation | None:
    match = response.resolver_match
    if match is None or not match.route.startswith("v3/"):
        return None
    method = response.request["REQUEST_METHOD"]
    for name, path, operation in operations():
        route = path.removeprefix("/").replace("{", "<").replace("}", ">")
        if name == method and route == match.route:
            return operation
    return None


def check(response: Any) -> None:
    """Fails for an answer that is not as it is documented."""
    assert response.status_code < 500, response.content
    if response.request["REQUEST_METHOD"] == "HEAD":
        return
    if response.status_code >= 400:
        error = response.json()
        assert set(error) == OF_ERRORS, error
        assert error["message"], error
        return
    operation = _operation_of(response)
    if operation is None or response.streaming:
        return
    documented = operation.response_models
    assert response.status_code in documented, (response.status_code, documented)
    model = documented[response.status_code]
    if model is None or model is NOT_SET:
        assert response.content == b"", response.content
        return
    if b":null" in response.content:
        assert _without_value(response.json()) <= {"expiresAt"}, response.content
    shape = model.model_fields["response"].annotation
    TypeAdapter(shape).validate_json(response.content)


def _without_value(found: Any) -> set[str]:
    """The members that are null, anywhere in it."""
    if isinstance(found, list):
        return {name for each in found for name in _without_value(each)}
    if not isinstance(found, dict):
        return set()
    empty = {name for name, value in found.items() if value is None}
    return empty | _without_value(list(found.values()))
