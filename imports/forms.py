"""The forms that take a file, and what somebody says of how it is read."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from imports.encodings import LETTERS
from imports.headings import headings_of
from imports.kinds import KINDS
from imports.models import DataImport
from imports.recognising import LARGEST
from imports.tables import Column
from imports.verbs import reading

LEFT_OUT = "-"


class ImportForm(forms.Form):
    """A file to import; whether its rows are right is found later, by a job."""

    kind = forms.ChoiceField(label=gettext_lazy("What is in it"))
    file = forms.FileField(
        label=gettext_lazy("File"),
        max_length=200,
        help_text=gettext_lazy(
            "CSV or an Excel workbook (.xlsx), at most 10 MB, 20,000 rows and 100 columns. Nothing "
            "is imported before you confirm it."
        ),
        error_messages={
            "empty": gettext_lazy("The file is empty. Its first row names the columns.")
        },
    )
    send_emails = forms.BooleanField(label=gettext_lazy("Send e-mails"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = KINDS.values()
        # Nothing is chosen before somebody does: a file that is read as the other kind is uploaded
        # anew.
        self.fields["kind"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose one")),
            *((kind.name, kind.label) for kind in kinds),
        ]
        offers = [f"{kind.label}: {kind.offer}." for kind in kinds if kind.after_create]
        self.fields["send_emails"].help_text = " ".join(offers)

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError(
                _("The file is larger than 10 MB. Import it in several parts.")
            )
        return file

    def clean(self) -> None:
        """Refuses e-mails for a kind of file that sends none."""
        kind = KINDS.get(self.cleaned_data.get("kind", ""))
        if kind and self.cleaned_data.get("send_emails") and not kind.after_create:
            self.add_error("send_emails", _("No e-mails are sent for a file of this kind."))


class ColumnsForm(forms.Form):
    """How a file is read: `letters` or `sheet` where that is a question, and a field for each
    column, `column_0` and so on. `seen` is the digest of what was looked at."""

    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, row: DataImport, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row = row
        self.columns = reading.columns_of(row)
        rows = KINDS[row.kind].rows
        self.fields["seen"].initial = row.layout_digest
        self._ask("letters", _("Letters"), list(LETTERS.items()))
        sheets = row.layout.get("sheets", ())
        if len(sheets) > 1:
            self._ask("sheet", _("Sheet"), [(name, name) for name in sheets])
        choices = [("", _("Choose what it is")), (LEFT_OUT, _("Leave it out"))]
        choices += [(name, _required(name)) for name in rows.required]
        choices += [(name, name) for name in rows.optional]
        offered = headings_of(row.kind, rows).offered(self.columns)
        for at, (column, means) in enumerate(zip(self.columns, offered, strict=True)):
            self.fields[f"column_{at}"] = forms.ChoiceField(
                label=column.heading
                or _("Column %(letters)s, without a heading") % {"letters": letters_of(at)},
                choices=choices,
                initial=LEFT_OUT if means == "" else means,
                help_text=_cells_of(column),
                error_messages={"required": _("Choose what this column is, or leave it out.")},
            )

    def _ask(self, name: str, label: str, choices: list[tuple[str, Any]]) -> None:
        now = self.row.layout.get(name)
        if now:
            self.fields[name] = forms.ChoiceField(label=label, choices=choices, initial=now)

    @property
    def column_fields(self) -> list[forms.BoundField]:
        return [self[f"column_{at}"] for at in range(len(self.columns))]

    def otherwise(self) -> dict[str, str]:
        """The letters or the sheet that are chosen, if they are others than those that are shown;
        for a form that is not valid yet."""
        chosen = {}
        for name in ("letters", "sheet"):
            field = self.fields.get(name)
            value = str(self.data.get(name, ""))
            if isinstance(field, forms.ChoiceField) and field.valid_value(value):
                chosen[name] = value
        return chosen if any(self.row.layout.get(n) != v for n, v in chosen.items()) else {}

    def is_stale(self) -> bool:
        """Whether the file is read in another way by now than the one that was looked at."""
        return bool(self.data.get("seen") != self.fields["seen"].initial)

    def means(self) -> list[str]:
        """What each column means, for a form that is valid; empty where it is left out."""
        given = [self.cleaned_data[field.name] for field in self.column_fields]
        return ["" if value == LEFT_OUT else value for value in given]


def _required(name: str) -> str:
    return _("%(column)s (required)") % {"column": name}


def _cells_of(column: Column) -> str:
    """The first cells of a column."""
    return " · ".join(column.samples) or _("Nothing stands in it.")


def letters_of(at: int) -> str:
    """What spreadsheets call the column: A to Z, AA and so on."""
    name = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
