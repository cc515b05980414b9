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
BELOW_THE_PAGE = 2  # The page has an h1 and an h2 above the notes.

_markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def render(notes: str) -> SafeString:
    """The notes as HTML: no images, scripts or styles, headings below those of the page."""
    tokens = _markdown.parse(notes)
    for token in tokens:
        _lower_heading(token)
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


def _lower_heading(token: Token) -> None:
    if token.type in {"heading_open", "heading_close"}:
        level = min(SMALLEST_HEADING, int(token.tag[1]) + BELOW_THE_PAGE)
        token.tag = f"h{level}"
