"""One spelling of every password, in which it is stored: pure.

The same keys give composed letters on one system and decomposed ones on another; what is stored is
composed (NFC). A password counts in any spelling, also where an older version has stored it as it
was typed.
"""

from unicodedata import normalize


def in_one_spelling(password: str) -> str:
    return normalize("NFC", password)


def spellings_of_password(password: str) -> list[str]:
    """In what a password may be stored, its one spelling first; of one in ASCII there is no other,
    so that it costs one hash."""
    return list(dict.fromkeys((in_one_spelling(password), password, normalize("NFD", password))))
