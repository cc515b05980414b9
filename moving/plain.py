"""Texts of e-mails that were written for another portal, as texts of ours: HTML becomes plain text,
their placeholders become ours, and what an e-mail is of no use without is added. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from mail.placeholders import TAG, in_our_words
from mail.texts import PARAGRAPHS, Text, names_in

LONGEST_HTML = 200_000  # characters
NAME = re.compile(r"</?([a-z][a-z0-9]*)", re.IGNORECASE)
HREF = re.compile(r"""\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", re.IGNORECASE)
# What is between these is for no reader.
UNSEEN = frozenset({"head", "script", "style", "title"})
LINES = {"br": "\n", "li": "\n- ", "tr": "\n", "td": " ", "th": " "}
BLOCKS = frozenset(
    {"address", "blockquote", "body", "center", "div", "h1", "h2", "h3", "h4", "h5", "h6", "hr"}
    | {"ol", "p", "pre", "section", "table", "ul"}
)


@dataclass(frozen=True, slots=True)
class Words:
    """A text of ours, and what a report says of how it became one."""

    subject: str
    body: str
    notes: tuple[str, ...] = ()


def in_our_text(text: Text, *, subject: str, body: str) -> Words:
    """Their subject and body, for this text. Raises ValidationError for what is of a template and
    means nothing here."""
    notes = []
    if TAG.search(body):
        body = plain(body)
        notes.append(
            _("It was HTML, whose text was taken without its look: read it in Texts of e-mails.")
        )
    body = in_our_words(body, text.placeholders)
    subject = in_our_words(subject, text.placeholders)
    missing = [name for name in text.required if name not in names_in(body)]
    if missing:
        body = "\n\n".join([body.strip(), *_paragraphs(text, missing)])
        told = ", ".join(f"{{{name}}}" for name in missing)
        notes.append(
            _("Added from the standard text, since it is of no use without: %(names)s.")
            % {"names": told}
        )
    return Words(subject, body, tuple(notes))


def _paragraphs(text: Text, names: list[str]) -> list[str]:
    """Those of the standard text that say these."""
    _subject, body = text.standard()
    wanted = set(names)
    return [part for part in PARAGRAPHS.split(body) if wanted.intersection(names_in(part))]


def plain(html: str) -> str:
    """What a reader of the HTML reads, paragraph by paragraph; behind a link's words its address.
    Raises ValidationError for more than anybody writes."""
    if len(html) > LONGEST_HTML:
        raise ValidationError(_("It is longer than any e-mail."))
    said: list[str] = []
    link: tuple[str, int] = ("", 0)  # the address of the one that is open, and where it begins
    unseen = ""
    for piece in _pieces(html):
        named = NAME.match(piece)
        if named is None:
            if not unseen:
                said.append(re.sub(r"\s+", " ", unescape(piece)))
            continue
        name, closes = named[1].lower(), piece.startswith("</")
        if unseen:
            unseen = "" if closes and name == unseen else unseen
        elif name in UNSEEN and not closes:
            unseen = name
        elif name == "a":
            said.append(_told(said, *link) if closes else "")
            link = ("" if closes else _address(piece), len(said))
        elif name in BLOCKS:
            said.append("\n\n")
        elif not closes:
            said.append(LINES.get(name, ""))
    lines = [" ".join(line.split()) for line in "".join(said).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _address(tag: str) -> str:
    """Where a link leads that means something on paper."""
    found = HREF.search(tag)
    address = unescape("".join(found.groups(""))).strip() if found else ""
    return address if address.startswith(("http://", "https://", "{{")) else ""


def _told(said: list[str], address: str, start: int) -> str:
    """What is put behind the words of a link, unless they say it."""
    return f" {address}" if address and address not in "".join(said[start:]) else ""


def _pieces(html: str) -> Iterator[str]:
    """Texts and tags in their order; each character is looked at once."""
    at = 0
    while (start := html.find("<", at)) >= 0:
        yield html[at:start]
        if html.startswith("<!--", start):
            end, length = html.find("-->", start), 3
        elif html[start + 1 : start + 2].isalpha() or html.startswith(("</", "<!"), start):
            end, length = html.find(">", start), 1
        else:  # a character like any other
            yield "&lt;"
            at = start + 1
            continue
        if end < 0:
            return
        if not html.startswith("<!", start):
            yield html[start : end + 1]
        at = end + length
    yield html[at:]
