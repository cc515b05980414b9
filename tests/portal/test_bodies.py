"""How large a body each page takes; a larger one is refused before anything of it is read."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.handlers.wsgi import LimitedStream

from tests.world import Browser, World, signed_in
from web.bodies import LARGEST, announced
from web.places import Places

KIND = "application/x-www-form-urlencoded"
UPLOAD = f"/releases/release/{uuid4()}/files/"
FILES, GIB = 16 * 1024 * 1024, 1024**3


@pytest.fixture
def _unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("The body was read.")

    monkeypatch.setattr(LimitedStream, "read", refuse)
    monkeypatch.setattr(LimitedStream, "readline", refuse)


def announce(browser: Browser, path: str, size: int, **headers: str) -> Any:
    """The answer to a request that says it has so large a body."""
    return browser.generic(
        "POST", path, b"x", content_type=KIND, CONTENT_LENGTH=str(size), headers=headers
    )


@pytest.mark.usefixtures("_unreadable")
@pytest.mark.parametrize(
    ("visitor", "path", "size", "code"),
    [
        ("anonymous", "/login/", LARGEST + 1, 413),
        ("ada", "/offline/", LARGEST + 1, 413),
        ("ada", "/offline/", 20 * GIB, 413),
        ("acme_admin", "/licenses/license/add/", LARGEST + 1, 413),
        ("acme_admin", "/imports/dataimport/add/", FILES + 1, 413),
        ("acme_admin", "/branding/branding/", FILES + 1, 413),
        ("acme_admin", UPLOAD, 20 * GIB + 1, 413),
        # Who may not send files is refused as on any page.
        ("acme_support", UPLOAD, LARGEST + 1, 403),
        ("acme_support", "/imports/dataimport/add/", LARGEST + 1, 403),
        ("operator", UPLOAD, 20 * GIB, 403),
        ("nobody in the back office", UPLOAD, 20 * GIB, 302),
        ("nobody in the back office", "/imports/dataimport/add/", FILES, 302),
        ("anonymous", "/nothing/", 20 * GIB, 404),
        ("at an unknown host", "/login/", 20 * GIB, 421),
    ],
)
def test_what_is_too_large_is_not_read(
    world: World, visitor: str, path: str, size: int, code: int
) -> None:
    if visitor == "anonymous":
        browser = Browser("acme")
    elif visitor == "nobody in the back office":
        browser = Browser("app")
    elif visitor == "at an unknown host":
        browser = Browser("nobody")
    else:
        browser = signed_in(getattr(world, visitor))
    response = announce(browser, path, size)
    assert response.status_code == code
    if code == 413:
        assert "larger than this page takes" in response.content.decode()


@pytest.mark.parametrize(
    ("text", "size"),
    [("7", 7), ("", 0), (None, 0), ("-1", 0), ("x", 0), ("1e9", 0), ("٣", 3)],
)
def test_what_is_announced_is_what_django_reads(text: str | None, size: int) -> None:
    assert announced({"CONTENT_LENGTH": text}) == size


def test_uploads_of_one_vendor_leave_places_to_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who gets a place is told by the body, of which nothing comes after all."""
    from web import places

    slow = Places(4)
    monkeypatch.setattr(places, "slow", slow)
    admin, foreign = signed_in(world.acme_admin), signed_in(world.globex_admin)
    held = [slow.take(str(world.acme.pk)) for _ in range(2)]
    refused = announce(admin, UPLOAD, LARGEST + 1)
    assert refused.status_code == 503
    assert refused["Retry-After"] == "30"
    assert announce(foreign, UPLOAD, LARGEST + 1).status_code == 400
    assert announce(admin, UPLOAD, LARGEST).status_code == 400  # is there before a thread begins
    held.pop().give_back()
    for _ in range(3):  # each gives its place back
        assert announce(admin, UPLOAD, LARGEST + 1).status_code == 400
