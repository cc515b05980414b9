"""A form counts once, however often it is sent: by a double click, by going back and sending it
again, from two tabs, twice at the same time.

Each form has a random token, which is written nowhere until the form is sent. Whatever the form
then makes is written into the audit trail, or somebody is written to: there `count_once` is called,
and as the last step of that transaction the form gets its row. So of two that are sent at once one
is undone. The same form again, by person, path, token and content, is led to where the first one
led (portal/middleware/once.py).

What was typed anew is another form, though it has the token of before. A form without a token, as
programs send it, counts each time.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.messages import get_messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from tenancy.transactions import delete_in_steps, leave_to_the_end
from web.forms import ONCE
from web.models import SentForm
from web.requests import by_script

# What may differ though it is the same form: its token, its proof of origin and by which button of
# Django's it was saved.
LEFT_OUT = frozenset({ONCE, "csrfmiddlewaretoken", "_save", "_continue", "_addanother"})
KEPT = timedelta(days=2)  # a browser that opens its tabs again the next morning sends them again
LOOKS, PAUSE = 40, 0.05  # how often it is looked for the first answer, and seconds between


class SentBefore(Exception):
    """The same form, sent at the same time, came first; nothing that this one did is kept."""


@dataclass(slots=True)
class Sent:
    """The form that a request has sent, by the key of its row; an empty key counts each time.
    `counted` once the row is there."""

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


def arrive(request: HttpRequest) -> HttpResponse | None:
    """Begins to answer the form that was sent; for one that was sent before, what leads there."""
    key, sent = _key_of(request), _sent.get()
    if not key or sent is None:
        return None
    if SentForm.objects.filter(key=key).exists():
        return again(request, key)
    sent.key = key
    return None


def _key_of(request: HttpRequest) -> str:
    """A keyed hash, so that the table holds nothing of what was typed, nor of who typed it. Empty
    for a form without a token."""
    # SECURITY: tests/web/test_once.py. The person is in it, so that another's token is nothing.
    token = request.POST.get(ONCE, "")
    if not token:
        return ""
    typed = [each for each in sorted(request.POST.lists()) if each[0] not in LEFT_OUT]
    files = [
        (name, file.name, _digest(file))
        for name, chosen in sorted(request.FILES.lists())
        for file in chosen
    ]
    form = [request.get_host(), request.path, str(request.user.pk), token]
    message = json.dumps([*form, typed, files])
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


def again(request: HttpRequest, key: str) -> HttpResponse:
    """Leads to where the form led when it was sent before; waits if that is just being answered."""
    place = _answer(key)
    if place:
        text = _("You have sent this before. It counts once, and this is what it led to.")
        messages.info(request, text)
    else:
        text = _(
            "You have sent this before, and it was not finished yet. Look whether it is there "
            "before you send it again."
        )
        messages.warning(request, text)
    return lead(request, place or "/")


def lead(request: HttpRequest, place: str) -> HttpResponse:
    """Leads there: by a redirect, or by telling the script where to go."""
    return JsonResponse({"location": place}) if by_script(request) else redirect(place)


def _answer(key: str) -> str:
    for _look in range(LOOKS):
        place = SentForm.objects.filter(key=key).values_list("answer", flat=True).first()
        if place:
            return place
        time.sleep(PAUSE)
    return ""


def count_once() -> None:
    """Has what the open transaction does count for the form that is being answered, if any."""
    sent = _sent.get()
    if sent is not None and sent.key and not sent.counted:
        leave_to_the_end(_write, sent)


def _write(forms: list[Sent]) -> None:
    """Raises SentBefore."""
    [sent] = {each.key: each for each in forms}.values()
    try:
        SentForm.objects.create(key=sent.key)
    except IntegrityError as error:
        raise SentBefore from error
    sent.counted = True


def finish(request: HttpRequest, sent: Sent, response: HttpResponse) -> HttpResponse:
    """Keeps where the answer to the form leads; what broke on the way may be sent again. One that
    was refused because the same form had just been answered is led there, too."""
    rows = SentForm.objects.filter(key=sent.key)
    if sent.counted and response.status_code < HTTPStatus.BAD_REQUEST:
        rows.update(answer=_place_of(response) or request.get_full_path())
    elif sent.counted:
        rows.delete()
    elif rows.exists():
        return _in_its_place(request, sent.key)
    return response


def broken(request: HttpRequest, error: Exception) -> HttpResponse | None:
    """Leads to where the same form led, if its being sent at the same time is why this one broke:
    its row was there, or what it has made."""
    key = getattr(_sent.get(), "key", "")
    came_second = isinstance(error, SentBefore) or (
        key and isinstance(error, IntegrityError) and SentForm.objects.filter(key=key).exists()
    )
    return _in_its_place(request, key) if came_second else None


def _in_its_place(request: HttpRequest, key: str) -> HttpResponse:
    list(get_messages(request))  # what this one had to say is not so
    return again(request, key)


def _place_of(response: HttpResponse) -> str:
    """The path to which a browser or a script is led; empty where it stays."""
    place = response.headers.get("Location", "")
    if response.headers.get("Content-Type") == "application/json":
        place = json.loads(response.content).get("location", "")
    # An address of another host is not where this one leads a second time.
    return place if place.startswith("/") and not place.startswith("//") else ""


def every_time(view: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a view whose forms are answered anew each time: signing in and out."""
    view.counts_every_time = True  # type: ignore[attr-defined]
    return view


def clean_up() -> str:
    """The daily chore (jobs/chores.py)."""
    old = SentForm.objects.filter(made_at__lt=timezone.now() - KEPT)
    return f"Forgot {delete_in_steps(old)} forms that were sent long ago."
