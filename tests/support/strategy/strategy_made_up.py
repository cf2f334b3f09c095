"""Signals of all kinds for the properties of the strategy: few articles and instants, so that ties are common."""

from __future__ import annotations

import cryptoboy_sentiment as news
from hypothesis import strategies as st

from tests.support.strategy.strategy_samples import signal


@st.composite
def made_up_signal(draw: st.DrawFn) -> news.Signal:
    """Few articles, models and instants, so that ties, corrections and repetitions are common."""
    published = draw(st.integers(-3, 60)) * 5
    return signal(
        draw(st.sampled_from("abcde")),
        published=published,
        available=published + draw(st.sampled_from([0, 1, 5, 14, 15, 16, 60, 200])),
        score=draw(st.integers(-100, 100)) / 100,
        model=draw(st.sampled_from(["m1", "m2"])),
        revision=draw(st.integers(0, 2)),
        scope=draw(st.sampled_from(["asset", "market"])),
        degraded=draw(st.booleans()),
        confidence=draw(st.sampled_from([0.0, 0.02, 0.5, 1.0])),
        weight=draw(st.sampled_from([0.0, 0.3, 1.0, 2.5])),
        corroboration=float(draw(st.integers(0, 4))),
        source=draw(st.sampled_from(["the-ledger", "wire"])),
        owner=draw(st.sampled_from(["", "wire", "group"])),
        suspected=draw(st.booleans()),
        event_type=draw(st.sampled_from(["other", "hack", "delisting", "macro"])),
    )


signal_lists = st.lists(
    made_up_signal(), max_size=25, unique_by=lambda s: (s.article_id, s.model, s.revision, s.available_at)
)
