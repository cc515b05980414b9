"""What a password may not be, beside too short and too common: like the vendor, predictable, known
to be leaked. No rule asks for kinds of characters."""

import logging
import re
from collections.abc import Iterable
from hashlib import sha1
from itertools import pairwise
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import UserAttributeSimilarityValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.passwords import in_one_spelling
from tenancy.models import Vendor
from tenancy.spelling import form_of

logger = logging.getLogger(__name__)

SHORTEST_WORD = 4  # characters of a name that counts
LEAST_BESIDE = 8  # characters that have to stand beside names
FEWEST_DIFFERENT = 5  # characters
DIGITS_OF_RANGE = 5  # of the SHA-1 in hex, by which the files are named


def is_mostly(password: str, names: Iterable[str]) -> bool:
    """Whether the password is some of the names with little beside them."""
    words = {form_of(name) for name in names}
    rest = form_of(password)
    named = [word for word in words if len(word) >= SHORTEST_WORD and word in rest]
    for word in sorted(named, key=len, reverse=True):
        rest = rest.replace(word, "")
    return bool(named) and len(rest) < LEAST_BESIDE


class PersonValidator(UserAttributeSimilarityValidator):
    """The password is not the person's names together, or a part of the e-mail, with a few signs
    beside; nor, as Django's own compares, much like one of them as a whole. Whichever it is, that
    is told once."""

    def __init__(self) -> None:
        super().__init__(user_attributes=("first_name", "last_name", "email", "company"))

    def validate(self, password: str, user: Any = None) -> None:
        if user is not None and (
            self._is_mostly_of(user, password) or self._is_like(user, password)
        ):
            raise ValidationError(
                _("The password is too similar to your name, company or e-mail."),
                code="password_too_similar",
            )

    def _is_mostly_of(self, user: Any, password: str) -> bool:
        names = [user.first_name, user.last_name, user.company, *user.company.split()]
        return is_mostly(password, [*names, *re.split(r"[^\w]+", user.email)])

    def _is_like(self, user: Any, password: str) -> bool:
        try:
            super().validate(password, user)
        except ValidationError:
            return True
        return False


class VendorValidator:
    """The password is not the name or the address of the vendor with a few signs beside it."""

    def validate(self, password: str, user: Any = None) -> None:
        vendor: Vendor | None = getattr(user, "vendor", None)
        if vendor and is_mostly(password, names_of(vendor)):
            raise ValidationError(
                _("The password is too similar to the company's name or address."),
                code="password_like_vendor",
            )


def names_of(vendor: Vendor) -> list[str]:
    """What the vendor is called, and where its portal is."""
    host = f"{vendor.company_id}.{settings.PORTAL_PARENT_HOST}"
    # Of a domain each label but the last, which many share.
    labels = vendor.canonical_domain.split(".")[:-1]
    names = [vendor.name, *vendor.name.split(), vendor.company_id, host]
    return [*names, vendor.canonical_domain, *labels]


class PredictableValidator:
    """The password is neither one run of characters, as on a keyboard's row of digits or in the
    alphabet, nor a few of them again and again."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(set(password)) < FEWEST_DIFFERENT or is_run(password):
            raise ValidationError(
                _("The password is too easy to guess: it repeats a few characters, or counts on."),
                code="password_predictable",
            )


def is_run(password: str) -> bool:
    """Whether each character follows the one before, or each precedes it; after 9 comes 0."""
    steps = {
        (ord(after) - ord(before)) % 10 if (before + after).isdigit() else ord(after) - ord(before)
        for before, after in pairwise(password)
    }
    return steps in ({1}, {-1}, {9})


class LeakedValidator:
    """The password is in none of the lists of leaked ones, if the operator has them in a folder:
    files that are named by the first five hex digits of a SHA-1, with `.txt` or without, and have
    lines `REST:COUNT`, as https://haveibeenpwned.com/Passwords gives them. Nobody else is asked."""

    def validate(self, password: str, user: Any = None) -> None:
        folder = settings.LEAKED_PASSWORDS
        if folder is not None and is_leaked(password, folder):
            raise ValidationError(
                _("This password is in a list of leaked ones. Choose another one."),
                code="password_leaked",
            )


def is_leaked(password: str, folder: Path) -> bool:
    """Whether its SHA-1 is in the file of its range. A range that can't be read says nothing: that
    is the operator's to see to (portal.W005), and keeps nobody from setting a password."""
    digest = sha1(in_one_spelling(password).encode(), usedforsecurity=False).hexdigest().upper()
    rest = digest[DIGITS_OF_RANGE:]
    try:
        with range_file(folder, digest[:DIGITS_OF_RANGE]).open(encoding="ascii") as lines:
            return any(_counts(line, rest) for line in lines)
    except FileNotFoundError:
        return False
    except (OSError, UnicodeDecodeError) as error:
        logger.warning("The lists of leaked passwords can't be read: %s", type(error).__name__)
        return False


def range_file(folder: Path, digits: str) -> Path:
    """The file of a range, with or without an ending."""
    path = folder / digits
    return path if path.exists() else path.with_suffix(".txt")


def _counts(line: str, rest: str) -> bool:
    """Whether the line is of this hash; a count of 0 only fills the file up."""
    suffix, _colon, count = line.strip().upper().partition(":")
    return suffix == rest and count != "0"
