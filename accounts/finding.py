"""Finding people by words of their e-mail, name and company."""

from uuid import UUID

from accounts.models import UserWord
from tenancy.finding import Place, ids_by, in_words, leading
from tenancy.spelling import Typed, asked


def people_places(word: Typed) -> list[Place]:
    """Where a word of a person may stand."""
    return [in_words(UserWord, word.form)]


def people_with(form: str) -> tuple[list[UUID], bool]:
    """Those who have the word, by whom rows of theirs are found, and whether there are more."""
    return leading(ids_by(UserWord, form))


def people_named(text: str) -> list[UUID]:
    """Some of the people who have every word of the text, so many as lead to rows of theirs."""
    found: set[UUID] | None = None
    for word in asked(text) or ():
        ids = set(people_with(word.form)[0])
        found = ids if found is None else found & ids
    return list(found or ())
