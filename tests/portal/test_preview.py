"""The portal with samples, for staff of a vendor that has no customer yet."""

import re

import pytest

from accounts.models import BuiltIn, User
from accounts.verbs.vendors import begin_vendor
from branding.verbs.brands import change_brand
from tenancy.door import inside
from tenancy.models import Vendor
from tests.branding.pictures import picture
from tests.portal.test_once import counted
from tests.world import Browser, World, signed_in, user

LICENCE = re.compile(r'href="(/preview/licenses/[0-9a-f-]{36}/)"')


@pytest.fixture
def admin(db: None) -> Browser:
    """Of a vendor with a look and nothing else."""
    vendor = begin_vendor(Vendor(company_id="newco", name="Newco"))
    with inside(vendor):
        look = {"portal_title": "Newco Licences", "accent_color": "#123456"}
        change_brand(vendor=vendor, look=look, pictures={"logo_light": picture()})  # type: ignore[arg-type]
        user(vendor, "admin@newco.example", role=BuiltIn.ADMIN)
        return signed_in(User.objects.select_related("vendor").get())


def test_it_shows_the_portals_pages_in_the_vendors_look(admin: Browser) -> None:
    before = counted()
    assert admin.get("/preview/")["Location"] == "/preview/licenses/"
    page = admin.get("/preview/licenses/").content.decode()
    assert "<title>Licences · Newco Licences</title>" in page
    assert len(set(LICENCE.findall(page))) == 3
    for path, told in (
        (LICENCE.findall(page)[0], "workstation-01"),
        ("/preview/releases/", "sample-product-4.2.1.zip"),
    ):
        page = admin.get(path).content.decode()
        assert told in page
        assert "<strong>This is a preview</strong>" in page
        assert 'href="http://app.portal.localhost:8000/branding/branding/"' in page
    css = re.findall(r'href="(/preview/branding.css[^"]*)"', page)
    assert "--" in admin.get(css[0]).content.decode()
    logo = re.findall(r'src="(/preview/branding/[^"]*)"', page)
    assert admin.get(logo[0])["Content-Type"] == "image/png"
    assert counted() == before


def test_no_link_and_no_form_leaves_it(admin: Browser) -> None:
    paths, seen = ["/preview/licenses/"], set[str]()
    while paths:
        path = paths.pop()
        seen.add(path)
        answer = admin.get(path)
        assert answer.status_code in {200, 302}, path
        if answer["Content-Type"].startswith("text/html"):
            html = answer.content.decode()
            found = re.findall(r'(?:href|action|src|srcset)="(/[^"#?]*)', html)
            inside_it = {each for each in found if not each.startswith("/static/")}
            assert all(each.startswith("/preview/") for each in inside_it), path
            paths += [each for each in inside_it if each not in seen and each not in paths]
    assert len(seen) > 10


def test_what_is_sent_does_nothing_and_says_so(admin: Browser) -> None:
    page = admin.post("/preview/logout/", follow=True)
    assert "Not in the preview" in page.content.decode()
    assert admin.get("/").status_code == 200
    assert admin.get("/preview/nothing-here/").status_code == 404


def test_real_customers_see_nothing_of_it(world: World) -> None:
    admin = signed_in(world.acme_admin)
    assert "ADA111-ACME" not in admin.get("/preview/licenses/").content.decode()
    page = signed_in(world.ada).get("/licenses/").content.decode()
    assert "preview" not in page
    assert "SAMPLE-" not in page


def test_it_asks_for_the_look_alone(world: World) -> None:
    """What is there of customers, licences and releases is not asked for."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    admin = signed_in(world.acme_admin)
    admin.get("/preview/licenses/")
    with CaptureQueriesContext(connection) as captured:
        admin.get("/preview/licenses/")
    asked = " ".join(query["sql"] for query in captured)
    assert not re.search(r'FROM "(licenses|releases)_', asked)


@pytest.mark.parametrize(
    ("place", "begin", "back"),
    [
        ("/branding/branding/", "/preview/", "Back to Branding"),
        ("/", "/first-steps/preview/", "Back to the first steps"),
    ],
)
def test_it_leads_back_to_where_one_came_from(
    admin: Browser, place: str, begin: str, back: str
) -> None:
    assert f'href="{begin}"' in admin.get(place).content.decode()
    paths, seen = [begin], set[str]()
    while paths:
        answer = admin.get(path := paths.pop(), follow=True)
        if answer["Content-Type"].startswith("text/html"):
            html = answer.content.decode()
            assert f'href="http://app.portal.localhost:8000{place}">{back}</a>' in html, path
            seen.add(path)
            pages = re.findall(rf'href="({begin}[^"#?]*)', html)
            paths += [each for each in dict.fromkeys(pages) if each not in {*seen, *paths}]
    assert len(seen) > 5
