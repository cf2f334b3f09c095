"""The plan of a demo: candles, news, beginning and speed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from services.common.errors import StopProgram
from services.common.settings.settings import PROJECT_ROOT
from services.common.values import timeframe_seconds
from services.demo.timed_news import TimedArticle, busiest_day, read_archive, read_sample
from services.launch.replay_clock import find_library

SAMPLE_CANDLES = PROJECT_ROOT / "services" / "replay_exchange" / "candles"
SAMPLE_TIMEFRAME = "1m"
SAMPLE_SPEED = 10.0
SAMPLE_TIME_LIMIT = 240.0
ARCHIVE_TIME_LIMIT = 120.0
# Real seconds that the programs get to start before the first entry becomes possible.
LEAD_SECONDS = 35.0
# Real seconds that one candle of an archive takes.
CANDLE_SECONDS = 5.0
HISTORY_CANDLES = 300
NEWS_BEFORE_START = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """The plan of a replay. Times are those of its candles (UTC); `speed` is in replayed seconds per real second.

    Attributes:
        expects_trade: whether the story is written so that a trade must open and close.
    """

    candles: Path
    timeframe: str
    pairs: tuple[str, ...]
    start: datetime
    articles: tuple[TimedArticle, ...]
    speed: float
    time_limit: float
    expects_trade: bool

    def note(self, *, has_ended: bool) -> str:
        """What the demo's page says at its top."""
        headlines = "were written for it" if self.expects_trade else "come from an archive"
        sentences = [
            "This demo has ended." if has_ended else "This is a demo.",
            f"Its headlines {headlines} and its prices are replayed.",
        ]
        if self.speed != 1:
            clock = (
                f"set to an earlier time and {'ran' if has_ended else 'runs'} {self.speed:g} times as fast"
            )
            counted = "lags" if has_ended else "ages and lags"
            sentences.append(f"Its clock was {clock}, so {counted} are those of that clock.")
            if has_ended:
                sentences.append("Ages now count from this machine's clock, so they have jumped.")
        return " ".join(sentences)


def sample_plan(speed: float | None, time_limit: float | None) -> DemoPlan:
    """The plan for the sample story of this project, on real candles of three pairs."""
    story = read_sample()
    chosen = _speed_or_default(speed, SAMPLE_SPEED)
    return DemoPlan(
        candles=SAMPLE_CANDLES,
        timeframe=SAMPLE_TIMEFRAME,
        pairs=("BTC/USDT", "ETH/USDT", "BNB/USDT"),
        start=story.moment - timedelta(seconds=LEAD_SECONDS * chosen),
        articles=story.articles,
        speed=chosen,
        time_limit=time_limit or SAMPLE_TIME_LIMIT,
        expects_trade=True,
    )


def archive_plan(
    news: Path, candles: Path, speed: float | None, time_limit: float | None, start: datetime | None
) -> DemoPlan:
    """The plan for real articles and real candles of the same time, from `start` or else from the busiest day on.

    Raises:
        StopProgram: a file is missing or damaged, or news and candles do not overlap; the message says what there is.
    """
    begin = start or busiest_day(news)
    timeframe, pairs = _choose_timeframe(candles, begin)
    chosen = _speed_or_default(speed, max(timeframe_seconds(timeframe) / CANDLE_SECONDS, 1.0))
    limit = time_limit or ARCHIVE_TIME_LIMIT
    last = begin + timedelta(seconds=limit * chosen)
    articles = read_archive(news, begin - NEWS_BEFORE_START, last)
    if not articles:
        raise StopProgram(
            f"{news} has no article between {begin - NEWS_BEFORE_START} and {last}; try another --start"
        )
    return DemoPlan(candles, timeframe, pairs, begin, tuple(articles), chosen, limit, expects_trade=False)


def _speed_or_default(speed: float | None, default: float) -> float:
    """Return the requested speed, or else the default if this machine can change the speed of a clock."""
    if speed is not None:
        return speed
    return default if find_library() is not None else 1.0


def _choose_timeframe(folder: Path, begin: datetime) -> tuple[str, tuple[str, ...]]:
    """The shortest timeframe with history before and candles after `begin`, and the pairs with such candles."""
    from services.research.candles import list_candles, read_candles

    series = [read_candles(file) for file in list_candles(folder)]
    if not series:
        raise StopProgram(f"{folder} has no candle files such as BTC_USDT-1h.feather")
    by_timeframe: dict[str, list[str]] = {}
    for candles in series:
        if candles.start + HISTORY_CANDLES * candles.length <= begin < candles.end - candles.length:
            by_timeframe.setdefault(candles.timeframe, []).append(candles.pair)
    if not by_timeframe:
        there = "; ".join(f"{one.pair} {one.timeframe}: {one.start:%F} to {one.end:%F}" for one in series)
        raise StopProgram(f"{folder} has no candles around {begin:%F %H:%M} UTC. There is: {there}")
    shortest = min(by_timeframe, key=timeframe_seconds)
    pairs = tuple(sorted(by_timeframe[shortest]))
    if len(quotes := {pair.partition("/")[2] for pair in pairs}) > 1:
        raise StopProgram(
            f"{folder} has {', '.join(pairs)}, paid in {' and '.join(sorted(quotes))}, and a bot pays all its trades "
            "in one currency: name a folder with pairs of one"
        )
    return shortest, pairs
