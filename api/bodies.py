"""Bodies: what programs really send, read kindly.

A number may come as text, a time without a zone is UTC, null is "not supplied", a member that
nobody knows is ignored, and a body may be missing, empty or `null`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.parser import Parser
from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel

from api.errors import InvalidRequest


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("This time is too far") from error


Moment = Annotated[datetime, AfterValidator(_in_utc)]


class Body(BaseModel):
    """What a request says, in snake case. Every member has a default, unless the call makes no
    sense without it; `given` are those that were supplied."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="ignore",
        coerce_numbers_to_str=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        return {name: value for name, value in data.items() if value is not None}

    @property
    def given(self) -> dict[str, Any]:
        """The members that were supplied."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Answer(BaseModel):
    """What an answer looks like, for the documentation and the tests: answers themselves are plain
    dicts, since to make them by schemas costs a hundred times as much."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class KindParser(Parser):
    """Reads bodies by orjson, as objects."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """Raises InvalidRequest for what is no JSON object."""
        try:
            data = orjson.loads(request.body.strip() or b"null")
        except orjson.JSONDecodeError as error:
            raise InvalidRequest(f"The body is no JSON: {error}.") from error
        if data is None:
            return {}
        if not isinstance(data, dict):
            raise InvalidRequest("The body is no JSON object.")
        return data

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        """Operations take no parameters from the query but by `api.lists` and request.GET."""
        return {name: data[name] for name in data}
