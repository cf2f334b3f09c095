"""Passes the sentiment store on to strategies whose source is the API."""

from __future__ import annotations

import redis

from services.common.errors import NeverWorks
from services.common.settings.settings import Settings
from services.common.store.redis.client import address_of, redis_client
from services.common.store.redis.errors import reaction_to


class StoreForStrategies:
    """Answers the requests of strategies; may be called from any thread, and connects when it is first used."""

    def __init__(self, settings: Settings) -> None:
        self._client = redis_client(settings, decode_responses=False)
        self._address = address_of(settings)

    def answer(self, request: bytes) -> bytes:
        """What the store has at this moment. Request and answer have the form of `cryptoboy_sentiment.wire`.

        Raises:
            NeverWorks: the request does not have that form.
            TryLater: the store is away.
            StopProgram: the store refuses this program.
        """
        from cryptoboy_sentiment.redis_source import RedisReader  # pandas, which takes seconds, comes with it
        from cryptoboy_sentiment.wire import WireError, answer_text, read_request

        try:
            known, horizon = read_request(request)
        except WireError as error:
            raise NeverWorks(f"this is no request of a strategy: {error}") from error
        try:
            return answer_text(RedisReader(self._client).read(known, horizon))
        except redis.RedisError as error:
            raise reaction_to(error, self._address) from error

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
