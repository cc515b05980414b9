"""Limits in Redis (REDIS_URL), for those that may be lost with it (`web.limits.Limit.in_redis`).

A bucket is one key with what its row would have, and is filled by one script, which Redis runs
undisturbed; the key is the row's keyed hash, and goes when it limits nothing any more. The time is
the portal's own, as for rows, so that both say the same.

Redis may be gone, silent or emptied: whoever asks then is told so within WAIT, and nobody asks
again until a thread has found that it answers.
"""

import logging
import time
from functools import cache
from threading import Event, Lock, Thread
from typing import Any, cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

WAIT = 0.25  # seconds for each of connecting and answering
AGAIN = 1.0  # seconds until one that has not answered is asked again
# Other programs may use the same Redis, and two installations, whose hashes differ.
PREFIX = "portal:limit:"

TAKE = """
local now, interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local ahead = tonumber(ARGV[4])
local fullest = now + burst * interval
local whole_at = tonumber(redis.call('GET', KEYS[1])) or now
local taken = 0
if whole_at > fullest + ahead then whole_at = fullest end
if whole_at <= fullest - interval then
  whole_at = math.max(whole_at, now) + interval
  taken = 1
end
local text = string.format('%.17g', whole_at)
redis.call('SET', KEYS[1], text, 'PX', math.ceil((whole_at - now + ahead) * 1000))
return {taken, text}
"""


class RedisStore:
    """The Redis at an address; safe to use by many threads."""

    def __init__(self, url: str) -> None:
        self._client: Any = Redis.from_url(
            url,
            socket_connect_timeout=WAIT,
            socket_timeout=WAIT,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            # Each would be a question more on each new connection.
            driver_info=None,
            decode_responses=True,
        )
        self._script: Any = self._client.register_script(TAKE)
        self._lock, self._ended = Lock(), Event()
        self._is_away = False

    def take(
        self, key: str, *, interval: float, burst: int, now: float, ahead: float
    ) -> tuple[bool, float] | None:
        """Uses one try of the bucket: whether there was one, and the moment at which the bucket
        will be whole. A moment later than it can be by `ahead` seconds is that of a clock that was
        wrong. None, and nothing is promised, while Redis does not answer."""
        if self._is_away:
            return None
        try:
            return self._ask(key, interval, burst, now, ahead)
        except RedisError as error:
            self._leave(error)
            return None

    def answers(self) -> bool:
        """Whether limits are kept in it now."""
        return self.take("seen", interval=1.0, burst=1, now=time.time(), ahead=1.0) is not None

    def close(self) -> None:
        """Ends the connections, and looks no more for one that is away."""
        self._ended.set()
        self._client.close()

    def _ask(
        self, key: str, interval: float, burst: int, now: float, ahead: float
    ) -> tuple[bool, float]:
        arguments = [repr(now), repr(interval), burst, repr(ahead)]
        taken, whole_at = cast(tuple[int, str], self._script([PREFIX + key], arguments))
        return bool(taken), float(whole_at)

    def _leave(self, error: RedisError) -> None:
        with self._lock:
            if self._is_away:
                return
            self._is_away = True
        logger.warning("Redis can't be used now, limits are counted in the database: %s", error)
        Thread(target=self._come_back, name="redis", daemon=True).start()

    def _come_back(self) -> None:
        """Nobody who is served waits for that: the name alone can take seconds to look up."""
        while not self._ended.wait(AGAIN):
            try:
                self._client.connection_pool.disconnect(inuse_connections=False)
                # Not a ping, which is answered by one that is full, or a mere copy, too.
                self._ask("seen", 1.0, 1, time.time(), 1.0)
            except RedisError:
                continue
            self._is_away = False
            logger.info("Redis is used again.")
            return


@cache
def store_at(url: str) -> RedisStore:
    """That of this process."""
    return RedisStore(url)
