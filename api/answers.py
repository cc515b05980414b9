"""Answers: JSON in which what has no value is left out, and times end in Z."""

from http import HTTPStatus
from typing import Any

from django.http import HttpResponse

from web.wire import dumps

JSON = "application/json"


def answer(body: Any, status: int = HTTPStatus.OK) -> HttpResponse:
    """The answer that says this: a dict, or a list of them, of the rooms' `wire`."""
    return HttpResponse(dumps(body), JSON, status)


def created(body: Any) -> HttpResponse:
    return answer(body, HTTPStatus.CREATED)


def nothing(status: int = HTTPStatus.NO_CONTENT) -> HttpResponse:
    return HttpResponse(b"", status=status)
