"""The accent colour: whatever a vendor chooses, everything can be read."""

import re
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from branding.colours import DARK, LIGHT, Scheme, contrast, corrected, css, mix, parse, to_hex

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
VARIABLES = Path("static/css/variables.css").read_text()


@pytest.mark.takes_turns
@settings(max_examples=1000)
@given(COLOURS)
def test_any_colour_becomes_one_that_can_be_read(colour: str) -> None:
    for scheme in (LIGHT, DARK):
        accent = corrected(colour, scheme)
        for ground in (scheme.ground, scheme.surface):
            assert contrast(accent.accent, ground) >= 3  # the ring of focus, the button itself
            assert contrast(accent.accent_text, ground) >= 4.5  # links
        assert contrast(accent.accent_text, accent.accent_soft) >= 4.5
        assert contrast(scheme.text, accent.accent_soft) >= 4.5
        for button in (accent.accent, accent.accent_strong):
            assert contrast(accent.on_accent, button) >= 4.5


def test_the_preview_has_the_portals_own_colours_where_none_is_chosen() -> None:
    rules = Path("static/css/backoffice/branding.css").read_text()
    for scheme in ("light", "dark"):
        for name in ("accent", "accent-text", "on-accent"):
            rule = rf"\.preview-{scheme} {{[^}}]*--{name}: var\(--{scheme}-{name}\);"
            assert re.search(rule, rules), (scheme, name)


@settings(max_examples=200)
@given(COLOURS)
def test_what_can_be_read_already_stays(colour: str) -> None:
    for scheme in (LIGHT, DARK):
        once = corrected(colour, scheme)
        assert corrected(once.accent, scheme).accent == once.accent


@pytest.mark.parametrize(("colour", "scheme"), [("#2450c8", LIGHT), ("#8fa8f5", DARK)])
def test_good_colours_are_not_touched(colour: str, scheme: Scheme) -> None:
    assert corrected(colour, scheme).accent == colour


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert mix("#000000", "#ffffff", 0.5) == "#808080"
    assert to_hex(parse("#A1b2C3")) == "#a1b2c3"


@pytest.mark.parametrize(
    "text", ["", "#", "#fff", "2450c8", "#2450c8a", "#24 0c8", "#+2450c", "red", "#２450c8"]
)
def test_what_is_no_colour(text: str) -> None:
    with pytest.raises(ValueError, match="is not a colour"):
        parse(text)


def test_the_grounds_are_those_of_the_style_sheet() -> None:
    light, dark = VARIABLES.split("@media screen and (prefers-color-scheme: dark)")
    for scheme, prefix, text in ((LIGHT, "light", light), (DARK, "dark", dark)):
        for name in ("ground", "surface", "text"):
            assert f"--{prefix}-{name}: {getattr(scheme, name)};" in VARIABLES
            assert f"--{name}: var(--{prefix}-{name});" in text
    for name in asdict(corrected("#2450c8", LIGHT)):
        assert f"--{name.replace('_', '-')}:" in light


def test_the_style_sheet_sets_both_schemes() -> None:
    text = css("#ff8800")
    assert text.count("--accent:") == 2
    assert "@media screen and (prefers-color-scheme: dark)" in text
    assert "@media" not in css("#ff8800", light=".a", dark=".b")
