"""Reads the live signals of the sentiment store in Redis."""

import json
import math
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from cryptoboy_sentiment.mirror import Page
from cryptoboy_sentiment.mirrored_source import MirroredSignals
from cryptoboy_sentiment.store_reader import Answer, Known

if TYPE_CHECKING:
    import redis

# One call for all pairs. KEYS are trading:entries and the sorted sets. ARGV is the horizon, and for each set the score
# of the newest member that is known (the cursor), the number of those known, and the score of the oldest. The answer
# for a set is nil if these three have not changed.
_SCRIPT = """
local answer = {redis.pcall('GET', KEYS[1])}
for i = 2, #KEYS do
  local key, cursor, count, oldest = KEYS[i], unpack(ARGV, 3 * i - 4, 3 * i - 2)
  local first = redis.call('ZRANGEBYSCORE', key, ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
  local last = redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')[2]
  if redis.call('ZCOUNT', key, ARGV[1], '+inf') == tonumber(count)
      and tonumber(first) == tonumber(oldest) and tonumber(last) == tonumber(cursor) then
    answer[i] = false
  else
    answer[i] = {
      redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2] or false,
      redis.call('ZCOUNT', key, ARGV[1], '(' .. cursor),
      redis.call('ZRANGEBYSCORE', key, cursor, '+inf', 'WITHSCORES')
    }
  end
end
return answer
"""
_HOLDS = "trading:holds"


class RedisReader:
    """A `StoreReader` of Redis. A read is one round trip."""

    name = "The sentiment store"

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client

    def read(self, known: Mapping[str, Known], horizon: float) -> Answer:
        """See `StoreReader.read`."""
        keys, arguments = ["trading:entries"], [repr(horizon)]
        for pair, of_pair in known.items():
            keys.append(f"sentiment_signals:{pair}")
            arguments += [repr(of_pair.cursor), str(of_pair.members), repr(of_pair.oldest)]
        pipeline = self._client.pipeline(transaction=False)
        pipeline.hgetall(_HOLDS)
        pipeline.eval(_SCRIPT, len(keys), *keys, *arguments)
        pipeline.get("sentiment_pairs")
        fields, answer, scored = pipeline.execute(raise_on_error=False)
        if isinstance(answer, Exception):
            # The address may lead to another server by now: one that is a replica, or loads its data, is left.
            self._client.connection_pool.disconnect(inuse_connections=False)
            raise answer
        entries, *replies = cast("list[Any]", answer)
        pages = {
            pair: None if reply is None else _page(horizon, of_pair.cursor, reply)
            for (pair, of_pair), reply in zip(known.items(), replies, strict=True)
        }
        # The content of trading:entries does not matter.
        return Answer(fields, entries is not None, _read_scored(scored), pages)


class RedisSignals(MirroredSignals):
    """The signals of the sentiment store in Redis; see `MirroredSignals`."""

    def __init__(self, client: "redis.Redis", *, window: timedelta, patience_s: float = 2.0) -> None:
        super().__init__(RedisReader(client), window=window, patience_s=patience_s)


def _read_scored(answer: bytes | Exception | None) -> frozenset[str] | None:
    """The scored pairs; None if no pairs were announced, or this user may not read the key.

    A Redis that an older version set up does not grant the right to read the key.
    """
    if answer is None or isinstance(answer, Exception):
        return None
    try:
        pairs = json.loads(answer)
    except ValueError:
        return None
    return frozenset(pairs) if isinstance(pairs, dict) else None


def _page(horizon: float, cursor: float, reply: list[Any]) -> Page:
    oldest, before, flat = reply
    read = [(name, float(score)) for name, score in zip(flat[::2], flat[1::2], strict=True)]
    return Page(horizon, cursor, math.inf if oldest is None else float(oldest), before, read)
