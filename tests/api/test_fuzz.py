"""Calls that schemathesis makes of the OpenAPI document: no 5xx, and no answer that isn't there.

A few of each operation here; with FUZZ_CALLS=20000 in the environment so many in all.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import openapi
from schemathesis.core import NOT_SET

from api.site import api
from tests.api.program import Program, program_of
from tests.api.test_matrix import ROWS
from tests.world import World

IN_ALL = int(os.environ.get("FUZZ_CALLS", "0"))
FEW = 2  # of each operation
BY_ONE_TOKEN = 500  # the limit is 600 a minute
JSON = "application/json"


def tokens(world: World) -> Iterator[Program]:
    """The program for each next call: an administrator's, mostly."""
    for n in count():
        if n % BY_ONE_TOKEN == 0:
            program = program_of(world.acme_admin)
        yield program


def path_of(case: Any, own: object) -> str:
    """The path, with values of schemathesis or, for an id, with one of acme's."""
    values = {
        name: quote(str(value), safe="") or "x" for name, value in case.path_parameters.items()
    }
    values |= {name: str(own) for name in values.keys() & {"id", "release_id"} if own}
    return "/v3" + re.sub(r"\{(\w+)\}", lambda named: values[named[1]], case.path)


def body_of(case: Any) -> bytes:
    if case.body is NOT_SET:
        return b""
    if isinstance(case.body, bytes):
        return case.body
    return json.dumps(case.body, default=str).encode()


def query_of(case: Any) -> str:
    return urlencode(case.query or {}, doseq=True, errors="replace")


def noun_of(path: str) -> str:
    first = path.split("/")[1]
    return "{uuidstr:release_id}" if first == "{release_id}" else first


def all_operations() -> list[Any]:
    """As the document describes them; those that delete come last."""
    written = json.dumps(api.get_openapi_schema(path_prefix="/"), default=str)
    found = [each.ok() for each in openapi.from_dict(json.loads(written)).get_all_operations()]
    return sorted(found, key=lambda each: each.method == "delete")


@pytest.mark.takes_turns
def test_every_answer_is_a_documented_one(world: World) -> None:
    programs, addresses = tokens(world), count(1)
    operations = all_operations()
    nouns = {noun_of(each.path) for each in operations if "{" in each.path} & ROWS.keys()
    rows = {make: make(world) for make in {ROWS[noun] for noun in nouns}}
    own = {noun: rows[ROWS[noun]] for noun in nouns}
    calls = max(FEW, IN_ALL // len(operations))

    def call(operation: Any, case: Any, is_own: bool) -> None:
        response = next(programs).generic(
            case.method,
            path_of(case, own.get(noun_of(operation.path)) if is_own else None),
            body_of(case),
            case.media_type or JSON,
            QUERY_STRING=query_of(case),
            REMOTE_ADDR=f"2001:db8:{next(addresses) % 65536:x}::1",
        )
        documented = {int(status) for status in operation.definition.raw["responses"]}
        assert response.status_code in documented, (operation.label, response.content)
        if response.streaming:
            list(response)

    for operation in operations:
        try_often(operation, partial(call, operation), calls)


def try_often(operation: Any, call: Callable[[Any, bool], None], times: int) -> None:
    """Calls with so many different cases of the operation."""

    @settings(
        max_examples=times,
        deadline=None,
        database=None,
        derandomize=not IN_ALL,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), is_own=st.booleans())
    def tried(case: Any, is_own: bool) -> None:
        call(case, is_own)

    tried()
