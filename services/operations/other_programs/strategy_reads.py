"""Passes the sentiment store on to strategies whose source is the API."""

from __future__ import annotations

import threading

import redis

from services.common.errors import NeverWorks, TryLater
from services.common.settings.settings import Settings
from services.common.store.redis.client import address_of, redis_client
from services.common.store.redis.errors import reaction_to

_WAIT_SECONDS = 5.0


class StoreForStrategies:
    """Answers the requests of strategies, one after the other, so that many of them do not fill the memory.

    It may be called from any thread, and connects when it is first used.
    """

    def __init__(self, settings: Settings) -> None:
        self._turn = threading.Lock()
        self._client = redis_client(settings, decode_responses=False)
        self._address = address_of(settings)

    def answer(self, request: bytes) -> bytes:
        """What the store has at this moment. Request and answer have the form of `cryptoboy_sentiment.wire`.

        Raises:
            NeverWorks: the request does not have that form.
            TryLater: the store is away, or other strategies are answered for too long.
            StopProgram: the store refuses this program.
        """
        from cryptoboy_sentiment.redis_source import RedisReader  # pandas, which takes seconds, comes with it
        from cryptoboy_sentiment.wire import WireError, answer_text, read_request

        try:
            known, horizon = read_request(request)
        except WireError as error:
            raise NeverWorks(f"this is no request of a strategy: {error}") from error
        if not self._turn.acquire(timeout=_WAIT_SECONDS):
            raise TryLater("other strategies are being answered")
        try:
            return answer_text(RedisReader(self._client).read(known, horizon))
        except redis.RedisError as error:
            raise reaction_to(error, self._address) from error
        finally:
            self._turn.release()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
