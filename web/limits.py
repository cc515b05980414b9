"""Limits on how often something may be tried: a token bucket per key, kept in the database.

The database is what all processes share, and the bucket is one row that one conditional UPDATE
fills, so the limit is exact under concurrency. The row holds the moment at which the bucket will
be whole again (the generic cell rate algorithm, the token bucket with one number).

Limits on calls may be kept in Redis instead (`Limit.in_redis`, web/redis_store.py): each call
would otherwise write a row. Those that keep somebody from guessing, or others' mailboxes from being
filled, are in the database alone: whoever could have Redis emptied or restarted could begin anew.
"""

import hmac
import math
import time
from dataclasses import dataclass, replace
from ipaddress import IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils.translation import ngettext

from tenancy.transactions import delete_in_steps
from web.errors import PortalError
from web.models import RateBucket


@dataclass(frozen=True, slots=True)
class Limit:
    """So many tries at once, and one more every `interval` seconds. `in_redis`: it may be lost, so
    that it is kept in Redis where there is one."""

    name: str
    burst: int
    interval: float
    in_redis: bool = False


SIGN_IN_PER_ADDRESS = Limit("sign-in-address", burst=6, interval=60)
SIGN_IN_PER_IP = Limit("sign-in-ip", burst=40, interval=10)
# That somebody is held back is noted so often: who is goes on trying.
HELD_BACK_NOTED = Limit("held-back-noted", burst=1, interval=10 * 60)
RESET_PER_ADDRESS = Limit("reset-address", burst=3, interval=20 * 60)
RESET_PER_IP = Limit("reset-ip", burst=20, interval=60)
# A link to sign in, or licence keys.
MAILED_PER_ADDRESS = Limit("mailed-address", burst=3, interval=20 * 60)
MAILED_PER_IP = Limit("mailed-ip", burst=20, interval=60)
REGISTER_PER_ADDRESS = Limit("register-address", burst=3, interval=20 * 60)
REGISTER_PER_IP = Limit("register-ip", burst=10, interval=5 * 60)
PASSWORD_CHECK_PER_USER = Limit("password-check", burst=6, interval=60)
# Six digits are few: who has the password and nothing else would need some years on average.
SECOND_FACTOR_PER_USER = Limit("second-factor", burst=8, interval=5 * 60)
# Each page to sign in asks once when it opens, and once more every few minutes.
PASSKEY_ASKED_PER_IP = Limit("passkey-asked-ip", burst=120, interval=1)
NEW_DEVICE_PER_BROWSER = Limit("new-device-browser", burst=1, interval=15 * 60)
NEW_DEVICE_PER_USER = Limit("new-device-user", burst=5, interval=20 * 60)
# No limit: for so long a program is known after each sign-in from the same address.
PROGRAM_KNOWN = Limit("program-known", burst=1, interval=90 * 24 * 60 * 60)
NEW_PASSWORD_PER_USER = Limit("new-password", burst=20, interval=30)
# One answer of an identity provider; used up for longer than anybody may be there.
FLOW_ONCE = Limit("single-sign-on-flow", burst=1, interval=60 * 60)
SINGLE_SIGN_ON_PER_IP = Limit("single-sign-on-ip", burst=40, interval=10)
PROVIDER_KEYS = Limit("provider-keys", burst=3, interval=60)
PROVIDER_TRIED = Limit("provider-tried", burst=20, interval=15)
LICENSE_KEY_PER_IP = Limit("license-key-ip", burst=100, interval=5)
DOMAIN_CHECK_PER_VENDOR = Limit("domain-check-vendor", burst=20, interval=15)
TRIAL_FILE_PER_IP = Limit("trial-file-ip", burst=60, interval=10)
# Trials that begin; one that has begun costs nothing.
TRIAL_PER_IP = Limit("trial-ip", burst=30, interval=2 * 60)
OFFLINE_PER_USER = Limit("offline-user", burst=120, interval=1)
# Administrators whom an operator invites.
INVITED_PER_OPERATOR = Limit("invited-operator", burst=50, interval=60)
INVITED_PER_ADDRESS = Limit("invited-address", burst=3, interval=20 * 60)
TEST_EMAIL_PER_USER = Limit("test-email-user", burst=5, interval=5 * 60)
OWN_TABLES_PER_USER = Limit("own-tables-user", burst=40, interval=30)
OWN_ARCHIVES_PER_USER = Limit("own-archives-user", burst=5, interval=10 * 60)
RELEASE_PER_USER = Limit("release-user", burst=20, interval=10 * 60)


