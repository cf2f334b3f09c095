"""Two hours of a bot on the replay exchange: what it saw is recorded, and a backtest of that repeats its trades."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.operations.reports import reports_folder
from services.operations.why.comparisons import newest_comparison
from tests.support.pipeline.recorded_bot import (
    RecordedBot,
    assert_the_export_gives_what_was_seen,
    decided,
    recorded,
    recorded_bot,
    recorded_trades,
)
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

PAIRS = ("BTC/USDT", "ETH/USDT", "BNB/USDT")
SPEED = 30.0
HOURS = 2
SCORES = (0.9, 0.85, 0.9, -0.6, 0.75, 0.9, 0.95, 0.8)
CANDLE = timedelta(minutes=1)
MAY_DIFFER = (
    "compares the price",  # of return on investment and stops: a bot knows more than four prices of a candle
    "was open when it was recorded last",
    "the backtest's candles ended before",
)
UNFILLED = "the order was not filled"
STARTUP = timedelta(minutes=260)  # of the strategy's indicators, and some more


def test_two_hours_are_recorded_as_the_strategy_saw_them_and_traded_by_a_backtest_as_by_the_bot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with recorded_bot(tmp_path, PAIRS, SPEED, seconds=HOURS * 3600 / SPEED + 120) as run:
        caught_up = trade_for_two_hours(run)
        for pair in PAIRS:
            rows = decided(run, pair)
            eventually(lambda pair=pair, rows=rows: rows.keys() <= recorded(run.settings, pair).keys())  # type: ignore[misc]
            found = recorded(run.settings, pair)
            assert {date for date in found if date <= max(rows)} - caught_up[pair] <= rows.keys()
            differing = [date for date in rows.keys() - caught_up[pair] if found[date].values != rows[date]]
            assert differing == []
        assert_the_export_gives_what_was_seen(run)
        fetch_candles(run, monkeypatch)
    assert_a_backtest_repeats_the_trades(run)


def trade_for_two_hours(run: RecordedBot) -> dict[str, set[str]]:
    """Let news come for two hours; returns the rows of each pair that were recorded before."""
    eventually(lambda: all(recorded(run.settings, pair) for pair in PAIRS))
    caught_up = {pair: set(recorded(run.settings, pair)) for pair in PAIRS}
    ends = run.clock.now().timestamp() + HOURS * 3600
    number = 0
    while run.clock.now().timestamp() < ends:
        pair = PAIRS[number % len(PAIRS)]
        run.say(f"story-{number}", pair, SCORES[number % len(SCORES)])
        if number % 8 == 7:  # a correction of an earlier story
            run.say(f"story-{number - 3}", PAIRS[(number - 3) % len(PAIRS)], -0.4, revision=1)
        number += 1
        seen = len(run.seen())
        eventually(lambda seen=seen: len(run.seen()) >= seen + 4 * len(PAIRS))  # type: ignore[misc]
    return caught_up


def fetch_candles(run: RecordedBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fetch the candles of the two hours, and those before with which the indicators start up."""
    monkeypatch.setenv("STATE_DIR", str(run.settings.state_dir))
    monkeypatch.setenv("EXCHANGE_CONFIG", json.dumps(dict(run.settings.exchange_config.get_secret_value())))
    start = max(run.first_decisions().values()) - STARTUP
    answer(
        "history", "fetch", "--out", run.folder / "candles", "--timeframe", "1m", "--from", start.isoformat()
    )


def assert_a_backtest_repeats_the_trades(run: RecordedBot) -> None:
    """The trades of a pair are the same up to the first candle that the bot skipped or whose order was not filled.

    A bot that is slow for its candles asks for a price that may not come again; a backtest fills all it asks for.
    """
    first = max(run.first_decisions().values())
    last = datetime.fromisoformat(run.seen()[-1]["date"])
    found = answer(
        *("backtest", "--sentiment", "history", "--candles", run.folder / "candles", "--timeframe", "1m"),
        *("--from", first.isoformat(), "--to", last.isoformat(), "--controls", 1, "--jobs", 1),
        *("--pairs", ",".join(PAIRS), "--stake-amount", run.settings.stake_amount),
    )["own_trades"]
    until = {pair: first_missed(run, pair, first) for pair in PAIRS}
    for each in found["differences"]:
        if each["what"] == "entry" and each["trade_id"] is None and UNFILLED in each["reason"]:
            entered = datetime.fromisoformat(each["entered"])
            until[each["pair"]] = min(until[each["pair"]], entered - CANDLE)
    differences = [
        each
        for each in found["differences"]
        if datetime.fromisoformat(each["entered"]) <= until[each["pair"]]
        if not (each["what"] == "exit" and any(words in each["reason"] for words in MAY_DIFFER))
    ]
    assert differences == []
    assert found["trades"] == len(recorded_trades(run.settings))
    assert found["repeated"] >= 1
    kept = newest_comparison(reports_folder(run.settings), first, last)
    assert kept is not None
    assert kept.own.as_json() == found


def first_missed(run: RecordedBot, pair: str, first: datetime) -> datetime:
    """The opening of the first candle on which the bot did not decide."""
    decisions = {datetime.fromisoformat(date) for date in decided(run, pair)}
    while first in decisions:
        first += CANDLE
    return first


def answer(*arguments: object) -> Any:
    command = [sys.executable, "-m", "services.cli", *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
