"""Whoever works in the back office, and whatever he may do: every link and every button on his
pages works."""

import re

import pytest

from accounts.models import User
from tests.accounts.test_roles import person
from tests.backoffice.walking import clicker, walk
from tests.world import World

# Who may do little: what a role of a vendor's own may come to.
OWN_ROLES = {
    "clerk": ("licenses.view_license", "licenses.change_license", "accounts.view_user"),
    "seller": ("licenses.add_license", "licenses.view_license", "licenses.view_product"),
    "helper": (
        "accounts.view_user",
        "accounts.view_as_user",
        "licenses.view_seatrequest",
        "licenses.view_activation",
    ),
    "editor": ("releases.view_release", "releases.change_release", "releases.view_releasefile"),
}
FINE = {200, 302}


def who_is(world: World, who: str) -> User:
    return person(world.acme, who, *OWN_ROLES[who]) if who in OWN_ROLES else getattr(world, who)


# What a machine writes and nobody wants to read.
NOTHING = {"-", "–", "—", "None", "True", "False", "[]", "{}", "null"}
RAW = {
    "a moment as machines write it": re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d"),
    # In an address that somebody copies it stands behind a slash.
    "an id": re.compile(r"(?<!/)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"),
    "JSON": re.compile(r"""^\s*[\[{]["'{]|[{\[]["']\w+["']\s*[:,\]]"""),
    "a length in seconds": re.compile(r"^\s*(3600|86400|2592000|31536000)\s*$"),
}


# What is to be copied into another program is as that program takes it.
ADDRESS = re.compile(r"https?://\S+")


def raw_in(text: str) -> list[str]:
    text = ADDRESS.sub("an address", text)
    found = ["nothing"] if text.strip() in NOTHING else []
    return found + [name for name, pattern in RAW.items() if pattern.search(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("–", ["nothing"]),
        (" None\n", ["nothing"]),
        ("None: one seat, never expires", []),
        ("2026-11-24T12:00:00+00:00", ["a moment as machines write it"]),
        ("2026-11-24 12:00:00.5+00:00", ["a moment as machines write it"]),
        ("2026-11-24", []),
        ('[{"key": "Order", "value": "7"}]', ["JSON"]),
        ("{'name': 'x'}", ["JSON"]),
        ("ADA111-ACME-ORBIT-0001", []),
        ("f003958f-8229-4de7-a6ce-931d03424d5f", ["an id"]),
        ("3600", ["a length in seconds"]),
        ("3600 licences", []),
        ("http://acme.example/back/f003958f-8229-4de7-a6ce-931d03424d5f/", []),
    ],
)
def test_what_is_raw_is_seen(text: str, found: list[str]) -> None:
    assert raw_in(text) == found


@pytest.mark.parametrize("who", ["acme_admin", "acme_support", "operator", *OWN_ROLES])
def test_every_link_and_button_is_there_for_who_may_use_it(filled: World, who: str) -> None:
    """And no page tells anything as machines write it."""
    answers = list(walk(clicker(who_is(filled, who))))
    wrong = [
        f"{each.on} has {each.asked}: {each.code}" for each in answers if each.code not in FINE
    ]
    wrong += [
        f"{each.asked}: {text.strip()[:80]!r} is {name}"
        for each in answers
        if each.page
        for text in (*each.page.texts, *(value for _name, value in each.page.values))
        for name in raw_in(text)
    ]
    assert not wrong, "\n".join(wrong)
