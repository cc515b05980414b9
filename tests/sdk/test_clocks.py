"""A table of clocks: what a program says of its licence as the clock of its machine goes wrong.

A row is a story: what happens, hour by hour or day by day, and what the check then finds. The portal's
own clock is right throughout; the response to the first request is signed at NOW.
"""

from pathlib import Path
from typing import NamedTuple

import pytest

from portal_licensing import LicenseClient, Status, errors
from tests.offline.make_vectors import NOW
from tests.sdk.test_client import FINGERPRINT, PRODUCT, Clock, ask, response

MINUTE, HOUR, DAY = 60, 3600, 86400
VALID, TAMPERED, NOT_YET = Status.VALID, Status.CLOCK_TAMPERED, Status.NOT_YET
EXPIRED, LEASE = Status.EXPIRED, Status.LEASE_EXPIRED


class Start(NamedTuple):
    """The program starts while the clock shows so many seconds from NOW."""

    shown: int
    status: Status


class Answer(NamedTuple):
    """A new request is answered by the portal at `signed` seconds from NOW, and the response is
    installed while the clock shows `shown`."""

    signed: int
    shown: int
    status: Status | type[errors.LicensingError]


class Same(NamedTuple):
    """The response that is installed is installed once more."""

    shown: int
    status: Status


class Older(NamedTuple):
    """The first response is installed once more."""

    shown: int
    status: Status


Step = Start | Answer | Same | Older

STORIES: dict[str, tuple[Step, ...]] = {
    "a clock that is right": (Start(0, VALID), Start(DAY, VALID), Start(364 * DAY, VALID)),
    "the last second, and the one after": (
        Start(365 * DAY - 1, VALID),
        Start(365 * DAY, EXPIRED),
    ),
    "40 days ahead once, then right": (
        Start(40 * DAY, VALID),
        Start(HOUR, TAMPERED),
        Answer(2 * HOUR, 3 * HOUR, VALID),
        Start(4 * HOUR, VALID),
        Start(364 * DAY, VALID),
    ),
    "years ahead once, then right": (
        Start(10 * 365 * DAY, EXPIRED),
        Start(HOUR, TAMPERED),
        Answer(HOUR, 2 * HOUR, VALID),
        Start(3 * HOUR, VALID),
    ),
    "ahead, right, ahead again, right again": (
        Start(40 * DAY, VALID),
        Answer(HOUR, HOUR, VALID),
        Start(50 * DAY, VALID),
        Start(2 * HOUR, TAMPERED),
        Answer(2 * HOUR, 2 * HOUR, VALID),
        Start(3 * HOUR, VALID),
    ),
    "ahead as the response comes, right afterwards": (
        Answer(HOUR, 20 * DAY, VALID),
        Start(2 * HOUR, TAMPERED),
        Answer(3 * HOUR, 4 * HOUR, VALID),
        Start(5 * HOUR, VALID),
    ),
    "so far ahead as the response comes that it has run out": (
        Start(HOUR, VALID),
        Answer(HOUR, 31 * DAY, errors.ResponseExpired),
        Start(2 * HOUR, VALID),
        Answer(2 * HOUR, 2 * HOUR, VALID),
    ),
    "ahead, and the new response waits a month less a day": (
        Start(90 * DAY, VALID),
        Answer(HOUR, 29 * DAY, VALID),
        Start(30 * DAY, VALID),
    ),
    "ahead, and the new response waits for more than a month": (
        Start(90 * DAY, VALID),
        Answer(HOUR, 31 * DAY, errors.ResponseExpired),
        Start(31 * DAY, TAMPERED),
        Answer(31 * DAY, 31 * DAY, VALID),
    ),
    "the same response again says nothing new": (
        Start(40 * DAY, VALID),
        Same(HOUR, TAMPERED),
        Start(2 * HOUR, TAMPERED),
    ),
    "an older response says nothing new": (
        Answer(DAY, DAY, VALID),
        Start(20 * DAY, VALID),
        Older(2 * DAY, TAMPERED),
        Start(2 * DAY, TAMPERED),
        Answer(2 * DAY, 2 * DAY, VALID),
    ),
    "set back by a day": (Start(10 * DAY, VALID), Start(9 * DAY, TAMPERED), Start(10 * DAY, VALID)),
    "set back to make a licence that has ended go on": (
        Start(366 * DAY, EXPIRED),
        Start(364 * DAY, TAMPERED),
        Start(366 * DAY - 13 * HOUR, EXPIRED),
    ),
    "a little back near the end gains nothing": (
        Start(365 * DAY - 1, VALID),
        Start(365 * DAY, EXPIRED),
        Start(365 * DAY - HOUR, EXPIRED),
    ),
    "an empty battery: 1970": (
        Start(DAY, VALID),
        Start(-NOW, NOT_YET),
        Start(DAY + HOUR, VALID),
    ),
    "an empty battery before the first start": (
        Start(-20 * 365 * DAY, NOT_YET),
        Start(0, VALID),
    ),
    "an empty battery as a new response comes": (
        Start(DAY, VALID),
        Answer(DAY, -20 * 365 * DAY, NOT_YET),
        Start(2 * DAY, VALID),
    ),
    "a clock that is a minute slow": (Start(-MINUTE, VALID), Start(HOUR, VALID)),
    "a clock that is a day slow": (Start(-DAY, NOT_YET), Start(0, VALID)),
    "two systems in Berlin, winter": (
        Start(2 * HOUR, VALID), Start(HOUR + MINUTE, VALID), Start(2 * HOUR + 2 * MINUTE, VALID),
    ),
    "two systems in Berlin, summer": (Start(4 * HOUR, VALID), Start(2 * HOUR + MINUTE, VALID)),
    "two systems in New York": (Start(DAY, VALID), Start(DAY - 5 * HOUR, VALID)),
    "two systems in Honolulu": (Start(DAY, VALID), Start(DAY - 10 * HOUR, VALID)),
    "two systems in Kolkata": (Start(DAY, VALID), Start(DAY - 5 * HOUR - 1800, VALID)),
    "two systems in Kathmandu": (Start(DAY, VALID), Start(DAY - 5 * HOUR - 2700, VALID)),
    "two systems in Auckland, summer": (Start(DAY, VALID), Start(DAY - 13 * HOUR, VALID)),
    "two systems on Kiritimati": (
        Start(14 * HOUR, VALID), Start(0, VALID), Start(14 * HOUR, VALID), Start(0, VALID),
    ),
    "two systems west of UTC, first start after the activation": (
        Start(-11 * HOUR, VALID), Start(MINUTE, VALID),
    ),
    "two systems, right after the activation": (Start(2 * HOUR, VALID), Start(MINUTE, VALID)),
    "further apart than any zone is": (Start(DAY, VALID), Start(DAY - 14 * HOUR - 1, TAMPERED)),
    "further apart than any zone, twice": (
        Start(DAY, VALID), Start(DAY - 14 * HOUR, VALID), Start(DAY - 15 * HOUR, TAMPERED),
    ),
}  # fmt: skip


