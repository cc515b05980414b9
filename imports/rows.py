"""What the rows of an imported file mean: the base for every kind of file.

A `Rows` is one reading of one file. It takes the file in chunks, so that what a chunk needs is
looked up by a fixed number of queries. It writes nothing: what the file becomes it says as steps.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from import_export.fields import Field
from import_export.resources import Resource
from import_export.widgets import Widget

from accounts.models import User
from imports.steps import LETTERS, Act, Step, packed, parts_of
from imports.tables import TableRow
from imports.verbs.people import CHANGES, KNOWN_PEOPLE, NAMES, NEW_PEOPLE
from tenancy.addresses import normalise_email
from tenancy.models import Vendor
from tenancy.texts import validate_line

PREVIEW = 20  # rows that are shown before anything is imported


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a cell, or with a whole row when there is no column."""

    row: int
    column: str
    sentence: str


class People:
    """The customers that a file names: those who are known, and those who come with it."""

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        self.found: dict[str, User] = {}
        self.new: dict[str, User] = {}
        self.known: dict[UUID, int] = {}  # and the row that names each

    def look_up(self, emails: set[str]) -> None:
        """Finds whose addresses these are, by one query."""
        people = User.objects.filter(email__in=emails)
        self.found = {person.email: person for person in people}

    def of(self, email: str, names: dict[str, str], number: int) -> User:
        """The customer with the address. Raises ValueError with a sentence."""
        person = self.found.get(email)
        if person is None:
            return self.new.get(email) or self._made(email, names)
        if not person.is_customer:
            raise ValueError(_("This address belongs to a member of your staff."))
        self.known.setdefault(person.pk, number)
        return person

    def _made(self, email: str, names: dict[str, str]) -> User:
        try:
            User._meta.get_field("email").clean(email, None)
        except ValidationError as error:
            raise ValueError(_("This is not an e-mail address.")) from error
        person = User(vendor=self.vendor, email=email, **names)
        self.new[email] = person
        return person


class Line(Widget):  # type: ignore[misc]
    """A text of one line; None when the cell is empty."""

    def __init__(self, longest: int) -> None:
        super().__init__()
        self.longest = longest

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        try:
            validate_line(value)
        except ValidationError as error:
            raise ValueError(" ".join(error.messages)) from error
        if len(value) > self.longest:
            raise ValueError(_("This is longer than %(n)d characters.") % {"n": self.longest})
        return value or None


def may_be_empty(name: str, widget: Any) -> Any:
    """A column whose empty cells leave the row as it is."""
    return Field(attribute=name, column_name=name, widget=widget, saves_null_values=False)


@dataclass(slots=True)
class Wanted:
    """What a row asks for."""

    user: User | None = None
    first_name: str = ""
    last_name: str = ""
    company: str = ""


