"""The words by which people are found."""

from collections.abc import Sequence
from typing import Self

from django.db import models

from accounts.models.people import User
from tenancy.finding import Word, to_row
from tenancy.rows import SameVendor
from tenancy.spelling import words_in


class UserWord(Word):
    """A word of a person's e-mail, name or company. Operators have none."""

    pk = models.CompositePrimaryKey("vendor_id", "word", "user_id")
    user = to_row("accounts.User")

    row = "user"

    class Meta(Word.Meta):
        constraints = (
            SameVendor(
                name="user_word_user_vendor",
                field="user",
                to_table="accounts_user",
                goes_along=True,
            ),
        )

    @classmethod
    def of(cls, rows: Sequence[User]) -> list[Self]:
        return [
            cls(vendor_id=user.vendor_id, word=word, user_id=user.pk)
            for user in rows
            if user.vendor_id
            for word in sorted(words_of(user))
        ]


def words_of(user: User) -> set[str]:
    """First and last name are one text, so that they are found in one word, too."""
    texts = (user.email, f"{user.first_name} {user.last_name}", user.company)
    return set().union(*map(words_in, texts))
