"""Release notes: Markdown that can't do harm."""

import re
import time
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError

from releases.models import Release
from releases.notes import render, shown
from releases.verbs.publishing import save_draft
from tenancy.door import inside
from tests.roles import everywhere
from tests.world import Browser, World, release, signed_in


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
    assert re.findall("<(h[1-6])>", shown(render(notes), top=4)) == lower
    assert re.findall("</(h[1-6])>", shown(render(notes), top=4)) == lower
    assert shown(render(notes)) == render(notes)


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


# --- Bounds -------------------------------------------------------------------------------------

TABLE = "|a|b|c|\n|-|-|-|\n" + "|x|y|z|\n" * 5498
assert 43_900 < len(TABLE) < 44_100


@pytest.mark.takes_turns
@pytest.mark.parametrize(
    "notes", [TABLE, "word " * 9_999, "- a\n" * 12_500, "&" * 50_000, "# a\n" * 12_500]
)
def test_long_notes_are_taken(notes: str) -> None:
    assert render(notes)


@pytest.mark.parametrize(
    "notes",
    [
        "|" * 3000 + "\n" + "|-" * 2999 + "|\n" + "a\n" * 2000,  # rows as wide as the head
        ("|" * 257 + "\n" + "|-" * 256 + "|\n" + "a\n" * 256 + "\n") * 38,  # again and again
        "[a]: /u\n\n" + "[a]" * 16_000,
    ],
)
def test_what_would_become_many_pages_is_refused_soon(notes: str) -> None:
    assert len(notes) <= 50_020
    begun = time.process_time()
    with pytest.raises(ValidationError, match="more than 300,000 characters"):
        render(notes)
    assert time.process_time() - begun < 3


def test_a_draft_is_told_beside_its_notes(acme: World) -> None:
    notes = "|" * 3000 + "\n" + "|-" * 2999 + "|\n" + "a\n" * 2000
    draft = Release(vendor=acme.acme, product=acme.orbit, name="Orbit", version="9.0", notes=notes)
    draft.platforms = ["linux"]
    with pytest.raises(ValidationError) as refused:
        save_draft(draft)
    assert list(refused.value.message_dict) == ["notes"]


# --- Rendered once ------------------------------------------------------------------------------


@pytest.fixture
def no_more_rendering(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever renders Markdown from now on fails."""

    def fail(*_: Any) -> None:
        raise AssertionError("Notes are rendered when they are saved, and only then.")

    monkeypatch.setattr("markdown_it.MarkdownIt.parse", fail)


def pages(world: World) -> list[str]:
    key = world.ada_license.key
    signed, stranger = signed_in(world.ada), Browser()
    return [
        signed.get("/releases/?platform=").content.decode(),
        signed.get(f"/releases/{world.orbit_release.pk}/").content.decode(),
        stranger.get(f"/releases/feed/{world.orbit.pk}.json?key={key}").json()["items"][0][
            "content_html"
        ],
        stranger.get(f"/releases/feed/{world.orbit.pk}.atom?key={key}").content.decode(),
    ]


def test_pages_and_feeds_show_what_was_rendered_before(
    world: World, no_more_rendering: None
) -> None:
    for page in pages(world):
        assert "Orbit of Acme only" in page


def test_a_changed_draft_is_rendered_anew(acme: World) -> None:
    draft = Release(vendor=acme.acme, product=acme.orbit, name="Orbit", version="9.0")
    draft.platforms, draft.notes = ["linux"], "*one*"
    save_draft(draft)
    assert Release.objects.get(pk=draft.pk).notes_html == "<p><em>one</em></p>\n"
    draft.notes = "*two*"
    save_draft(draft)
    assert Release.objects.get(pk=draft.pk).notes_html == "<p><em>two</em></p>\n"


def test_a_feed_has_a_million_characters_of_notes_and_then_says_where_they_are(
    world: World, request: pytest.FixtureRequest
) -> None:
    with inside(world.acme):
        Release.objects.filter(pk=world.orbit_release.pk).update(notes_html="<p>old</p>")
        for number in range(5):
            made = release(world.orbit, f"2.{number}")
            Release.objects.filter(pk=made.pk).update(notes_html="x" * 240_000)
    request.getfixturevalue("no_more_rendering")
    address = f"/releases/feed/{world.orbit.pk}.json?key={world.ada_license.key}"
    items = Browser().get(address).json()["items"]
    lengths = [len(item["content_html"]) for item in items]
    assert lengths[:4] == [240_000] * 4
    assert "What is new stands on its page:" in items[4]["content_html"]
    assert items[4]["url"] in items[4]["content_html"]
    assert items[5]["content_html"] == "<p>old</p>"


def test_those_that_were_there_before_are_rendered_by_the_migration(world: World) -> None:
    fill_in = import_module("releases.migrations.0005_notes_html").fill_in
    wide = "|" * 3000 + "\n" + "|-" * 2999 + "|\n" + "a\n" * 2000
    with everywhere():
        Release.objects.filter(pk=world.orbit_release.pk).update(notes="*old*", notes_html="")
        Release.objects.filter(pk=world.quill_release.pk).update(notes=wide, notes_html="")
        fill_in(apps, None)
        shown_now = dict(Release.objects.values_list("pk", "notes_html"))
    assert shown_now[world.orbit_release.pk] == "<p><em>old</em></p>\n"
    assert shown_now[world.quill_release.pk] == f"<pre>{wide}</pre>"