class Rows(Resource):  # type: ignore[misc]
    """One reading of one file. A kind of file gives its columns and what a row becomes."""

    first_name = may_be_empty("first_name", Line(100))
    last_name = may_be_empty("last_name", Line(100))
    company = may_be_empty("company", Line(150))

    required: ClassVar[tuple[str, ...]] = ("email",)
    optional: ClassVar[tuple[str, ...]] = NAMES
    read_only: ClassVar[tuple[str, ...]] = ()
    example: ClassVar[tuple[tuple[str, ...], ...]] = ()
    # What other programs call a column, in English, German and French.
    called: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "email": (
            "e-mail address", "mail", "mail address", "customer email", "contact email",
            "e-mail-adresse", "mailadresse", "kunden-e-mail", "adresse e-mail", "adresse mail",
            "courriel", "adresse électronique", "mél",
        ),
        "first_name": ("given name", "forename", "vorname", "rufname", "prénom"),
        "last_name": (
            "surname", "family name", "nachname", "familienname", "zuname", "nom",
            "nom de famille",
        ),
        "company": (
            "company name", "organisation", "organization", "account name", "firma", "firmenname",
            "unternehmen", "société", "entreprise", "raison sociale",
        ),
    }  # fmt: skip
    # What stands in a column, and what heads a column of the preview.
    explained: ClassVar[dict[str, Any]] = {}
    shown: ClassVar[dict[str, Any]] = {}
    wanted: ClassVar[type[Wanted]] = Wanted
    acts: ClassVar[Mapping[str, Act]] = {
        "new-people": NEW_PEOPLE,
        "known-people": KNOWN_PEOPLE,
        "changes": CHANGES,
    }

    class Meta:
        skip_diff = True
        use_transactions = False

    def __init__(self, vendor: Vendor, *, keep: bool) -> None:
        """`keep` holds on to what the rows become, for `steps`."""
        super().__init__()
        self.vendor, self.keep = vendor, keep
        self.people = People(vendor)
        self.seen: dict[str, int] = {}
        self.number = 0
        self.given: dict[str, str] = {}
        self.preview: list[dict[str, str]] = []
        self.columns = {"user": "email"} | {
            each.attribute: each.column_name for each in self.fields.values()
        }

    # --- Reading --------------------------------------------------------------------------------

    def take(self, rows: Sequence[TableRow]) -> Iterator[Problem]:
        """Reads a chunk of rows and tells what is wrong with them, in their order."""
        self.look_up([row for row in rows if not row.problems])
        for row in rows:
            self.number = row.number
            if row.problems:
                for column, sentence in row.problems.items():
                    yield Problem(self.number, column, sentence)
                continue
            result = self.import_row(
                row.cells, None, dry_run=True, using_transactions=False, row_number=row.number
            )
            for failure in result.errors:
                raise failure.error  # Nothing that a cell can hold leads here.
            yield from self._problems(result.validation_error)

    def _problems(self, error: ValidationError | None) -> Iterator[Problem]:
        for name, sentences in (error.message_dict if error else {}).items():
            column = self.columns.get(name, name)
            for sentence in sentences:
                yield Problem(self.number, column, sentence)

    def look_up(self, rows: Sequence[TableRow]) -> None:
        """Finds what the chunk needs from the database."""
        self.people.look_up({email for row in rows for email in self.emails_in(row.cells)})

    def emails_in(self, row: dict[str, str]) -> list[str]:
        """The addresses of all whom a row names."""
        return [normalise_email(row["email"])]

    def finders(self) -> dict[str, Callable[[dict[str, str]], Any]]:
        """What is found for a row, by attribute; each raises ValueError with a sentence."""
        return {"user": self.person}

    def get_or_init_instance(self, instance_loader: Any, row: Any) -> tuple[Wanted, bool]:
        return self.wanted(), True

    def import_instance(self, instance: Wanted, row: dict[str, str], **kwargs: Any) -> None:
        """Fills in what is found and what the fields read. Raises ValidationError with it all."""
        problems: dict[str, Any] = {}
        for name, find in self.finders().items():
            try:
                setattr(instance, name, find(row))
            except ValueError as error:
                problems[name] = ValidationError(str(error))
        try:
            super().import_instance(instance, row, **kwargs)
        except ValidationError as error:
            problems = error.update_error_dict(problems)
        if problems:
            raise ValidationError(problems)

    def validate_instance(self, instance: Any, errors: Any = None, **kwargs: Any) -> None:
        """Raises ValidationError with what was found so far."""
        if errors:
            raise ValidationError(errors)

    def person(self, row: dict[str, str]) -> User:
        """The customer of the row. Raises ValueError with a sentence."""
        email = normalise_email(row["email"])
        if not email:
            raise ValueError(_("This can't be empty."))
        names = {name: row.get(name, "") for name in NAMES}
        return self.people.of(email, names, self.number)

    def once(self, value: str, sentence: str) -> None:
        """Raises ValueError when a row above has the value; `sentence` takes that row's number."""
        first = self.seen.setdefault(value, self.number)
        if first != self.number:
            raise ValueError(sentence % {"row": first})

    # --- Counting, and what is to be written ----------------------------------------------------

    def counts(self) -> dict[str, int]:
        """How many customers come, and how many are there already."""
        return {"new_customers": len(self.people.new), "known_customers": len(self.people.known)}

    def steps(self) -> Iterator[Step]:
        """What writes all of it, in this order, before anybody is written to: here the new
        customers. Acts that can't be undone come last."""
        for part in parts_of(list(self.people.new.values())):
            for person in part:
                person.set_unusable_password()
            yield "new-people", packed(part)

    def letters(self) -> Iterator[Step]:
        """The ids of what the file has made, for writing to whom it is for."""
        for part in parts_of([str(pk) for pk in self.made()]):
            yield LETTERS, list(part)

    def made(self) -> list[UUID]:
        """The ids of the rows that `made_rows` finds, once they are written."""
        return [person.pk for person in self.people.new.values()]

    @classmethod
    def made_rows(cls, ids: Sequence[str]) -> Sequence[Any]:
        """Of the rows that a file has made those that are still there."""
        return list(User.objects.filter(pk__in=ids))
