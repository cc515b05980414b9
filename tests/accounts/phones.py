"""People with a second factor, and what their phones show."""

import re
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.second_factor import codes, verbs
from accounts.sessions import people_of
from tenancy.hosts import Site
from tests.world import PASSWORD, Browser

SHOWN = re.compile(r"<li><code>([0-9a-z-]{19})</code></li>")
SECRET = re.compile(r'data-copy="([A-Z2-7]{32})"')


@dataclass
class Phone:
    """An authenticator app with one secret, and the recovery codes on paper."""

    secret: bytes
    recovery: list[str]

    def code(self, later: int = 0) -> str:
        """What it shows now, or some steps later."""
        return codes.code_at(self.secret, step_now() + later)


def step_now() -> int:
    return codes.step_of(timezone.now().timestamp())


def phone_of(person: User) -> Phone:
    """Sets a second factor up for the person, by the code of the step before: the one of now has
    not been used. Nobody is signed in by that."""
    secret = codes.new_secret()
    code = codes.code_at(secret, step_now() - 1)
    site = Site.CUSTOMER if person.is_customer else Site.BACKOFFICE
    with people_of(person.vendor):
        person = User.people.select_related("vendor").get(pk=person.pk)
        _token, made = verbs.set_up(person, secret=secret, code=code, site=site, browser="a phone")
        verbs.sessions.end_all(person)
    return Phone(secret, made)


def browser_for(person: User) -> Browser:
    """A browser on the host where the person signs in."""
    return Browser(person.vendor.company_id if person.is_customer and person.vendor else "app")


def typed_by(person: User, password: str = PASSWORD) -> dict[str, str]:
    """What the person types on the sign-in page."""
    company_id = person.vendor.company_id if person.vendor else ""
    return {"email": person.email, "password": password, "company_id": company_id}


def past_password(person: User, browser: Browser | None = None, path: str = "/login/") -> Browser:
    """A browser in which the password was right, and nothing more was shown."""
    browser = browser or browser_for(person)
    answer = browser.post(path, typed_by(person))
    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/login/code/")
    return browser


def by_code(person: User, phone: Phone, later: int = 0) -> Browser:
    """A browser in which the person is signed in by both."""
    browser = past_password(person)
    answer = browser.post("/login/code/", {"code": phone.code(later)})
    assert answer.status_code == 302, answer.content.decode()
    return browser


def shown(response: Any) -> list[str]:
    """The recovery codes on a page."""
    return SHOWN.findall(response.content.decode())
