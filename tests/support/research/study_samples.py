"""Made-up candles and signals for event studies, with a known effect of the one on the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from cryptoboy_sentiment import Signal, signals_frame

from services.common.values import label_of
from services.research.candles import Candles

START = datetime(2025, 5, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def candles_of(
    closes: list[float], pair: str = "BTC/USDT", timeframe: str = "1h", first_open: float = 100.0
) -> Candles:
    """Candles without a gap, each opening where the one before closed."""
    length = {"1h": HOUR, "15m": HOUR / 4}[timeframe]
    opens = np.array([first_open, *closes[:-1]])
    frame = pd.DataFrame(
        {
            "date": pd.DatetimeIndex([START + length * row for row in range(len(closes))]).as_unit("us"),
            "open": opens,
            "high": np.maximum(opens, closes) * 1.001,
            "low": np.minimum(opens, closes) * 0.999,
            "close": np.array(closes),
            "volume": np.full(len(closes), 10.0),
        }
    )
    return Candles(pair, timeframe, Path(f"{pair.replace('/', '_')}-{timeframe}.feather"), frame)


def signal(
    available_at: datetime,
    score: float = 0.5,
    *,
    pair: str = "BTC/USDT",
    article: str = "a1",
    revision: int = 0,
    source: str = "wire",
    scope: str = "asset",
    degraded: bool = False,
    model: str = "lexicon",
) -> Signal:
    """A signal published a minute before it was available."""
    return Signal(
        available_at=available_at,
        published=available_at - timedelta(minutes=1),
        pair=pair,
        score=score,
        label=str(label_of(score)),
        confidence=0.5,
        scope=scope,
        degraded=degraded,
        weight=1.0,
        corroboration=0.0,
        article_id=article,
        revision=revision,
        source=source,
        headline="Something happened",
        model=model,
    )


def made_up_market(
    effect: float, *, days: int = 40, seed: int = 3, pairs: tuple[str, ...] = ("BTC/USDT", "ETH/USDT")
) -> tuple[dict[str, Candles], pd.DataFrame]:
    """Hourly candles and one signal an hour and pair; the hour after a signal returns `effect` times its score, in
    percent, and noise of half a percent that the pairs share in part.
    """
    random = np.random.default_rng(seed)
    hours = days * 24
    common = random.normal(0, 0.4, hours)
    candles, signals = {}, []
    for pair in pairs:
        scores = np.round(random.uniform(-1, 1, hours), 2)
        returns = common + random.normal(0, 0.3, hours)
        returns[1:] += effect * scores[:-1]
        closes = 100 * np.cumprod(1 + returns / 100)
        candles[pair] = candles_of(list(closes), pair)
        signals += [
            signal(
                START + row * HOUR + timedelta(minutes=20),
                float(score),
                pair=pair,
                article=f"{pair}-{row}",
                source=("wire", "blog")[row % 2],
                scope=("asset", "market")[row % 5 == 0],
                degraded=row % 7 == 0,
            )
            for row, score in enumerate(scores)
        ]
    return candles, signals_frame(sorted(signals))


def write_market(directory: Path, candles: dict[str, Candles], signals: pd.DataFrame) -> tuple[Path, Path]:
    """Write candles and a sentiment CSV as users have them; returns the directory of candles and the CSV's path."""
    place = directory / "candles"
    place.mkdir(exist_ok=True)
    for one in candles.values():
        one.frame.to_feather(place / one.path.name)
    path = directory / "sentiment.csv"
    written = signals.assign(
        **{
            name: signals[name].map(lambda moment: moment.isoformat())
            for name in ("available_at", "published")
        }
    )
    written.to_csv(path, index=False, lineterminator="\n")
    return place, path
