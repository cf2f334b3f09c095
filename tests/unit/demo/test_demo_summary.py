from __future__ import annotations

import json
from dataclasses import replace

import pytest

from services.cli.views.demo import summary_text
from services.demo.books import Books
from services.demo.counts import Counts
from services.demo.plan import sample_plan
from services.demo.run import DemoResult
from services.demo.summary import as_json, verdict
from services.launch.freqtrade.api import Trade

PLAN = sample_plan(None, None)
COUNTS = Counts(
    articles_published=3,
    articles_ended=3,
    signals_published=3,
    signals_cached=3,
    signals_repeated=0,
    candles_published=9,
    dead_lettered=0,
    waiting=0,
)
TRADE = Trade(
    trade_id=1,
    pair="BTC/USDT",
    is_open=False,
    enter_tag="sentiment 0.90 very_bullish asset + macd_cross",
    exit_reason="sentiment -0.90",
    open_rate=100.0,
    close_rate=101.0,
    stake_amount=50.0,
    profit_ratio=0.008,
    open_date="2026-01-01 00:00:00",
    close_date="2026-01-01 00:10:00",
)
GOOD = DemoResult(
    counts=COUNTS,
    books=Books({"articles": 3}, {}),
    sentiment={"BTC/USDT": {"score": "0.9", "label": "very_bullish"}, "ETH/USDT": None},
    trades=[TRADE],
    ready_seconds=4.04,
    duration_seconds=60.06,
    reason="a trade that news had opened was closed",
    page="http://127.0.0.1:8110",
    history="sqlite:////run/state/history.sqlite",
)


def test_a_demo_that_showed_everything_is_a_success() -> None:
    assert verdict(PLAN, GOOD) is None
    summary = json.loads(json.dumps(as_json(PLAN, GOOD, None)))
    assert (summary["ok"], summary["trades_closed"], summary["messages_lost"]) == (True, 1, 0)
    assert (summary["dashboard"], summary["api"]) == ("http://127.0.0.1:8110/", "http://127.0.0.1:8110/docs")
    assert summary["history"] == {"url": "sqlite:////run/state/history.sqlite", "rows": {"articles": 3}}
    assert summary["pairs"] == {"BTC/USDT": {"score": 0.9, "label": "very_bullish"}, "ETH/USDT": None}
    text = summary_text(PLAN, GOOD, None)
    assert "in at 100 because of [sentiment 0.90" in text
    assert "newest score BTC/USDT   +0.90 very_bullish" in text
    assert "the page's word beside a pair is its aggregate" in text


@pytest.mark.parametrize(
    ("counts", "trades", "problem"),
    [
        (replace(COUNTS, articles_ended=2), [TRADE], "1 message(s) were lost"),
        (replace(COUNTS, waiting=2), [TRADE], "2 message(s) were still waiting"),
        (replace(COUNTS, signals_published=0, signals_cached=0), [TRADE], "no signal reached the store"),
        (replace(COUNTS, silent=("news_poller",)), [TRADE], "news_poller did not report its counts"),
        (COUNTS, [], "no trade that news had opened was closed"),
        (COUNTS, [replace(TRADE, is_open=True)], "no trade that news had opened was closed"),
        (COUNTS, [replace(TRADE, enter_tag="force_entry")], "no trade that news had opened was closed"),
    ],
)
def test_what_a_demo_did_not_show_is_its_problem(counts: Counts, trades: list[Trade], problem: str) -> None:
    result = replace(GOOD, counts=counts, trades=trades)
    found = verdict(PLAN, result)
    assert found is not None
    assert problem in found
    assert as_json(PLAN, result, found)["ok"] is False


def test_a_history_that_does_not_agree_with_the_counts_is_a_failure() -> None:
    wrong = replace(GOOD, books=Books({"articles": 2}, {"articles": (3, 2)}))
    assert verdict(PLAN, wrong) == "the history does not agree with the counts: it has 2 of 3 articles"
