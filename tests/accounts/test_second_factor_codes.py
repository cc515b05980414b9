"""Codes as RFC 6238 has them, and as people type them; no database."""

import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from accounts.second_factor import codes, setting_up

RFC_SECRET = b"12345678901234567890"
# RFC 6238, appendix B, SHA-1; of its eight digits the last six.
VECTORS = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}


@pytest.mark.parametrize(("moment", "code"), VECTORS.items())
def test_the_codes_are_those_of_the_rfc(moment: int, code: str) -> None:
    assert codes.code_at(RFC_SECRET, codes.step_of(moment)) == code
    assert codes.matching(RFC_SECRET, code, moment) == moment // 30


@pytest.mark.parametrize(
    ("steps", "counts"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_clock_may_be_one_step_off(steps: int, counts: bool) -> None:
    code = codes.code_at(RFC_SECRET, 1000 + steps)
    assert codes.matching(RFC_SECRET, code, 1000 * 30 + 29) == (1000 + steps if counts else None)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("123456", "123456"),
        ("123 456", "123456"),
        (" 123-456\n", "123456"),
        ("123\u00a0456", "123456"),
        ("１２３４５６", "123456"),
        ("١٢٣٤٥٦", "123456"),
        ("۱۲۳ ۴۵۶", "123456"),
        ("१२३४५६", "123456"),
        ("\u200e123456\u200f", "123456"),
        ("000000", "000000"),
        ("", ""),
        ("12345", ""),
        ("1234567", ""),
        ("12345a", ""),
        ("①②③④⑤⑥", ""),
        ("½23456", ""),
        ("-12345", ""),
        ("1e5000", ""),
        ("123456\x00", "123456"),
        ("1" * 64, ""),
    ],
)
def test_a_code_as_people_type_it(typed: str, read: str) -> None:
    assert codes.read_code(typed) == read


def test_recovery_codes_are_random_and_read_as_people_type_them() -> None:
    made = {codes.new_recovery_code() for _ in range(100)}
    assert len(made) == 100
    assert all(
        re.fullmatch(r"([0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}", one) for one in made
    )
    for typed in ("0a1b-2c3d-4e5f-6g7h", "0A1B 2C3D 4E5F 6G7H", "oaib2c3d4e5f6g7h",
                  "OALB–2c3d–4e5f–6g7h", "０ａ１ｂ2c3d4e5f6g7h"):  # fmt: skip
        assert codes.read_recovery_code(typed) == "0a1b2c3d4e5f6g7h"
    for typed in ("", "0a1b-2c3d-4e5f-6g7", "0a1b-2c3d-4e5f-6g7u", "0a1b-2c3d-4e5f-6g7h-0"):
        assert codes.read_recovery_code(typed) == ""


def test_a_digest_is_one_persons_and_one_sets() -> None:
    salts = {codes.new_salt() for _set in range(3)}
    made = {
        codes.digest(person, "0a1b2c3d4e5f6g7h", salt)
        for person in ("ada", "bob")
        for salt in ("", *salts)
    }
    assert len(made) == 8
    assert {len(each) for each in made} == {64}


def test_what_an_app_is_given() -> None:
    address = codes.address(RFC_SECRET, account="ada@example.com", issuer="Müller & Söhne: Labs")
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/Müller & Söhne: Labs:ada@example.com"
    assert parts.path.count(":") == 1
    assert "+" not in address  # which apps show as such
    assert parse_qs(parts.query) == {
        "secret": ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"],
        "issuer": ["Müller & Söhne: Labs"],
        "algorithm": ["SHA1"],
        "digits": ["6"],
        "period": ["30"],
    }
    assert codes.grouped("GEZDGNBVGY") == "GEZD GNBV GY"


def test_the_picture_needs_nothing_from_elsewhere_and_no_style() -> None:
    drawing = setting_up.qr_code("otpauth://totp/" + "x" * 300)
    assert drawing.startswith("<svg")
    assert not re.search(r"style|href|script|url\(", drawing)


def test_secrets_are_as_long_as_they_should_be() -> None:
    made = {codes.new_secret() for _ in range(100)}
    assert (len(made), {len(each) for each in made}) == (100, {20})
