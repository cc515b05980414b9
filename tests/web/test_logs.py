"""Lines of the log."""

import logging
import logging.config
import re
import sys
from typing import Any

import pytest
from django.conf import settings


def test_a_line_says_its_time_with_the_offset(capsys: pytest.CaptureFixture[str]) -> None:
    said: dict[str, Any] = settings.LOGGING["formatters"]["line"]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(said["format"], said["datefmt"], style=said["style"]))
    handler.handle(logging.makeLogRecord({"name": "web", "levelname": "INFO", "msg": "hello"}))
    line = capsys.readouterr().err
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} INFO web hello\n", line)
