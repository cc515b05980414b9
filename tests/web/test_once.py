"""What makes two forms the same one, and what becomes of one that was sent before."""

import re
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import OperationalError
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit.models import AuditEntry
from licenses.models import License, Product
from licenses.verbs.signing_keys import rotate_product_key
from tenancy.door import inside
from tests.posted import form_of, forms_of
from tests.world import Browser, World, signed_in
from web import once
from web.models import SentForm

ADD = "/licenses/product/add/"
TOKEN = "a-token-that-nobody-can-guess"
SAID = "You have sent this before. It counts once, and this is what it led to."


@pytest.fixture
def admin(world: World) -> Browser:
    return signed_in(world.acme_admin)


def saturn(**changes: Any) -> dict[str, Any]:
    typed = {"name": "Saturn", "offline_response_validity": "30 days"}
    return typed | {"allowed_key_replacements": "3", "once": TOKEN} | changes


def licence(world: World, **changes: Any) -> dict[str, Any]:
    typed = {"email": "ada@example.com", "product": str(world.orbit.pk), "policy": "none"} | {
        "send": "on"
    }
    return typed | {"once": TOKEN} | changes


def licenses(world: World) -> int:
    with inside(world.acme):
        return License.objects.count()


def names(world: World) -> list[str]:
    with inside(world.acme):
        return sorted(Product.objects.values_list("name", flat=True))


# --- Which forms are the same -------------------------------------------------------------------


def test_two_licences_are_one_with_one_e_mail(world: World, admin: Browser) -> None:
    """The trial: a double click on Add licence made two licences and two e-mails."""
    first = admin.post("/licenses/license/add/", licence(world))
    second = admin.post("/licenses/license/add/", licence(world))
    assert re.fullmatch(r"/licenses/license/\S+/change/", first["Location"])
    assert second["Location"] == first["Location"]
    assert licenses(world) == 3
    assert len(mail.outbox) == 1
    page = admin.get(second["Location"]).content.decode()
    assert SAID in page


def test_without_a_token_each_one_counts(world: World, admin: Browser) -> None:
    """What scripts send."""
    form = licence(world)
    del form["once"]
    for _ in "ab":
        assert admin.post("/licenses/license/add/", form).status_code == 302
    assert admin.post("/licenses/license/add/", form | {"once": ""}).status_code == 302
    assert licenses(world) == 5
    assert not SentForm.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"once": "another-token"},
        {"notes": "Something else"},
        {"email": "grace@example.com"},
        {"send": ""},
        {"first_name": " "},
    ],
)
def test_another_token_or_something_else_is_another_form(
    world: World, admin: Browser, changes: dict[str, str]
) -> None:
    places = {
        admin.post("/licenses/license/add/", form)["Location"]
        for form in (licence(world), licence(world, **changes))
    }
    assert len(places) == 2
    assert licenses(world) == 4


def test_the_button_makes_no_other_form_of_it(world: World, admin: Browser) -> None:
    first = admin.post(ADD, saturn(_save="Save"))
    second = admin.post(ADD, saturn(_addanother="Save and add another"))
    assert first["Location"] == second["Location"]
    assert first["Location"].startswith("/licenses/product/")
    assert names(world) == ["Orbit", "Saturn", "Spectra"]


def test_the_same_action_for_other_rows_is_another_form(world: World, admin: Browser) -> None:
    with inside(world.acme):
        User.objects.filter(role="user").update(password="!")
    people = (world.ada, world.grace, world.ada)
    for person in people:
        chosen = {"action": "send_invitation", "_selected_action": [str(person.pk)], "once": TOKEN}
        assert admin.post("/accounts/user/", chosen).status_code == 302
    assert [each.to for each in mail.outbox] == [["ada@example.com"], ["grace@example.com"]]


@pytest.mark.parametrize(
    "token", ["x", "x" * 10_000, "\x00", "' OR 1=1 --", "ключ", "\ud7ff", "<script>"]
)
def test_a_token_that_was_made_up_is_one_like_any_other(
    world: World, admin: Browser, token: str
) -> None:
    for _ in "ab":
        assert admin.post(ADD, saturn(once=token)).status_code == 302
    assert names(world) == ["Orbit", "Saturn", "Spectra"]
    [kept] = SentForm.objects.all()
    assert re.fullmatch("[0-9a-f]{64}", kept.key)


