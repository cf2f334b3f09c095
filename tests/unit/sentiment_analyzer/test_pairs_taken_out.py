"""The processor goes on scoring a pair that was taken out of TRADING_PAIRS."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.common.clock import ManualClock
from services.common.settings.settings import BrokerKind, ScorerKind, Settings
from services.sentiment_analyzer.matching.assets import Registry
from services.sentiment_analyzer.matching.matcher import AssetMatcher
from services.sentiment_analyzer.sentiment_processor import build


def test_a_pair_that_was_taken_out_of_the_settings_goes_on_being_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matched: list[tuple[str, ...]] = []

    class Noted(AssetMatcher):
        def __init__(self, registry: Registry, pairs: Iterable[str]) -> None:
            matched.append(tuple(pairs))
            super().__init__(registry, matched[-1])

    monkeypatch.setattr("services.sentiment_analyzer.sentiment_processor.AssetMatcher", Noted)
    for pairs in (("BTC/USDT", "SOL/USDT"), ("BTC/USDT",)):
        settings = Settings(
            broker=BrokerKind.EMBEDDED,
            state_dir=tmp_path,
            trading_pairs=pairs,
            sentiment_scorer=ScorerKind.LEXICON,
        )
        build(settings, ManualClock(datetime(2026, 11, 29, tzinfo=UTC))).close()
    assert matched == [("BTC/USDT", "SOL/USDT")] * 2
