"""How long after an exchange's return it is asked again, at the latest."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from pathlib import Path

import pytest

from services.common.errors import TryLater
from services.data_ingestor.market.candle_book import CandleBook
from services.data_ingestor.market.gap_filler import GapFiller
from services.data_ingestor.market.status import PairStatus
from tests.support.market.market_exchange import MINUTE, PAIR, Stage, play
from tests.support.waiting import until

HALF_OF_WHAT_RECOVERY_MAY_TAKE = 15.0


def test_a_stream_that_was_away_for_minutes_is_opened_again_within_15_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(tmp_path)
    stage.exchange.refusing = TryLater("the exchange is away")
    really_sleep = asyncio.sleep
    pauses = []

    async def note_instead(seconds: float) -> None:
        if seconds > 0.1:
            pauses.append(seconds)
        await really_sleep(0)

    monkeypatch.setattr(asyncio, "sleep", note_instead)
    play(stage, lambda: until(lambda: sum(pauses) > 300))
    assert max(pauses) <= HALF_OF_WHAT_RECOVERY_MAY_TAKE


def test_rest_that_failed_for_minutes_is_asked_again_within_15_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange = Stage(tmp_path).exchange
    exchange.failing = TryLater("the exchange is away")
    filler = GapFiller(PAIR, MINUTE, exchange, CandleBook(MINUTE), PairStatus())
    asked_at = []
    for now in range(1, 300):
        monkeypatch.setattr(time, "monotonic", lambda now=now: float(now))
        before = len(exchange.asked)
        asyncio.run(filler.begin(None))
        if len(exchange.asked) > before:
            asked_at.append(now)
    assert len(asked_at) > 10
    assert max(later - earlier for earlier, later in pairwise(asked_at)) <= HALF_OF_WHAT_RECOVERY_MAY_TAKE
