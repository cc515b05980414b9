"""Answers: JSON in which what has no value is left out, and times end in Z."""

from http import HTTPStatus
from typing import Any

import orjson
from django.http import HttpResponse

JSON = "application/json"
HOW = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def answer(body: Any, status: int = HTTPStatus.OK) -> HttpResponse:
    """The answer that says this: a dict, or a list of them, of the rooms' `wire`."""
    return HttpResponse(orjson.dumps(body, default=str, option=HOW), JSON, status)


def created(body: Any) -> HttpResponse:
    return answer(body, HTTPStatus.CREATED)


def nothing(status: int = HTTPStatus.NO_CONTENT) -> HttpResponse:
    return HttpResponse(b"", status=status)