def _a_minute(name: str, calls: int) -> Limit:
    """So many calls of the Web API in a minute; all at once, too."""
    return Limit(name, calls, 60 / calls, in_redis=True)


API_PER_TOKEN = _a_minute("api-token", settings.API_CALLS_PER_TOKEN)
API_PER_IP = _a_minute("api-ip", settings.API_CALLS_PER_ADDRESS)


# Whoever has one IPv6 address has a whole network of them, mostly a /64 and often a /48, which is
# 65,536 of the others. So tries are counted for both, and from all of a /48 this many times more.
WIDER = 16


class TooManyAttempts(PortalError):
    """The limit is used up; `wait` is in how many whole seconds the next try is allowed."""

    code = "TOO_MANY_REQUESTS"
    status = 429

    def __init__(self, wait: int) -> None:
        super().__init__(wait)
        self.wait = wait

    @property
    def sentence(self) -> str:
        text = ngettext(
            "That was tried too often. Wait %(n)d second, then try again.",
            "That was tried too often. Wait %(n)d seconds, then try again.",
            self.wait,
        )
        return text % {"n": self.wait}


# A bucket that is whole so much later than it can be was filled by a clock that was ahead and has
# been set back; those of two machines differ by less.
AHEAD = 60.0  # seconds


def _used_up(key: str, fullest: float) -> float | None:
    """When a bucket without a try will be whole; None for one that was whole, and has been
    forgotten meanwhile (`clean_up`). One that was filled when the clock was ahead is as full as it
    can be, and no more: who came then would be kept out until that time is there."""
    buckets = RateBucket.objects.filter(key=key)
    buckets.filter(whole_at__gt=fullest + AHEAD).update(whole_at=fullest)
    return buckets.values_list("whole_at", flat=True).first()


def _refusal(limit: Limit, whole_at: float, fullest: float) -> TooManyAttempts:
    return TooManyAttempts(max(1, math.ceil(whole_at + limit.interval - fullest)))


def bucket_key(limit: Limit, *subject: str) -> str:
    """The row's key: a keyed hash of the limit's name and of whom it is counted for."""
    message = "\x1f".join((limit.name, *subject)).encode("utf-8", "replace")
    return hmac.digest(settings.SECRET_KEY.encode(), message, "sha256").hex()


def take(limit: Limit, *subject: str) -> None:
    """Uses one try of the limit; raises TooManyAttempts, and uses none, when there is none left."""
    key, now = bucket_key(limit, *subject), time.time()
    RateBucket.objects.bulk_create([RateBucket(key=key, whole_at=now)], ignore_conflicts=True)
    refilled = Greatest(F("whole_at"), Value(now))
    fullest = now + limit.burst * limit.interval
    taken = RateBucket.objects.filter(key=key, whole_at__lte=fullest - limit.interval).update(
        whole_at=refilled + limit.interval
    )
    if taken:
        return
    whole_at = _used_up(key, fullest)
    if whole_at is not None:
        raise _refusal(limit, whole_at, fullest)
    take(limit, *subject)


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a limit after a try: how many more tries, and in how many whole seconds the
    bucket is whole again."""

    limit: Limit
    tries: int
    whole_in: int


TAKE_COUNTED = """
INSERT INTO web_ratebucket (key, whole_at) VALUES (%(key)s, %(first)s)
ON CONFLICT (key) DO UPDATE SET whole_at =
    CASE WHEN web_ratebucket.whole_at < %(now)s THEN %(first)s
    ELSE web_ratebucket.whole_at + %(interval)s END
