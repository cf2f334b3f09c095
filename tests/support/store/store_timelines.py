"""What happens to a store around the closes of candles: signals, corrections, repetitions, a bot that looks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from hypothesis import strategies as st

from services.common.messages import SentimentSignal
from services.common.values import EventType, Scope, label_of
from tests.support.strategy.strategy_samples import PAIR, QUARTER, at

CANDLES = 5
MILLISECOND = timedelta(milliseconds=1)
# From the close of a candle; the bot looks up to half a minute after it.
OFFSETS_MS = (-400_000, -1_000, -1, 0, 1, 500, 1_000, 1_500, 29_000, 31_000, 300_000)
LOOKS_AFTER_MS = (0, 1, 1_000, 2_000, 30_000)
STARTS = st.lists(st.sampled_from([False, False, True]), min_size=CANDLES, max_size=CANDLES)


@dataclass(frozen=True)
class Written:
    """Signals that the cacher writes in one call, so long after noon; its clock may be `ahead`."""

    after: timedelta
    ahead: timedelta
    signals: tuple[SentimentSignal, ...]


@dataclass(frozen=True)
class Look:
    """The bot reads the store, so long after noon, and decides on a candle if it is told which."""

    after: timedelta
    candle: int | None = None
    is_just_started: bool = False


Timeline = tuple[Written | Look, ...]
"""What happens, one after the other. Of what happens at the same moment, writing comes first."""


def closes_after(candle: int) -> timedelta:
    """From noon to the close of a candle, the first of which opens at noon."""
    return (candle + 1) * QUARTER


@st.composite
def made_up_signal(draw: st.DrawFn, after: timedelta) -> SentimentSignal:
    """Few articles, models and revisions, so that most are corrections, repetitions or late."""
    age = timedelta(minutes=draw(st.sampled_from([0, 0, 2, 2, 40, 238, 300])))
    score = draw(st.sampled_from([-0.9, -0.4, 0.0, 0.35, 0.75, 0.9]))
    published = at(0) + after - age
    return SentimentSignal(
        article_id=draw(st.sampled_from("abc")),
        pair=PAIR,
        source=draw(st.sampled_from(["the-ledger", "wire"])),
        headline="What it reports",
        sentiment_score=score,
        sentiment_label=label_of(score),
        published=published,
        analyzed_at=published,
        model=draw(st.sampled_from(["m1", "m2"])),
        revision=draw(st.integers(0, 3)),
        confidence=draw(st.sampled_from([0.02, 0.5, 1.0])),
        scope=draw(st.sampled_from(Scope)),
        degraded=draw(st.booleans()),
        corroboration=draw(st.integers(0, 3)),
        weight=draw(st.sampled_from([0.0, 0.3, 1.0])),
        owner=draw(st.sampled_from(["", "wire", "group"])),
        suspected=draw(st.sampled_from([False, False, True])),
        event_type=draw(st.sampled_from([EventType.HACK, EventType.DELISTING, EventType.OTHER])),
    )


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    """Some twenty signals, many of them between a candle's close and the bot's decision on it."""
    moments = st.builds(
        lambda candle, offset: closes_after(candle) + offset * MILLISECOND,
        st.integers(0, CANDLES - 1),
        st.sampled_from(OFFSETS_MS),
    )
    signals: list[tuple[timedelta, SentimentSignal]] = []
    for after in sorted(draw(st.lists(moments, min_size=4, max_size=20))):
        told = [signal for _, signal in signals]
        is_repeated = told and draw(st.integers(0, 4)) == 0
        signals.append((after, draw(st.sampled_from(told) if is_repeated else made_up_signal(after))))
    decisions = [
        Look(
            closes_after(candle) + draw(st.sampled_from(LOOKS_AFTER_MS)) * MILLISECOND,
            candle,
            is_just_started,
        )
        for candle, is_just_started in enumerate(draw(STARTS))
    ]
    loops = [Look(after) for after in draw(st.lists(moments, max_size=4))]
    return tuple(sorted([*_calls(draw, signals), *decisions, *loops], key=lambda each: each.after))


def _calls(draw: st.DrawFn, signals: Sequence[tuple[timedelta, SentimentSignal]]) -> Iterator[Written]:
    for after, together in groupby(signals, key=lambda each: each[0]):
        ahead = timedelta(seconds=draw(st.sampled_from([0, 0, 0, 1, 60])))
        yield Written(after, ahead, tuple(signal for _, signal in together))
