"""What a list of the back office is narrowed by: days, products, people; and how that is said."""

import re
from datetime import date
from html import unescape

import pytest
from django.contrib import admin as admin_site

from backoffice.filters import PersonFilter
from licenses import search
from licenses.models import LicensePolicy, Product
from licenses.verbs.activations import activate
from licenses.verbs.licenses import create_license, set_last_day
from tenancy.door import inside
from tests.world import Browser, World, machine, signed_in

pytestmark = pytest.mark.by_database
LIST = "/licenses/license/"
ENDS = {"FIRST-DAY-OF-MAY-1": date(2027, 5, 1), "LAST-DAY-OF-MAY-31": date(2027, 5, 31)}


@pytest.fixture
def admin(world: World) -> Browser:
    with inside(world.acme):
        for key, day in ENDS.items():
            policy = LicensePolicy.objects.create(vendor=world.acme, name=f"Terms of {key[:5]}")
            made = create_license(product=world.orbit, user=world.grace, key=key, policy=policy)
            set_last_day(made, day=day)
    return signed_in(world.acme_admin)


def keys_in(page: str) -> set[str]:
    return set(re.findall(r"[A-Z]+-DAY-OF-MAY-\d+|ADA111-[\w-]+", page.partition("result_list")[2]))


def chips_in(page: str) -> list[tuple[str, str]]:
    found = re.findall(r'<a class="chip" href="([^"]*)">(.*?)<span', page, re.DOTALL)
    return [(unescape(text).strip(), unescape(url)) for url, text in found]


FIRST, LAST = ENDS


@pytest.mark.parametrize(
    ("days", "found", "said"),
    [
        (("2027-05-01", "2027-05-31"), {FIRST, LAST}, "Expires: 1 May 2027 to 31 May 2027"),
        (("2027-05-02", ""), {LAST}, "Expires: from 2 May 2027"),
        (("", "2027-05-30"), {FIRST}, "Expires: to 30 May 2027"),
        (("2027-05-02", "2027-05-30"), set(), "Expires: 2 May 2027 to 30 May 2027"),
        (("2027-05-01", "2027-05-01"), {FIRST}, "Expires: 1 May 2027 to 1 May 2027"),
        (("2027-05-31", "2027-05-01"), set(), "Expires: This day is before the first one."),
        (("31.5.x", ""), set(), "Expires: Enter a valid date."),
        (("0001-01-01", "9999-12-31"), set(), "Expires: Type a year from 1900 to 9998. Type"),
    ],
)
def test_licences_that_end_between_two_days(
    admin: Browser, days: tuple[str, str], found: set[str], said: str
) -> None:
    query = {"expires_at__from": days[0], "expires_at__to": days[1], "type__exact": "node-locked"}
    page = admin.get(LIST, query).content.decode()
    assert keys_in(page) == found
    ends, kind = chips_in(page)
    assert ends[0].startswith(said)
    assert ends[1] == "?type__exact=node-locked"
    assert kind[1] == f"?expires_at__from={days[0]}&expires_at__to={days[1]}"
    if not found and "is before" in said:
        assert 'class="errorlist"' in page


def test_the_days_are_the_vendor_s(world: World, admin: Browser) -> None:
    with inside(world.acme):
        world.acme.time_zone = "Pacific/Auckland"
        world.acme.save(update_fields=["time_zone"])
        later = create_license(product=world.orbit, user=world.grace, key="OTHER-DAY-OF-MAY-1")
        later.vendor.refresh_from_db()
        set_last_day(later, day=date(2027, 5, 1))
    days = {"expires_at__from": "2027-05-01", "expires_at__to": "2027-05-01"}
    assert "OTHER-DAY-OF-MAY-1" in keys_in(admin.get(LIST, days).content.decode())


def test_each_filter_is_said_and_taken_off_by_itself(world: World, admin: Browser) -> None:
    with inside(world.acme):
        Product.objects.create(vendor=world.acme, name="Second")
        policy = LicensePolicy.objects.get(name="Terms of FIRST")
    query = {
        "q": "MAY",
        "status": "active",
        "product__id__exact": str(world.orbit.pk),
        "policy__id__exact": str(policy.pk),
        "user__id__exact": str(world.grace.pk),
    }
    page = admin.get(LIST, query).content.decode()
    assert keys_in(page) == {FIRST}
    said = dict(chips_in(page))
    assert [text.partition(":")[0] for text in said] == [
        "Search",
        "Status",
        "Product",
        "Customer",
        "Policy",
    ]
    assert any("Grace" in text or "grace@" in text for text in said)
    without = admin.get(f"{LIST}{said['Policy: Terms of FIRST']}").content.decode()
    assert keys_in(without) == {FIRST, LAST}
    assert len(chips_in(without)) == 4