def test_another_persons_token_is_nothing(world: World, admin: Browser) -> None:
    """Whoever knows it is neither led to what the other one made, nor kept from making his own."""
    assert admin.post(ADD, saturn()).status_code == 302
    others = signed_in(world.globex_admin)
    answer = others.post(ADD, saturn(), follow=True)
    assert SAID not in answer.content.decode()
    with inside(world.globex):
        assert Product.objects.filter(name="Saturn").exists()
    with inside(world.acme):
        colleague = User.objects.create_user(
            vendor=world.acme, email="second@acme.example", role="admin"
        )
    refused = signed_in(colleague).post(ADD, saturn())
    assert (refused.status_code, SAID in refused.content.decode()) == (200, False)
    assert SentForm.objects.count() == 2


def test_a_token_of_another_form_is_nothing(world: World, admin: Browser) -> None:
    paths = ["/licenses/licensepolicy/add/", "/licenses/maintenancepolicy/add/"]
    for path in paths:
        form = form_of(admin.get(path).content.decode()) | {"name": "Yearly", "once": TOKEN}
        assert admin.post(path, form).status_code == 302
    assert SentForm.objects.count() == 2


def test_a_form_that_was_refused_is_corrected_with_its_token(world: World, admin: Browser) -> None:
    for name in ("Orbit", "Orbit", ""):
        assert admin.post(ADD, saturn(name=name)).status_code == 200
    assert not SentForm.objects.exists()
    for _ in "ab":
        assert admin.post(ADD, saturn())["Location"].startswith("/licenses/product/")
    assert names(world) == ["Orbit", "Saturn", "Spectra"]


def test_a_value_may_be_set_again_from_the_page_of_before(world: World) -> None:
    """Set, set otherwise, and set again after going back, where the page has its first token."""
    ada = signed_in(world.ada)
    for company, token in (("Engines", "1"), ("Looms", "2"), ("Engines", "1")):
        form = {"first_name": "Ada", "last_name": "Lovelace", "company": company, "once": token}
        assert ada.post("/profile/", form)["Location"] == "/profile/"
    for wanted, token in (("off", "1"), ("on", "2"), ("off", "1")):
        ada.post("/profile/reminders/", {"wanted": wanted, "once": token})
    with inside(world.acme):
        now = User.objects.get(pk=world.ada.pk)
    assert (now.company, now.reminders) == ("Engines", False)


# --- Tokens -------------------------------------------------------------------------------------


def test_showing_a_form_writes_nothing_and_each_is_another(world: World, admin: Browser) -> None:
    from django.db import connection

    admin.get(ADD)
    tokens = []
    for _ in "ab":
        with CaptureQueriesContext(connection) as queries:
            page = admin.get(ADD).content.decode()
        assert not [
            each
            for each in queries.captured_queries
            if re.search("INSERT|UPDATE|DELETE", each["sql"])
        ]
        assert all("once" in fields for _target, fields in forms_of(page))
        tokens += form_of(page)["once"]
    assert len(set(tokens)) == 2
    assert all(re.fullmatch(r"[\w-]{22}", token) for token in tokens)


@pytest.mark.parametrize("path", ["/login/", "/password-reset/", "/profile/", "/offline/"])
def test_forms_of_the_portal_have_one(world: World, path: str) -> None:
    browser = Browser("acme") if path in {"/login/", "/password-reset/"} else signed_in(world.ada)
    forms = forms_of(browser.get(path).content.decode())
    assert forms
    assert all("once" in fields for _target, fields in forms)


# --- What became of the first one ---------------------------------------------------------------


