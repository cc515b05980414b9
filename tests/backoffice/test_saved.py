"""Saved views of lists: whose they are, who opens and changes them."""

import re

import pytest

from backoffice.models import SavedView
from backoffice.saved import verbs
from backoffice.saved.verbs import asked_in
from tenancy.door import inside
from tests.world import Browser, World, signed_in

LIST = "/licenses/license/"


def save(browser: Browser, name: str, query: str = "status=active", **more: str) -> str:
    form = {"listed": "licenses.license", "name": name, "query": query, **more}
    return str(browser.post("/views/save/", form, follow=True).content.decode())


def views_in(page: str) -> dict[str, str]:
    found = re.findall(r'<a class="chip view" href="([^"]*)"[^>]*>\s*(.*?)[<\n]', page)
    return {name.strip(): url.replace("&amp;", "&") for url, name in found}


@pytest.mark.parametrize(
    ("query", "saved"),
    [
        ("?status=active&p=x&e=1&q=", "status=active"),
        ("q=b&o=-1", "o=-1&q=b"),
        ("product__id__exact=1&expires_at__to=", "product__id__exact=1"),
        ("", ""),
    ],
)
def test_a_view_is_what_narrows_and_orders_a_list(query: str, saved: str) -> None:
    assert asked_in(query) == saved


def test_a_view_is_saved_opened_named_anew_and_deleted(world: World) -> None:
    admin = signed_in(world.acme_admin)
    assert "Save this view" not in admin.get(LIST).content.decode()
    page = admin.get(LIST, {"status": "suspended", "o": "1"}).content.decode()
    assert "Save this view" in page
    assert 'name="query" value="o=1&amp;status=suspended"' in page
    page = save(admin, "Look after", "o=1&status=suspended")
    assert "The view “Look after” is saved." in page
    assert views_in(page) == {"Look after": "?o=1&status=suspended"}
    assert 'aria-current="true"' in page.partition("Saved views")[2][:600]
    assert "Status: Suspended" in page  # it is open
    assert views_in(admin.get(LIST).content.decode()) == {"Look after": "?o=1&status=suspended"}
    [path] = re.findall(r"/views/[0-9a-f-]{36}/", page)
    page = admin.post(path, {"name": "Suspended"}, follow=True).content.decode()
    assert set(views_in(page)) == {"Suspended"}
    page = admin.post(path, {"delete": "yes"}, follow=True).content.decode()
    assert "The view “Suspended” is deleted." in page
    assert views_in(page) == {}


def test_a_view_is_the_owner_s_unless_it_is_the_team_s(world: World) -> None:
    admin, support = signed_in(world.acme_admin), signed_in(world.acme_support)
    save(admin, "Mine")
    page = save(admin, "Ours", "status=expired", shared="on")
    [path] = re.findall(r"/views/[0-9a-f-]{36}/", page)
    seen = support.get(LIST, {"status": "expired"}).content.decode()
    assert set(views_in(seen)) == {"Ours"}
    assert path not in seen
    assert support.post(path, {"delete": "yes"}).status_code == 403
    save(support, "Theirs", "status=revoked", shared="on")
    [path] = re.findall(
        r"/views/[0-9a-f-]{36}/", admin.get(LIST, {"status": "revoked"}).content.decode()
    )
    assert admin.post(path, {"delete": "yes"}).status_code == 302
    other = signed_in(world.globex_admin)
    assert views_in(other.get(LIST).content.decode()) == {}
    assert views_in(admin.get("/licenses/product/").content.decode()) == {}


@pytest.mark.parametrize(
    ("name", "listed", "said"),
    [
        ("Mine", "licenses.license", "You have a view of this name already."),
        ("", "licenses.license", "This field is required."),
        ("x" * 61, "licenses.license", "at most 60 characters"),
        ("Many", "licenses.license", "as many views as one person can"),
    ],
)
def test_what_can_t_be_saved_is_said_and_kept(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str, listed: str, said: str
) -> None:
    admin = signed_in(world.acme_admin)
    save(admin, "Mine")
    if name == "Many":
        monkeypatch.setattr(verbs, "MOST", 1)
    page = save(admin, name, "q=kept")
    assert said in page
    assert 'name="query" value="q=kept"' in page
    with inside(world.acme):
        assert SavedView.objects.count() == 1


@pytest.mark.parametrize(
    ("listed", "code"),
    [("branding.branding", 403), ("audit.auditchain", 404), ("x", 404), ("a.b", 404)],
)
def test_only_lists_that_one_may_see_have_views(world: World, listed: str, code: int) -> None:
    form = {"listed": listed, "name": "x", "query": "q=x"}
    assert signed_in(world.acme_support).post("/views/save/", form).status_code == code


def test_a_view_of_a_product_that_is_gone_says_so(world: World) -> None:
    admin = signed_in(world.acme_admin)
    gone = "12345678-1234-5678-1234-567812345678"
    page = save(admin, "Old product", f"product__id__exact={gone}")
    assert "Product: what is not there any more" in page
    assert "Nothing has all of that" in page
    assert set(views_in(page)) == {"Old product"}
