"""Lengths of time as people type and read them."""

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as some

from licenses.admin.lengths import CountField, LengthOfTimeField, ValidityField
from licenses.intervals import Interval, parse
from licenses.lengths import LengthError, in_words, typed
from licenses.models import LicensePolicy, MaintenancePolicy
from tenancy.door import inside
from tests.backoffice.test_base import TERMS
from tests.world import World, signed_in

NO_LENGTH = "Type a length such as 1 year, 18 months, 90 days or 8 hours, or perpetual."


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("1 year", "P1Y"),
        ("2 YEARS", "P2Y"),
        ("18 months", "P18M"),
        ("12 months", "P12M"),
        ("1 month", "P1M"),
        ("1 year 6 months", "P1Y6M"),
        ("1 year and 6 months", "P1Y6M"),
        ("1 year, 6 months and 10 days", "P1Y6M10D"),
        ("6 months 1 year", "P1Y6M"),
        ("1y 6mo", "P1Y6M"),
        ("90 days", "P90D"),
        ("90d", "P90D"),
        ("2 weeks", "P14D"),
        ("1 year and 182 days", "P1Y182D"),
        ("548 days", "P548D"),
        ("8 hours", "PT8H"),
        ("8hours", "PT8H"),
        ("8 h", "PT8H"),
        ("90 minutes", "PT90M"),
        ("1 hour 30 minutes", "PT1H30M"),
        ("45 seconds", "PT45S"),
        ("  1\u00a0 year ", "P1Y"),
        ("1 Jahr", "P1Y"),
        ("2 Jahre", "P2Y"),
        ("18 Monate", "P18M"),
        ("1 Jahr und 6 Monate", "P1Y6M"),
        ("1 Jahr, 6 Monate und 10 Tage", "P1Y6M10D"),
        ("90 Tage", "P90D"),
        ("2 Wochen", "P14D"),
        ("8 Stunden", "PT8H"),
        ("8 Std.", "PT8H"),
        ("90 Minuten", "PT90M"),
        ("30 Sekunden", "PT30S"),
        ("P1Y", "P1Y"),
        ("p1y6m", "P1Y6M"),
        ("PT8H", "PT8H"),
        ("perpetual", ""),
        ("Perpetual", ""),
        ("never", ""),
        ("no end", ""),
        ("unbefristet", ""),
        ("für immer", ""),
    ],
)
def test_what_people_type(text: str, interval: str) -> None:
    assert str(typed(text)) == interval


@pytest.mark.parametrize(
    "text",
    ["", " ", "soon", "year", "1.5 years", "-1 day", "1 year 2 years", "1 year,", "and 1 year",
     "1 year and", "0 days", "0", "P0D", "P", "1 fortnight", "1 year 6", "6 1 year", "9" * 11,
     "1  year; 6 months", "P1Y extra", "1,5 Jahre", "Infinity", "1 yéar", "-12", "1e3"],
)  # fmt: skip
def test_what_is_no_length(text: str) -> None:
    with pytest.raises(LengthError) as refused:
        typed(text)
    assert str(refused.value) == NO_LENGTH


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("12", "12 of what? Type “12 days”, “12 months” or “12 years”."),
        ("1", "1 of what? Type “1 day”, “1 month” or “1 year”."),
        ("365", "365 of what? Type “365 days” or “365 months”."),
        ("3600", "3600 of what? Type “3600 days”."),
        ("18 m", "18 of what? Type “18 months” or “18 minutes”."),
    ],
)
def test_a_number_alone_is_refused_with_what_it_could_be(text: str, sentence: str) -> None:
    with pytest.raises(LengthError) as refused:
        typed(text)
    assert str(refused.value) == sentence


@pytest.mark.parametrize("text", ["101 years", "1221 months", "36601 days", "99999999 hours"])
def test_more_than_a_hundred_years_is_refused(text: str) -> None:
    with pytest.raises(LengthError, match="A length is at most 100 years"):
        typed(text)


@pytest.mark.parametrize(
    ("interval", "read"),
    [
        ("P1Y", "1 year"),
        ("P2Y", "2 years"),
        ("P18M", "18 months"),
        ("P12M", "12 months"),
        ("P1Y6M", "1 year and 6 months"),
        ("P1Y6M10D", "1 year, 6 months and 10 days"),
        ("P1Y182D", "1 year and 182 days"),
        ("P548D", "548 days"),
        ("P365D", "365 days"),
        ("P30D", "30 days"),
        ("PT8H", "8 hours"),
        ("PT90M", "90 minutes"),
        ("PT1H30M", "1 hour and 30 minutes"),
        ("P1DT12H", "1 day and 12 hours"),
        ("PT1S", "1 second"),
        ("", "perpetual"),
    ],
)
def test_what_people_read_is_exact(interval: str, read: str) -> None:
    assert in_words(parse(interval)) == read


