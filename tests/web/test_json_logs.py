"""Lines of JSON: what they tell of a request, and what they don't."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from tests.secrets import found_in
from tests.world import Browser, World, signed_in
from web.json_logs import Lines


@pytest.fixture
def lines(settings: Any) -> Iterator[io.StringIO]:
    """What is written as with LOG_FORMAT=json."""
    settings.ACCESS_LOG = True
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(Lines())
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


def accesses(written: io.StringIO) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in written.getvalue().splitlines()]
    return [each for each in found if each["logger"] == "portal.access"]


def test_each_request_has_a_line_with_ids_alone(world: World, lines: io.StringIO) -> None:
    path = f"/licenses/{world.ada_license.pk}/"
    signed_in(world.ada).get(f"{path}?key=ADA111-ACME-ORBIT-0001")
    [line] = accesses(lines)
    assert len(line.pop("request")) == 36
    assert line.pop("seconds") >= 0
    assert line.pop("message").startswith(f"GET {path} 200 ")
    assert line == {
        "time": "2026-11-24T12:00:00.000+00:00",
        "level": "INFO",
        "logger": "portal.access",
        "vendor": str(world.acme.pk),
        "user": str(world.ada.pk),
        "method": "GET",
        "path": path,
        "route": "license",
        "status": 200,
    }


def test_the_back_office_tells_staffs_vendor_and_an_operator_has_none(
    world: World, lines: io.StringIO
) -> None:
    signed_in(world.acme_admin).get("/licenses/license/")
    signed_in(world.operator).get("/acts/")
    Browser("app").get("/login/")
    staff, operator, nobody = accesses(lines)
    assert (staff["vendor"], staff["user"]) == (str(world.acme.pk), str(world.acme_admin.pk))
    assert "vendor" not in operator
    assert operator["user"] == str(world.operator.pk)
    assert not {"vendor", "user"} & nobody.keys()


def test_who_asks_all_the_time_has_no_line(world: World, lines: io.StringIO) -> None:
    for path in ("/healthz", "/readyz", "/static/icons.svg"):
        Browser().get(path).getvalue()  # also of a file, which is closed at its end
    assert accesses(lines) == []


@pytest.mark.parametrize(
    ("proxies", "given", "taken"),
    [
        (1, "0123456789abcdef0123456789abcdef", True),
        (1, "cf5a5085-6562-4fc4-bbca-074775981d92", True),
        (0, "0123456789abcdef0123456789abcdef", False),
        (1, "short", False),
        (1, "x" * 37, False),
        (1, 'abcdefgh","user":"1', False),
        (1, "ada@example.com", False),
    ],
)
@pytest.mark.usefixtures("world")
def test_a_requests_id_is_a_trusted_proxys_or_new(
    lines: io.StringIO, settings: Any, proxies: int, given: str, taken: bool
) -> None:
    settings.TRUSTED_PROXIES = proxies
    Browser("app").get("/login/", headers={"X-Request-ID": given})
    assert (accesses(lines)[0]["request"] == given) == taken


def test_no_secret_and_no_address_is_in_any_part(world: World, lines: io.StringIO) -> None:
    link = f"{'WyI3NDlmYTg4Yi01NmJlLTRhY2Qt' * 4}:1wXpBo:_WXmQK507RrJGuFMOlINRF1EfsaxMOlYy3Sh2Gs"
    Browser().get(f"/password-reset/{link}/?next=ada@example.com")
    fault = f"of ada@example.com by {link}"
    try:
        raise ValueError(fault)
    except ValueError:
        logging.getLogger("test").exception("Line one\nline two of %s", "bob@example.com")
    written = lines.getvalue().splitlines()
    failed = json.loads(written[-1])
    assert failed["message"] == "Line one\nline two of …"
    assert failed["exception"].endswith("ValueError: of … by …")
    assert accesses(lines)[0]["path"] == "/password-reset/…/"
    assert [line for line in written if found_in(line)] == []
