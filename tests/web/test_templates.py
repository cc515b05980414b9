"""Templates are sent without their templates' indentation, and are light."""

import re
from pathlib import Path

from django.template.loader import get_template

from licenses.verbs.licenses import create_license
from tenancy.door import inside
from tests.world import World, signed_in
from web.pages import engine

ROOT = Path(__file__).resolve().parents[2]
HEAVIEST = 60_000  # bytes of HTML, CSS and JS together, as they are before compression


def test_html_loses_its_indentation_and_texts_keep_theirs() -> None:
    assert not re.search(r"\n[ \t]", get_template("admin/find.html").template.source)  # type: ignore[attr-defined]
    loader = engine().loader
    assert loader
    assert not re.search(r"\n[ \t]", loader.get_source(engine(), "licenses/license_list.html")[0])
    source = (ROOT / "templates/licenses/email/license.txt").read_text()
    assert get_template("licenses/email/license.txt").template.source == source  # type: ignore[attr-defined]


def test_no_template_shows_white_space_as_it_stands() -> None:
    for path in [*ROOT.glob("templates/**/*.html"), *ROOT.glob("pages/**/*.html")]:
        shown = re.findall(r"<(?:pre|textarea)\b.*?</(?:pre|textarea)>", path.read_text(), re.S)
        assert not any("\n" in each.partition(">")[2] for each in shown), path


def test_a_full_list_is_light(world: World) -> None:
    with inside(world.acme):
        for _number in range(30):
            create_license(product=world.orbit, user=world.ada, subscription_interval="P4M")
    page = signed_in(world.ada).get("/licenses/").content
    assert page.count(b"<tr>") == 26
    parts = re.findall(rb'(?:href|src)="/static/((?:css|js)/[^"]+)"', page)
    weight = len(page) + sum((ROOT / "static" / part.decode()).stat().st_size for part in parts)
    assert weight < HEAVIEST
