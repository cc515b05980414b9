"""The pages of one's own access tokens."""

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import PersonalAccessToken, Role, User
from accounts.tokens import verbs
from accounts.tokens.scopes import NOUNS, SCOPES
from accounts.tokens.words import WORDS, told
from audit.models import AuditEntry
from tenancy.door import inside
from tests import world as worlds
from tests.accounts.test_second_factor_on import below
from tests.api.program import Program
from tests.world import World, signed_in

TOKEN = re.compile(r"<code>(pat_[0-9a-f]{32}\.[\w-]{43})</code>")
NIGHTLY = {"name": "Nightly", "lasts": "30", "scope_user": "read", "scope_license": "read"}


def test_scopes_in_words() -> None:
    assert set(WORDS) == set(NOUNS)
    assert told(["license:read", "user:write", "user:read"]) == [
        "Licences: read",
        "People: read and change",
    ]
    assert len(told(SCOPES)) == len(NOUNS)
    assert told(["user:read"], own=True) == ["Your profile: read"]


@pytest.mark.parametrize("who", ["ada", "acme_support"])
def test_a_token_is_made_shown_once_and_told_of(world: World, who: str, frozen_time: Any) -> None:
    person: User = getattr(world, who)
    browser, path = signed_in(person), f"{below(person)}/tokens/"
    assert "You have none yet" in browser.get(path).content.decode()
    page = browser.post(f"{path}make/", NIGHTLY)
    found = TOKEN.search(page.content.decode())
    assert found
    assert f'data-copy="{found[1]}"' in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    listed = browser.get(path).content.decode()
    assert "Nightly" in listed
    assert "Not used yet." in listed
    assert found[1] not in listed
    assert Program(found[1]).get("/v3/me").json()["email"] == person.email
    assert Program(found[1]).change("/v3/me", {"firstName": "X"}).status_code == 403
    [message] = mail.outbox
    assert message.to == [person.email]
    assert "“Nightly”" in message.body
    frozen_time.shift(timedelta(days=31))
    assert Program(found[1]).get("/v3/me").status_code == 401


def test_it_is_made_by_who_has_just_shown_to_be_that_person(world: World, frozen_time: Any) -> None:
    browser = signed_in(world.ada)
    frozen_time.shift(timedelta(minutes=11))
    for answer in (
        browser.get("/profile/tokens/make/"),
        browser.post("/profile/tokens/make/", NIGHTLY),
    ):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/profile/prove/")
    with inside(world.acme):
        assert not PersonalAccessToken.objects.exists()


@pytest.mark.parametrize(
    "changed",
    [
        {"name": ""},
        {"scope_user": "", "scope_license": ""},
        {"scope_license": "write"},  # what a customer can't do
        {"scope_role": "read", "scope_user": "", "scope_license": ""},
        {"lasts": "9999"},
    ],
)
def test_what_can_not_be_is_not_made(world: World, changed: dict[str, str]) -> None:
    page = signed_in(world.ada).post("/profile/tokens/make/", NIGHTLY | changed)
    assert "Nothing was saved yet" in page.content.decode()
    with inside(world.acme):
        assert not PersonalAccessToken.objects.exists()


def test_it_is_revoked_and_deleted(world: World) -> None:
    with inside(world.acme):
        row, token = verbs.write(world.ada, name="Nightly", scopes=["user:read"])
    browser, path = signed_in(world.ada), f"/profile/tokens/{row.pk}/"
    for _time in range(2):
        assert browser.post(path, {"revoke": ""}).status_code == 302
    with inside(world.acme):
        assert AuditEntry.objects.filter(subject_id=row.pk, action="changed").count() == 1
    assert Program(token).get("/v3/me").status_code == 401
    assert "Revoked." in browser.get("/profile/tokens/").content.decode()
    assert 'name="revoke"' not in browser.get(path).content.decode()
    assert browser.post(path, {"delete": ""}).status_code == 302
    assert browser.get(path).status_code == 404


