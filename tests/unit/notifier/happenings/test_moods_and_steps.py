from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from services.common.settings.settings import PROJECT_ROOT
from services.notifier.happening import Kind
from services.notifier.happenings.moods import mood_after
from services.notifier.happenings.running import source_happenings
from services.notifier.happenings.trades import Passed, step_happenings
from services.operations.portfolio import Position
from services.operations.trades import Trade
from tests.support.history.history_samples import trade
from tests.support.notifier.samples import NOW


@pytest.mark.parametrize(
    ("before", "score", "after"),
    [(0, 0.3, 1), (0, 0.29, 0), (1, 0.21, 1), (1, 0.19, 0), (0, -0.3, -1), (-1, -0.21, -1), (-1, -0.19, 0)],
)  # fmt: skip
def test_a_mood_begins_at_its_threshold_and_ends_behind_it(before: int, score: float, after: int) -> None:
    assert mood_after(before, score, 0.3, 0.1) == after


def position(change: float | None, gain: float | None = None, at: datetime = NOW) -> Position:
    return Position(Trade.of(trade(7)), "BTC", "USDT", 100.0, at, change, gain)


def steps(change: float | None, passed: Passed = Passed()) -> tuple[list[str], Passed]:  # noqa: B008 - frozen
    return steps_of(position(change), passed)


def steps_of(one: Position, passed: Passed = Passed()) -> tuple[list[str], Passed]:  # noqa: B008 - frozen
    found, reached = step_happenings([one], {"bot/7": passed}, (5, 10, 25), (3, 5), NOW, oldest=NOW)
    return [f"{each.kind.value} {each.key.rpartition(':')[2]}" for each in found], reached["bot/7"]


def test_a_trade_that_passes_several_steps_at_once_is_told_with_the_highest() -> None:
    assert steps(12.0) == (["profit 10"], Passed(10, 0))


def test_a_step_that_was_passed_is_not_told_again_when_the_price_comes_back() -> None:
    assert steps(6.0, Passed(10, 0)) == ([], Passed(10, 0))
    assert steps(26.0, Passed(10, 0)) == (["profit 25"], Passed(25, 0))


def test_losses_have_steps_of_their_own_and_no_price_passes_none() -> None:
    assert steps(-4.0, Passed(10, 0)) == (["loss 3"], Passed(10, 3))
    assert steps(None) == ([], Passed())


def test_a_profit_is_of_the_stake_as_that_of_a_closed_trade_is() -> None:
    assert steps_of(position(-0.5, gain=-2.5)) == (["loss 5"], Passed(0, 5))


def test_a_price_of_long_ago_passes_no_step() -> None:
    old = position(-9.0, at=NOW - timedelta(seconds=1))
    assert steps_of(old, Passed(10, 0)) == ([], Passed(10, 0))


def test_many_sources_that_fall_silent_at_once_are_one_message() -> None:
    seen = {f"Wire {number}": NOW.replace(day=18) for number in range(4)}
    found, silent = source_happenings(seen, {}, 24, NOW)
    assert [(each.kind, each.sources, each.message.title) for each in found] == [
        (Kind.SOURCE_SILENT, tuple(seen), "4 sources are silent")
    ]
    assert source_happenings(seen, {}, 24, NOW + timedelta(minutes=1))[0][0].key == found[0].key
    found, _ = source_happenings(dict.fromkeys(seen, NOW), silent, 24, NOW)
    assert [(each.kind, each.message.title) for each in found] == [
        (Kind.SOURCE_BACK, "4 sources have news again")
    ]


def test_a_source_is_told_when_it_falls_silent_and_when_it_is_back() -> None:
    seen = {"Wire": NOW.replace(day=18), "Blog": NOW}
    found, silent = source_happenings(seen, {}, 24, NOW)
    assert [(each.kind, each.sources) for each in found] == [(Kind.SOURCE_SILENT, ("Wire",))]
    assert source_happenings(seen, silent, 24, NOW) == ((), silent)
    found, silent = source_happenings({"Wire": NOW}, silent, 24, NOW)
    assert [each.kind for each in found] == [Kind.SOURCE_BACK]
    assert silent == {}


@pytest.mark.parametrize(
    "path", sorted((PROJECT_ROOT / "services/notifier/wording").glob("*.py")), ids=lambda path: str(path.name)
)
def test_no_wording_advises_to_buy_or_sell(path: Path) -> None:
    code = path.read_text().partition('"""\n')[2]
    assert re.findall(r"\b(buy|sell|should|recommend)\b", code, re.IGNORECASE) == []
