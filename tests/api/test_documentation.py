"""The Web API's own documentation: the page and the document."""

import json

import pytest
from django.contrib.staticfiles import finders

from tests.api.program import Program, operations
from tests.conftest import ON_POSTGRESQL

pytestmark = pytest.mark.skipif(ON_POSTGRESQL, reason="There is no query in it.")


def test_the_page_loads_what_we_serve(db: None) -> None:
    page = Program().get("/v3/docs")
    assert page.status_code == 200
    assert "default-src 'none'; script-src 'self'" in page["Content-Security-Policy"]
    text = page.content.decode()
    assert "https://" not in text, "Nothing comes from elsewhere."
    assert "<style" not in text
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-init.js"):
        assert f"/static/ninja/{name}" in text
        assert finders.find(f"ninja/{name}")


def test_the_document_has_every_operation(db: None) -> None:
    document = json.loads(Program().get("/v3/openapi.json").content)
    told = {(method.upper(), path) for path, each in document["paths"].items() for method in each}
    shown = {
        (method, path.replace("{uuidstr:", "{"))
        for method, path, operation in operations()
        if operation.include_in_schema
    }
    assert told == shown
    ids = [each["operationId"] for path in document["paths"].values() for each in path.values()]
    assert len(set(ids)) == len(ids), "Generated clients name their functions after these."
    for path in document["paths"].values():
        for each in path.values():
            named = [(one["name"], one["in"]) for one in each.get("parameters", ())]
            assert len(set(named)) == len(named), each["operationId"]
    for reference in set(_references(document)):
        where = document
        for part in reference.removeprefix("#/").split("/"):
            where = where[part]


def test_members_are_called_as_on_the_wire(db: None) -> None:
    document = json.loads(Program().get("/v3/openapi.json").content)
    schemas = document["components"]["schemas"]
    members = {name for schema in schemas.values() for name in schema.get("properties", {})}
    assert "createdAt" in members
    assert not {name for name in members if "_" in name}


def _references(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [each for value in part.values() for each in _references(value)]
    if isinstance(part, list):
        return [each for value in part for each in _references(value)]
    return []
