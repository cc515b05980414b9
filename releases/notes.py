"""Release notes: Markdown to HTML that can't do harm."""

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p",
    "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
SMALLEST_HEADING = 6

_markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def render(notes: str, *, top: int = 3) -> SafeString:
    """The notes as HTML: no images, scripts or styles; the highest heading is `h<top>`, below
    those of the page, and no level is left out."""
    tokens = _markdown.parse(notes)
    _fit_headings([token for token in tokens if token.type.startswith("heading_")], top)
    html = _markdown.renderer.render(tokens, _markdown.options, {})
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes={"*": set(), "a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    # SECURITY: tests/releases/test_notes.py. nh3 has cleaned it, whatever the parser let through.
    return mark_safe(clean)  # noqa: S308


def _fit_headings(tokens: list[Token], top: int) -> None:
    """Renumbers headings, given as pairs of an opening and a closing token."""
    ranks = {tag: rank for rank, tag in enumerate(sorted({token.tag for token in tokens}))}
    level = top - 1
    for opening, closing in zip(tokens[::2], tokens[1::2], strict=True):
        level = min(top + ranks[opening.tag], level + 1, SMALLEST_HEADING)
        opening.tag = closing.tag = f"h{level}"
