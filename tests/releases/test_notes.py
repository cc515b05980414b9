"""Release notes: Markdown that can't do harm."""

import re

import pytest

from releases.notes import render


def test_markdown_becomes_html_below_the_headings_of_the_page() -> None:
    html = render("# New\n\n- *one*\n- `two`\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
    assert "<h3>New</h3>" in html
    assert "<li><em>one</em></li>" in html
    assert "<td>1</td>" in html


@pytest.mark.parametrize(
    ("notes", "headings"),
    [
        ("# a", ["h3"]),
        ("### a", ["h3"]),
        ("## a\n#### b\n## c", ["h3", "h4", "h3"]),
        ("### a\n# b\n### c", ["h3", "h3", "h4"]),
        ("# a\n## b\n### c\n#### d\n##### e\n###### f", ["h3", "h4", "h5", "h6", "h6", "h6"]),
        ("a\n===\n\nb\n---", ["h3", "h4"]),
    ],
)
def test_headings_fit_below_those_of_the_page(notes: str, headings: list[str]) -> None:
    assert re.findall("<(h[1-6])>", render(notes)) == headings
    lower = [f"h{min(6, int(tag[1]) + 1)}" for tag in headings]
    assert re.findall("<(h[1-6])>", render(notes, top=4)) == lower


@pytest.mark.parametrize(
    "notes",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "![tracker](https://evil.example/x.png)",
        "[click](javascript:alert(1))",
        "[click](data:text/html;base64,PHNjcmlwdD4=)",
        '<a href="https://x.example" style="position:fixed">x</a>',
        "<iframe src='https://evil.example'></iframe>",
        "[x]: https://x.example 'a\" onmouseover=\"alert(1)'\n\n[x]",
    ],
)
def test_harm_is_taken_out(notes: str) -> None:
    html = render(notes).lower()
    for sign in (
        "<script",
        "<img",
        "<iframe",
        'href="javascript',
        'href="data',
        "<a style",
        " onmouseover=",
    ):
        assert sign not in html, html


def test_links_say_nothing_of_where_they_come_from() -> None:
    html = render("[site](https://acme.example/notes)")
    assert 'href="https://acme.example/notes"' in html
    assert 'rel="noopener noreferrer nofollow"' in html
