"""Which fields of a form say that they may be left empty, or may not."""

import pytest
from django import forms


def form(required: int, optional: int) -> forms.Form:
    fields: dict[str, forms.Field] = {
        **{f"required_{n}": forms.CharField() for n in range(required)},
        **{f"optional_{n}": forms.CharField(required=False) for n in range(optional)},
        "box": forms.BooleanField(required=False),
        "hidden": forms.CharField(required=False, widget=forms.HiddenInput),
    }
    return type("Made", (forms.Form,), fields)()


@pytest.mark.parametrize(
    ("required", "optional", "marks"),
    [
        (1, 3, ["required", "", "", ""]),
        (3, 1, ["", "", "", "optional"]),
        (1, 1, ["", "optional"]),
        (2, 0, ["", ""]),
        (0, 2, ["", ""]),
    ],
)
def test_the_fewer_of_a_forms_fields_are_marked(
    required: int, optional: int, marks: list[str]
) -> None:
    told = [field.mark for field in form(required, optional)]  # type: ignore[attr-defined]
    assert told == [*marks, "", ""]  # neither the box nor what nobody sees
