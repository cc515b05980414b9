"""`Idempotency-Key`: a call that makes something counts once, however often it is sent within a
day; whoever sends it again gets the first one's answer.

The row of the answer is written in one transaction with what the call does, so that there is either
both or neither. A second call at the same time waits at the row's key. What is refused leaves no
row, and may be sent again. The row tells nobody anything: its key is a keyed hash of whose call it
is, and the answer is encrypted by a key that is made of the same and kept nowhere.
"""

import base64
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from api.errors import InvalidRequest
from api.requests import ApiRequest
from tenancy.transactions import delete_in_steps
from web.errors import PortalError
from web.models import AnsweredCall
from web.requests import client_ip

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
LONGEST_KEY = 255  # characters
KEPT = timedelta(days=1)
# What an operation refuses by; all else breaks, and undoes the transaction.
REFUSALS = (PortalError, ValidationError, ProtectedError, PermissionDenied, Http404)

View = Callable[..., HttpResponse]


class KeyReused(PortalError):
    """Another call has come with this key."""

    code = "IDEMPOTENCY_KEY_REUSED"
    text = _("Another call has come with this Idempotency-Key. Make a new one for each call.")


def each_time(view: View) -> View:
    """Marks an operation that counts each time: signing in."""
    view.counts_each_time = True  # type: ignore[attr-defined]
    return view


def once(view: View) -> View:
    """The operation, to be called by who has shown that he may call it."""
    if getattr(view, "counts_each_time", False):
        return view

    @wraps(view)
    def wrapped(request: ApiRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        key = request.headers.get(HEADER, "") if request.method == "POST" else ""
        if not key:
            return view(request, *args, **kwargs)
        if len(key) > LONGEST_KEY:
            raise InvalidRequest(f"{HEADER}: use {LONGEST_KEY} characters at most.")
        return _answered(_Call(request, key), lambda: view(request, *args, **kwargs))

    return wrapped


class _Call:
    """Whose call it is, by the key that came with it, and what it says."""

    def __init__(self, request: ApiRequest, key: str) -> None:
        whose = request.bearer.digest if request.bearer else client_ip(request)
        # SECURITY: tests/api/test_idempotency.py. Another token's key is nothing.
        self._said = json.dumps([whose, request.path, key])
        self.key = self._hash("key").hex()
        body = request.get_full_path().encode() + b"\0" + request.body
        self.body = hmac.digest(settings.SECRET_KEY.encode(), body, "sha256").hex()

    @property
    def fernet(self) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self._hash("answer")))

    def _hash(self, purpose: str) -> bytes:
        message = f"api.idempotency {purpose}\0{self._said}"
        return hmac.digest(settings.SECRET_KEY.encode(), message.encode(), "sha256")


def _answered(call: _Call, act: Callable[[], HttpResponse]) -> HttpResponse:
    refusal: Exception | None = None
    with transaction.atomic():
        if not _begin(call):
            return _again(call)
        rows = AnsweredCall.objects.filter(key=call.key)
        try:
            response = act()
        except REFUSALS as error:
            if connection.needs_rollback:
                raise
            # What was noted before it was refused stays noted: a try that counts, for one.
            rows.delete()
            refusal = error
        else:
            _keep(rows, call, response)
    if refusal is not None:
        raise refusal
    return response


def _begin(call: _Call) -> bool:
    """Writes the call's row, unless it is there; waits for who is writing it."""
    AnsweredCall.objects.filter(key=call.key, made_at__lt=timezone.now() - KEPT).delete()
    try:
        with transaction.atomic():
            AnsweredCall.objects.create(key=call.key, body=call.body)
    except IntegrityError:
        return False
    return True


def _keep(rows: Any, call: _Call, response: HttpResponse) -> None:
    if response.status_code >= HTTPStatus.BAD_REQUEST or response.streaming:
        rows.delete()
        return
    kind, content = response.headers.get("Content-Type", ""), response.content.decode()
    said = [response.status_code, kind, content]
    rows.update(answer=call.fernet.encrypt(json.dumps(said).encode()).decode())


def _again(call: _Call) -> HttpResponse:
    """The first answer. Raises KeyReused for another body."""
    row = AnsweredCall.objects.get(key=call.key)
    if not hmac.compare_digest(row.body, call.body):
        raise KeyReused
    status, kind, content = json.loads(call.fernet.decrypt(row.answer.encode()))
    response = HttpResponse(content.encode(), kind, status)
    response[REPLAYED] = "true"
    return response


def clean_up() -> str:
    """The daily chore (jobs/chores.py)."""
    old = AnsweredCall.objects.filter(made_at__lt=timezone.now() - KEPT)
    return f"Forgot {delete_in_steps(old)} answers to calls of the Web API."
