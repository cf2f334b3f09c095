"""The live view of a demo, drawn on screens of several sizes."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from services.cli.views.demo import picture
from services.common.messages import SentimentSignal
from services.common.values import Label
from services.demo.counts import Counts
from services.demo.observer import Scene
from services.demo.plan import sample_plan
from services.launch.freqtrade.api import Trade

NOW = datetime(2026, 4, 2, 20, 0, tzinfo=UTC)
PAIRS = ("BTC/USDT", "ETH/USDT", "BNB/USDT")
LONG = "Bitcoin climbs while everybody waits for a decision that nobody expects before the weekend"
WHY = "sentiment 0.96 very_bullish asset + macd_cross"
TRADE = Trade(
    trade_id=1,
    pair="BTC/USDT",
    is_open=False,
    open_rate=66962.28,
    stake_amount=50.0,
    open_date="",
    enter_tag=WHY,
    exit_reason="sentiment -0.95",
    close_rate=66000.0,
    profit_ratio=-0.0144,
)


def signal(number: int, pair: str, title: str = LONG) -> SentimentSignal:
    return SentimentSignal(
        article_id=f"article-{number}",
        pair=pair,
        source="bitcoinmagazine",
        headline=title,
        sentiment_score=-0.95,
        sentiment_label=Label.VERY_BEARISH,
        published=NOW - timedelta(minutes=number),
        analyzed_at=NOW,
        model="m",
    )


def scene(headlines: list[SentimentSignal], trades: list[Trade]) -> Scene:
    fields = {"score": "-0.95", "label": "very_bearish", "headline": LONG}
    return Scene(
        clock="2026-04-02 20:00:00",
        elapsed=35.4,
        limit=240.0,
        sentiment={"BTC/USDT": fields, "ETH/USDT": fields, "BNB/USDT": None},
        headlines=headlines,
        prices={"BTC/USDT": 66962.28},
        trades=trades,
        counts=Counts(123, 123, 456, 456, 0, 789, 0, 0),
    )


def drawn(shown: Scene, width: int, height: int) -> list[str]:
    console = Console(width=width, height=height, file=io.StringIO(), color_system=None, legacy_windows=False)
    console.print(picture(sample_plan(10.0, None), shown, console))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (80, 40), (140, 24), (200, 60)])
def test_the_whole_picture_fits_the_screen_with_a_line_for_each_pair_and_article(
    width: int, height: int
) -> None:
    lines = drawn(scene([signal(n, "BTC/USDT") for n in range(20)], [TRADE]), width, height)
    assert len(lines) <= height
    assert all(len(line) <= width for line in lines)
    text = "\n".join(lines)
    assert all(pair in text for pair in PAIRS)
    assert "very_bearish" in text
    assert "66,962.28" in text
    assert text.count("bitcoinmagazine") in range(2, 9)


def test_why_a_trade_was_made_is_shown_whole_even_on_a_narrow_screen() -> None:
    words = " ".join(" ".join(drawn(scene([], [TRADE]), 80, 40)).split())
    for word in [*WHY.split(), "->", "-0.95"]:
        assert word in words


def test_an_article_about_several_coins_is_shown_once_with_all_of_them() -> None:
    lines = drawn(scene([signal(1, pair, "Markets rest") for pair in PAIRS], []), 140, 40)
    assert [line.split() for line in lines if "Markets rest" in line] == [
        ["19:59", "bitcoinmagazine", "BTC,ETH,BNB", "-0.95", "Markets", "rest"]
    ]
    assert any("none yet" in line for line in lines)


def test_what_a_publisher_writes_is_never_taken_as_a_style() -> None:
    lines = drawn(scene([signal(1, "BTC/USDT", "[bold]Up[/bold] [link=x]here[/x]")], []), 140, 40)
    assert any("[bold]Up[/bold] [link=x]here[/x]" in line for line in lines)
