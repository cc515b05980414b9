"""Finding people by words of their e-mail, name and company."""

from uuid import UUID

from accounts.models import UserWord
from backoffice.leads import Lead
from tenancy.finding import Place, has_word, ids_by, in_words, leading, near_ids
from tenancy.spelling import Typed


def people_places(word: Typed) -> list[Place]:
    """Where a word of a person may stand."""
    return [in_words(UserWord, word.form)]


def people_with(form: str) -> tuple[list[UUID], bool]:
    """Those who have the word, by whom rows of theirs are found, and whether there are more."""
    return leading(ids_by(UserWord, form))


def near_people(text: str) -> list[UUID]:
    """The ids of some people whose e-mail, name or company may be meant."""
    return near_ids(UserWord, text)


# Entries of the audit trail by whom they are about, and by who acted.
ENTRIES = Lead(
    columns=("customer_id", "subject_id", "actor_id"),
    ids=lambda word: people_with(word.form),
    has=lambda word, column: has_word(UserWord, word.form, column),
)
