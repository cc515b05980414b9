"""Domain names as vendors type them."""

import pytest

from branding.domains.names import NotADomain, in_unicode, normalise, skeleton

PARENT = "portal.example.com"


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("licenses.acme.example", "licenses.acme.example"),
        (" Licenses.ACME.example. ", "licenses.acme.example"),
        ("ｌicenses.acme.example", "licenses.acme.example"),
        ("licenses。acme。example", "licenses.acme.example"),
        ("lizenzen.münchen.example", "lizenzen.xn--mnchen-3ya.example"),
        ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
        ("straße.example", "xn--strae-oqa.example"),  # IDNA 2008, not 2003
        ("пример.example", "xn--e1afmkfd.example"),
        ("acme.co.uk", "acme.co.uk"),
        ("a-b.acme.example", "a-b.acme.example"),
    ],
)
def test_one_form(typed: str, name: str) -> None:
    assert normalise(typed, parent_host=PARENT) == name
    assert normalise(name, parent_host=PARENT) == name


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "syntax"), ("a b.example", "syntax"), ("a..example", "syntax"),
        ("-a.example", "syntax"), ("a_b.example", "syntax"), ("a.example:443", "syntax"),
        ("https://a.example", "syntax"), ("a.example/x", "syntax"), ("a@b.example", "syntax"),
        ("*.acme.example", "syntax"), (f"{'a' * 64}.example", "syntax"), ("a\0.example", "syntax"),
        (".".join(["a" * 50] * 6), "syntax"), ("xn--zzzzzz.example", "syntax"),
        ("192.0.2.1", "address"), ("２.２.２.２", "address"), ("[2001:db8::1]", "address"),
        ("2001:db8::1", "address"), ("1.2.3.example.5", "address"),
        ("localhost", "single-label"), ("acme", "single-label"),
        (PARENT, "our-zone"), (f"acme.{PARENT}", "our-zone"), (f"A.B.{PARENT}.", "our-zone"),
        ("example.com", "our-zone"),
        ("co.uk", "public-suffix"), ("github.io", "public-suffix"),
        ("licenses.аcme.example", "mixed-scripts"), ("аcme.example", "mixed-scripts"),
    ],
)  # fmt: skip
def test_what_is_refused(typed: str, reason: str) -> None:
    with pytest.raises(NotADomain) as raised:
        normalise(typed, parent_host=PARENT)
    assert raised.value.args[0] == reason


def test_names_are_shown_in_unicode() -> None:
    assert in_unicode("xn--mnchen-3ya.example") == "münchen.example"
    assert in_unicode("xn--zzzzzz.example") == "xn--zzzzzz.example"


def test_what_looks_alike_has_the_same_skeleton() -> None:
    assert skeleton("xn--80ak6aa92e.example") == skeleton("apple.example")
    assert skeleton("xn--80ak9a.example") == skeleton("ace.example")
    assert skeleton("acme.example") != skeleton("acne.example")
