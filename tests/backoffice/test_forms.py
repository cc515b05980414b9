"""The back office's forms in words."""

import re

from django.contrib import admin

from tests.world import World, signed_in

DASHES = re.compile(r"<option[^>]*>-+</option>")
OPTION = re.compile(r'<option value="[^"]*"[^>]*>([^<]+)</option>')


def test_selects_say_what_nothing_means_and_begin_with_a_capital_letter(world: World) -> None:
    office, looked_at = signed_in(world.acme_admin), 0
    for model in admin.site._registry:
        opts = model._meta
        answer = office.get(f"/{opts.app_label}/{opts.model_name}/add/")
        if answer.status_code != 200:
            continue
        page = answer.content.decode().partition("<main")[2]
        looked_at += 1
        assert not DASHES.search(page), opts.label
        options = OPTION.findall(page)
        assert [each for each in options if each[:1].islower()] == [], opts.label
    assert looked_at > 5


def test_the_fewer_fields_are_marked(world: World) -> None:
    page = signed_in(world.acme_admin).get("/licenses/product/add/").content.decode()
    marked = re.findall(r'<label for="id_(\w+)">[^<]*</label>\s*<span class="mark">(\w+)<', page)
    assert marked[0] == ("name", "required")
    assert {word for _name, word in marked} == {"required"}


def test_the_time_zone_is_a_link_for_who_may_change_it(world: World) -> None:
    link = 'href="/accounts/portalsettings/#id_time_zone"'
    assert link in signed_in(world.acme_admin).get("/").content.decode()
    for other in (world.acme_support, world.operator):
        assert link not in signed_in(other).get("/").content.decode()