WHERE web_ratebucket.whole_at <= %(most)s
RETURNING whole_at
"""


def take_counted(limit: Limit, *subject: str) -> Left:
    """Uses one try of the limit, by one statement, and says what is left. Raises TooManyAttempts,
    and uses none then."""
    key, now = bucket_key(limit, *subject), time.time()
    fullest = now + limit.burst * limit.interval
    taken, whole_at = _in_redis(limit, key, now) or _in_database(limit, key, now)
    if not taken:
        raise _refusal(limit, whole_at, fullest)
    tries = int((fullest - whole_at) / limit.interval + 1e-6)
    return Left(limit, tries, max(0, math.ceil(whole_at - now)))


def _in_redis(limit: Limit, key: str, now: float) -> tuple[bool, float] | None:
    """Whether a try was there, and when the bucket will be whole; None where it isn't kept there,
    or Redis does not answer."""
    if not (limit.in_redis and settings.REDIS_URL):
        return None
    # Imported here, because it takes its time and most installations need none of it.
    from web.redis_store import store_at  # noqa: PLC0415

    store = store_at(settings.REDIS_URL)
    return store.take(key, interval=limit.interval, burst=limit.burst, now=now, ahead=AHEAD)


def _in_database(limit: Limit, key: str, now: float) -> tuple[bool, float]:
    """The same of the row."""
    fullest = now + limit.burst * limit.interval
    values: dict[str, str | float] = {
        "key": key,
        "now": now,
        "first": now + limit.interval,
        "interval": limit.interval,
    }
    with connection.cursor() as cursor:
        cursor.execute(TAKE_COUNTED, values | {"most": fullest - limit.interval})
        taken = cursor.fetchone()
    if taken is not None:
        return True, taken[0]
    whole_at = _used_up(key, fullest)
    return _in_database(limit, key, now) if whole_at is None else (False, whole_at)


def came_lately(limit: Limit, address: str, *subject: str) -> bool:
    """Whether the same has come from the IP address, or its IPv6 network, within the interval,
    which begins anew with each time."""
    [(_limit, network), *_wider] = _buckets(limit, address)
    key, now = bucket_key(limit, network, *subject), time.time()
    row = RateBucket(key=key, whole_at=now + limit.interval)
    if RateBucket.objects.filter(key=key, whole_at__gt=now).update(whole_at=row.whole_at):
        return True
    RateBucket.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["key"], update_fields=["whole_at"]
    )
    return False


def take_counted_from(limit: Limit, address: str) -> Left:
    """`take_counted` for whoever comes from an IP address; what is left is what the fullest of
    its buckets leaves. Raises TooManyAttempts."""
    lefts = [take_counted(each, network) for each, network in _buckets(limit, address)]
    return min(lefts, key=lambda left: left.tries)


def take_from(limit: Limit, address: str) -> None:
    """Uses one try of the limit for whoever comes from an IP address; raises TooManyAttempts."""
    buckets = _buckets(limit, address)
    for number, (each, network) in enumerate(buckets):
        try:
            take(each, network)
        except TooManyAttempts:
            for taken, before in buckets[:number]:
                give_back(taken, before)
            raise


def give_back_to(limit: Limit, address: str) -> None:
    """Returns the try that `take_from` has used."""
    for each, network in _buckets(limit, address):
        give_back(each, network)


def _buckets(limit: Limit, address: str) -> list[tuple[Limit, str]]:
    """What an IP address is counted for: itself, or the networks that an IPv6 address is in."""
    try:
        is_wide = isinstance(ip_address(address), IPv6Address)
    except ValueError:
        is_wide = False  # a server at a socket knows no address
    if not is_wide:
        return [(limit, address)]
    burst, interval = limit.burst * WIDER, limit.interval / WIDER
    wider = replace(limit, name=f"{limit.name}-48", burst=burst, interval=interval)
    return [(limit, _network(address, 64)), (wider, _network(address, 48))]


def _network(address: str, bits: int) -> str:
    return str(IPv6Network((address, bits), strict=False))


def give_back(limit: Limit, *subject: str) -> None:
    """Returns one try, for an attempt that turned out to be right."""
    key = bucket_key(limit, *subject)
    RateBucket.objects.filter(key=key).update(whole_at=F("whole_at") - limit.interval)


def forget_whole_buckets() -> int:
    """Deletes the rows that limit nothing any more; returns how many. For a daily clean-up."""
    return delete_in_steps(RateBucket.objects.filter(whole_at__lt=time.time()))


def clean_up() -> str:
    """The daily chore (jobs/chores.py)."""
    return f"Deleted {forget_whole_buckets()} limits that were whole again."
