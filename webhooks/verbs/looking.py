"""Looking for ends that have come by time, at every vendor; chores (jobs/chores.py).

Each webhook is looked for from where it was looked for last, so that none begins with the ends of
years ago, and none misses one while no worker runs. An end is told once: its name is unique. A
transaction that is under way may commit an end that has just been passed, so that the last LAG is
looked through again.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.utils import timezone

from jobs.vendors import at_each
from licenses.models import License
from tenancy.door import Way, outside
from tenancy.models import Vendor
from tenancy.table import vendor_by_id
from tenancy.transactions import in_steps
from webhooks.models import Webhook
from webhooks.verbs import ends
from webhooks.verbs.queueing import news_of_end, place_now, queue

LAG = timedelta(minutes=1)
AT_ONCE = 50  # licences


def look_for_ends() -> int:
    """Queues that licences have expired: every round, an index finds them; how many."""
    return _look([ends.OVER], "ends_until")


def look_for_slow_ends() -> int:
    """Queues that licences expire soon and that maintenance has ended: every hour, since licences
    are looked through for it; how many."""
    return _look([ends.SOON, ends.MAINTAINED], "soon_until")


def _look(among: Iterable[ends.End], until: str) -> int:
    return at_each(lambda _vendor: _look_here(list(among), until), _vendors())


def _vendors() -> list[Vendor]:
    """The vendors at which webhooks are on."""
    with outside(Way.WEBHOOKS, "Only at which vendors webhooks are on gets out."):
        on = Webhook.objects.filter(active=True).order_by()
        ids = list(on.values_list("vendor_id", flat=True).distinct())
    return [vendor for vendor in map(vendor_by_id, ids) if vendor]


def _look_here(among: list[ends.End], until: str) -> int:
    return sum(
        _look_for(hook, [end for end in among if end.event in hook.events], until)
        for hook in Webhook.objects.filter(active=True).order_by("pk")
    )


def _look_for(hook: Webhook, among: list[ends.End], until: str) -> int:
    now, after = timezone.now(), getattr(hook, until)
    if not among:
        return 0
    found = 0
    for end in among:
        ids = ends.reached(end, after, now)
        in_steps(_chunks(ids), partial(_queue_some, hook, end, now))
        found += len(ids)
    reached: Any = {until: max(after, now - LAG)}
    Webhook.objects.filter(pk=hook.pk, **{until: after}).update(**reached)
    return found


def _chunks(ids: list[UUID]) -> Iterator[list[UUID]]:
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]


def _queue_some(hook: Webhook, end: ends.End, now: datetime, ids: list[UUID]) -> None:
    """What was moved meanwhile is left alone."""
    licenses = License.objects.filter(pk__in=ids)
    still = [each for each in licenses if end.is_reached(each, now)]
    place = place_now()
    queue([hook], [news_of_end(each, end, now, place) for each in still])