def test_who_was_not_answered_is_told_to_look(
    world: World, admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was killed between the commit and its answer."""
    monkeypatch.setattr(once, "LOOKS", 1)
    assert admin.post(ADD, saturn()).status_code == 302
    SentForm.objects.update(answer="")
    again = admin.post(ADD, saturn())
    assert (again.status_code, again["Location"]) == (302, "/")
    assert "Look whether it is there before you send it again" in admin.get("/").content.decode()
    assert names(world) == ["Orbit", "Saturn", "Spectra"]


def test_what_broke_may_be_sent_again(
    world: World, admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two keys were asked for, and the database was gone after the first one."""
    rotated = []

    def breaks(product: Product) -> None:
        rotated.append(product)
        if len(rotated) == 2:
            raise OperationalError("the server is gone")
        rotate_product_key(product)

    monkeypatch.setattr("licenses.admin.products.rotate_product_key", breaks)
    with inside(world.acme):
        chosen = [str(product.pk) for product in Product.objects.all()]
    form = {"action": "rotate_key", "_selected_action": chosen, "once": TOKEN}
    assert admin.post("/licenses/product/", form).status_code == 503
    assert len(rotated) == 2
    assert not SentForm.objects.exists()
    assert admin.post("/licenses/product/", form).status_code == 302
    assert len(rotated) == 4
    assert admin.post("/licenses/product/", form).status_code == 302
    assert len(rotated) == 4


def test_a_script_is_told_where_it_led(world: World, admin: Browser) -> None:
    from tests.releases.test_publishing import draft
    from tests.releases.test_uploads import uploaded

    with inside(world.acme):
        path = f"/releases/release/{draft(world).pk}/files/"
    for _ in "ab":
        answer = admin.post(
            path,
            uploaded("a.zip", once=TOKEN),
            headers={"x-requested-with": "XMLHttpRequest"},
        )
        assert answer.json() == {"location": path}
    page = admin.get(path).content.decode()
    assert SAID in page
    assert len(forms_of(page)) == 5  # out, one file to take off, one to add, one elsewhere, publish


def test_a_window_that_closes_counts_once(world: World, admin: Browser) -> None:
    """Django's small window for a row that another form needs is answered by a page."""
    path = f"{ADD}?_popup=1"
    first = admin.post(path, saturn(_popup="1"))
    assert first.status_code == 200
    assert "popup_response" in first.content.decode()
    again = admin.post(path, saturn(_popup="1"))
    assert (again.status_code, again["Location"]) == (302, path)
    assert names(world) == ["Orbit", "Saturn", "Spectra"]


def test_where_it_led_is_a_path_of_this_host(world: World, admin: Browser) -> None:
    """A look at the portal as a customer leads to another host: each press is an offer anew."""
    path = f"/accounts/user/{world.ada.pk}/view-as/"
    places = {admin.post(path, {"once": TOKEN})["Location"] for _ in "ab"}
    assert len(places) == 2
    assert not SentForm.objects.exists()


def test_rows_are_kept_for_two_days(world: World, admin: Browser, frozen_time: Any) -> None:
    admin.post(ADD, saturn())
    frozen_time.shift(47 * 60 * 60)
    call_command("clean_up")
    assert SentForm.objects.count() == 1
    frozen_time.shift(2 * 60 * 60)
    call_command("clean_up")
    assert not SentForm.objects.exists()


def test_nothing_of_what_was_typed_is_kept(world: World, admin: Browser) -> None:
    admin.post("/licenses/license/add/", licence(world, notes="Whispered"))
    [row] = SentForm.objects.values()
    with inside(world.acme):
        license = License.objects.get(notes="Whispered")
        assert AuditEntry.objects.filter(license_id=license.pk, action="created").exists()
    assert row["answer"] == f"/licenses/license/{license.pk}/change/"
    assert not {"Whispered", TOKEN, "ada@example.com"} & set(map(str, row.values()))


def test_a_form_that_isn_t_ours_is_refused_as_before(world: World) -> None:
    """A token is no proof of origin."""
    stranger = Client(enforce_csrf_checks=True, HTTP_HOST="app.portal.localhost")
    stranger.cookies = signed_in(world.acme_admin).cookies
    assert stranger.post(ADD, saturn()).status_code == 403
    assert names(world) == ["Orbit", "Spectra"]
