"""The OpenAPI document: what operations say of themselves, and what any of them may refuse."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from ninja import NinjaAPI

ALWAYS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
ERROR = {
    "type": "object",
    "required": ["message", "code"],
    "properties": {
        "message": {"type": "string", "description": "What is the matter, for people."},
        "code": {"type": ["string", "null"], "description": "The same for programs."},
    },
}
CONTENT = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}


class DocumentedAPI(NinjaAPI):
    """An API whose document has the errors of every operation, which are told in one place, and
    calls the members of answers as they are called on the wire."""

    def add_router(self, prefix: str, router: Any, **options: Any) -> None:
        for path in router.path_operations.values():
            for operation in path.operations:
                operation.by_alias = True
        super().add_router(prefix, router, **options)

    def get_openapi_schema(self, **options: Any) -> Any:
        document: Any = super().get_openapi_schema(**options)
        document["components"].setdefault("schemas", {})["Error"] = ERROR
        for operations in document["paths"].values():
            for operation in operations.values():
                operation["responses"] = with_errors(operation["responses"])
        return document


def with_errors(responses: Mapping[Any, Any]) -> dict[Any, Any]:
    """The answers of an operation and, where it says nothing else of them, the errors."""
    errors = {
        int(status): {"description": status.phrase, "content": CONTENT}
        for status in ALWAYS
        if status not in responses
    }
    return {**responses, **errors}
