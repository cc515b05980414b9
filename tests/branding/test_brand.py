"""A vendor's look: set in the back office, seen on the portal and in e-mails."""

import re
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from branding.colours import LIGHT, corrected
from branding.models import BrandImage, Branding
from branding.verbs.brands import Look, change_brand
from mail.outbox import queue
from tenancy.door import inside
from tests.branding.pictures import bytes_of, picture
from tests.world import Browser, World, signed_in, vendor_now

PATH = "/branding/branding/"


@pytest.fixture
def admin(world: World) -> Browser:
    return signed_in(world.acme_admin)


def form(**changes: Any) -> dict[str, Any]:
    return {
        "portal_title": "Acme Licences",
        "welcome": "Welcome, *friends*",
        "use_accent": "on",
        "accent_color": "#ffcc00",
        "support_email": "help@acme.example",
        "support_url": "https://acme.example/help",
        "website": "",
        "privacy_url": "https://acme.example/privacy",
        "terms_url": "https://acme.example/terms",
        "imprint_url": "https://acme.example/imprint",
        **changes,
    }


def logo(name: str = "logo.png", **options: Any) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, bytes_of(**options), "image/png")


def test_a_brand_in_one_form(world: World, admin: Browser) -> None:
    assert admin.get(PATH).status_code == 200
    sent = form(logo_light=logo(), logo_dark=logo(colour="#eeeeee"), favicon=logo(size=(64, 64)))
    response = admin.post(PATH, sent, follow=True)
    assert "The look of your portal is saved." in response.content.decode()
    with inside(world.acme):
        branding = Branding.objects.get()
        assert BrandImage.objects.count() == 3
    page = Browser().get("/login/").content.decode()
    for text in (
        "<title>Sign in · Acme Licences</title>",
        "Welcome, *friends*",
        "help@acme.example",
        "https://acme.example/privacy",
        "https://acme.example/terms",
        "https://acme.example/imprint",
        f'href="/branding.css?v={branding.version}"',
        f'src="/branding/{branding.logo_light}" width="320" height="80" alt="Acme Licences"',
        f'srcset="/branding/{branding.logo_dark}"',
        f'href="/branding/{branding.favicon}"',
    ):
        assert text in page, text
    error = Browser().get("/nothing-here/").content.decode()
    assert branding.logo_light in error
    other = Browser("globex").get("/login/").content.decode()
    assert "Acme" not in other
    assert "branding.css" not in other


def test_without_a_logo_the_name_is_set_in_type(world: World) -> None:
    page = Browser().get("/login/").content.decode()
    assert re.search(r'<a class="brand" href="/">\s*Acme Instruments\s*</a>', page)
    assert "<img" not in page


def test_the_style_sheet(world: World, admin: Browser) -> None:
    admin.post(PATH, form())
    address = "/branding.css?v=1"
    response = Browser().get(address)
    assert f"--accent: {corrected('#ffcc00', LIGHT).accent};" in response.content.decode()
    assert response["Content-Type"] == "text/css"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    again = Browser().get(address, headers={"if-none-match": response["ETag"]})
    assert again.status_code == 304
    admin.post(PATH, form(accent_color="#0033cc"))
    assert Browser().get(address)["Cache-Control"] == "public, no-cache"
    assert Browser().get(address)["ETag"] != response["ETag"]
    assert 'href="/branding.css?v=2"' in Browser().get("/login/").content.decode()
    assert Browser("globex").get("/branding.css").content == b""


def test_pictures_are_served_by_their_content_and_on_the_vendors_host_alone(
    world: World, admin: Browser
) -> None:
    admin.post(PATH, form(logo_light=logo()))
    with inside(world.acme):
        name = Branding.objects.get().logo_light
    response = Browser().get(f"/branding/{name}")
    assert response["Content-Type"] == "image/png"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.content.startswith(b"\x89PNG")
    assert Browser("globex").get(f"/branding/{name}").status_code == 404
    for odd in ("nothing.png", "%00", "..%2f", "a" * 3000):
        assert Browser().get(f"/branding/{odd}").status_code == 404


