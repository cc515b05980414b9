"""Another time zone of the vendor's: days stay, and the moments at which they end move.

A moment that is no day's end stays, too. Machines learn of it when they sync; a response that was
handed out to an offline machine keeps the moment that it says.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import groupby
from typing import Any

from django.db import models, transaction
from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.functions import Cast
from django.utils import timezone

from licenses.ends import end_of
from licenses.models import MAINTENANCE, VALIDITY, Activation, License
from licenses.models.ends import Ending

AS_LENGTH = models.DurationField()


def _with_days() -> Iterator[tuple[QuerySet[Any], Ending]]:
    """The rows of the scope's vendor that have a day, and which fields have it."""
    for model, ending in ((License, VALIDITY), (License, MAINTENANCE), (Activation, VALIDITY)):
        yield model.objects.filter(**{f"{ending.on}__isnull": False}).order_by(), ending


def count_days() -> int:
    """How many licences, terms of maintenance and machines end with a day."""
    return sum(rows.count() for rows, _ending in _with_days())


@transaction.atomic
def move_days(zone: tzinfo) -> int:
    """Has every day of the scope's vendor end by the clocks of the zone; how many there are."""
    return sum(_move(rows, ending, zone) for rows, ending in _with_days())


def _move(rows: QuerySet[Any], ending: Ending, zone: tzinfo) -> int:
    days = sorted(rows.values_list(ending.on, flat=True).distinct())
    if not days:
        return 0
    # From midnight in UTC to the end of the day there is so much as long as no clock is changed.
    distances = groupby(days, lambda day: _distance(day, zone))
    lengths = [(list(run)[-1], Value(length, AS_LENGTH)) for length, run in distances]
    cases = [When(**{f"{ending.on}__lte": last}, then=length) for last, length in lengths]
    midnight = Cast(F(ending.on), models.DateTimeField())
    return rows.update(
        **{ending.at: midnight + Case(*cases, output_field=AS_LENGTH)}, updated_at=timezone.now()
    )


def _distance(day: date, zone: tzinfo) -> timedelta:
    return end_of(day, zone).at - datetime.combine(day, time(), UTC)
