"""Release notes: Markdown to HTML that can't do harm, once, when they are saved.

A page of Markdown can take seconds and become many pages of HTML. So both have bounds, and what
came of it is kept beside the notes.
"""

import re

import nh3
from django.core.exceptions import ValidationError
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, table
from markdown_it.token import Token

TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p",
    "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
HIGHEST_HEADING, SMALLEST_HEADING = 3, 6
HEADING = re.compile(r"(</?h)([3-6])>")
LONGEST_HTML = 300_000  # characters
MOST_TOKENS = 150_000  # of tables and what stands before them; a cell has three


def _too_long() -> ValidationError:
    return ValidationError(
        _(
            "The notes become too long a page, more than 300,000 characters: make their tables "
            "smaller, or tell less."
        ),
        code="notes_too_long",
    )


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A table's rows are filled up to the width of its head, so that a few signs can make many
    thousand cells, table after table. Raises ValidationError before it makes too many."""
    if silent or not table(state, start, end, True):
        return table(state, start, end, silent)
    columns = state.getLines(start, start + 1, 0, False).count("|") + 1
    rows = next((line for line in range(start, end) if state.isEmpty(line)), end) - start
    if len(state.tokens) + 3 * columns * rows > MOST_TOKENS:
        raise _too_long()
    return table(state, start, end, silent)


_markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_markdown.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})


def render(notes: str) -> str:
    """The notes as HTML: no images, scripts or styles; the highest heading is h3, and no level is
    left out. Raises ValidationError for what becomes too long."""
    tokens = _markdown.parse(notes)
    _fit_headings([token for token in tokens if token.type.startswith("heading_")])
    html = _markdown.renderer.render(tokens, _markdown.options, {})
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes={"*": set(), "a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    if len(clean) > LONGEST_HTML:
        raise _too_long()
    return clean


def shown(html: str, *, top: int = HIGHEST_HEADING) -> SafeString:
    """Rendered notes for a page whose own headings they stand below: the highest is `h<top>`."""
    further = top - HIGHEST_HEADING

    def moved(heading: re.Match[str]) -> str:
        return f"{heading[1]}{min(SMALLEST_HEADING, int(heading[2]) + further)}>"

    # SECURITY: tests/releases/test_notes.py. nh3 has cleaned it, whatever the parser let through.
    return mark_safe(HEADING.sub(moved, html) if further else html)  # noqa: S308


def _fit_headings(tokens: list[Token]) -> None:
    """Renumbers headings, given as pairs of an opening and a closing token."""
    ranks = {tag: rank for rank, tag in enumerate(sorted({token.tag for token in tokens}))}
    level = HIGHEST_HEADING - 1
    for opening, closing in zip(tokens[::2], tokens[1::2], strict=True):
        level = min(HIGHEST_HEADING + ranks[opening.tag], level + 1, SMALLEST_HEADING)
        opening.tag = closing.tag = f"h{level}"