def test_replacing_and_taking_away(world: World, admin: Browser) -> None:
    admin.post(PATH, form(logo_light=logo()))
    with inside(world.acme):
        first = Branding.objects.get().logo_light
    admin.post(PATH, form())  # without a file what is there stays
    with inside(world.acme):
        assert Branding.objects.get().logo_light == first
    admin.post(PATH, form(logo_light=logo(colour="#123456")))
    with inside(world.acme):
        assert Branding.objects.get().logo_light != first
        assert BrandImage.objects.count() == 1
    assert Browser().get(f"/branding/{first}").status_code == 404
    admin.post(PATH, {**form(), "logo_light-clear": "on", "use_accent": ""})
    with inside(world.acme):
        branding = Branding.objects.get()
        assert (branding.logo_light, branding.accent_color) == ("", "")
        assert BrandImage.objects.count() == 0


@pytest.mark.parametrize(
    ("field", "typed", "kept"),
    [
        ("accent_color", "ff6600", "#ff6600"),
        ("accent_color", " #F60 ", "#FF6600"),
        ("privacy_url", "acme.example/privacy", "https://acme.example/privacy"),
    ],
)
def test_what_people_type_is_understood(
    world: World, admin: Browser, field: str, typed: str, kept: str
) -> None:
    assert "novalidate" in admin.get(PATH).content.decode()  # browsers would refuse it
    assert admin.post(PATH, form(**{field: typed})).status_code == 302
    with inside(world.acme):
        assert getattr(Branding.objects.get(), field) == kept


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"logo_light": SimpleUploadedFile("a.svg", b"<svg/>")}, "does not say how large it is"),
        ({"logo_light": SimpleUploadedFile("a.png", b"PK\x03\x04")}, "a file of the kind ZIP"),
        ({"logo_light": logo(size=(5001, 5000))}, "more than 25 million pixels"),
        ({"logo_light": SimpleUploadedFile("a.png", b"x" * 2_100_000)}, "larger than 2 MB"),
        ({"accent_color": "red"}, "six hexadecimal digits"),
        ({"accent_color": "url(x)"}, "six hexadecimal digits"),
        ({"privacy_url": "javascript:alert(1)"}, "Enter a valid URL"),
        ({"support_email": "nobody"}, "Enter a valid email"),
        ({"portal_title": "t" * 61}, "at most 60 characters"),
        ({"website": f"https://e.example/{'a' * 400}"}, "at most 200 characters"),
        ({"terms_url": f"https://e.example/{'a' * 400}"}, "at most 200 characters"),
    ],
)
def test_what_is_refused_is_said_and_changes_nothing(
    world: World, admin: Browser, changes: dict[str, Any], text: str
) -> None:
    response = admin.post(PATH, form(**changes))
    assert response.status_code == 200
    assert text in response.content.decode()
    with inside(world.acme):
        assert not Branding.objects.exists()
    assert vendor_now(world.acme).support_email == "support@acme.example"


def test_the_preview_saves_nothing(world: World, admin: Browser) -> None:
    page = admin.post(PATH, form(preview="Preview", logo_light=logo())).content.decode()
    assert "preview.css?accent=%23ffcc00" in page
    with inside(world.acme):
        assert not Branding.objects.exists()
        assert not BrandImage.objects.exists()
    css = admin.get("/branding/branding/preview.css?accent=%23ffcc00").content.decode()
    assert "--given: #ffcc00" in css
    assert f"--accent: {corrected('#ffcc00', LIGHT).accent}" in css
    for odd in ("", "red", "%23zzzzzz", "}*{color:red"):
        text = admin.get(f"/branding/branding/preview.css?accent={odd}").content.decode()
        assert text == ""  # the page's own style sheet has the portal's own colours


def warnings_in(page: str) -> list[str]:
    return re.findall(r"On \w+ ground this logo can hardly be seen", page)


