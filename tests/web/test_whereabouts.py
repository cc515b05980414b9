"""Where addresses are, by the operator's file; and the check of it."""

import logging
import random
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.utils import translation

from tests.geoip import BERLIN, GERMANY, NOWHERE, TOKYO, written
from web.whereabouts import UNREADABLE, Whereabouts, look_up, read, whereabouts_of


def test_a_file_says_country_and_city(tmp_path: Path, settings: Any) -> None:
    assert whereabouts_of(BERLIN) == Whereabouts()  # without the setting
    settings.GEOIP_DATABASE = written(tmp_path / "places.mmdb")
    assert whereabouts_of(BERLIN) == Whereabouts("DE", "Berlin, Germany")
    assert whereabouts_of(TOKYO) == Whereabouts("JP", "Japan")
    for ip in (NOWHERE, "127.0.0.1", ""):
        assert whereabouts_of(ip) == Whereabouts()
    with translation.override("de"):
        assert whereabouts_of(BERLIN).words == "Berlin, Deutschland"


def test_a_file_that_is_replaced_counts_at_once(tmp_path: Path, settings: Any) -> None:
    settings.GEOIP_DATABASE = written(tmp_path / "places.mmdb")
    assert whereabouts_of(NOWHERE) == Whereabouts()
    written(settings.GEOIP_DATABASE, {"198.51.100.0/24": {"country": GERMANY}})
    assert whereabouts_of(NOWHERE) == Whereabouts("DE", "Germany")


@pytest.mark.parametrize(
    "record",
    [
        None,
        "Berlin",
        {"country": "DE"},
        {"country": {"iso_code": 7, "names": {"en": ["Germany"]}}, "city": {"names": "Berlin"}},
        {"autonomous_system_number": 64496},
    ],
)
def test_a_record_of_another_form_says_nothing(record: Any) -> None:
    assert read(record) == Whereabouts()


def test_words_have_an_end() -> None:
    assert len(read({"city": {"names": {"en": "Berlin" * 100}}}).words) == 200


def test_a_file_that_cant_be_read_keeps_nobody_out(
    tmp_path: Path, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.GEOIP_DATABASE = tmp_path / "missing.mmdb"
    with caplog.at_level(logging.WARNING):
        assert whereabouts_of(BERLIN) == Whereabouts()
    assert "can't be read" in caplog.text
    assert BERLIN not in caplog.text


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_torn_file_raises_nothing_else(tmp_path: Path) -> None:
    """Cut off and overwritten anywhere, at the end most of all, where it says what it is."""
    whole, torn, dice = written(tmp_path / "whole.mmdb").read_bytes(), tmp_path / "torn", random
    dice.seed(1)
    refused = 0
    for _time in range(300):
        data = bytearray(whole)
        for _byte in range(dice.choice((1, 3, 30))):
            data[-1 - dice.randrange(dice.choice((300, len(data))))] = dice.randrange(256)
        torn.write_bytes(data[: dice.choice((len(data), dice.randrange(len(data))))])
        try:
            look_up(torn, BERLIN)
        except UNREADABLE:
            refused += 1
    assert refused > 100


def test_the_check_says_when_there_is_nothing_to_read(tmp_path: Path, settings: Any) -> None:
    def warned() -> bool:
        return "portal.W006" in {each.id for each in run_checks(tags=["security"])}

    assert not warned()
    settings.GEOIP_DATABASE = tmp_path / "places.mmdb"
    assert warned()
    written(settings.GEOIP_DATABASE)
    assert not warned()
