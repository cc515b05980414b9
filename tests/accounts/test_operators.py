"""How operators come: the first one with a new installation, others by a command."""

import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User, among_operators
from accounts.verbs import operators
from tests.world import Browser

PASSWORD = "seven-quiet-otters"


@pytest.fixture(autouse=True)
def _only_the_operator(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """The tables are there, and static files have tests of their own: whoever makes a client later
    would look through all of them each time."""
    from portal.management.commands import prepare

    settings.OPERATOR_EMAIL = "ops@example.com"
    call = prepare.call_command

    def called(name: str, **options: Any) -> None:
        if name != "migrate":
            call(name, **options)

    monkeypatch.setattr(prepare, "call_command", called)
    monkeypatch.setattr(prepare.statics, "collect", lambda: None)


def told_by(command: str, *arguments: str) -> str:
    said = StringIO()
    call_command(command, *arguments, stdout=said)
    return said.getvalue()


def path_in(text: str) -> str:
    [path] = re.findall(r"http://app\.portal\.localhost:8000(/invitation/\S+)", text)
    return str(path)


def test_the_first_start_prints_the_operators_invitation_once(db: None) -> None:
    told = told_by("prepare")
    assert told.startswith("ops@example.com becomes an operator by this link, once, within 14 days")
    assert told_by("prepare") == ""
    with among_operators():
        [operator] = User.operators.all()
    assert not operator.has_usable_password()


def test_its_link_lets_in_whoever_sets_the_password(db: None) -> None:
    path = path_in(told_by("prepare"))
    browser = Browser("app")
    form = {"new_password": PASSWORD, "repeated_password": PASSWORD}
    page = browser.get(path).content.decode()
    names = re.findall(r'<input type="password" name="(\w+)"', page)
    assert browser.post(path, dict.fromkeys(names or form, PASSWORD)).status_code == 302
    assert browser.get("/").status_code == 200
    assert Browser("app").get(path).status_code == 410


def test_where_operators_are_nobody_is_invited(db: None) -> None:
    with among_operators():
        User.operators.create_superuser(email="root@example.com", password=PASSWORD)
    assert told_by("prepare") == ""


def test_of_two_first_starts_at_once_one_makes_the_operator(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other has looked before, and comes second."""
    assert operators.first_operator() is not None
    with among_operators():
        monkeypatch.setattr(type(User.operators.all()), "exists", lambda self: False)
        monkeypatch.setattr(type(User.operators), "at", lambda self, email: None)
    assert operators.first_operator() is None


def test_an_address_that_is_none_is_told_by_its_setting(db: None, settings: Any) -> None:
    settings.OPERATOR_EMAIL = "nobody"
    with pytest.raises(CommandError, match=r"^OPERATOR_EMAIL: .*valid"):
        call_command("prepare")


def test_further_operators_are_invited_by_a_command(db: None) -> None:
    first = path_in(told_by("invite_operator", "Second@Example.com"))
    again = path_in(told_by("invite_operator", "second@example.com"))
    assert {Browser("app").get(path).status_code for path in (first, again)} == {200}
    with among_operators():
        [operator] = User.operators.all()
        operator.set_password(PASSWORD)
        operator.save()
    with pytest.raises(CommandError, match="has set a password already"):
        call_command("invite_operator", "second@example.com")
    with pytest.raises(CommandError, match="valid"):
        call_command("invite_operator", "second")
