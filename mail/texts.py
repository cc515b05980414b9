"""The texts that e-mails begin with, which a vendor may write anew, and what may stand in them.

A placeholder is a name in braces, `{link}`, and nothing else is: no code, no filter, no condition.
What it stands for is put in once, so that braces in a value stay what they are. Pure, but for the
standard texts, which are templates.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

Sample = str | Promise

PLACEHOLDER = re.compile(r"\{([^{}\n]*)\}")
# In what people type, addresses are links; in what is put in, none but those of LINKS are.
TYPED_LINK = re.compile(r"https?://[^\s<>\"'{}]*[^\s<>\"'{}.,;:!?)\]]")
LINKS = frozenset({"link", "off", "office", "portal"})
# Whoever has one of these may do what it is for: it is told to nobody but who gets the e-mail.
OPENING = frozenset({"link", "off"})
# What an address may begin with, to which mail programs count all up to the next blank.
OF_ADDRESSES = frozenset("./@}")
PARAGRAPHS = re.compile(r"\n[ \t]*\n\s*")
# What every text may say; the samples of the rest are the vendor's own.
EVERYWHERE: Mapping[str, Sample] = {"name": "Ada Lovelace", "email": "ada@example.com"}
OF_VENDOR = ("sender", "support", "portal")


@dataclass(frozen=True, slots=True)
class Text:
    """One text: its name, as a row keeps it, and its template, with the endings .subject, .txt and
    .html.

    `says` are its own placeholders with a sample of each, what has to be in it is `required`, and
    `given` is what its template reads beside, when one template has several texts. Where `{link}`
    is a paragraph by itself it is a button, which says `button`. `kind` is that of the e-mails that
    say it, where it is another name than the text's; `event` what programs call the occasion, where
    they have a word for it. A text with a `switch` is sent by itself, if that setting of the
    vendor's says so.
    """

    name: str
    label: str | Promise
    template: str
    button: str | Promise = ""
    says: Mapping[str, Sample] = field(default_factory=dict)
    required: tuple[str, ...] = ("link",)
    given: Mapping[str, Any] = field(default_factory=dict)
    kind: str = ""
    event: str = ""
    switch: str = ""

    @property
    def said_by(self) -> str:
        """The kind of e-mails that say it."""
        return self.kind or self.name

    @property
    def occasion(self) -> str:
        """What programs call the event of which it tells."""
        return self.event or self.name

    @property
    def placeholders(self) -> list[str]:
        """All that may stand in it."""
        return [*self.says, *EVERYWHERE, *OF_VENDOR]

    def standard(self) -> tuple[str, str]:
        """The standard subject and text, with placeholders for what differs."""
        named = {name: f"{{{name}}}" for name in self.placeholders} | dict(self.given)
        subject, text = (
            render_to_string(f"{self.template}.{kind}", named).strip()
            for kind in ("subject", "txt")
        )
        return " ".join(subject.split()), text


TEXTS: dict[str, Text] = {}


def register(*texts: Text) -> None:
    """Registers texts, so that vendors may write them anew."""
    TEXTS.update({text.name: text for text in texts})


# --- Checking what is typed ---------------------------------------------------------------------


def names_in(typed: str) -> list[str]:
    """The placeholders in a text, in order."""
    return [name.strip() for name in PLACEHOLDER.findall(typed)]


def check(text: Text, *, subject: str, body: str) -> None:
    """Raises ValidationError, by field, for a placeholder that the text has not, a link in the
    subject or at the end of an address, and for one that has to be there and is not."""
    errors: dict[str, list[str]] = {"subject": [], "text": []}
    for where, typed in (("subject", subject), ("text", body)):
        unknown = dict.fromkeys(n for n in names_in(typed) if n not in text.placeholders)
        for name in unknown:
            errors[where].append(_("There is no placeholder {%(name)s} here.") % {"name": name})
    for name in dict.fromkeys(
        n for n in names_in(subject) if n in LINKS and n in text.placeholders
    ):
        errors["subject"].append(
            _("A subject can't have a link in it: take {%(name)s} out.") % {"name": name}
        )
    for name in _within_addresses(body):
        errors["text"].append(_("Put a blank before {%(name)s}.") % {"name": name})
    for name in text.required:
        if name not in names_in(body):
            errors["text"].append(
                _("{%(name)s} has to be in the text: without it the e-mail is of no use.")
                % {"name": name}
            )
    if found := {where: said for where, said in errors.items() if said}:
        raise ValidationError(found)


def _within_addresses(body: str) -> list[str]:
    """The links that would lead away, as a part of what stands before them."""
    found: dict[str, None] = {}
    for each in PLACEHOLDER.finditer(body):
        name, start = each[1].strip(), each.start()
        word = body[max(body.rfind(blank, 0, start) for blank in " \t\n") + 1 : start]
        if name in OPENING and not OF_ADDRESSES.isdisjoint(word):
            found[name] = None
    return list(found)


# --- Putting in ---------------------------------------------------------------------------------


def fill(typed: str, values: Mapping[str, str]) -> str:
    """The text with what its placeholders stand for; an unknown one stays as it is."""
    return PLACEHOLDER.sub(lambda found: values.get(found[1].strip(), found[0]), typed)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A part of an e-mail as HTML; with a `link`, a button that says `label`."""

    html: str = ""
    link: str = ""
    label: str = ""


def paragraphs(text: Text, body: str, values: Mapping[str, str]) -> Iterator[Paragraph]:
    """The text as HTML: what stands between blank lines is a paragraph. Browsers end each line of a
    form's text with CR LF."""
    for part in PARAGRAPHS.split(body.replace("\r\n", "\n").strip()):
        if part.strip() == "{link}" and text.button and "link" in values:
            yield Paragraph(link=values["link"], label=str(text.button))
        elif html := _html(part, values):
            yield Paragraph(html=html)


PIECES = re.compile(f"({PLACEHOLDER.pattern.replace('(', '(?:')}|{TYPED_LINK.pattern})")


def _html(part: str, values: Mapping[str, str]) -> SafeString:
    pieces = [_piece(piece, values) for piece in PIECES.split(part)]
    return mark_safe("".join(pieces).replace("\n", "<br>\n"))  # noqa: S308  each piece is escaped


def _piece(piece: str, values: Mapping[str, str]) -> SafeString:
    said = fill(piece, values)
    name = piece[1:-1].strip() if PLACEHOLDER.fullmatch(piece) else ""
    if said and (name in LINKS or TYPED_LINK.fullmatch(piece)):
        return format_html('<a href="{}">{}</a>', said, said)
    return escape(said)
