"""Whoever has saved is where the saved row is, with what was done, and not on a list."""

from html import unescape
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from licenses.models import License, LicensePolicy
from releases.files.shelf import shelf_for
from releases.models import Release
from releases.verbs import publishing
from tenancy.door import inside
from tests.backoffice.test_base import license_form
from tests.branding.pictures import bytes_of
from tests.posted import form_of
from tests.world import CONTENT, PARENT, World, signed_in


@pytest.mark.parametrize(
    ("who", "model", "typed", "page"),
    [
        ("acme_admin", "accounts/user", {"email": "eve@x.example", "role": "user"}, "story"),
        ("acme_admin", "licenses/product", {"name": "Saturn"}, "change"),
        ("acme_admin", "licenses/licensepolicy", {"name": "Yearly"}, "change"),
        (
            "operator",
            "tenancy/vendor",
            {"company_id": "initech", "name": "Initech", "admin_email": "bill@initech.example"},
            "change",
        ),
    ],
)
def test_a_new_row_is_shown(
    world: World, who: str, model: str, typed: dict[str, str], page: str
) -> None:
    browser = signed_in(getattr(world, who))
    form = form_of(browser.get(f"/{model}/add/").content.decode())
    done = browser.post(f"/{model}/add/", form | typed, follow=True)
    [(place, code)] = done.redirect_chain
    assert (code, place.startswith(f"/{model}/"), place.endswith(f"/{page}/")) == (302, True, True)
    assert 'class="messages' in done.content.decode()
    assert next(iter(typed.values())) in done.content.decode()


@pytest.mark.parametrize(
    ("who", "path", "field", "page"),
    [
        ("acme_admin", "accounts/user/{ada}/change/", "company", "accounts/user/{ada}/story/"),
        ("acme_admin", "licenses/product/{orbit}/change/", "display_name", ""),
        ("operator", "tenancy/vendor/{acme}/change/", "name", ""),
    ],
)
def test_a_changed_row_is_shown(world: World, who: str, path: str, field: str, page: str) -> None:
    ids = {"ada": world.ada.pk, "orbit": world.orbit.pk, "acme": world.acme.pk}
    browser, path = signed_in(getattr(world, who)), f"/{path.format(**ids)}"
    form = form_of(browser.get(path).content.decode(), having=field) | {field: "Otherwise"}
    done = browser.post(path, form, follow=True)
    assert done.redirect_chain == [(f"/{page.format(**ids)}" if page else path, 302)]
    assert "Otherwise" in done.content.decode()


def test_a_changed_licence_is_shown_and_not_its_form(world: World) -> None:
    admin, path = signed_in(world.acme_admin), f"/licenses/license/{world.ada_license.pk}/change/"
    form, asked = license_form(world, order_number="PO-9"), f"{path}?change=yes"
    done = admin.post(asked, form, follow=True)
    assert done.redirect_chain == [(path, 302)]
    assert "PO-9" in done.content.decode()
    stays = admin.post(asked, form | {"order_number": "PO-10", "_continue": ""}, follow=True)
    assert stays.redirect_chain == [(asked, 302)]
    assert 'value="PO-10"' in stays.content.decode()


def test_the_way_back_is_to_the_list_that_the_browser_came_from(world: World) -> None:
    """Not each row of a list says how the list was."""
    admin, query = signed_in(world.acme_admin), "q=orbit&status=active"
    listed = admin.get(f"/licenses/license/?{query}").content.decode()
    row = f"{world.grace_license.pk}/change/"
    assert f'href="{row}"' in listed

    def back(referrer: str) -> bool:
        page = admin.get(f"/licenses/license/{row}", headers={"Referer": referrer})
        return (
            '<a class="crumb" href="/licenses/license/?q=orbit&amp;status=active">'
            in page.content.decode()
        )

    host = f"http://app.{PARENT}"
    assert back(f"{host}/licenses/license/?{query}")
    for other in (
        "",
        f"{host}/licenses/license/",
        f"{host}/licenses/activation/?{query}",
        f"http://evil.example/licenses/license/?{query}",
    ):
        assert not back(other), other


def test_the_way_back_from_what_was_saved_is_to_the_list_as_it_was(world: World) -> None:
    with inside(world.acme):
        policy = LicensePolicy.objects.create(vendor=world.acme, name="Yearly")
    admin = signed_in(world.acme_admin)
    path = f"/licenses/licensepolicy/{policy.pk}/change/?_changelist_filters=p%3D1"
    form = form_of(admin.get(path).content.decode(), having="name")
    done = admin.post(path, form | {"name": "Each year"}, follow=True)
    assert done.redirect_chain == [(path, 302)]


