"""How far a backtest repeats the trades that a bot recorded, on a real history."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from services.common.history.batch import Batch
from services.common.history.port import HistoryReader, HistoryWriter
from services.common.history.rows import AnalysedRow, TradeRow
from services.operations.why.placed_trades import Backtested
from services.operations.why.repeated import Difference, OwnTrades, compare_with_own
from tests.support.history.history_samples import NOW, PAIR

CANDLE = timedelta(minutes=15)
START, END = NOW, NOW + 20 * CANDLE
TAG = "sentiment 0.90 very_bullish asset + macd_cross"
NEWS = "sentiment -0.60"
SECONDS = timedelta(seconds=7)


def candle(number: int) -> datetime:
    """The opening of a candle of the backtest."""
    return START + number * CANDLE


def decided(number: int, **values: Any) -> AnalysedRow:
    """What the bot decided at the close of a candle."""
    return AnalysedRow(
        pair=PAIR, timeframe="15m", opened=candle(number), values=values, seen=candle(number + 1)
    )


def own(trade_id: int, entered: datetime, left: datetime | None, reason: str = NEWS) -> TradeRow:
    return TradeRow(
        bot="bot",
        trade_id=trade_id,
        pair=PAIR,
        opened=entered,
        updated=left or entered,
        closed=left,
        enter_tag=TAG,
        exit_reason=reason if left else "",
        profit_ratio=0.01,
    )


def made(entered: int, left: int, reason: str = NEWS, tag: str = TAG) -> dict[str, Any]:
    return {
        "pair": PAIR,
        "is_short": False,
        "open_date": pd.Timestamp(candle(entered)),
        "close_date": pd.Timestamp(candle(left)),
        "open_rate": 100.0,
        "close_rate": 101.0,
        "stake_amount": 50.0,
        "profit_ratio": 0.008,
        "profit_abs": 0.4,
        "enter_tag": tag,
        "exit_reason": reason,
    }


def compared(reader: HistoryReader, *trades: dict[str, Any], rsi: float = 50.0) -> OwnTrades | None:
    frame = pd.DataFrame({"date": [pd.Timestamp(candle(number)) for number in range(20)], "rsi": rsi})
    found = Backtested(
        pairs=(PAIR,),
        timeframe="15m",
        candle=CANDLE,
        start=START,
        end=END,
        trades=pd.DataFrame(trades),
        frames={PAIR: frame},
    )
    return compare_with_own(reader, found, now=END, staleness=timedelta(hours=4))


def only(found: OwnTrades | None) -> Difference:
    assert found is not None
    (difference,) = found.differences
    return difference


ENTERS, EXITS = {"enter_long": 1}, {"exit_long": 1, "exit_tag": NEWS}


def test_a_trade_in_the_same_candle_with_the_same_tag_and_end_is_repeated(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    rows = [decided(2, **ENTERS), decided(5, **EXITS)]
    writer.write(Batch(analysed=rows, trades=[own(1, candle(3) + SECONDS, candle(6) + SECONDS)]))
    assert compared(reader, made(3, 6)) == OwnTrades(("bot",), 1, 1, 1, ())


def test_two_bots_that_made_the_same_trade_both_find_it_in_the_backtest(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    first = own(1, candle(3) + SECONDS, candle(6) + SECONDS)
    rows = [decided(2, **ENTERS), decided(5, **EXITS)]
    writer.write(Batch(analysed=rows, trades=[first, replace(first, bot="other")]))
    assert compared(reader, made(3, 6)) == OwnTrades(("bot", "other"), 2, 2, 2, ())


def test_a_strategy_without_tags_has_none_in_both(writer: HistoryWriter, reader: HistoryReader) -> None:
    untagged = replace(own(1, candle(3), candle(6), "roi"), enter_tag="")
    writer.write(Batch(analysed=[decided(2, **ENTERS)], trades=[untagged]))
    trade = made(3, 6, "roi") | {"enter_tag": float("nan")}
    assert compared(reader, trade) == OwnTrades(("bot",), 1, 1, 1, ())


def test_a_bot_that_is_late_entered_and_left_in_the_candle_that_it_decided_for(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    rows = [decided(2, **ENTERS), decided(3), decided(5, **EXITS), decided(6)]
    writer.write(Batch(analysed=rows, trades=[own(1, candle(4) + SECONDS, candle(7) + SECONDS)]))
    assert compared(reader, made(3, 6)) == OwnTrades(("bot",), 1, 1, 1, ())


def test_an_exit_by_price_may_differ_and_it_is_said_why(writer: HistoryWriter, reader: HistoryReader) -> None:
    writer.write(
        Batch(analysed=[decided(2, **ENTERS)], trades=[own(1, candle(3), candle(4) + SECONDS, "roi")])
    )
    found = compared(reader, made(3, 6))
    assert found is not None
    assert (found.repeated, found.ended_alike, only(found).what) == (1, 0, "exit")
    assert "the profit reached what minimal_roi asks for" in only(found).reason
    assert "A bot compares the price with these limits in each of its loops" in only(found).reason


def test_an_exit_by_a_rule_has_no_such_excuse(writer: HistoryWriter, reader: HistoryReader) -> None:
    writer.write(Batch(analysed=[decided(2, **ENTERS)], trades=[own(1, candle(3), candle(4) + SECONDS)]))
    assert "compares the price" not in only(compared(reader, made(3, 6))).reason


def test_a_trade_that_is_still_open_has_no_end_to_compare(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    writer.write(Batch(analysed=[decided(2, **ENTERS)], trades=[own(1, candle(3), None)]))
    assert "was open when it was recorded last" in only(compared(reader, made(3, 6))).reason


def test_a_trade_that_is_open_when_the_candles_end_is_open_in_both(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    writer.write(Batch(analysed=[decided(2, **ENTERS)], trades=[own(1, candle(3), None)]))
    assert compared(reader, made(3, 19, "force_exit")) == OwnTrades(("bot",), 1, 1, 1, ())


def test_another_tag_is_another_decision(writer: HistoryWriter, reader: HistoryReader) -> None:
    writer.write(Batch(analysed=[decided(2, **ENTERS)], trades=[own(1, candle(3), candle(6))]))
    found = compared(reader, made(3, 6, tag="other"))
    assert found is not None
    assert (found.repeated, only(found).what) == (0, "tag")


def test_a_trade_of_the_bot_alone_names_the_values_that_differ(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    writer.write(Batch(analysed=[decided(2, rsi=40.0, **ENTERS)], trades=[own(1, candle(3), candle(6))]))
    found = compared(reader, made(9, 10))
    assert found is not None
    assert found.differences[0].reason == (
        "Only the bot: its candle had other values than the backtest's: rsi 40 and 50."
    )


def test_a_trade_of_the_bot_alone_while_the_backtest_had_the_pair(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    rows = [decided(1, **ENTERS), decided(2, **ENTERS), decided(4, **EXITS)]
    trades = [own(1, candle(2), candle(3), "roi"), own(2, candle(4), candle(5))]
    writer.write(Batch(analysed=[*rows, decided(3, **ENTERS)], trades=trades))
    found = compared(reader, made(2, 9))
    assert found is not None
    assert "had another trade of the pair then" in found.differences[1].reason


def test_a_trade_of_the_backtest_on_a_candle_that_the_bot_did_not_decide_on(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    writer.write(Batch(analysed=[decided(1)]))
    found = compared(reader, made(3, 6))
    assert found is not None
    assert (found.trades, only(found).trade_id) == (0, None)
    assert "the bot decided on nothing at the candle before" in only(found).reason


def test_a_trade_of_the_backtest_whose_rules_did_not_hold_for_the_bot(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    writer.write(Batch(analysed=[decided(2, entry_rules="+trend -sentiment")]))
    assert "all but sentiment" in only(compared(reader, made(3, 6))).reason


def test_without_a_recorded_bot_nothing_is_compared(reader: HistoryReader) -> None:
    assert compared(reader, made(3, 6)) is None
