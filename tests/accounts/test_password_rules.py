"""What a new password may not be, and what is not asked of it."""

import logging
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.checks import run_checks
from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.password_rules import is_leaked
from tenancy.models import Vendor
from tests.world import World, signed_in

VENDOR = Vendor(
    company_id="acme", name="Acme Instruments", canonical_domain="licenses.acmetools.example"
)
PERSON = User(
    email="ada.lovelace@example.com",
    first_name="Augusta",
    last_name="Lovelace",
    company="Analytical Engines",
    vendor=VENDOR,
)
REFUSED = {
    "too short": ("ninechars", "password_too_short"),
    "in the list": ("password123", "password_too_common"),
    "the e-mail": ("ada.lovelace@example.com", "password_too_similar"),
    "the name": ("AugustaLovelace", "password_too_similar"),
    "the company of the person": ("analyticalengines", "password_too_similar"),
    "the vendor": ("Acme Instruments", "password_like_vendor"),
    "the vendor and a year": ("acme-instruments-2026!", "password_like_vendor"),
    "a word of the vendor": ("Instruments1", "password_like_vendor"),
    "its domain": ("licenses.acmetools.example", "password_like_vendor"),
    "a label of its domain": ("acmetools-2026", "password_like_vendor"),
    "its address": ("acme.portal.localhost", "password_like_vendor"),
    "digits that count": ("12345678901234", "password_predictable"),
    "and back": ("9876543210987", "password_predictable"),
    "the alphabet": ("abcdefghijklm", "password_predictable"),
    "one again and again": ("zzzzzzzzzzzzzz", "password_predictable"),
    "two again and again": ("xyxyxyxyxyxyxy", "password_predictable"),
}


@pytest.mark.parametrize(("password", "code"), REFUSED.values(), ids=REFUSED)
def test_what_is_easy_to_guess_is_refused(password: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        validate_password(password, PERSON)
    assert code in {error.code for error in refused.value.error_list}


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "83920174658392",  # digits alone
        "lowercaseonlyletters",
        "ZWÖLF BOXKÄMPFER",
        "acme makes good telescopes",  # the vendor's word, and enough beside it
        "🦊🐢🐙🦜🐝🐌🦔🐇🐿🐊",
        "     spaces count     ",
    ],
)
def test_no_kind_of_character_is_asked_for(password: str) -> None:
    validate_password(password, PERSON)
    validate_password(password, User(email="root@example.com"))  # an operator has no vendor


# --- Leaked ones --------------------------------------------------------------------------------

LEAKED = "tr0mbone on the roof"


def ranges(folder: Path, password: str, *, count: int = 3, ending: str = "") -> None:
    digest = sha1(password.encode()).hexdigest().upper()
    lines = ["0" * 35 + ":7", f"{digest[5:]}:{count}", "F" * 35 + ":1"]
    (folder / f"{digest[:5]}{ending}").write_text("\r\n".join(lines))


@pytest.mark.parametrize("ending", ["", ".txt"])
def test_a_leaked_one_is_refused(tmp_path: Path, settings: Any, ending: str) -> None:
    ranges(tmp_path, LEAKED, ending=ending)
    validate_password(LEAKED, PERSON)  # without the setting
    settings.LEAKED_PASSWORDS = tmp_path
    with pytest.raises(ValidationError, match="leaked"):
        validate_password(LEAKED, PERSON)
    validate_password(f"{LEAKED}s", PERSON)


def test_a_count_of_nought_only_fills_up(tmp_path: Path) -> None:
    ranges(tmp_path, LEAKED, count=0)
    assert not is_leaked(LEAKED, tmp_path)


def test_composed_or_not_it_is_the_same(tmp_path: Path) -> None:
    ranges(tmp_path, "zwölf boxkämpfer")
    assert is_leaked("zwo\u0308lf boxka\u0308mpfer", tmp_path)


def test_a_range_that_cant_be_read_keeps_nobody_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    digest = sha1(LEAKED.encode()).hexdigest().upper()
    (tmp_path / digest[:5]).mkdir()
    with caplog.at_level(logging.WARNING):
        assert not is_leaked(LEAKED, tmp_path)
    assert "can't be read" in caplog.text
    assert LEAKED not in caplog.text


def test_the_check_says_when_there_is_nothing_to_read(tmp_path: Path, settings: Any) -> None:
    def warned() -> bool:
        return "portal.W005" in {each.id for each in run_checks(tags=["security"])}

    assert not warned()
    for folder in (tmp_path / "missing", tmp_path):
        settings.LEAKED_PASSWORDS = folder
        assert warned()
    (tmp_path / "notes.md").write_text("")
    assert warned()
    ranges(tmp_path, LEAKED, ending=".txt")
    assert not warned()


# --- What the page says -------------------------------------------------------------------------


def test_the_page_says_what_is_wanted_and_has_what_the_script_needs(world: World) -> None:
    page = signed_in(world.ada).get("/profile/password/").content.decode()
    assert "At least 10 characters" in page
    assert "It can’t be a common password, or much like you or the company." in page
    assert "Your password" not in page
    assert page.count('data-show="Show password"') == 3
    assert page.count("data-strength=") == 1
    assert "js/passwords.js" in page
