"""Urgent news agrees with its definition, and never looks ahead, whatever the signals."""

from __future__ import annotations

from datetime import datetime, timedelta

import cryptoboy_sentiment as news
from cryptoboy_sentiment import UrgentNews, UrgentRules, signals_frame
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.strategy.strategy_made_up import signal_lists
from tests.support.strategy.strategy_samples import PAIR, QUARTER, at

RULES = UrgentRules(below=-0.3, confidence_above=0.8, kinds=frozenset({"hack"}), staleness=timedelta(hours=2))


def known_at(signals: list[news.Signal], moment: datetime) -> list[news.Signal]:
    """What may decide at that moment."""
    in_force: dict[tuple[str, str], news.Signal] = {}
    for one in sorted(signals, key=lambda s: (s.available_at, s.revision)):
        before = in_force.get((one.article_id, one.model))
        if one.available_at < moment and (before is None or one.revision > before.revision):
            in_force[one.article_id, one.model] = one
    return [
        one
        for one in in_force.values()
        if one.scope == "asset" and not one.degraded and not one.suspected and one.weight > 0
        if moment - one.published <= RULES.staleness
    ]


def proof(one: news.Signal) -> int:
    return 2 if one.corroboration >= 1 else int(one.confidence > RULES.confidence_above)


def urgent_at(signals: list[news.Signal], moment: datetime, side: int) -> list[news.Signal]:
    return [
        one
        for one in known_at(signals, moment)
        if (one.event_type in RULES.kinds and side * one.score < 0)
        or (proof(one) and side * one.score < RULES.below)
    ]


def is_reversed(one: news.Signal, known: list[news.Signal], side: int) -> bool:
    return one.event_type not in RULES.kinds and any(
        other.published > one.published and proof(other) >= proof(one) and side * other.score >= -RULES.below
        for other in known
    )


def by_definition(
    signals: list[news.Signal], now: datetime, since: datetime, side: int
) -> set[tuple[str, str, float]]:
    """All that may be named as closing the trade."""
    old = {one.article_id for one in urgent_at(signals, since, side)}
    known = known_at(signals, now)
    left = [
        one
        for one in urgent_at(signals, now, side)
        if one.article_id not in old and not is_reversed(one, known, side)
    ]

    def rank(one: news.Signal) -> tuple[bool, float]:
        return one.event_type not in RULES.kinds, side * one.score

    best = min(map(rank, left), default=None)
    return {(one.article_id, one.event_type, one.score) for one in left if rank(one) == best}


@settings(deadline=None)
@given(
    signals=signal_lists,
    candle=st.integers(0, 20),
    ordered_after=st.integers(0, 14),
    held=st.integers(0, 150),
    side=st.sampled_from([1, -1]),
)
def test_the_answer_is_that_of_the_definition_and_of_what_was_known(
    signals: list[news.Signal], candle: int, ordered_after: int, held: int, side: int
) -> None:
    since, opened = at(15 * candle), at(15 * candle + ordered_after)
    moment = opened + timedelta(minutes=held)
    expected = by_definition(signals, moment, since, side)

    def answer(some: list[news.Signal]) -> news.Urgent | None:
        frame = signals_frame(some)
        return UrgentNews(QUARTER).against(PAIR, frame, moment, opened, RULES, is_short=side < 0)

    found = answer(signals)
    assert (found in expected) if expected else (found is None)
    assert answer([one for one in signals if one.available_at < moment]) == found
