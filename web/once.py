"""A form counts once, however often it is sent: by a double click, by going back and sending it
again, from two tabs, twice at the same time.

Each form has a random token, which is written nowhere until the form is sent. Whatever the form
then makes or changes is written into the audit trail, or somebody is written to: there
`count_once` is called, and as the last step of that transaction the form gets its row. So one of
two that are sent at once is undone. The same form again, by token, path and content, is led to
where the first one led (portal/middleware/once.py).
"""

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from tenancy.transactions import delete_in_steps, leave_to_the_end
from web.models import SentForm

FIELD = "once"
# What differs though the same form is sent: its proof of origin and which of its buttons it was.
LEFT_OUT = {FIELD, "csrfmiddlewaretoken"}
KEPT = timedelta(days=30)  # longer than anybody stays signed in
PATIENCE, PAUSE = 2.0, 0.05  # seconds


class SentBefore(Exception):
    """The same form, sent at the same time, came first; nothing that this one did is kept."""


@dataclass(slots=True)
class Sent:
    """The form that a request has sent, by the key of its row; none yet for an empty key. `counted`
    once the row is there."""

    key: str = ""
    counted: bool = False


_sent: ContextVar[Sent | None] = ContextVar("the form that was sent", default=None)


@contextmanager
def answering() -> Iterator[Sent]:
    """Inside, one request is answered, which may have sent a form."""
    sent = Sent()
    token = _sent.set(sent)
    try:
        yield sent
    finally:
        _sent.reset(token)


def field() -> SafeString:
    """The token of a form that is shown."""
    return format_html(
        '<input type="hidden" name="{}" value="{}">', FIELD, secrets.token_urlsafe(16)
    )


def key_of(request: HttpRequest) -> str:
    """The key of the form that was sent: a keyed hash, so that the table holds nothing of what was
    typed. Empty for a form without a token."""
    token = request.POST.get(FIELD, "")
    if not token:
        return ""
    typed = [
        (name, values)
        for name, values in sorted(request.POST.lists())
        if name not in LEFT_OUT and not name.startswith("_")
    ]
    files = [
        (name, file.name, _digest(file))
        for name, chosen in sorted(request.FILES.lists())
        for file in chosen
    ]
    message = json.dumps([request.get_host(), request.path, token, typed, files])
    return hmac.digest(settings.SECRET_KEY.encode(), message.encode(), "sha256").hex()


def _digest(file: Any) -> str:
    """SHA-256 of what is in an uploaded file, which a large one brings along."""
    known = getattr(file, "sha256", "")
    if known:
        return str(known)
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def arrive(request: HttpRequest) -> HttpResponse | None:
    """Begins to answer the form that was sent; for one that was sent before, what leads there."""
    key, sent = key_of(request), _sent.get()
    if not key or sent is None:
        return None
    if SentForm.objects.filter(key=key).exists():
        return again(request, key)
    sent.key = key
    return None


def again(request: HttpRequest, key: str) -> HttpResponse:
    """Leads to where the form led when it was sent before; waits if that is just being answered."""
    end = time.monotonic() + PATIENCE
    while not (place := _answer(key)) and time.monotonic() < end:
        time.sleep(PAUSE)
    messages.info(
        request, _("You have sent this before. It counts once, and this is what it led to.")
    )
    place = place or "/"
    if request.headers.get("X-Requested-With") == "XMLHttpRequest":
        return JsonResponse({"location": place})
    return redirect(place)


def _answer(key: str) -> str:
    return SentForm.objects.filter(key=key).values_list("answer", flat=True).first() or ""


def count_once() -> None:
    """Has what the open transaction does count for the form that is being answered, if any."""
    sent = _sent.get()
    if sent is not None and sent.key and not sent.counted:
        leave_to_the_end(_write, sent)


def _write(forms: list[Sent]) -> None:
    """Raises SentBefore."""
    [sent] = {id(each): each for each in forms}.values()
    try:
        SentForm.objects.create(key=sent.key)
    except IntegrityError as error:
        raise SentBefore from error
    sent.counted = True


def led_to(sent: Sent, response: HttpResponse) -> None:
    """Keeps where the answer to a form leads, by a redirect or by telling a script."""
    place = response.headers.get("Location", "")
    if response.headers.get("Content-Type") == "application/json":
        place = json.loads(response.content).get("location", "")
    # An address of another host is not where this one leads a second time.
    if place.startswith("/") and not place.startswith("//"):
        SentForm.objects.filter(pk=sent.key).update(answer=place)


def every_time(view: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a view whose forms are answered anew each time: signing in and out."""
    view.counts_every_time = True  # type: ignore[attr-defined]
    return view


def clean_up() -> str:
    """The daily chore (jobs/chores.py)."""
    old = SentForm.objects.filter(made_at__lt=timezone.now() - KEPT)
    return f"Forgot {delete_in_steps(old)} forms that were sent long ago."