def test_an_administrator_revokes_it_and_its_person_is_told(world: World) -> None:
    with inside(world.acme):
        row, token = verbs.write(world.ada, name="Nightly", scopes=["user:read"])
    story, path = (
        f"/accounts/user/{world.ada.pk}/story/",
        f"/accounts/user/{world.ada.pk}/tokens/{row.pk}/",
    )
    admin = signed_in(world.acme_admin)
    assert f'href="{path}"' in admin.get(story).content.decode()
    assert "People: read" in admin.get(path).content.decode()
    for other, status in ((world.acme_support, 403), (world.globex_admin, 404)):
        assert signed_in(other).post(path).status_code == status
    assert path not in signed_in(world.acme_support).get(story).content.decode()
    assert Program(token).get("/v3/me").status_code == 200
    assert admin.post(path).status_code == 302
    assert Program(token).get("/v3/me").status_code == 401
    [message] = mail.outbox
    assert message.to == ["ada@example.com"]
    assert message.subject == "An access token was revoked at Acme Instruments"
    assert admin.post(path).status_code == 302  # a second time tells nobody
    assert len(mail.outbox) == 1
    another = path.replace(str(world.ada.pk), str(world.grace.pk))
    assert admin.get(another).status_code == 404


def test_the_list_asks_the_same_for_one_and_three(world: World) -> None:
    browser, counts = signed_in(world.ada), []
    browser.get("/profile/tokens/")
    for more in (1, 2):
        with inside(world.acme):
            for n in range(more):
                verbs.write(world.ada, name=f"Token {n}", scopes=["user:read"])
        with CaptureQueriesContext(connection) as asked:
            browser.get("/profile/tokens/")
        counts.append(len(asked))
    assert counts[0] == counts[1]


LIST = "/accounts/personalaccesstoken/"


def test_administrators_list_all_tokens_and_revoke_one(world: World) -> None:
    with inside(world.acme):
        row, token = verbs.write(world.ada, name="Nightly", scopes=["user:read"])
        verbs.write(world.acme_support, name="Export", scopes=["license:read", "user:write"])
    with inside(world.globex):
        verbs.write(world.bob, name="Elsewhere", scopes=["user:read"])
    assert Program(token).get("/v3/me").status_code == 200
    admin, support = signed_in(world.acme_admin), signed_in(world.acme_support)
    listed = admin.get(LIST).content.decode()
    for told_there in ("Nightly", "ada@example.com", "Your profile: read", "Export",
                       "Licences: read · People: read and change"):  # fmt: skip
        assert told_there in listed
    assert "Elsewhere" not in listed
    assert row.digest not in listed
    assert "Export" not in admin.get(LIST, {"q": "lovelace"}).content.decode()
    assert "Nightly" not in admin.get(LIST, {"revoked__exact": "1"}).content.decode()
    assert support.get(LIST).status_code == 403

    page = f"{LIST}{row.pk}/change/"
    revoking = f"/accounts/user/{world.ada.pk}/tokens/{row.pk}/"
    assert f'href="{revoking}"' in admin.get(page).content.decode()
    assert admin.post(revoking).status_code == 302
    assert Program(token).get("/v3/me").status_code == 401
    assert revoking not in admin.get(page).content.decode()
    assert "Nightly" in admin.get(LIST, {"revoked__exact": "1"}).content.decode()


def test_who_may_only_look_at_tokens_revokes_none(world: World) -> None:
    with inside(world.acme):
        row, _token = verbs.write(world.ada, name="Nightly", scopes=["user:read"])
        support = Role.objects.filter(name="support")
        support.update(claims=["accounts.view_personalaccesstoken"])
    browser = signed_in(world.acme_support)
    page = browser.get(f"{LIST}{row.pk}/change/").content.decode()
    assert "Nightly" in page
    revoking = f"/accounts/user/{world.ada.pk}/tokens/{row.pk}/"
    assert revoking not in page
    assert browser.post(revoking).status_code == 403


def test_the_list_of_all_asks_the_same_for_one_and_three(world: World) -> None:
    browser, counts = signed_in(world.acme_admin), []
    browser.get(LIST)
    for person in (world.ada, world.grace, world.acme_support):
        with inside(world.acme):
            verbs.write(person, name="Nightly", scopes=["user:read"])
        with CaptureQueriesContext(connection) as asked:
            assert "Nightly" in browser.get(LIST).content.decode()
        counts.append(len(asked))
    assert counts == [4, 4, 4]


@pytest.mark.django_db(transaction=True)
def test_twelve_at_once_make_no_more_than_anybody_may_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(verbs, "MOST", 5)
    world, together = worlds.build(), threading.Barrier(12)
    results: list[str] = []

    def make(n: int) -> None:
        together.wait()
        try:
            with inside(world.acme):
                verbs.make(world.ada, name=f"Program {n}", scopes=["user:read"])
            results.append("made")
        except verbs.TooManyTokens as error:
            results.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=make, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["TOO_MANY_TOKENS"] * 7 + ["made"] * 5
    with inside(world.acme):
        assert PersonalAccessToken.objects.filter(user=world.ada).count() == 5
        verbs.make(world.grace, name="Another's", scopes=["user:read"])
