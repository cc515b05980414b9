"""Metadata as rows of name and value, which nobody reads or writes as JSON."""

import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.http import QueryDict

from accounts.metadata import MOST_ENTRIES, SPARE, MetadataField
from accounts.models import User
from licenses.models import Activation, Product
from tenancy.door import inside
from tests.backoffice.test_base import user_form
from tests.world import World, signed_in

Row = tuple[str, str, bool]


def posted(*rows: Row) -> dict[str, str]:
    form = {}
    for n, (key, value, visible) in enumerate(rows):
        form |= {f"metadata-{n}-key": key, f"metadata-{n}-value": value}
        form |= {f"metadata-{n}-visible": "on"} if visible else {}
    return form


def cleaned(*rows: Row) -> tuple[MetadataField, Any]:
    """The field, and what it makes of the rows or the sentences with which it refuses them."""
    field = MetadataField(required=False)
    data = QueryDict(mutable=True)
    data.update(posted(*rows))
    typed = field.widget.value_from_datadict(data, {}, "metadata")  # type: ignore[attr-defined]
    try:
        return field, field.clean(typed)
    except ValidationError as error:
        return field, error.messages


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        ((), []),
        ((("", "", False), ("", "", True)), []),
        (((" Region ", " North ", True),), [("Region", "North", True)]),
        (
            (("", "", False), ("Margin", "30 %", False), ("Empty", "", True)),
            [("Margin", "30 %", False), ("Empty", "", True)],
        ),
        ((('{"key": "a"}', "[1]", False),), [('{"key": "a"}', "[1]", False)]),
    ],
)
def test_rows_are_entries(rows: tuple[Row, ...], kept: list[Row]) -> None:
    _field, found = cleaned(*rows)
    assert [(each["key"], each["value"], each["visible"]) for each in found] == kept


@pytest.mark.parametrize(
    ("rows", "number", "sentence"),
    [
        ((("", "lost", False),), 1, "This value needs a name."),
        ((("a", "", False), ("a", "b", False)), 2, "This name is there already."),
        ((("a" * 257, "", False),), 1, "This is longer than 256 characters."),
        ((("a", "b" * 257, False),), 1, "This is longer than 256 characters."),
        ((("", "", False), ("a\u202e", "", False)), 2, "There is a sign in it that nobody sees"),
    ],
)
def test_what_is_wrong_stands_beside_its_row(
    rows: tuple[Row, ...], number: int, sentence: str
) -> None:
    field, found = cleaned(*rows)
    assert len(found) == 1
    assert found[0].startswith(f"Row {number}: {sentence}")
    html = field.widget.render(
        "metadata", [dict(zip(("key", "value"), r, strict=False)) for r in rows]
    )
    beside = re.search(rf'id="id_metadata-{number - 1}-problems">(.*?)</ul>', html, re.DOTALL)
    assert beside
    assert sentence in beside[1]
    assert html.count("errorlist") == 1


def test_there_are_no_more_than_fifty() -> None:
    rows = [(f"name {n}", "", False) for n in range(MOST_ENTRIES + 1)]
    assert cleaned(*rows[1:])[1][-1]["key"] == "name 50"
    assert cleaned(*rows)[1] == ["Use a list of at most 50 entries."]


def test_a_person_and_a_product_have_rows_and_some_to_spare(world: World) -> None:
    admin = signed_in(world.acme_admin)
    typed = posted(("Region", "North", True), ("Credit", "good", False))
    assert admin.post("/accounts/user/add/", user_form(**typed)).status_code == 302
    with inside(world.acme):
        person = User.objects.get(email="new@example.com")
    assert person.metadata == [
        {"key": "Region", "value": "North", "visible": True},
        {"key": "Credit", "value": "good", "visible": False},
    ]
    page = admin.get(f"/accounts/user/{person.pk}/change/").content.decode()
    assert page.count('-key"\n') + len(re.findall(r'name="metadata-\d+-key"', page)) >= 2 + SPARE
    assert "&quot;key&quot;" not in page
    again = user_form(**posted(("", "", False), ("Credit", "poor", False)))
    assert admin.post(f"/accounts/user/{person.pk}/change/", again).status_code == 302
    with inside(world.acme):
        person.refresh_from_db()
    assert person.metadata == [{"key": "Credit", "value": "poor", "visible": False}]
    history = admin.get(f"/accounts/user/{person.pk}/history/").content.decode()
    assert "Region: North; Credit: good" in history
    refused = user_form(email="other@example.com", **posted(("", "lost", False)))
    answer = admin.post("/accounts/user/add/", refused)
    assert answer.status_code == 200
    assert 'value="lost"' in answer.content.decode()
    assert "Row 1: This value needs a name." in answer.content.decode()


def test_who_may_only_look_reads_no_json(world: World) -> None:
    with inside(world.acme):
        entry = {"key": "Region", "value": "North", "visible": True}
        Product.objects.filter(pk=world.orbit.pk).update(metadata=[entry])
        User.objects.filter(pk=world.ada.pk).update(metadata=[entry])
        Activation.objects.filter(pk=world.ada_machine.pk).update(
            metadata=[entry], meter_attributes=[{"name": "pages", "uses": 7}]
        )
    support = signed_in(world.acme_support)
    for path in (
        f"/licenses/product/{world.orbit.pk}",
        f"/accounts/user/{world.ada.pk}",
        f"/licenses/activation/{world.ada_machine.pk}",
    ):
        page = support.get(f"{path}/change/").content.decode()
        assert "Region: North" in page
        assert ("pages: 7" in page) == ("activation" in path)
        assert "&quot;" not in page


# --- Notes for staff -----------------------------------------------------------------------------


def test_staff_keep_notes_that_the_customer_never_reads(world: World) -> None:
    admin, ada = signed_in(world.acme_admin), signed_in(world.ada)
    path = f"/accounts/user/{world.ada.pk}/change/"
    form = user_form(email="ada@example.com", first_name="Ada", internal_notes="Whispered")
    form |= {"last_name": "Lovelace", "reminders": "on"}
    assert admin.post(path, form).status_code == 302
    assert "Whispered" in admin.get(path).content.decode()
    assert "Whispered" in signed_in(world.acme_support).get(path).content.decode()
    before = ada.get("/profile/activity/").content.decode()
    assert "Whispered" not in before
    assert "Profile changed" not in before
    product = {
        "name": "Orbit", "internal_notes": "Whispered", "offline_response_validity": "30 days",
        "allowed_key_replacements": "3", "customers_may_deactivate": "on",
    }  # fmt: skip
    path = f"/licenses/product/{world.orbit.pk}/change/"
    assert admin.post(path, product).status_code == 302
    for page in ("/profile/", f"/licenses/{world.ada_license.pk}/", "/releases/"):
        assert "Whispered" not in ada.get(page).content.decode()
