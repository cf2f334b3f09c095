"""The weekly brief says how the scores and trades of a week did, with the figures of the page Scores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from services.common.history.notifying.rows import BriefKind
from services.common.history.open import open_reader
from services.common.history.port import Batch, HistoryReader
from services.common.history.writing import open_history
from services.common.settings.settings import Settings
from services.operations.briefs.make import Made, make_brief
from services.operations.performance import read_performance
from services.operations.portfolio import read_portfolio
from services.operations.reports import reports_folder
from services.operations.why.comparisons import Comparison, keep_comparison
from services.operations.why.repeated import Difference, OwnTrades
from services.operations.words import amount, percent, share
from tests.support.history import history_samples as some
from tests.support.history.history_samples import NOW, at

END = NOW + timedelta(days=7)
COMPARED = "The bot and a backtest of the same week"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(state_dir=tmp_path_factory.mktemp("week"))


@pytest.fixture(scope="module")
def history(settings: Settings) -> Iterator[HistoryReader]:
    """Forty scores of one source and four of another, after which prices moved as they said by turns."""
    numbers = range(44)
    with closing(open_history(settings)) as writer:
        writer.write(
            Batch(
                articles=[some.article(number, fetched=at(12_000 * number)) for number in numbers],
                signals=[
                    some.signal(
                        number,
                        available_at=at(12_000 * number),
                        source="Wire" if number < 40 else "[Blog](http://evil.example)",
                    )
                    for number in numbers
                ],
                outcomes=[
                    some.outcome(
                        number,
                        horizon=4,
                        available_at=at(12_000 * number),
                        entered=at(12_000 * number),
                        change=0.02 if number % 3 else -0.01,
                        control=0.001,
                        controls=9,
                    )
                    for number in numbers
                ],
                trades=[
                    some.trade(1),
                    some.trade(2, pair="ETH/USDT", stake=150.0),
                    some.trade(3, closed=at(9_000), profit_abs=4.5, profit_ratio=0.09),
                    some.trade(
                        4, opened=at(-900_000), closed=at(-800_000), profit_abs=99.0, profit_ratio=0.5
                    ),
                ],
                candles=[some.candle(7 * 1440 - 1, close=102.0)],
            )
        )
    with closing(open_reader(settings)) as reader:
        yield reader


@pytest.fixture(scope="module")
def made(history: HistoryReader, settings: Settings) -> Made:
    return make_brief(BriefKind.WEEKLY, history, None, settings, now=END)


def lines_of(made: Made, title: str) -> list[str]:
    (section,) = [each for each in made.document.sections if each.title == title]
    return ["".join(span.text for span in row) for row in section.lines]


def test_the_scores_have_the_figures_and_the_verdict_of_the_page(made: Made, history: HistoryReader) -> None:
    found = read_performance(history, start=NOW, end=END, now=END)
    (cell,) = [each for each in found.cells if each.group == "all" and each.horizon == "4h"]
    measured, *_ = told = lines_of(made, "How the scores did")
    assert measured == "44 articles; scores whose outcome is known: 0 after 1h, 44 after 4h, 0 after 24h."
    (after,) = [row for row in told if row.startswith("After 4h")]
    assert after == (
        f"After 4h: 44 scores, on average {percent(cell.directed)} in the direction of the score, right "
        f"{share(cell.hit_share)} of the time: too few days to tell from chance."
    )
    assert told[-1] == f"Last 30 days: {read_performance(history, now=END).verdict}"


def test_a_source_with_few_scores_has_no_figures(made: Made) -> None:
    head, wire, blog = lines_of(made, "By source, 4h after the score")
    assert head.endswith("Too few days to tell any of it from chance.")
    assert wire == "Wire: 40 scores, on average +0.85 %, right 65% of the time."
    assert blog.endswith(": 4 scores, fewer than the 30 from which figures are shown.")
    assert "http://" not in blog


def test_scores_of_one_model_have_no_figures_of_their_own(made: Made) -> None:
    assert lines_of(made, "By model, 4h after the score") == [
        "All scores are of one model, so its figures are those above."
    ]


def test_the_trades_of_the_week_are_told_and_no_others(made: Made) -> None:
    assert lines_of(made, "Trades") == [
        "3 trades opened.",
        "1 trade closed, 1 with a gain: +4.50 USDT after fees (+9.00 %).",
    ]


def test_exposure_is_that_of_the_portfolio(made: Made, history: HistoryReader) -> None:
    ether, bitcoin = lines_of(made, "Exposure by asset")
    of_ether, of_bitcoin = read_portfolio(history, "1m", END).exposure
    assert (of_ether.asset, of_ether.share) == ("ETH", 0.75)
    assert ether == "ETH: 75% of all stakes in USDT, 150.00 long in 1 trade; no price of the last day."
    assert bitcoin == (
        f"BTC: 25% of all stakes in USDT, 50.00 long in 1 trade; {amount(of_bitcoin.gain)} before fees."
    )


def test_without_a_backtest_of_the_week_it_is_said_which_command_makes_one(made: Made) -> None:
    said, command = lines_of(made, COMPARED)
    assert said == "No backtest of this week was compared with the trades of the bot. This command makes one:"
    assert command == (
        "./cryptoboy backtest --sentiment history --candles history --timeframe 15m --from 2026-11-20T12:00 "
        "--to 2026-11-27T12:00"
    )
    assert "<code>./cryptoboy</code> backtest" in "".join(made.telegram)


def test_a_backtest_of_the_week_is_shown_with_its_date_and_what_differs(
    history: HistoryReader, settings: Settings, tmp_path: Path
) -> None:
    differences = [
        Difference("BTC/USDT", "long", at(900 * number), number or None, "entry", f"Reason {number} /pause")
        for number in range(7)
    ]
    found = Comparison(
        made=END - timedelta(hours=1),
        start=NOW,
        end=END - timedelta(hours=2),
        strategy="Mine",
        timeframe="15m",
        pairs=("BTC/USDT", "ETH/USDT"),
        options="--set veto_below=-0.5",
        own=OwnTrades(("bot",), 9, 3, 2, tuple(differences)),
    )
    there = settings.changed(state_dir=tmp_path)
    keep_comparison(reports_folder(there), found)

    told = lines_of(make_brief(BriefKind.WEEKLY, history, None, there, now=END), COMPARED)

    assert told[0] == (
        "A backtest of Mine with the recorded signals, made 2026-11-27 11:00 UTC: 15m candles of BTC/USDT, ETH/USDT "
        "from 2026-11-20 12:00 UTC to 2026-11-27 10:00 UTC, with --set veto_below=-0.5."
    )
    assert told[1] == (
        "The bot opened 9 trades in that time. The backtest opened 3 of them too, in the same candle and with the same "
        "tag; 2 of these ended alike or are open in both. It opened 1 trade that the bot did not."
    )
    assert told[2] == "BTC/USDT long, 2026-11-20 12:00 UTC: Reason 0 /\u2060pause"
    assert told[-1] == "2 more differences, which the backtest lists."
    assert len(told) == 8
