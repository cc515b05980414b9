"""Time zones come with the portal and not from the machine."""

import os
import subprocess
import sys
import zoneinfo
from datetime import datetime
from importlib.metadata import distribution
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tenancy import zones


def test_nothing_is_read_from_the_machine() -> None:
    assert zoneinfo.TZPATH == ()
    package = {str(each) for each in distribution("tzdata").files or ()}
    for name in zones.names():
        assert f"tzdata/zoneinfo/{name}" in package


def test_a_machine_with_other_zones_changes_nothing(tmp_path: Path) -> None:
    """Wherever the machine says that Berlin is as far as Tokyo, it stays where it is."""
    (tmp_path / "Europe").mkdir()
    tokyo = Path(distribution("tzdata").locate_file("tzdata/zoneinfo/Asia/Tokyo")).read_bytes()
    (tmp_path / "Europe" / "Berlin").write_bytes(tokyo)
    source = (
        "import django; django.setup(); from zoneinfo import ZoneInfo; from datetime import datetime;"
        "print(datetime(2027, 7, 1, tzinfo=ZoneInfo('Europe/Berlin')).utcoffset())"
    )
    environment = os.environ | {
        "PYTHONTZPATH": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", source], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "2:00:00\n"


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"])
def test_what_people_choose_from(name: str) -> None:
    assert name in zones.places()
    assert ZoneInfo(name).key == name


def test_what_is_no_place_is_not_offered() -> None:
    assert zones.places()[0] == "UTC"
    assert not {"Etc/GMT+5", "US/Eastern", "EST", "Factory", "localtime"} & set(zones.places())
    assert set(zones.places()) <= set(zones.names())


def test_summer_time_is_known() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    offsets = [datetime(2027, month, 1, tzinfo=berlin).utcoffset() for month in (1, 7)]
    assert [each.total_seconds() / 3600 for each in offsets if each is not None] == [1, 2]
