"""Checks that find a strategy looking ahead: cutting off the future, and comparing history with the live path.

`freqtrade lookahead-analysis` is the third; tests start it as the program that it is.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cryptoboy_sentiment as news
import pandas as pd
from freqtrade.enums import RunMode
from LLMSentimentStrategy import LLMSentimentStrategy

from services.common.broker.open import open_broker
from services.common.broker.port import OutgoingMessage
from services.common.broker.topology import NEWS_ARTICLE, RAW_NEWS_DATA, SENTIMENT_SIGNAL, SENTIMENT_SIGNALS
from services.common.clock import ManualClock
from services.common.messages import NewsArticle, SentimentSignal
from services.common.runtime.runner import Service
from services.common.settings.settings import BrokerKind, ScorerKind, Settings
from services.common.values import EventType, Label, Scope
from services.research.history.archive.articles import Article
from services.research.history.scoring.article_scoring import as_message
from services.sentiment_analyzer import sentiment_processor
from services.signal_cacher import signal_cacher
from tests.support.broker.broker_house import is_empty
from tests.support.strategy.lookahead_world import DELAY, PAIRS, World, close_of
from tests.support.strategy.strategy_samples import NOON, QUARTER

WARM_UP = 300  # candles: indicators have settled to the last digits that are compared
WINDOW = 500  # candles that a live bot is taken to hold of a pair
HELD_CANDLES = (0, 1, 6, 40)  # by the trades about which a strategy is asked
EVALUATED_AFTER = timedelta(seconds=2)  # the close of a candle; signals that come in between must not count
Row = dict[str, Any]


class _OurPairs:
    def current_whitelist(self) -> list[str]:
        return list(PAIRS)


def started(strategy: type[LLMSentimentStrategy], runmode: RunMode, **section: Any) -> LLMSentimentStrategy:
    """A strategy as Freqtrade has it after its start, at 15 minutes."""
    made = strategy({"runmode": runmode, "stake_currency": "USDT", "cryptoboy": section})
    made.dp = _OurPairs()
    made.ft_bot_start()
    return made


def rows_of(
    strategy: LLMSentimentStrategy, pair: str, candles: pd.DataFrame, *, last: int | None = None
) -> list[Row]:
    """All columns of all candles, or the last ones, after indicators, entries and exits."""
    frame: pd.DataFrame = strategy.analyze_ticker(candles.copy(), {"pair": pair})
    rows = frame if last is None else frame.tail(last)
    return rows.to_dict("records")  # type: ignore[return-value]  # the names of our columns are text


def exits_at(strategy: LLMSentimentStrategy, pair: str, now: datetime) -> Row:
    """The strategy's exits at that time from trades that were opened some candles before, named like columns."""

    def answer(opened: datetime) -> str | None:
        trade = SimpleNamespace(open_date_utc=opened, is_short=False)
        return strategy.custom_exit(pair=pair, trade=trade, current_time=now)

    return {f"custom_exit {candles}": answer(now - candles * QUARTER) for candles in HELD_CANDLES}


def differences(one: Row, other: Row) -> list[str]:
    """Names of the columns in which two rows differ by more than the last digits of floating point."""
    return sorted(name for name in one.keys() | other.keys() if not _same(one.get(name), other.get(name)))


def _same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9) or (math.isnan(one) and math.isnan(other))
    return one == other


def truncation_differences(
    strategy: type[LLMSentimentStrategy],
    candles: pd.DataFrame,
    signals: pd.DataFrame,
    cuts: Iterable[int],
    folder: Path,
    *,
    pair: str = PAIRS[0],
) -> list[str]:
    """Which columns of a row, and which exits at its close, change when what comes after it is cut off.

    This is done for each row in `cuts`.
    """

    def on(known: pd.DataFrame) -> LLMSentimentStrategy:
        path = folder / "cut.csv"
        known.to_csv(path, index=False)
        return started(strategy, RunMode.BACKTEST, sentiment_csv=str(path))

    all_known = on(signals)
    whole = rows_of(all_known, pair, candles)
    found = []
    for cut in cuts:
        now = close_of(candles, cut)
        cut_off = on(signals[signals["available_at"] < now])
        last = rows_of(cut_off, pair, candles.head(cut + 1), last=1)[-1]
        some, every = (exits_at(each, pair, now) for each in (cut_off, all_known))
        found += [f"{name} at {cut}" for name in differences(last | some, whole[cut] | every)]
    return found