def test_a_change_to_many_leads_to_the_list_as_it_was(world: World) -> None:
    admin, query = signed_in(world.acme_admin), "?q=orbit&status=active"
    chosen: list[Any] = [str(world.ada_license.pk), str(world.grace_license.pk)]
    sent = {"action": "suspend", "_selected_action": chosen}
    page = admin.post(f"/licenses/license/{query}", sent).content.decode()
    listed = "/licenses/license/?q=orbit&amp;status=active"
    target = "/licenses/license/many/suspend/?q=orbit&amp;status=active"
    assert f'action="{target}"' in page
    assert f'href="{listed}"' in page  # leave them as they are
    form = form_of(page, "/licenses/license/many/suspend/")
    done = admin.post(target.replace("&amp;", "&"), form | {"confirm": "yes"}, follow=True)
    assert done.redirect_chain == [(listed.replace("&amp;", "&"), 302)]
    assert "2 licences are changed." in done.content.decode()
    with inside(world.acme):
        assert License.objects.filter(suspended=True).count() == 2


# --- Two at once --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("accounts/user/{ada}/change/", "company"),
        ("licenses/product/{orbit}/change/", "description"),
        ("licenses/license/{license}/change/?change=yes", "notes"),
        ("accounts/user/{ada}/change/", "metadata-0-key"),
        ("licenses/product/{orbit}/change/", "metadata-0-key"),
    ],
)
def test_what_somebody_else_saved_meanwhile_is_not_overwritten_unseen(
    world: World, path: str, field: str
) -> None:
    """Sent again, what is there by now stays, unless something else was typed."""
    ids = {"ada": world.ada.pk, "orbit": world.orbit.pk, "license": world.ada_license.pk}
    browser, path = signed_in(world.acme_admin), f"/{path.format(**ids)}"
    target = path.partition("?")[0] if "?" in path else ""
    first = form_of(browser.get(path).content.decode(), target, having=field)
    assert browser.post(path, first | {field: "By the other"}).status_code == 302
    other = "internal_notes"
    refused = browser.post(path, first | {other: "By the one"})
    assert refused.status_code == 200
    text = unescape(refused.content.decode())
    assert "Somebody has changed this meanwhile. Here is what it is now: save again." in text
    again = form_of(text, target, having=field)
    assert (again[field], again[other]) == (["By the other"], ["By the one"])
    assert browser.post(path, again).status_code == 302
    kept = form_of(browser.get(path).content.decode(), target, having=field)
    assert (kept[field], kept[other]) == (["By the other"], ["By the one"])


def test_what_is_typed_again_stands(world: World) -> None:
    browser, path = signed_in(world.acme_admin), f"/licenses/product/{world.orbit.pk}/change/"
    first = form_of(browser.get(path).content.decode(), having="description")
    assert browser.post(path, first | {"description": "By the other"}).status_code == 302
    mine = first | {"description": "Mine"}
    again = form_of(browser.post(path, mine).content.decode(), having="description")
    assert again["description"] == ["Mine"]
    assert browser.post(path, again).status_code == 302
    kept = form_of(browser.get(path).content.decode(), having="description")
    assert kept["description"] == ["Mine"]


def test_rows_that_both_have_typed_stay_as_they_were_typed(world: World) -> None:
    browser, path = signed_in(world.acme_admin), f"/accounts/user/{world.ada.pk}/change/"
    first = form_of(browser.get(path).content.decode(), having="company")
    theirs = {"metadata-0-key": "crm", "metadata-0-value": "4711"}
    assert browser.post(path, first | theirs).status_code == 302
    mine = {"metadata-0-key": "erp", "metadata-0-value": "12", "metadata-0-visible": "on"}
    text = unescape(browser.post(path, first | mine).content.decode())
    assert "Somebody has changed this meanwhile, to “crm: 4711”." in text
    again = form_of(text, having="company")
    assert {name: again[name] for name in mine} == {name: [each] for name, each in mine.items()}
    assert browser.post(path, again).status_code == 302
    with inside(world.acme):
        kept = User.objects.get(pk=world.ada.pk).metadata
    assert kept == [{"key": "erp", "value": "12", "visible": True}]


