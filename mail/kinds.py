"""The kinds of e-mails that go out, registered by the apps that write them (`<app>/emails.py`)."""

from collections.abc import Callable
from dataclasses import dataclass

from django.core.mail import EmailMultiAlternatives
from django.utils.functional import Promise

from mail.models import OutgoingEmail

Renderer = Callable[[OutgoingEmail], EmailMultiAlternatives | None]


@dataclass(frozen=True, slots=True)
class EmailKind:
    """What a kind is called, and how it is written; None: there is no need for it any more."""

    label: str | Promise
    render: Renderer


KINDS: dict[str, EmailKind] = {}


class UnknownKind(Exception):
    """No app writes e-mails of this kind."""


def register(name: str, label: str | Promise, render: Renderer) -> None:
    """Registers what writes the e-mails of a kind, in the vendor's scope, each time it is sent."""
    KINDS[name] = EmailKind(label, render)


def kind_of(name: str) -> EmailKind:
    """The registered kind; raises UnknownKind."""
    try:
        return KINDS[name]
    except KeyError:
        raise UnknownKind(name) from None
