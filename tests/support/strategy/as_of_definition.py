"""The definition of what a candle knows, one signal after the other, for the properties of the strategy."""

from __future__ import annotations

from datetime import datetime, timedelta

import cryptoboy_sentiment as news

STALENESS = timedelta(hours=2)
CANDLES = tuple(range(0, 480, 15))


def newness(one: news.Signal) -> tuple[datetime, datetime, str, str]:
    return one.published, one.available_at, one.article_id, one.model


def known_at(signals: list[news.Signal], close: datetime) -> list[news.Signal]:
    """The signals in force at a close, the newest last."""
    in_force: dict[tuple[str, str], news.Signal] = {}
    for one in sorted(signals, key=lambda s: (s.available_at, s.revision)):
        before = in_force.get((one.article_id, one.model))
        if one.available_at < close and (before is None or one.revision > before.revision):
            in_force[one.article_id, one.model] = one
    return sorted(in_force.values(), key=newness)


def is_trusted(one: news.Signal) -> bool:
    return not one.suspected and one.weight > 0


def newest(known: list[news.Signal], close: datetime) -> tuple[str, news.Signal | None]:
    """Whether it is fresh, and the newest signal; one about the market displaces no fresh one about the asset."""
    if not known:
        return "none", None
    fresh_assets = [s for s in known if s.scope == "asset" and close - s.published <= STALENESS]
    chosen = fresh_assets[-1] if fresh_assets else known[-1]
    return ("fresh" if close - chosen.published <= STALENESS else "stale"), chosen


def by_definition(signals: list[news.Signal], close: datetime) -> tuple[str, news.Signal | None]:
    """Status and signal of a candle, as the documentation words it, one signal after the other."""
    known = known_at(signals, close)
    status, chosen = newest([one for one in known if is_trusted(one)], close)
    if status == "fresh":
        return status, chosen
    status, chosen = newest(known, close)
    return ("doubtful" if status == "fresh" else status), chosen
