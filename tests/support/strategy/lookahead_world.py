"""A small world for proofs against look-ahead: candles of three pairs, news about them, and corrections of that news.

All of it comes from seeds. The news becomes a sentiment CSV by the real import and scoring of archives.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import cryptoboy_sentiment as news
import numpy as np
import pandas as pd

from services.research.history.archive.archive import Archive
from services.research.history.archive.articles import Article
from services.research.history.archive.importing import ImportOptions, import_news
from services.research.history.scoring.scoring import ScoreOptions, score_archive
from services.sentiment_analyzer.scorers.lexicon.scorer import LexiconScorer
from tests.support.strategy.strategy_samples import NOON, QUARTER, label_for, wavy_candles, write_csv

PAIRS = ("BTC/USDT", "ETH/USDT", "BNB/USDT")
DELAY = timedelta(minutes=5)  # from an article being known to its signals being in the store
CORRECTED_AFTER = timedelta(minutes=50)
AFTER_THE_CLOSE = timedelta(seconds=1)  # of the next candle, which a live bot has not decided on yet

_NAMES = ("Bitcoin", "Ethereum", "BNB", "Crypto market")
_NEWS = (
    "{} surges to a record high as demand soars",
    "{} gains as inflows grow",
    "{} soars as a breakthrough upgrade goes live",
    "{} rallies after a landmark approval",
    "{} trades flat before the holiday",
    "{} slips as volumes fade",
    "{} plunges after an exchange is hacked and funds are stolen",
)


@dataclass(frozen=True)
class World:
    """What happened. `history` is the sentiment CSV of `articles` and `corrections`, sorted as they came."""

    candles: dict[str, pd.DataFrame]
    articles: list[Article]
    corrections: list[news.Signal]
    history: Path

    def signals(self) -> pd.DataFrame:
        """The content of `history`."""
        return news.read_signals_csv(self.history)


def make_world(folder: Path, candles: int, *, seed: int = 1, silent: int = 0) -> World:
    """So many candles of 15 minutes from noon, and an article every 40 minutes or so after the `silent` ones."""
    articles = _articles(folder, range(silent, candles), np.random.default_rng(seed))
    history = folder / "sentiment.csv"
    with Archive.open(folder / "archive.db") as archive:
        score_archive(archive, history, LexiconScorer(), ScoreOptions(PAIRS, DELAY))
    scored = _read(history)
    corrections = [_corrected(one, at_a_close=bool(n % 2)) for n, one in enumerate(scored[::6])]
    ordered = sorted([*scored, *corrections], key=lambda one: (one.available_at, one.article_id, one.pair))
    write_csv(history, ordered)
    return World(
        candles={pair: _candles(candles, seed + number) for number, pair in enumerate(PAIRS, 1)},
        articles=articles,
        corrections=sorted(corrections, key=lambda one: one.available_at),
        history=history,
    )


def _candles(count: int, seed: int) -> pd.DataFrame:
    """Waves for the entries, noise so that no candle is like another."""
    rng = np.random.default_rng(seed)
    candles = wavy_candles(count)
    noise = np.exp(np.cumsum(rng.normal(0, 0.001, count)))
    prices = ["open", "high", "low", "close"]
    candles[prices] = candles[prices].mul(noise, axis=0)
    return candles.assign(volume=candles["volume"] * rng.uniform(0.5, 1.5, count))


def _articles(folder: Path, candles: range, rng: np.random.Generator) -> list[Article]:
    minutes = np.arange(candles.start * 15, candles.stop * 15)
    times = np.sort(rng.choice(minutes, size=len(minutes) // 40, replace=False))
    path = folder / "news.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["published", "source", "title", "text", "url", "first_seen"])
        for number, minute in enumerate(times):
            published = NOON + timedelta(minutes=int(minute), seconds=int(rng.integers(60)))
            first_seen = published + timedelta(seconds=int(rng.exponential(1500)))
            title = rng.choice(_NEWS).format(rng.choice(_NAMES))
            row = [published, "the-ledger", title, "", f"https://example.org/{number}", first_seen]
            writer.writerow([str(cell) for cell in row])
    end = NOON + candles.stop * QUARTER + timedelta(days=2)
    import_news(path, folder / "archive.db", ImportOptions(), now=end)
    with Archive.open(folder / "archive.db") as archive:
        return list(archive.articles())


def _read(path: Path) -> list[news.Signal]:
    with path.open(newline="") as file:
        return [news.parse_signal(dict(row)) for row in csv.DictReader(file)]


def _corrected(one: news.Signal, *, at_a_close: bool) -> news.Signal:
    score = -one.score
    available = one.available_at + CORRECTED_AFTER
    if at_a_close:
        available += -(available - NOON) % QUARTER + AFTER_THE_CLOSE
    return one._replace(
        available_at=available,
        score=score,
        label=label_for(score),
        revision=1,
        corroboration=2.0,
    )


def close_of(candles: pd.DataFrame, row: int) -> datetime:
    """When the candle in that row closed."""
    opened: datetime = candles["date"].iloc[row].to_pydatetime()
    return opened + QUARTER
