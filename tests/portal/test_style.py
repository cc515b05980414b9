"""The front end stays in order: colours stand in one file, and templates can be read."""

import re
from pathlib import Path

import pytest
from django.apps import apps

from web.navigation import sections

STYLES = Path("static/css")
TEMPLATES = sorted([*Path("templates").rglob("*.*"), *Path("pages").rglob("*.*")])
LONGEST = 200
MOST_BRANCHES = 3

LITERAL = re.compile(
    r"#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color|color-mix)\(", re.IGNORECASE
)
# A value in which a colour may stand, and the words that may: what is none, and those of CSS.
COLOURED = re.compile(
    r"(?:^|[;{\s])(?:--|(?:[\w-]+-)?color|background|fill|stroke|outline|box-shadow"
    r"|text-shadow|border(?:-(?!radius|spacing|collapse)[\w-]+)?):\s*([^;}]+)"
)
NAMED = re.compile(
    r"\b(?:black|white|silver|gray|grey|red|maroon|yellow|olive|lime|green|aqua|cyan|teal|blue|navy"
    r"|fuchsia|magenta|purple|orange|pink|brown|gold|beige|ivory|khaki|indigo|violet|crimson|coral"
    r"|salmon|tomato|turquoise|orchid|plum|tan|wheat|snow|linen|lavender|(?:dark|light|medium|pale"
    r"|deep|hot|dim|slate|sky|royal|steel|forest|sea|midnight|rebecca)[a-z]+)\b",
    re.IGNORECASE,
)
RULE = re.compile(r"(?s)/\*.*?\*/")
BRANCH = re.compile(r"\{%-? (?:if|elif|else)\b")


def colours(text: str) -> list[str]:
    """The colours that are spelt out in a style sheet."""
    text = RULE.sub("", text)
    # What var() names, and an address, is no colour: `var(--dark-text)`.
    bodies = re.findall(r"\{([^{}]*)\}", text)
    values = re.sub(r"--[\w-]+", "--", ";".join(bodies))
    named = [word for value in COLOURED.findall(values) for word in NAMED.findall(value)]
    return LITERAL.findall(values) + named


def test_only_the_variables_name_colours() -> None:
    found = {
        str(path): colours(path.read_text())
        for path in STYLES.rglob("*.css")
        if path.name != "variables.css"
    }
    assert len(found) > 10
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (".a { color: #fff; }", ["#fff"]),
        (".a { border: 1px solid #85500a }", ["#85500a"]),
        (".a { background: rgb(1 2 3 / 40%); }", ["rgb("]),
        ("@media print { .a { border-block-end: 1px solid red; } }", ["red"]),
        (".a { --quiet: lightgray; }", ["lightgray"]),
        (".a { fill: DarkSlateGray; }", ["DarkSlateGray"]),
        ("#fade .a { color: var(--dark-text); outline-color: currentcolor }", []),
        (".a { background: transparent; color: inherit; border-color: CanvasText } /* #fff */", []),
        (".a { white-space: nowrap; animation: gold 1s; }", []),
    ],
)
def test_what_is_a_colour(rule: str, found: list[str]) -> None:
    assert colours(rule) == found


def test_every_variable_is_set_somewhere() -> None:
    """A misspelt name would fall back silently. Those of Django admin are its own."""
    own = "".join(path.read_text() for path in STYLES.rglob("*.css"))
    admin = Path(apps.get_app_config("admin").path) / "static/admin/css"
    theirs = "".join(path.read_text() for path in admin.rglob("*.css"))
    known = set(re.findall(r"(--[\w-]+)\s*:", own + theirs)) | {"--given"}  # of the preview
    assert set(re.findall(r"var\((--[\w-]+)", own)) <= known


def test_every_variable_is_used() -> None:
    text = (STYLES / "variables.css").read_text()
    used = set(
        re.findall(r"var\((--[\w-]+)", "".join(p.read_text() for p in STYLES.rglob("*.css")))
    )
    assert set(re.findall(r"^\s*(--[\w-]+):", text, re.MULTILINE)) <= used


def test_templates_can_be_read() -> None:
    bad = [
        f"{path}:{number}"
        for path in TEMPLATES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > LONGEST or len(BRANCH.findall(line)) > MOST_BRANCHES
    ]
    assert bad == []


def test_every_style_sheet_is_linked_and_every_link_leads_to_one() -> None:
    texts = "".join(path.read_text() for path in TEMPLATES)
    linked = set(re.findall(r"""static(?: |\()['"]css/([^'"]+)['"]""", texts))
    assert linked == {str(path.relative_to(STYLES)) for path in STYLES.rglob("*.css")}


def test_pages_say_sections_that_there_are() -> None:
    names = [each.name for each in sections()]
    assert names == ["licenses", "offline", "releases", "profile"]
    texts = "".join(path.read_text() for path in TEMPLATES)
    assert set(re.findall(r'set section = "([^"]+)"', texts)) == set(names)