def act(client: LicenseClient, clock: Clock, first: str, step: Step) -> None:
    clock.now = float(NOW + step.shown)
    if isinstance(step, Start):
        assert client.check().status is step.status
        return
    text = client.storage.read().token if isinstance(step, Same) else first
    if isinstance(step, Answer):
        signed = NOW + step.signed
        said = {"iat": signed, "orv": signed + 30 * DAY, "eat": NOW + 365 * DAY}
        text = response(ask(client), **said)
    if isinstance(step.status, Status):
        assert client.install(text).status is step.status
        return
    with pytest.raises(step.status):
        client.install(text)


@pytest.mark.parametrize("story", STORIES)
def test_clocks(tmp_path: Path, story: str) -> None:
    clock = Clock()
    client = LicenseClient(PRODUCT, tmp_path, fingerprint=FINGERPRINT, clock=clock)
    first = response(ask(client), eat=NOW + 365 * DAY)
    assert client.install(first).valid
    for step in STORIES[story]:
        act(client, clock, first, step)


def test_a_lease_ends_by_the_same_clock(tmp_path: Path) -> None:
    clock = Clock()
    client = LicenseClient(PRODUCT, tmp_path, fingerprint=FINGERPRINT, clock=clock)
    assert client.install(response(ask(client), leat=NOW + DAY)).valid
    clock.now = float(NOW + DAY)
    assert client.check().status is LEASE
    clock.now -= HOUR
    assert client.check().status is LEASE
    again = response(ask(client), iat=NOW + DAY, leat=NOW + 2 * DAY, orv=NOW + 2 * DAY)
    assert client.install(again).valid


def test_deactivating_and_activating_again_forgets_a_clock_that_was_ahead(tmp_path: Path) -> None:
    clock = Clock()
    client = LicenseClient(PRODUCT, tmp_path, fingerprint=FINGERPRINT, clock=clock)
    client.install(response(ask(client)))
    clock.now = float(NOW + 90 * DAY)
    client.check()
    client.request_deactivation()
    clock.now = float(NOW + HOUR)
    assert client.install(response(ask(client), iat=NOW + HOUR)).valid
