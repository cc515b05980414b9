"""Language and time zone: a person's own, else the vendor's, else the installation's."""

from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.preferences import language_of, time_zone_of
from accounts.verbs.people import change_person
from accounts.verbs.settings import change_settings
from tests.world import World


def test_the_nearest_choice_counts(acme: World) -> None:
    ada = User.objects.select_related("vendor").get(pk=acme.ada.pk)
    assert (language_of(ada), time_zone_of(ada)) == ("en-gb", ZoneInfo("UTC"))
    ada.vendor = change_settings(vendor=acme.acme, time_zone="Europe/Berlin")
    assert time_zone_of(ada) == ZoneInfo("Europe/Berlin")
    ada.time_zone = "Asia/Tokyo"
    change_person(person=ada, fields=["time_zone"])
    assert time_zone_of(User.objects.get(pk=ada.pk)) == ZoneInfo("Asia/Tokyo")
    assert time_zone_of(vendor=ada.vendor) == ZoneInfo("Europe/Berlin")


def test_an_operator_has_the_installation_s(world: World) -> None:
    assert time_zone_of(world.operator) == ZoneInfo("UTC")
    assert language_of() == "en-gb"


@pytest.mark.parametrize(
    ("field", "value"), [("time_zone", "Europe/Atlantis"), ("language", "tlh")]
)
def test_what_nobody_knows_is_refused(acme: World, field: str, value: str) -> None:
    with pytest.raises(ValidationError) as refused:
        change_settings(vendor=acme.acme, **{field: value})  # type: ignore[arg-type]
    assert list(refused.value.message_dict) == [field]
    setattr(acme.ada, field, value)
    with pytest.raises(ValidationError):
        change_person(person=acme.ada, fields=[field])
