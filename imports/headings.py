"""What the headings of a file mean: by their stored form, so that case, dashes and accents count
for nothing, as the vendor has said before, or as the columns of an import are called."""

from collections.abc import Mapping
from dataclasses import dataclass

from imports.models import ColumnMeaning
from imports.rows import Rows
from imports.tables import LONGEST_HEADING, Column
from tenancy.spelling import form_of


@dataclass(frozen=True, slots=True)
class Headings:
    """Columns by the stored forms of headings; the empty name leaves a column out.

    `said` is what counts. `likely` are words of other programs and languages, which are offered.
    """

    said: Mapping[str, str]
    likely: Mapping[str, str]

    @property
    def known(self) -> set[str]:
        return {*self.said, *self.likely}

    def fill_in(self, columns: list[Column]) -> None:
        """Says what the columns mean, as far as that is known. Of several that mean the same the
        first one does; a column without a heading in which nothing stands is left out."""
        taken = set[str]()
        for column in columns:
            means = self.said.get(key_of(column.heading))
            if not column.heading and not column.samples:
                means = ""
            if means in taken:
                means = None
            column.means = means
            taken |= {means} if means else set()

    def offered(self, columns: list[Column]) -> list[str | None]:
        """What each column means or, as long as nobody has said it, may mean."""
        taken = {column.means for column in columns if column.means}
        offered: list[str | None] = []
        for column in columns:
            means = column.means
            if means is None:
                likely = self.likely.get(key_of(column.heading))
                means = None if likely in taken else likely
                taken |= {means} if means else set()
            offered.append(means)
        return offered


def key_of(heading: str) -> str:
    """By what a heading is remembered; empty for one without letters and digits."""
    return form_of(heading)[:LONGEST_HEADING]


def headings_of(kind: str, rows: type[Rows]) -> Headings:
    """What is known of headings in files of this kind, in the scope's vendor."""
    own = {key_of(name): name for name in (*rows.required, *rows.optional)}
    export = {key_of(name): "" for name in rows.read_only}
    remembered = ColumnMeaning.objects.filter(kind=kind).values_list("heading", "column")
    said = {**own, **export, **dict(remembered)}
    likely = {key_of(word): name for name, words in rows.called.items() for word in words}
    return Headings(said, likely)
