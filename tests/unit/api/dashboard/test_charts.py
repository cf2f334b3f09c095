"""Figures for plotly: what they contain, and that no text of a feed is read as HTML."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from devtools.page.sample import sample_batch
from devtools.page.sample_news import HOSTILE
from services.api.dashboard.charts import performance_figure, price_figure, price_label
from services.history_recorder.performance.report import Cell
from services.operations.news.grouping import PairScore
from services.operations.news.stories import StoryRow
from services.operations.trades import Trade

NOW = datetime(2026, 3, 2, 14, 5, 20, tzinfo=UTC)
BATCH = sample_batch(NOW)
CANDLES = [row for row in BATCH.candles if row.symbol == "BTC/USDT"][-96:]


def story(headline: str, score: float | None) -> StoryRow:
    signal = next(row for row in BATCH.signals if row.pair == "BTC/USDT")
    scores = () if score is None else (PairScore.of(signal),)
    return StoryRow(
        story="story",
        article_id="story",
        headline=headline,
        source="coinwire",
        link="",
        published=NOW - timedelta(hours=1),
        first_seen=NOW - timedelta(hours=1),
        articles=1,
        sources=("coinwire",),
        kind="other",
        outcome="scored",
        reason="",
        suspicions=(),
        scores=scores,
    )


def test_without_candles_there_is_no_figure() -> None:
    assert price_figure([], [story("News", None)], [], "BTC/USDT") == ""
    assert price_label([], [], "BTC/USDT") == ""


def test_a_headline_with_tags_is_a_text_for_plotly() -> None:
    figure = json.loads(price_figure(CANDLES, [story(HOSTILE, None)], [], "BTC/USDT"))
    (text,) = figure["data"][1]["text"]
    assert "<" not in text
    assert text.startswith("&lt;img src=x")


def test_trades_are_marked_at_their_rates() -> None:
    trades = [Trade.of(row) for row in BATCH.trades if row.trade_id == 2]
    figure = json.loads(price_figure(CANDLES, [], trades, "BTC/USDT"))
    marks = {trace["name"]: trace["y"] for trace in figure["data"][1:]}
    assert marks == {"entry": [trades[0].open_rate], "exit": [trades[0].close_rate]}


def test_a_story_after_the_last_candle_is_within_the_axis() -> None:
    figure = json.loads(price_figure(CANDLES, [story("News", None)], [], "BTC/USDT"))
    early = json.loads(price_figure(CANDLES[:-20], [story("News", None)], [], "BTC/USDT"))
    assert early["layout"]["xaxis"]["range"][1] > "2026-03-02 13:05:20"
    assert figure["layout"]["xaxis"]["range"][1] > CANDLES[-1].opened.strftime("%Y-%m-%d %H:%M:%S")


def test_the_label_says_what_the_figure_shows() -> None:
    label = price_label(CANDLES, [story("News", None)], "BTC/USDT")
    assert label.startswith("BTC/USDT: 96 candles from ")
    assert label.endswith("1 stories")


def test_groups_without_figures_are_left_out_and_intervals_are_lengths() -> None:
    cells = [
        Cell("all", "", "4h", 212, 80, directed=0.2, directed_low=-0.1, directed_high=0.6),
        Cell("label", "very_bearish", "4h", 8, 8),
    ]
    (points,) = json.loads(performance_figure(cells))["data"]
    assert (points["x"], points["y"]) == ([0.2], ["all"])
    assert [round(each, 6) for each in points["error_x"]["array"]] == [0.4]
    assert [round(each, 6) for each in points["error_x"]["arrayminus"]] == [0.3]
    assert performance_figure(cells[1:]) == ""
