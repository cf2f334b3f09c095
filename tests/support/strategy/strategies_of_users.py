"""Five strategies in the shapes that people use, each with and without the mixin, and news written for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import cryptoboy_sentiment as news

from tests.support.strategy.strategy_samples import label_for, write_csv

FOLDER = Path(__file__).parents[1] / "strategies"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.py")))
OF_FUTURES = "ShortsAndAdjustments"
STALENESS = timedelta(hours=4)
VETO_BELOW = -0.3
_IMPORT = re.compile(r"^from pandas import DataFrame$", re.MULTILINE)
_CLASS = re.compile(r"^class (\w+)\(IStrategy\):$", re.MULTILINE)


def plain_text(name: str) -> str:
    """The strategy as it stands in its file."""
    return (FOLDER / f"{name}.py").read_text()


def text_with_news(name: str) -> str:
    """The strategy with the mixin: one line more, and one that is changed."""
    imported = _IMPORT.sub("from cryptoboy_sentiment import SentimentMixin\n\\g<0>", plain_text(name))
    return _CLASS.sub(r"class \1(SentimentMixin, IStrategy):", imported)


def pairs_of(name: str) -> tuple[str, ...]:
    """What the strategy trades."""
    spot = ("BTC/USDT", "ETH/USDT")
    return tuple(f"{pair}:USDT" for pair in spot) if name == OF_FUTURES else spot


def settings_of(name: str) -> dict[str, Any]:
    """Freqtrade's settings for the strategy, without exchange and mode."""
    pricing = {"price_side": "other", "use_order_book": True, "order_book_top": 1}
    futures = {"trading_mode": "futures", "margin_mode": "isolated", "futures_funding_rate": 0}
    return {
        "strategy": name,
        "dry_run": True,
        "dry_run_wallet": 1000,
        "stake_currency": "USDT",
        "stake_amount": 300,
        "max_open_trades": 2,
        "entry_pricing": pricing,
        "exit_pricing": pricing,
        "pairlists": [{"method": "StaticPairList"}],
        **(futures if name == OF_FUTURES else {}),
    }


def write_news(path: Path, start: datetime, hours: int, *, score: float | None = None) -> Path:
    """News about both coins every five hours, bad and good in turn, or always with this score; most ends up stale."""
    return write_csv(path, _signals(start, hours, score))


def _signals(start: datetime, hours: int, score: float | None) -> Iterator[news.Signal]:
    for number in range(-1, hours // 5):
        for pair, sign in (("BTC/USDT", 1), ("ETH/USDT", -1)):
            published = start + timedelta(hours=5 * number, minutes=7 if sign > 0 else 41)
            value = score if score is not None else 0.8 * sign * (-1 if number % 2 else 1)
            yield news.Signal(
                available_at=published + timedelta(minutes=1),
                published=published,
                pair=pair,
                score=value,
                label=label_for(value),
                confidence=0.9,
                scope="asset",
                degraded=False,
                weight=1.0,
                corroboration=0.0,
                article_id=f"{pair[:3]}-{number}",
                revision=0,
                source="the-ledger",
                headline=f"What happened to {pair[:3]}, part {number + 2}",
                model="m1",
                owner="",
                suspected=False,
                event_type="other",
            )


def score_known(signals: list[news.Signal], pair: str, moment: datetime) -> float | None:
    """The newest fresh score of the pair's coin that was available before `moment`."""
    known = [
        one
        for one in signals
        if one.pair == pair.partition(":")[0]
        and one.available_at < moment
        and moment - one.published <= STALENESS
    ]
    return max(known, key=lambda one: one.published).score if known else None


def news_of(start: datetime, hours: int) -> list[news.Signal]:
    """The signals of `write_news`."""
    return list(_signals(start, hours, None))
