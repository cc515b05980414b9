"""Whether an address has an account."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tenancy.door import inside
from tests.accounts.attacks.catalogue import Scene, all_said, attack, said
from tests.accounts.phones import phone_of
from tests.portal.test_url_matrix import CUSTOMER
from tests.world import PASSWORD, Browser, signed_in
from web.models import RateBucket

WRONG = "wrong wrong wrong"
NOBODY = "nobody@example.com"


def people(scene: Scene) -> dict[str, str]:
    """Addresses of whom the portal knows, and of one it doesn't."""
    with inside(scene.world.acme):
        User.objects.filter(pk=scene.world.grace.pk).update(is_active=False)
        User.objects.create_user(vendor=scene.world.acme, email="new@example.com", password=None)
    phone_of(scene.world.ada)
    return {
        "somebody with a second factor": "ada@example.com",
        "somebody switched off": "grace@example.com",
        "somebody without a password": "new@example.com",
        "staff": "admin@acme.example",
        "a customer of another vendor's": "bob@example.com",
        "nobody": NOBODY,
    }


def page_of(response: Any, email: str) -> str:
    """The page without what was typed and what is random."""
    text = response.content.decode()
    text = text.replace(email, "…") if email else text
    return re.sub(r'name="(csrfmiddlewaretoken|once)" value="[\w-]+"', "…", text)


def effort(act: Callable[[], Any]) -> tuple[int, int]:
    """How many statements and how many hashes of passwords an answer takes."""
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str) -> str:
        hashed.append(salt)
        return encode(self, password, salt)

    RateBucket.objects.all().delete()
    with pytest.MonkeyPatch.context() as patch, CaptureQueriesContext(connection) as asked:
        patch.setattr(MD5PasswordHasher, "encode", counted)
        act()
    return len(asked), len(hashed)


@attack
def by_the_page_at_sign_in(scene: Scene) -> str:
    """By text and status: a wrong password for six kinds of people, one of them nobody."""
    answers, pages = [], set()
    for email in people(scene).values():
        answer = Browser("acme").post("/login/", {"email": email, "password": WRONG})
        answers.append(answer)
        pages.add(page_of(answer, email))
    assert len(pages) == 1
    return f"{all_said(answers)}; one page for all"


@attack
def by_the_time_of_sign_in(scene: Scene) -> str:
    """By time: the same, and what each costs."""
    costs = {
        who: effort(lambda email=email: Browser("acme").post("/login/", {"email": email,
                                                                        "password": WRONG}))
        for who, email in people(scene).items()
    }  # fmt: skip
    [(_statements, hashes)] = set(costs.values())
    assert hashes == 1, costs
    return "as many statements, and one hash, for each"


@attack
def by_the_time_of_a_long_password(_scene: Scene) -> str:
    """By time, and to keep the processor busy: a password of a megabyte, for somebody and nobody."""
    long = "x" * 1_000_000
    costs = [
        effort(lambda email=email: Browser("acme").post("/login/", {"email": email,
                                                                   "password": long}))
        for email in ("ada@example.com", NOBODY)
    ]  # fmt: skip
    assert {hashes for _statements, hashes in costs} == {0}
    assert len(set(costs)) == 1
    return "refused before anything is hashed"


@attack
def by_the_page_that_sends_a_link(scene: Scene) -> str:
    """By text and status: a new password is asked for, for six kinds of people."""
    answers = [
        Browser("acme").post("/password-reset/", {"email": email})
        for email in people(scene).values()
    ]
    assert {message.to[0] for message in mail.outbox} <= {"ada@example.com", "new@example.com"}
    return all_said(answers)


@attack
def by_the_time_of_sending_a_link(scene: Scene) -> str:
    """By time: the same, where a worker of the queue looks the address up, as in production."""
    scene.settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}}
    costs = {
        who: effort(lambda email=email: Browser("acme").post("/password-reset/", {"email": email}))
        for who, email in people(scene).items()
    }
    assert len(set(costs.values())) == 1, costs
    return "as many statements for each"


@attack
def by_the_limit(_scene: Scene) -> str:
    """By the limit: whether nobody's address is slowed down like somebody's."""
    seen = []
    for email in ("ada@example.com", NOBODY):
        typed = {"email": email, "password": WRONG}
        seen.append([Browser("acme").post("/login/", typed).status_code for _try in range(8)])
    assert seen[0] == seen[1]
    return f"{seen[0][0]} six times, then {seen[0][-1]}, for both"


@attack
def by_the_company_id(scene: Scene) -> str:
    """In the back office: a company id that there is, and one that there is not."""
    people(scene)
    pages, answers = set(), []
    for company_id in ("acme", "globex", "nothing"):
        typed = {"email": NOBODY, "password": WRONG, "company_id": company_id}
        answer = Browser("app").post("/login/", typed)
        answers.append(answer)
        pages.add(page_of(answer, NOBODY).replace(company_id, "…"))
    assert len({page.count("errorlist") for page in pages}) == 1
    return f"{all_said(answers)}; the same sentence"


@attack
def by_a_new_address(scene: Scene) -> str:
    """A customer changes the own e-mail to one that somebody has, and to one that nobody has."""
    answers = []
    for new in ("grace@example.com", "admin@acme.example", NOBODY):
        typed = {"new_email": new, "current_password": PASSWORD}
        browser = signed_in(scene.world.ada)
        answers.append(browser.post("/profile/email/", typed))
        page = browser.get("/profile/").content.decode()
        assert f"Follow the link that was sent to {new} to confirm it." in page
    return f"{all_said(answers)}; the same sentence, and an e-mail to each"


@attack
def by_the_second_step(scene: Scene) -> str:
    """Whether somebody has a second factor, without the password."""
    typed = {"email": "ada@example.com", "password": WRONG}
    before = Browser("acme").post("/login/", typed)
    phone_of(scene.world.ada)
    after = Browser("acme").post("/login/", typed)
    assert page_of(before, "") == page_of(after, "")
    step = Browser("acme").get("/login/code/")
    return f"{all_said([before, after])}, the same page; the second step answers {said(step)}"


@attack
def by_ids(scene: Scene) -> str:
    """Whether a licence has an id: another's, another vendor's, and one that there is not."""
    world = scene.world
    hers = signed_in(world.ada)
    ids = (world.grace_license.pk, world.bob_license.pk, world.ada.pk)
    answers = [hers.get(f"/licenses/{each}/") for each in ids]
    pages = {page_of(answer, str(id)) for answer, id in zip(answers, ids, strict=True)}
    assert len(pages) == 1
    return f"{all_said(answers)}; one page for all"


@attack
def by_who_is_asked_to_sign_in(scene: Scene) -> str:
    """Without an account: whether addresses of rows that there are answer otherwise."""
    world = scene.world
    answers = [
        Browser("acme").get(f"/licenses/{each}/")
        for each in (world.ada_license.pk, world.bob_license.pk, world.ada.pk)
    ]
    assert CUSTOMER["license"][0][0] == 302
    return all_said(answers)
