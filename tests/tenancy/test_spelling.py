"""One spelling of every text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenancy.spelling import (
    LONGEST_WORD,
    asked,
    backwards,
    end_of,
    form_of,
    pieces_of,
    words_in,
)
from tests.words import form

SAME = [
    ("abcd ef01", "abcdef01"),
    ("ABCD-EF01", "abcdef01"),
    ("ABCD\u2010EF01", "abcdef01"),  # hyphen
    ("ABCD\u2011EF01", "abcdef01"),  # non-breaking hyphen
    ("ABCD\u2012EF01", "abcdef01"),  # figure dash
    ("ABCD\u2013EF01", "abcdef01"),  # en dash
    ("ABCD\u2014EF01", "abcdef01"),  # em dash
    ("ABCD\u2212EF01", "abcdef01"),  # minus
    ("ABCD\ufe63EF01", "abcdef01"),  # small hyphen
    ("ABCD\uff0dEF01", "abcdef01"),  # full width
    ("ABCD\u00adEF01", "abcdef01"),  # soft hyphen
    ("ABCD\u200bEF01", "abcdef01"),  # zero width space
    ("ABCD\u2060EF01", "abcdef01"),  # word joiner
    ("\ufeffABCD EF01", "abcdef01"),  # byte order mark
    ("ABCD\u00a0EF01", "abcdef01"),  # non-breaking space
    ("ABCD\u202fEF01", "abcdef01"),  # narrow one
    ("ABCD\u3000EF01", "abcdef01"),  # ideographic one
    ("ABCD-\r\nEF01\n", "abcdef01"),
    ("\tABCD\x00EF01", "abcdef01"),
    ("ＡＢＣＤ－ＥＦ０１", "abcdef01"),
    ("<ada@example.com>", "adaexamplecom"),
    ("ADA@Example.COM,", "adaexamplecom"),
    ("Lovelace,", "lovelace"),
    ("O'Brien", "obrien"),
    ("O’Brien", "obrien"),
    ("snake_case", "snakecase"),
    ("özlem", "ozlem"),
    ("ÖZLEM", "ozlem"),
    ("MÜLLER", "muller"),
    ("Mu\u0308ller", "muller"),
    ("École", "ecole"),
    ("e\u0301cole", "ecole"),
    ("Straße", "strasse"),
    ("STRASSE", "strasse"),
    ("STRAẞE", "strasse"),
    ("İSTANBUL", "istanbul"),
    ("ısı", "isi"),
    ("Łódź", "lodz"),
    ("SØRENSEN", "sorensen"),
    ("Đorđević", "dordevic"),
    ("Þór", "thor"),
    ("Æsop", "aesop"),
    ("Œuvre", "oeuvre"),
    ("ﬁle", "file"),
    ("ПРИВЕТ", "привет"),
    ("Йод", "иод"),
    ("ΟΔΥΣΣΕΎΣ", "οδυσσευσ"),
    ("Οδυσσεύς", "οδυσσευσ"),
    ("שָׁלוֹם", "שלום"),
    ("مُحَمَّد", "محمد"),
    ("محـمد", "محـمد".replace("ـ", "ـ")),  # a stretched letter is one of its own
    ("ｶﾀｶﾅ", "カタカナ"),
    ("東京-大学", "東京大学"),
    ("ไทย", "ไทย"),
    ("№ 5", "no5"),
    ("x²", "x2"),
    ("👩‍💻", ""),
    ("a\ufe0fb", "ab"),
    ("--- %", ""),
    ("", ""),
]


@pytest.mark.parametrize(("text", "expected"), SAME, ids=[ascii(text) for text, _form in SAME])
def test_the_stored_form(text: str, expected: str) -> None:
    assert form_of(text) == expected
    assert form_of(expected) == expected


def test_hangul_is_one_however_it_is_composed() -> None:
    assert form_of("한글") == form_of("\u1112\u1161\u11ab\u1100\u1173\u11af") != ""


@given(st.text())
def test_it_is_the_form_of_itself_and_has_no_blank(text: str) -> None:
    found = form_of(text)
    assert form_of(found) == found
    assert not any(sign.isspace() or sign == "-" for sign in found)


@given(st.text())
def test_whatever_is_typed_of_a_text_from_a_word_on_is_found(text: str) -> None:
    pieces = pieces_of(text)
    for start in range(len(pieces)):
        rest = "".join(pieces[start:])
        for part in (rest, rest[:1], pieces[start]):
            cut = part[:LONGEST_WORD]
            assert any(word.startswith(cut) for word in words_in(text))


@given(st.text(st.characters(max_codepoint=127)))
def test_postgresql_and_we_agree_about_what_a_word_is(text: str) -> None:
    """tests/words.py says the same in SQL; compared with the database in test_finding."""
    assert form_of(text) == "".join(each for each in text.lower() if each.isalnum())
    assert "lower(x)" in form("x")


def test_words_begin_at_each_piece_and_are_cut() -> None:
    assert words_in("ADA111-ACME orbit") == {"ada111acmeorbit", "acmeorbit", "orbit"}
    assert words_in("a" * 40) == {"a" * LONGEST_WORD}
    assert words_in("東京 Tower") == {"東京tower", "京tower", "tower"}
    assert words_in(" - ") == set()


def test_an_end_is_a_word_of_its_own() -> None:
    assert end_of("ADA1-C0DE") == "<ed0c1ada"
    assert end_of("ADA1-C0DE").startswith(backwards("c0de"))
    assert len(end_of("x" * 100)) == LONGEST_WORD


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Lovelace, Ada", ["lovelace", "ada"]),
        ("ada ADA Ada", ["ada"]),
        ("a - b", ["a", "b"]),
        ("a b c d e f g", ["a", "b", "c", "d", "efg"]),
        ("  \n", []),
        ("", []),
        ("%", None),
        ("- –", None),
    ],
)
def test_what_is_asked(text: str, words: list[str] | None) -> None:
    found = asked(text)
    assert (found if found is None else [word.form for word in found]) == words


def test_what_was_typed_is_kept_beside_it() -> None:
    assert asked("4C4C-0042")[0].text == "4C4C-0042"  # type: ignore[index]