def test_a_product_that_is_gone_narrows_to_nothing_and_says_so(
    world: World, admin: Browser
) -> None:
    gone = "12345678-1234-5678-1234-567812345678"
    for name, other in (("product", world.quill.pk), ("user", world.bob.pk), ("policy", gone)):
        page = admin.get(LIST, {f"{name}__id__exact": str(other)}).content.decode()
        assert keys_in(page) == set(), name
        [(text, _url)] = chips_in(page)
        assert text.endswith("what is not there any more"), name
        assert "Quill" not in page
        assert "bob@" not in page


@pytest.mark.parametrize("most", [0, 1])
def test_machines_are_narrowed_by_whose_licences_they_are_on(
    world: World, admin: Browser, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Also of an owner of so many licences that they are not named."""
    monkeypatch.setattr(search, "MOST_NAMED", most)
    with inside(world.acme):
        activate(world.grace_license, machine("grace-desktop"))
        activate(create_license(product=world.orbit, user=None), machine("nobody-s"))
    for asked, said, found in (
        ({"license__user__id__exact": str(world.ada.pk)}, "ada@", {"ada-laptop"}),
        ({"license__user__id__exact": str(world.grace.pk)}, "grace@", {"grace-desktop"}),
        ({"license__user__isnull": "True"}, "", {"nobody-s"}),
        ({"license__user__id__exact": str(world.bob.pk)}, "not there any more", set()),
    ):
        page = admin.get("/licenses/activation/", asked).content.decode()
        names = {"ada-laptop", "grace-desktop", "nobody-s", "bob-laptop"}
        assert {name for name in names if name in page} == found
        [(text, url)] = chips_in(page)
        assert text.startswith("Customer: ")
        assert said in text
        assert url == "?"
    wrong = {"license__user__id__exact": "x"}
    assert admin.get("/licenses/activation/", wrong).status_code == 400


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/licenses/license/", "created_at"),
        ("/licenses/activation/", "last_synced_at"),
        ("/licenses/activation/", "created_at"),
        ("/licenses/seatrequest/", "created_at"),
        ("/accounts/user/", "last_seen_at"),
        ("/accounts/user/", "created_at"),
        ("/accounts/personalaccesstoken/", "created_at"),
        ("/mail/outgoingemail/", "created_at"),
        ("/audit/auditentry/", "created_at"),
        ("/releases/release/", "published_at"),
        ("/releases/download/", "created_at"),
    ],
)
def test_lists_are_narrowed_by_days(filled: World, path: str, name: str) -> None:
    admin = signed_in(filled.acme_admin)
    everything = admin.get(path, {f"{name}__to": "2999-01-01"}).content.decode()
    nothing = admin.get(path, {f"{name}__from": "2999-01-01"}).content.decode()
    assert "to 1 January 2999" in everything
    assert "from 1 January 2999" in nothing
    assert "Nothing has all of that" in nothing
    if (path, name) != ("/accounts/user/", "last_seen_at"):
        assert "result_list" in everything or "seatrequest" in path


def lists_by_person() -> dict[str, str]:
    """Every list that is narrowed by a person, and the field by which."""
    return {
        f"/{model._meta.app_label}/{model._meta.model_name}/": each[0]
        for model, its_admin in admin_site.site._registry.items()
        for each in its_admin.list_filter
        if isinstance(each, tuple) and issubclass(each[1], PersonFilter)
    }


def test_lists_know_people_of_their_own_vendor_alone(filled: World) -> None:
    """Neither by the id of somebody else's nor by the name; what of Acme's people is there is."""
    admin, paths = signed_in(filled.acme_admin), lists_by_person()
    assert {"/mail/outgoingemail/", "/licenses/license/"} <= set(paths)
    for path, field in paths.items():
        for person, is_ours in ((filled.ada, True), (filled.bob, False)):
            chosen = {f"{field}__id__exact": str(person.pk)}
            page = admin.get(path, chosen).content.decode()
            [(text, _url)] = chips_in(page)
            assert ("not there any more" in text) is not is_ours, (path, person)
            named = {f"{field}__named": person.email}
            page = admin.get(path, named).content.decode()
            assert (str(person.pk) in page) is is_ours, (path, person)
            if not is_ours:
                assert "result_list" not in admin.get(path, chosen).content.decode(), path


@pytest.mark.parametrize("kind", ["team", "customers"])
def test_filters_are_cleared_without_leaving_the_list(world: World, kind: str) -> None:
    admin = signed_in(world.acme_admin)
    assert "Clear all filters" not in admin.get(f"/accounts/user/?kind={kind}").content.decode()
    page = admin.get(f"/accounts/user/?kind={kind}&is_active__exact=1").content.decode()
    found = re.search(r'href="([^"]*)">(?:(?!</a>).)*Clear all filters', page, re.DOTALL)
    assert found
    assert found[1] == f"?kind={kind}"


def test_the_settings_lead_to_the_team(world: World) -> None:
    page = signed_in(world.acme_admin).get("/accounts/portalsettings/").content.decode()
    assert 'href="/accounts/user/?kind=team">See who may</a>' in page
