"""Protects trading bots from the invented news of a demo that uses the same servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta

import redis
from pydantic import BaseModel, ValidationError

from services.common.broker.port import Broker
from services.common.clock import Clock, to_ms
from services.common.errors import CryptoBoyError, StopProgram
from services.common.settings.settings import Settings
from services.common.store.keys import DEMO, HOLDS, HOLDS_ID, SCORED, signals_key, written_together
from services.common.store.redis.client import address_of, redis_client
from services.common.store.redis.errors import reaction_to
from services.demo.queues import empty_queues, names_to_empty, refuse_busy_queues, refuse_waiting_news
from services.launch.ending import uninterrupted


class Mark(BaseModel, frozen=True):
    """The mark that a demo writes to `cryptoboy:demo` before anything else, and removes after everything else.

    Attributes:
        pairs: the pairs whose sentiment the demo writes.
        until_ms: milliseconds since 1970; the demo writes nothing after that.
        begins_holds: whether the store had no keys of holds before the demo. The demo then removes the keys that it
            made: with them, a bot would open trades on a store that had lost its own holds.
    """

    pairs: tuple[str, ...]
    until_ms: int
    begins_holds: bool = False

    @classmethod
    def of_text(cls, text: str) -> Mark:
        """Parse a mark. Raises StopProgram if the text is not a mark."""
        try:
            return cls.model_validate_json(text)
        except ValidationError:
            raise StopProgram(
                f"the key {DEMO} in Redis is not of this version's demo ({text[:80]!r}). Delete it, and the sentiment "
                f"keys that the demo wrote: redis-cli DEL {DEMO}"
            ) from None

    @property
    def keys(self) -> list[str]:
        """The keys that the demo wrote, the mark last."""
        holds = (HOLDS, HOLDS_ID) if self.begins_holds else ()
        return [*(key for pair in self.pairs for key in written_together(pair)), *holds, SCORED, DEMO]


@contextmanager
def on_shared_servers(
    settings: Settings, broker: Broker, clock: Clock, lasts: timedelta, tell: Callable[[str], None]
) -> Iterator[None]:
    """Let a demo use the queues of a RabbitMQ and the store of a Redis that other programs may use too.

    The demo begins only if these servers contain no real news and no real sentiment. The store is marked first, and
    at the end everything that the demo wrote to both servers is removed. What an earlier, killed demo wrote is
    removed at the start.

    Args:
        settings: the settings of the demo.
        broker: a connected broker.
        clock: a clock that shows real time.
        lasts: the longest time that the demo can take.
        tell: shows a message about what could not be removed, if another error has ended the demo.

    Raises:
        StopProgram: another consumer reads the queues, or there is news or sentiment that no demo wrote.
        TryLater: RabbitMQ or Redis does not answer, at the start or when the news is removed.
    """
    mark = Mark(pairs=settings.trading_pairs, until_ms=to_ms(clock.now() + lasts))
    states = broker.queues()
    refuse_busy_queues(states)
    with _connected(settings) as client:
        earlier = _earlier(client)
        if earlier is None:
            refuse_waiting_news(states)
        _refuse_real_sentiment(client, mark, earlier)
    queues = names_to_empty(states, is_ours=earlier is not None)
    has_begun = False
    try:
        with _connected(settings) as client:
            if earlier:
                client.delete(*earlier.keys)
            mark = mark.model_copy(update={"begins_holds": not client.exists(HOLDS, HOLDS_ID)})
            client.set(DEMO, mark.model_dump_json())
        if earlier:
            empty_queues(broker, queues)
        has_begun = True
        yield
    except (Exception, KeyboardInterrupt) as stopped:
        if has_begun or isinstance(stopped, KeyboardInterrupt):
            try:
                _remove(settings, broker, queues, mark)
            except CryptoBoyError as problem:
                tell(_not_removed(problem))
        raise
    try:
        _remove(settings, broker, queues, mark)
    except CryptoBoyError as problem:
        text = f"{_not_removed(problem)}. The next demo on these servers removes it."
        raise type(problem)(text) from problem


def _remove(settings: Settings, broker: Broker, queues: Sequence[str], mark: Mark) -> None:
    with uninterrupted():
        empty_queues(broker, queues)
        with _connected(settings) as client:
            client.delete(*mark.keys)


def _not_removed(problem: CryptoBoyError) -> str:
    return f"the demo's news could not be removed, and nothing trades on it meanwhile: {problem}"


def refuse_demo_news(settings: Settings, tell: Callable[[str], None]) -> None:
    """Raise StopProgram while the store contains data of a demo: a bot would trade on invented news.

    If Redis does not answer, this is only reported, because the bot has to manage its open trades.
    """
    try:
        with _connected(settings) as client:
            text = client.get(DEMO)
    except CryptoBoyError as error:
        tell(f"whether a demo left its news in Redis is not known: {error}")
        return
    if text is not None:
        mark = Mark.of_text(str(text))
        raise StopProgram(
            f"Redis at {address_of(settings)} holds the invented news of a demo, which is running or was killed. If it "
            "is running, let it end. If not, another one removes it, from the queues as well: ./cryptoboy demo "
            f"--broker rabbitmq. Or delete the keys yourself: redis-cli DEL {' '.join(mark.keys)}"
        )


@contextmanager
def _connected(settings: Settings) -> Iterator[redis.Redis]:
    """Yield a client of Redis, and convert its errors to errors of this project."""
    with closing(redis_client(settings)) as client:
        try:
            yield client
        except redis.RedisError as error:
            raise reaction_to(error, address_of(settings)) from error


def _earlier(client: redis.Redis) -> Mark | None:
    text = client.get(DEMO)
    return None if text is None else Mark.of_text(str(text))


def _refuse_real_sentiment(client: redis.Redis, mark: Mark, earlier: Mark | None) -> None:
    """Raise StopProgram if the store contains sentiment that no demo wrote."""
    left_over = earlier.pairs if earlier else ()
    strangers = [
        pair for pair in mark.pairs if pair not in left_over and client.exists(*written_together(pair))
    ]
    if earlier:
        strangers += [
            pair for pair in left_over if client.zcount(signals_key(pair), f"({earlier.until_ms}", "+inf")
        ]
    if strangers:
        raise StopProgram(
            f"this Redis holds sentiment for {', '.join(strangers)} that no demo wrote; replayed news would be "
            "mixed into it. Use another Redis (REDIS_HOST, REDIS_PORT) for the demo."
        )