def test_a_logo_that_can_hardly_be_seen_is_warned_of(world: World, admin: Browser) -> None:
    """In the preview, when it is saved, and on the page from then on; the other logo mends it."""
    light, dark = (f"On {each} ground this logo can hardly be seen" for each in ("light", "dark"))
    previewed = admin.post(PATH, form(preview="Preview", logo_light=logo(colour="#1a1a1a")))
    assert warnings_in(previewed.content.decode()) == [dark]
    saved = admin.post(PATH, form(logo_light=logo(colour="#1a1a1a")), follow=True)
    assert warnings_in(saved.content.decode()) == [dark, dark]  # a message, and the preview
    assert warnings_in(admin.get(PATH).content.decode()) == [dark]
    mended = admin.post(PATH, form(logo_dark=logo(colour="#eeeeee")), follow=True)
    assert warnings_in(mended.content.decode()) == []
    taken = admin.post(PATH, form(**{"logo_light-clear": "on"}), follow=True)
    assert warnings_in(taken.content.decode()) == [light, light]


def test_a_chosen_file_is_shown_and_named(world: World, admin: Browser) -> None:
    """The picture that was sent and is not saved is in the page itself; a saved one has an address
    and a box that takes it away."""
    shown = r'<p class="picture-shown preview-(\w+)">\s*<img src="([^"]+)"'
    sent = {"preview": "Preview", "logo_dark": logo("night.png"), "favicon": logo(size=(64, 64))}
    page = admin.post(PATH, form(**sent)).content.decode()
    found = re.findall(shown, page)
    assert [(ground, src.partition(",")[0]) for ground, src in found] == [
        ("dark", "data:image/png;base64"), ("light", "data:image/png;base64"),
    ]  # fmt: skip
    assert "night.png is not saved yet." in page
    assert "Choose it once more." in page
    by_script = admin.post(PATH, form(**sent | {"preview": "script", "logo_dark": logo("n.png")}))
    assert "n.png is not saved yet." in by_script.content.decode()
    assert "Choose it once more." not in by_script.content.decode()
    page = admin.post(PATH, form(logo_dark=logo("night.png")), follow=True).content.decode()
    [(ground, src)] = re.findall(shown, page)
    assert ground == "dark"
    assert admin.get(src)["Content-Type"] == "image/png"
    assert "not saved yet" not in page
    assert re.findall(r'name="(\w+-clear)"', page) == ["logo_dark-clear"]


def test_texts_are_escaped(world: World, admin: Browser) -> None:
    admin.post(PATH, form(portal_title="<b>Acme</b>", welcome="<script>alert(1)</script>"))
    page = Browser().get("/login/").content.decode()
    assert "<b>Acme" not in page
    assert "<script>alert" not in page


def test_emails_carry_the_brand(world: World) -> None:
    with inside(world.acme):
        look = Look(accent_color="#aa0066", portal_title="Acme Licences")
        branding = change_brand(vendor=world.acme, look=look, pictures={"logo_light": picture()})
        queue("password-reset", user=world.grace)
    with inside(world.globex):
        queue("password-reset", user=world.bob)
    ours, theirs = (str(message.alternatives[0][0]) for message in mail.outbox)  # type: ignore[attr-defined]
    assert f'src="http://acme.portal.localhost:8000/branding/{branding.logo_light}"' in ours
    assert "background:#aa0066;color:#ffffff" in ours
    assert "<img" not in theirs
    assert "background:#2450c8;color:#ffffff" in theirs


def test_a_brand_costs_no_query(world: World) -> None:
    browser = signed_in(world.ada)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get("/licenses/").status_code == 200
        return len(captured)

    browser.get("/licenses/")
    before = queries()
    with inside(world.acme):
        pictures = {"logo_light": picture(), "favicon": picture("#000000")}
        change_brand(vendor=world.acme, look={"accent_color": "#aa0066"}, pictures=pictures)
    assert queries() == before
