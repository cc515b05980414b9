"""The e-mail of this room: a test of a text that a vendor writes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext_lazy as _

from mail.composing import compose_own, values_of
from mail.kinds import register
from mail.models import OutgoingEmail, OwnText
from mail.texts import EVERYWHERE, TEXTS, Paragraph, Text, fill, paragraphs
from tenancy.models import Vendor

TEST = "text-test"


@dataclass(frozen=True, slots=True)
class Preview:
    """An e-mail as it would be, for a page that shows it."""

    subject: str
    paragraphs: list[Paragraph]
    footer: str


def preview(text: Text, own: OwnText, vendor: Vendor) -> Preview:
    """The text with samples in the place of what its placeholders stand for."""
    values = sample_values(text, vendor)
    return Preview(
        " ".join(fill(own.subject, values).split()),
        list(paragraphs(text, own.text, values)),
        "\n".join(filter(None, (vendor.name, vendor.support_email))),
    )


def sample_values(text: Text, vendor: Vendor) -> dict[str, str]:
    """A sample of each placeholder, with what is the vendor's own as it is."""
    return values_of(text, vendor, samples(text))


def samples(text: Text) -> Mapping[str, Any]:
    return {name: str(value) for name, value in {**EVERYWHERE, **text.says}.items()}


def text_test(email: OutgoingEmail) -> EmailMultiAlternatives | None:
    """The text as it was typed when the test was asked for, with samples; None if there is no such
    text any more."""
    text, given = TEXTS.get(email.details["text"]), email.details
    if text is None or email.user is None:
        return None
    own = OwnText(kind=text.name, subject=given["subject"], text=given["body"])
    return compose_own(text, own, email.user, samples(text))


def register_all() -> None:
    """The kind of e-mails that this room writes."""
    register(TEST, _("Test of a text"), text_test)