parts = some.integers(0, 30)


@given(some.builds(Interval, some.integers(0, 30), parts, parts, parts, parts, parts))
@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_what_is_read_can_be_typed_again(language: str, interval: Interval) -> None:
    with translation.override(language):
        assert typed(in_words(interval)) == interval


# --- The fields ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1 hour", 3600), ("90 minutes", 5400), ("30 days", 2592000), ("1 year", 31536000), ("0", 0)],
)
def test_what_programs_count_is_seconds(text: str, seconds: int) -> None:
    assert LengthOfTimeField().clean(text) == seconds


@pytest.mark.parametrize(
    ("seconds", "read"),
    [(31536000, "365 days"), (2592000, "30 days"), (5400, "1 hour and 30 minutes"),
     (28800, "8 hours"), (90061, "1 day, 1 hour, 1 minute and 1 second"), (0, "0")],
)  # fmt: skip
def test_seconds_are_read_to_the_second(seconds: int, read: str) -> None:
    field = LengthOfTimeField()
    assert field.prepare_value(seconds) == read
    assert field.clean(read) == seconds


def test_seconds_need_a_unit() -> None:
    with pytest.raises(ValidationError) as refused:
        LengthOfTimeField().clean("3600")
    assert refused.value.messages == [
        "3600 of what? Type “3600 seconds”, “3600 minutes”, “3600 hours” or “3600 days”."
    ]


def test_a_validity_that_need_not_be_typed_is_none() -> None:
    assert ValidityField(required=False).clean(" ") is None
    assert ValidityField(required=False).clean("perpetual") == ""
    with pytest.raises(ValidationError):
        ValidityField().clean(" ")


ADD = "/licenses/licensepolicy/add/"


def test_a_policy_is_typed_in_words(world: World) -> None:
    admin = signed_in(world.acme_admin)
    assert 'value="perpetual"' in admin.get(ADD).content.decode()
    form = {**TERMS, "name": "Yearly", "key_pattern": "", "subscription_interval": "1 year"}
    assert admin.post(ADD, form).status_code == 302
    with inside(world.acme):
        policy = LicensePolicy.objects.get(name="Yearly")
    assert policy.subscription_interval == "P1Y"
    path = f"/licenses/licensepolicy/{policy.pk}/change/"
    assert 'value="1 year"' in admin.get(path).content.decode()
    assert admin.post(path, form | {"subscription_interval": "18 months"}).status_code == 302
    assert "18 months" in admin.get("/licenses/licensepolicy/").content.decode()
    history = admin.get(f"/licenses/licensepolicy/{policy.pk}/history/").content.decode()
    assert "1 year" in history
    assert "18 months" in history
    assert "P18M" not in history


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("365", "365 of what? Type “365 days” or “365 months”."),
        ("101 years", "A length is at most 100 years, or perpetual."),
        ("", NO_LENGTH),
        ("P1", NO_LENGTH),
    ],
)
def test_a_policy_refuses_what_is_not_clear(world: World, text: str, sentence: str) -> None:
    admin = signed_in(world.acme_admin)
    form = {**TERMS, "name": "Yearly", "key_pattern": "", "subscription_interval": text}
    page = admin.post(ADD, form).content.decode()
    assert sentence in page
    field = page[page.index('name="subscription_interval"') :].partition(">")[0]
    assert (f'value="{text}"' in field) is bool(text)  # what was typed is still there
    with inside(world.acme):
        assert not LicensePolicy.objects.exists()


def test_maintenance_is_typed_in_words_too(world: World) -> None:
    admin = signed_in(world.acme_admin)
    form = {"name": "Updates", "expiration_strategy": "immediate"}
    path = "/licenses/maintenancepolicy/add/"
    assert (
        "12 of what?" in admin.post(path, form | {"subscription_interval": "12"}).content.decode()
    )
    assert admin.post(path, form | {"subscription_interval": "12 months"}).status_code == 302
    with inside(world.acme):
        assert MaintenancePolicy.objects.get().subscription_interval == "P12M"


@pytest.mark.parametrize(
    ("text", "number"),
    [("unlimited", -1), (" Unlimited ", -1), ("-1", -1), ("0", 0), ("3", 3)],
)
def test_no_limit_is_typed_and_shown_as_a_word(text: str, number: int) -> None:
    field = CountField()
    assert field.clean(text) == number
    assert field.prepare_value(number) == ("unlimited" if number == -1 else str(number))
    assert field.prepare_value(text) == text  # of a form that comes back
    with pytest.raises(ValidationError):
        field.clean("many")


def test_no_form_of_terms_begins_with_minus_one(world: World) -> None:
    page = signed_in(world.acme_admin).get("/licenses/licensepolicy/add/").content.decode()
    assert '<input type="text" name="allowed_deactivations" value="unlimited"' in page
    assert 'value="-1"' not in page