def test_a_draft_that_was_published_meanwhile_keeps_what_the_other_wrote(world: World) -> None:
    with inside(world.acme):
        draft = Release(vendor=world.acme, product=world.orbit, version="9.0.0", name="Orbit",
                        platforms=["linux"], notes="Old")  # fmt: skip
        with shelf_for(world.acme.pk) as shelf:
            publishing.save_draft(draft, own_platforms=True)
            publishing.add_files(draft, [("orbit.bin", shelf.store(BytesIO(CONTENT)))])
    browser, path = signed_in(world.acme_admin), f"/releases/release/{draft.pk}/change/"
    first = form_of(browser.get(path).content.decode(), having="notes")
    assert browser.post(path, first | {"notes": "Corrected"}).status_code == 302
    with inside(world.acme):
        publishing.publish(Release.objects.get(pk=draft.pk))
    mine = first | {"name": "Nine", "version": "9.0.1"}
    refused = unescape(browser.post(path, mine).content.decode())
    assert "there are other fields by now" in refused
    assert "to “Corrected”." in refused
    again = form_of(refused, having="notes")
    assert (again["notes"], again["name"], again.get("version")) == (["Old"], ["Nine"], None)
    assert browser.post(path, again | {"notes": "Corrected"}).status_code == 302
    with inside(world.acme):
        kept = Release.objects.get(pk=draft.pk)
    assert (kept.version, kept.notes, kept.name) == ("9.0.0", "Corrected", "Nine")


def test_a_note_overwrites_no_other_note_unseen(world: World) -> None:
    path = f"/accounts/user/{world.grace.pk}/note/"
    browser = signed_in(world.acme_support)
    first = form_of(browser.get(path).content.decode(), having="internal_notes")
    theirs = "Called twice. " * 40
    assert browser.post(path, first | {"internal_notes": theirs}).status_code == 302
    refused = unescape(browser.post(path, first | {"internal_notes": "Pays late"}).content.decode())
    assert f"to “{theirs[:299]}…”." in refused
    again = form_of(refused, having="internal_notes")
    assert again["internal_notes"] == ["Pays late"]
    assert browser.post(path, again).status_code == 302


def test_a_picture_overwrites_no_other_picture_unseen(world: World) -> None:
    admin, path = signed_in(world.acme_admin), "/branding/branding/"
    first = form_of(admin.get(path).content.decode(), having="portal_title")

    def sent(form: dict[str, Any], color: str) -> Any:
        logo = SimpleUploadedFile("logo.png", bytes_of(colour=color), "image/png")
        return admin.post(path, form | {"logo_light": logo})

    assert sent(first, "#ff0000").status_code == 302
    refused = sent(first, "#0000ff")
    assert refused.status_code == 200
    assert "Somebody has changed this meanwhile." in refused.content.decode()
    assert (
        sent(form_of(refused.content.decode(), having="portal_title"), "#0000ff").status_code == 302
    )


@pytest.mark.parametrize(
    ("path", "field", "other"),
    [
        ("branding/branding/", "support_email", "portal_title"),
        ("accounts/portalsettings/", "email_sender", "allowed_own_releases"),
        ("mail/owntext/write/invitation/", "subject", "text"),
    ],
)
def test_pages_of_their_own_overwrite_nothing_unseen_either(
    world: World, path: str, field: str, other: str
) -> None:
    admin, path = signed_in(world.acme_admin), f"/{path}"
    first = form_of(admin.get(path).content.decode(), having=field)
    values = {"support_email": "help@acme.example", "allowed_own_releases": "3"}
    theirs, mine = values.get(field, "By the other"), values.get(other, "{link} by the one")
    assert admin.post(path, first | {field: theirs}).status_code == 302
    refused = admin.post(path, first | {other: mine})
    assert refused.status_code == 200
    again = form_of(refused.content.decode(), having=field)
    assert (again[field], again[other]) == ([theirs], [mine])
    assert admin.post(path, again).status_code == 302
    kept = form_of(admin.get(path).content.decode(), having=field)
    assert (kept[field], kept[other]) == ([theirs], [mine])


def test_what_was_typed_meanwhile_stays_and_a_choice_is_told_by_its_name(world: World) -> None:
    admin, path = signed_in(world.acme_admin), f"/accounts/user/{world.grace.pk}/change/"
    first = form_of(admin.get(path).content.decode(), having="company")
    theirs = {"company": "By the other", "role": "support", "is_active": []}
    assert admin.post(path, first | theirs).status_code == 302
    refused = admin.post(path, first | {"company": "By the one", "role": "admin"})
    text = unescape(refused.content.decode())
    assert "Somebody has changed this meanwhile, to “By the other”." in text
    assert "Somebody has changed this meanwhile, to “Support”." in text
    again = form_of(text, having="company")
    assert (again["company"], again["role"]) == (["By the one"], ["admin"])
    assert "is_active" not in again  # as it is by now: nobody asked for it to be otherwise
