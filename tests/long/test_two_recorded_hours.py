"""Two hours of a bot on the replay exchange: its history is what its strategy saw, candle by candle."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.pipeline.recorded_bot import (
    assert_the_export_gives_what_was_seen,
    decided,
    recorded,
    recorded_bot,
)
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

PAIRS = ("BTC/USDT", "ETH/USDT", "BNB/USDT")
SPEED = 40.0
HOURS = 2
SCORES = (0.9, -0.6, 0.75, 0.2, -0.9)


def test_two_hours_are_recorded_as_the_strategy_saw_them(tmp_path: Path) -> None:
    with recorded_bot(tmp_path, PAIRS, SPEED, seconds=HOURS * 3600 / SPEED + 120) as run:
        eventually(lambda: all(recorded(run.settings, pair) for pair in PAIRS))
        caught_up = {pair: recorded(run.settings, pair).keys() for pair in PAIRS}
        ends = run.clock.now().timestamp() + HOURS * 3600
        number = 0
        while run.clock.now().timestamp() < ends:
            pair = PAIRS[number % len(PAIRS)]
            run.say(f"story-{number}", pair, SCORES[number % len(SCORES)])
            if number % 4 == 3:  # a correction of an earlier story
                run.say(f"story-{number - 3}", PAIRS[(number - 3) % len(PAIRS)], -0.4, revision=1)
            number += 1
            seen = len(run.seen())
            eventually(lambda seen=seen: len(run.seen()) >= seen + 4 * len(PAIRS))  # type: ignore[misc]
        for pair in PAIRS:
            rows = decided(run, pair)
            eventually(lambda pair=pair, rows=rows: rows.keys() <= recorded(run.settings, pair).keys())  # type: ignore[misc]
            found = recorded(run.settings, pair)
            assert {date for date in found if date <= max(rows)} - caught_up[pair] <= rows.keys()
            differing = [date for date in rows.keys() - caught_up[pair] if found[date].values != rows[date]]
            assert differing == []
        assert_the_export_gives_what_was_seen(run)
