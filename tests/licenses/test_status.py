"""The status of a licence: the rule and its twin in SQL say the same."""

from datetime import timedelta
from itertools import product

import pytest
from django.utils import timezone

from licenses.ends import End
from licenses.models import License
from licenses.search import COUNTED, status_filter, totals
from licenses.status import Standing, Status, standing_of
from licenses.verbs.licenses import create_license
from tests.conftest import NOW
from tests.world import World

pytestmark = pytest.mark.by_database
SECOND = timedelta(seconds=1)
MONTH = timedelta(days=30)


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({}, Status.ACTIVE),
        ({"end": End(NOW + MONTH + SECOND)}, Status.ACTIVE),
        ({"end": End(NOW + MONTH)}, Status.EXPIRING_SOON),
        ({"end": End(NOW + SECOND)}, Status.EXPIRING_SOON),
        ({"end": End(NOW)}, Status.EXPIRED),
        ({"end": End(NOW - SECOND)}, Status.EXPIRED),
        ({"waits_for_first_activation": True}, Status.NOT_STARTED),
        ({"suspended": True, "end": End(NOW)}, Status.SUSPENDED),
        ({"suspended": True, "revoked": True}, Status.REVOKED),
    ],
)
def test_the_status_at_a_moment(facts: dict[str, object], status: Status) -> None:
    defaults = {
        "revoked": False,
        "suspended": False,
        "end": None,
        "waits_for_first_activation": False,
    }
    standing: Standing = standing_of(now=NOW, **(defaults | facts))  # type: ignore[arg-type]
    assert standing.status is status


@pytest.mark.takes_turns
def test_the_queries_agree_with_the_rule(acme: World) -> None:
    ends = [None, *(NOW + timedelta(days=days) for days in (-1, 0, 1, 30, 31))]
    for revoked, suspended, end, strategy in product(
        (False, True), (False, True), ends, ("immediate", "delayed", "rolling")
    ):
        license = create_license(
            product=acme.orbit,
            user=acme.ada,
            subscription_interval="PT1M",
            expiration_strategy=strategy,
            revoked=revoked,
            suspended=suspended,
        )
        License.objects.filter(pk=license.pk).update(expires_at=end)
    everything = list(License.objects.all())
    assert len(everything) == 74
    for status in Status:
        found = set(License.objects.filter(status_filter(status, timezone.now())))
        assert found == {each for each in everything if each.standing.status is status}
    counts = totals(License.objects.all(), timezone.now())
    assert counts.all == 74
    assert counts.by_status == tuple(
        sum(each.standing.status is status for each in everything) for status in COUNTED
    )
    assert sum(counts.by_status) == counts.all
