"""One spelling of every e-mail address, however it is typed or pasted."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from tenancy.addresses import (
    domain_in_ascii,
    domain_in_unicode,
    email_in_ascii,
    normalise_email,
    pasted,
    spellings_of,
)
from tenancy.texts import validate_address

MUELLER = "ada@müller.example"

SAME = [
    ("ada@example.com", "ada@example.com"),
    (" ADA@Example.COM ", "ada@example.com"),
    ("ada@example.com.", "ada@example.com"),
    ("ada@example.com,", "ada@example.com"),
    ("ada@example.com;\r\n", "ada@example.com"),
    ("\u00a0ada@example.com\u3000", "ada@example.com"),
    ("\u202aada@example.com\u202c", "ada@example.com"),  # as contacts on a Mac are copied
    ("\u2068ada@example.com\u2069", "ada@example.com"),
    ("\ufeffada@example.com", "ada@example.com"),
    ("ada@exa\u00admple.com", "ada@example.com"),
    ("ada\u200b@example.com", "ada@example.com"),
    ("ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ada@example.com"),
    ("ada@example。com", "ada@example.com"),
    ("ada@müller.example", MUELLER),
    ("ada@mu\u0308ller.example", MUELLER),
    ("ada@MÜLLER.EXAMPLE", MUELLER),
    ("Ada@xn--mller-kva.example", MUELLER),
    ("ada@XN--MLLER-KVA.EXAMPLE.", MUELLER),
    ("ada@straße.example", "ada@straße.example"),
    ("ada@xn--strae-oqa.example", "ada@straße.example"),
    ("ada@strasse.example", "ada@strasse.example"),  # which is another one
    ("ada@пример.рф", "ada@пример.рф"),
    ("ada@ПРИМЕР.РФ", "ada@пример.рф"),
    ("ada@xn--e1afmkfd.xn--p1ai", "ada@пример.рф"),
    ("ada@例え。テスト", "ada@例え.テスト"),
    ("ada@نامه\u200cای.com", "ada@نامه\u200cای.com"),  # a joiner that belongs there
    ("ada@☃.net", "ada@☃.net"),
    ("ada@xn--n3h.net", "ada@☃.net"),
    ("ada@Ꭰ.example", "ada@xn--58d.example"),  # no small letter of which comes back
    ("ada@xn--a.example", "ada@xn--a.example"),  # nobody's
    ("Ada.Lovelace+Portal@example.com", "ada.lovelace+portal@example.com"),
    ('"Ada;L"@example.com', '"ada;l"@example.com'),
    ("ſupport@example.com", "support@example.com"),  # a long s
    ("ada@[192.0.2.1]", "ada@[192.0.2.1]"),
]

PASTED = [
    "ada@example.com",
    "<ada@example.com>",
    "Ada Lovelace <ada@example.com>",
    "Lovelace, Ada <ada@example.com>",
    '"Lovelace, Ada" <ada@example.com>',
    "Ada Lovelace (Portal) <ada@example.com>;",
    "Ada\tLovelace\r\n <ada@example.com>",
    "Ada Lovelace<ada@example.com>",
    "ada@example.com <ada@example.com>",
    "'ada@example.com' <ada@example.com>",
    "Ada Lovelace [ada@example.com]",
    "Ada Lovelace [mailto:ada@example.com]",
    "Ada Lovelace (ada@example.com)",
    "ada@example.com (Ada Lovelace)",
    "mailto:ada@example.com",
    "MAILTO:ada@example.com?subject=Your%20licence",
    "mailto:%61da@example.com",
    "'ada@example.com'",
    "“ada@example.com”",
    "„ada@example.com“",
]

NO_ADDRESS = [
    "",
    "ada",
    "ada@",
    "@example.com",
    "ada@example",
    "ada lovelace@example.com",  # whose? nobody guesses
    "ada@example.com grace@example.com",
    "ada@example.com; grace@example.com",
    "Ada <ada@example.com>, Grace <grace@example.com>",
    "grace@example.com <ada@example.com",
    "grace@example.com <ada@example.com>",  # a name that is another address
    "ada@exam ple.com",
    "ada@foo_bar.example",
    "ada@-x.example",
    "ada@a..example",
    "ıda@example.com",  # Django's pattern takes it for an i
    "İda@example.com",
    "müller@example.com",
    "ada\u202e@example.com",
    "ada\x00@example.com",
]


@pytest.mark.parametrize(("typed", "kept"), SAME)
def test_an_address_has_one_spelling(typed: str, kept: str) -> None:
    assert normalise_email(typed) == kept
    assert normalise_email(kept) == kept
    assert normalise_email(email_in_ascii(kept)) == kept
    assert kept in spellings_of(typed)
    validate_address(kept)


@pytest.mark.parametrize("typed", PASTED)
def test_it_is_taken_out_of_what_is_pasted(typed: str) -> None:
    assert pasted(typed) == "ada@example.com"


@pytest.mark.parametrize("typed", NO_ADDRESS)
def test_what_is_no_address_or_not_one_stays_none(typed: str) -> None:
    with pytest.raises(ValidationError):
        validate_address(normalise_email(typed))


@pytest.mark.parametrize(
    ("domain", "in_ascii"),
    [
        ("example.com", "example.com"),
        ("Example.COM.", "example.com"),
        ("müller.example", "xn--mller-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("☃.net", "xn--n3h.net"),
        ("foo_bar.example", "foo_bar.example"),
        ("r3---sn.example", "r3---sn.example"),
        ("[192.0.2.1]", "[192.0.2.1]"),
        ("", ""),
    ],
)
def test_mail_servers_get_ascii(domain: str, in_ascii: str) -> None:
    assert domain_in_ascii(domain) == in_ascii
    assert domain_in_ascii(domain_in_unicode(domain)) == in_ascii
    assert email_in_ascii(f"ada@{domain}") == f"ada@{in_ascii}"


def test_it_is_looked_for_as_it_was_typed_first() -> None:
    assert spellings_of("ada@example.com") == ["ada@example.com"]
    assert spellings_of("Ada@xn--mller-kva.example") == ["ada@xn--mller-kva.example", MUELLER]
    assert spellings_of("<ada@Müller.example>") == [MUELLER, "ada@xn--mller-kva.example"]


@given(st.text(max_size=30), st.text(max_size=30))
def test_the_spelling_of_a_spelling_is_itself(local: str, domain: str) -> None:
    kept = normalise_email(f"{local}@{domain}")
    try:
        validate_address(kept)
    except ValidationError:
        return
    assert normalise_email(kept) == kept == kept.lower()
    assert normalise_email(email_in_ascii(kept)) == kept
