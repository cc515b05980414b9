"""Templates are sent without their templates' indentation, and are light."""

import re
from pathlib import Path

import pytest
from django.template.loader import get_template

from backoffice.lists import STYLED
from licenses.verbs.activations import activate
from licenses.verbs.licenses import create_license
from tenancy.door import inside
from tests.world import World, machine, signed_in
from web.pages import engine
from web.statics import LIGHT
from web.templates import without_empty_lines

ROOT = Path(__file__).resolve().parents[2]
HEAVIEST = 60_000  # bytes of HTML, CSS and JS together, as they are before compression


def test_html_loses_its_indentation_and_texts_keep_theirs() -> None:
    assert not re.search(r"\n[ \t]", get_template("admin/find.html").template.source)  # type: ignore[attr-defined]
    loader = engine().loader
    assert loader
    assert not re.search(r"\n[ \t]", loader.get_source(engine(), "licenses/license_list.html")[0])
    source = (ROOT / "templates/licenses/email/license.txt").read_text()
    assert get_template("licenses/email/license.txt").template.source == source  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("source", "light"),
    [
        ("<ul>\n{% for a in b %}\n<li>\n{% endfor %}\n</ul>", "<ul>\n{% for a in b %}<li>\n{% endfor %}</ul>"),
        ("one\n{% if a %}{% with b=c %}\ntwo", "one\n{% if a %}{% with b=c %}two"),
        ("one\n{% if a %}two{% endif %}\nthree", "one\n{% if a %}two{% endif %}\nthree"),
        ("one\n{% translate 'two' %}\nthree", "one\n{% translate 'two' %}\nthree"),
        ("one{% if a %}\ntwo{% endif %}\nthree", "one{% if a %}\ntwo{% endif %}\nthree"),
        ("{% load i18n %}\none", "{% load i18n %}\none"),
        ("one\n{% include 'two' %}\n{{ three }}\nfour", "one\n{% include 'two' %}\n{{ three }}\nfour"),
    ],
)  # fmt: skip
def test_tags_that_show_nothing_leave_no_lines_and_join_no_words(source: str, light: str) -> None:
    assert without_empty_lines(source) == light


def test_no_template_shows_white_space_as_it_stands() -> None:
    for path in [*ROOT.glob("templates/**/*.html"), *ROOT.glob("pages/**/*.html")]:
        shown = re.findall(r"<(?:pre|textarea)\b.*?</(?:pre|textarea)>", path.read_text(), re.S)
        assert not any("\n" in each.partition(">")[2] for each in shown), path


def weight(page: bytes) -> int:
    """Of the page, its style sheets and its scripts, as they are sent, before compression."""
    parts = re.findall(r'(?:href|src)="/static/((?:css|js)/[^"]+)"', page.decode())
    texts = [(part, (ROOT / "static" / part).read_text()) for part in parts]
    return len(page) + sum(len(LIGHT[part.partition("/")[0]](text)) for part, text in texts)


def test_full_lists_are_light(world: World) -> None:
    with inside(world.acme):
        for _number in range(30):
            create_license(product=world.orbit, user=world.ada, subscription_interval="P4M")
    page = signed_in(world.ada).get("/licenses/").content
    assert page.count(b"<tr>") == 26
    assert weight(page) < HEAVIEST


def test_full_pages_of_the_back_office_are_light(world: World) -> None:
    """With 25 rows and boxes, narrowed and sorted; a licence with 25 machines and its form."""
    with inside(world.acme):
        for _number in range(30):
            license = create_license(
                product=world.orbit,
                user=world.ada,
                subscription_interval="P4M",
                allowed_activations=60,
            )
        for number in range(26):
            activate(license, machine(f"machine-{number}", os_version="22.04 LTS"))
    admin = signed_in(world.acme_admin)
    narrowed = f"?q=orbit&status=active&product__id__exact={world.orbit.pk}&o=6"
    heavy = {}
    for path, rows in {
        "/licenses/license/": 26,
        f"/licenses/license/{narrowed}": 26,
        f"/licenses/license/{license.pk}/change/": 26,
        f"/licenses/license/{license.pk}/change/?change=yes": 0,
        "/licenses/activation/": 26,
        "/audit/auditentry/": 26,
        "/audit/auditentry/?o=2&created_at__from=2026-01-01": 26,
        "/accounts/user/?kind=customers": 1,
    }.items():
        page = admin.get(path).content
        assert page.count(b"<tr>") >= rows, path
        heavy[path] = weight(page)
    assert {path: size for path, size in heavy.items() if size >= HEAVIEST} == {}


def test_the_cells_of_lists_have_the_names_that_have_a_style() -> None:
    named = re.findall(r"\.(field-\w+)", (ROOT / "static/css/backoffice/lists.css").read_text())
    assert set(named) == STYLED