class LivePath:
    """Broker, sentiment_processor, signal_cacher and store, at work, with a clock that is told the time."""

    def __init__(self, settings: Settings) -> None:
        settings = settings.changed(
            broker=BrokerKind.EMBEDDED, sentiment_scorer=ScorerKind.LEXICON, trading_pairs=PAIRS
        )
        self._clock = ManualClock(NOON)
        self._broker = open_broker(settings, self._clock)
        self._broker.start()
        self._stop = threading.Event()
        self._services: list[Service] = [
            sentiment_processor.build(settings, self._clock),
            signal_cacher.build(settings, self._clock),
        ]
        for service in self._services:
            service.start()
        self._threads = [
            threading.Thread(target=service.run, args=[self._stop]) for service in self._services
        ]
        for thread in self._threads:
            thread.start()

    def publish(self, article: Article) -> None:
        """An article as the poller sends it; its signals are in the store `DELAY` after it was known."""
        message = as_message(article)
        self._send(article.known_at + DELAY, NEWS_ARTICLE, message)

    def correct(self, one: news.Signal) -> None:
        """A higher revision, stored when it says."""
        signal = SentimentSignal(
            article_id=one.article_id,
            pair=one.pair,
            source=one.source,
            headline=one.headline,
            sentiment_score=one.score,
            sentiment_label=Label(one.label),
            published=one.published,
            analyzed_at=one.available_at,
            model=one.model,
            revision=one.revision,
            confidence=one.confidence,
            scope=Scope(one.scope),
            degraded=one.degraded,
            corroboration=int(one.corroboration),
            weight=one.weight,
            owner=one.owner,
            suspected=one.suspected,
            event_type=EventType(one.event_type),
        )
        self._send(one.available_at, SENTIMENT_SIGNAL, signal)

    def close(self) -> None:
        """Stop the services."""
        self._stop.set()
        for thread in self._threads:
            thread.join(30)
        for service in self._services:
            service.close()
        self._broker.close()

    def _send(self, now: datetime, routing_key: str, message: NewsArticle | SentimentSignal) -> None:
        """Send a message at that time by the services' clock, and wait until nothing of it is under way."""
        self._clock.advance((now - self._clock.now()).total_seconds())
        self._broker.publish([OutgoingMessage(routing_key, message.encode(), message.article_id)])
        deadline = time.monotonic() + 30
        while not all(is_empty(self._broker, queue.name) for queue in (RAW_NEWS_DATA, SENTIMENT_SIGNALS)):
            assert time.monotonic() < deadline, self._broker.queues()
            time.sleep(0.002)


def parity_differences(
    strategies: Mapping[str, tuple[type[LLMSentimentStrategy], Path]],
    world: World,
    settings: Settings,
    rows: range,
    pairs: Sequence[str] = PAIRS,
) -> dict[str, list[str]]:
    """Which columns of the last candle, and which exits, differ between the live path and the history at each candle.

    Args:
        strategies: by a name of its own, each with the sentiment CSV that its history is read from.
        world: what happens.
        settings: of an empty store, and a folder for a broker.
        rows: the candles at whose close the live bot looks, one after the other.
        pairs: those that it trades.
    """
    password = settings.redis_password.get_secret_value() if settings.redis_password else None
    redis = {
        "redis_host": settings.redis_host,
        "redis_port": settings.redis_port,
        "redis_password": password,
    }
    past = {
        name: started(strategy, RunMode.BACKTEST, sentiment_csv=str(path))
        for name, (strategy, path) in strategies.items()
    }
    history = {
        name: {pair: rows_of(strategy, pair, world.candles[pair]) for pair in pairs}
        for name, strategy in past.items()
    }
    live = {name: started(strategy, RunMode.DRY_RUN, **redis) for name, (strategy, _) in strategies.items()}
    for each in live.values():
        if isinstance(each._cryptoboy.source, news.RedisSignals):
            each._cryptoboy.source._patience_s = (
                60.0  # a machine with much to do must not make the store unreadable
            )
    found: dict[str, list[str]] = {name: [] for name in strategies}
    path = LivePath(settings)
    coming = _coming(world, path)
    try:
        for row in rows:
            now = close_of(world.candles[pairs[0]], row) + EVALUATED_AFTER
            while coming and coming[0][0] <= now:
                coming.pop(0)[1]()
            for name, strategy in live.items():
                strategy.bot_loop_start(current_time=now)
                for pair in pairs:
                    held = world.candles[pair].iloc[max(0, row + 1 - WINDOW) : row + 1]
                    last = rows_of(strategy, pair, held.reset_index(drop=True), last=1)[-1]
                    expected = history[name][pair][row] | exits_at(past[name], pair, now)
                    differing = differences(last | exits_at(strategy, pair, now), expected)
                    found[name] += [f"{column} of {pair} at {row}" for column in differing]
    finally:
        path.close()
    return found


def _coming(world: World, path: LivePath) -> list[tuple[datetime, Any]]:
    """What reaches the store, with the times at which it does, in that order."""

    def deliver(article: Article) -> Any:
        return lambda: path.publish(article)

    def correct(one: news.Signal) -> Any:
        return lambda: path.correct(one)

    events = [(article.known_at + DELAY, deliver(article)) for article in world.articles]
    events += [(one.available_at, correct(one)) for one in world.corrections]
    return sorted(events, key=lambda event: event[0])
