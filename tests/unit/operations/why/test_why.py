"""Why a trade was made, and why none was made, from a real history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.common.errors import StopProgram
from services.common.history.batch import Batch
from services.common.history.port import HistoryReader, HistoryWriter
from services.common.history.rows import AnalysedRow, HoldAction
from services.operations.why.not_entered import WhyNot, waiting_for, why_not
from services.operations.why.sentences import about_exit
from services.operations.why.trade import why_last, why_trade
from tests.support.history import history_samples as some
from tests.support.history.history_samples import NOW, PAIR, at

QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
STALENESS = timedelta(hours=4)
CLOSES = NOW + 2 * QUARTER  # of `candle()`
SEEN: dict[str, Any] = {
    "close": 100.0,
    "rsi": 55.25,
    "macd": -0.5,
    "macd_signal": 0.25,
    "sentiment": 0.85,
    "sentiment_for_entry": 0.85,
    "sentiment_aggregate": None,
    "sentiment_status": "fresh",
    "sentiment_age_hours": 0.5,
    "sentiment_article_id": "article-1",
    "enter_long": 0,
    "enter_tag": "",
    "entry_rules": "+trend +rsi -macd_cross +sentiment",
}
ENTERS: dict[str, Any] = {
    "enter_long": 1,
    "enter_tag": "sentiment 0.85 very_bullish asset + macd_cross",
    "entry_rules": "+trend +rsi +macd_cross +sentiment",
}
MIXIN: dict[str, Any] = {"close": 100.0, "sentiment_status": "stale", "sentiment": None, "enter_long": 0}


def candle(**values: Any) -> AnalysedRow:
    return some.analysed(1, values=SEEN | values)


def asked(reader: HistoryReader, *, at_close: timedelta = timedelta(minutes=5)) -> WhyNot:
    return why_not(reader, PAIR, CLOSES + at_close, now=CLOSES + HOUR, staleness=STALENESS)


def test_the_rules_that_did_not_hold_are_named_with_what_they_compared(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    writer.write(Batch(analysed=[candle()], articles=[some.article(1)], signals=[some.signal(1)]))
    found = asked(reader)
    assert (found.waits_for, found.missing, found.blocked) == ("all but macd_cross", ("macd_cross",), "")
    assert found.candle is not None
    assert found.candle.closes == CLOSES
    assert [story.headline for story in found.news] == ["Title 1"]
    said = " ".join(found.sentences)
    assert said.startswith("The entry rules that were true at 2026-11-20 12:30 UTC: all but macd_cross.")
    assert "Rules that were not true: macd_cross (MACD -0.5, its signal 0.25)." in said
    assert 'a sentiment of +0.85 (fresh, 0.5 h old), from "Title 1" (Wire).' in said


@pytest.mark.parametrize(
    ("rules", "phrase"),
    [
        ("-trend -rsi", "none"),
        ("-trend +rsi -volume", "all but trend, volume"),
        ("+trend +rsi", "all rules are true"),
        ("", ""),
    ],
)
def test_the_rules_are_one_phrase(
    writer: HistoryWriter, reader: HistoryReader, rules: str, phrase: str
) -> None:
    writer.write(Batch(analysed=[candle(entry_rules=rules)]))
    assert waiting_for(reader, PAIR, now=CLOSES, staleness=STALENESS).waits_for == phrase


@pytest.mark.parametrize("minutes", [-0.01, 45])
def test_a_candle_counts_from_its_close_and_not_for_a_bot_that_looks_no_more(
    writer: HistoryWriter, reader: HistoryReader, minutes: float
) -> None:
    writer.write(Batch(analysed=[candle()]))
    found = asked(reader, at_close=timedelta(minutes=minutes))
    assert found.candle is None
    assert "No candle of BTC/USDT" in found.sentences[0]


def test_a_hold_that_was_in_force_is_named_and_one_that_ended_is_not(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    holds = [
        some.hold(1, owner="risk", since=at(0), until=CLOSES + HOUR, reason="rate decision"),
        some.hold(1, owner="calendar", since=at(0), until=CLOSES),
        some.hold(1, since=at(0)),
        some.hold(900, action=HoldAction.LIFTED),
        some.hold(7200, owner="late"),
    ]
    writer.write(Batch(analysed=[candle(**ENTERS)], holds=holds))
    found = asked(reader)
    assert [hold.owner for hold in found.holds] == ["risk"]
    assert found.sentences[0] == "The strategy asked for an entry, but entries were held by risk."
    assert "Entries were held by risk (rate decision)" in found.sentences[-1]


def test_a_store_that_had_lost_its_holds_is_named_so(writer: HistoryWriter, reader: HistoryReader) -> None:
    writer.write(Batch(analysed=[candle(**ENTERS)], holds=[some.hold(1, owner="_kept")]))
    assert asked(reader).sentences[0].endswith("held by the store, which had lost its holds.")


def test_an_entry_that_was_asked_for_and_not_made_counts_the_open_trades(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    trades = [
        some.trade(1, pair="ETH/USDT"),
        some.trade(2, pair="XRP/USDT", closed=at(200)),
        some.trade(3, pair="SOL/USDT", opened=CLOSES + HOUR),
    ]
    writer.write(Batch(analysed=[candle(**ENTERS)], trades=trades))
    assert asked(reader).open_trades == 1
    assert "no hold was in force. Trades that were open: 1." in asked(reader).sentences[0]


@pytest.mark.parametrize(
    ("opened", "said"),
    [
        (CLOSES + timedelta(seconds=4), "A trade was opened: trade 1 at 2026-11-20 12:30 UTC."),
        (NOW, "Trade 1 of BTC/USDT was open since 2026-11-20 12:00 UTC."),
    ],
)
def test_where_there_was_a_trade_it_is_named(
    writer: HistoryWriter, reader: HistoryReader, opened: Any, said: str
) -> None:
    writer.write(Batch(analysed=[candle(**ENTERS)], trades=[some.trade(1, opened=opened)]))
    assert asked(reader).sentences[0] == said


def test_for_a_strategy_with_the_mixin_what_the_news_blocked_is_said(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    tag = "news blocks: score -0.62"
    writer.write(Batch(analysed=[some.analysed(1, values=MIXIN | {"enter_tag": tag})]))
    found = asked(reader)
    assert found.blocked == "score -0.62"
    assert found.sentences[0] == "The strategy asked for an entry, and the news blocked it: score -0.62."
    assert found.sentences[1] == "The candle saw no sentiment (stale)."


def test_the_rules_of_an_own_strategy_are_not_invented(writer: HistoryWriter, reader: HistoryReader) -> None:
    writer.write(Batch(analysed=[some.analysed(1, values=MIXIN)]))
    found = asked(reader)
    assert (found.waits_for, found.candle and found.candle.rules) == ("", ())
    assert "Its own rules are not recorded" in found.sentences[0]


def test_the_future_is_refused(reader: HistoryReader) -> None:
    with pytest.raises(StopProgram, match="in the future"):
        why_not(reader, PAIR, NOW + HOUR, now=NOW, staleness=STALENESS)


def test_a_trade_has_its_candle_its_story_its_end_and_the_news_while_it_was_open(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    opened, closed = CLOSES + timedelta(seconds=4), CLOSES + HOUR
    trade = some.trade(
        7,
        opened=opened,
        closed=closed,
        close_rate=101.0,
        profit_ratio=0.01,
        enter_tag=ENTERS["enter_tag"],
        exit_reason="trailing_stop_loss",
    )
    during = some.article(5, fetched=opened + QUARTER)
    writer.write(
        Batch(
            articles=[some.article(1), during],
            signals=[some.signal(1), some.signal(5, available_at=opened + QUARTER)],
            analysed=[candle(**ENTERS)],
            trades=[trade],
        )
    )
    found = why_trade(reader, 7, now=closed + HOUR)
    assert found is not None
    assert found == why_last(reader, now=closed + HOUR)
    assert (found.score, found.story and found.story.headline) == (0.85, "Title 1")
    assert [story.headline for story in found.news_while_open] == ["Title 5"]
    said = " ".join(found.sentences)
    assert "at 100 with a stake of 50 on [sentiment 0.85 very_bullish asset + macd_cross]" in said
    assert "with +1.00%: the price fell to the trailing stop." in said
    assert why_trade(reader, 8, now=closed) is None
    assert why_trade(reader, 7, "another", now=closed) is None


def ended(reason: str) -> Batch:
    """A trade that news of the score -0.95 ended; the news came after the decision and before the order was filled."""
    opened = CLOSES + timedelta(seconds=20)
    came = CLOSES + timedelta(seconds=10)
    trade = some.trade(7, opened=opened, closed=opened + QUARTER, exit_reason=reason)
    return Batch(
        articles=[some.article(1), some.article(5, fetched=came), some.article(6, fetched=came)],
        signals=[
            some.signal(1, sentiment_score=0.85),
            some.signal(5, sentiment_score=-0.951, available_at=came),
            some.signal(6, sentiment_score=0.1, available_at=came + timedelta(seconds=5)),
            some.signal(8, sentiment_score=-0.95, available_at=opened + HOUR),
        ],
        analysed=[candle(**ENTERS)],
        trades=[trade],
    )


@pytest.mark.parametrize(
    "reason", ["sentiment -0.95", "sentiment+macd_cross_down -0.95 other", "news hack -0.95", "news -0.95"]
)
def test_the_story_that_ended_a_trade_is_named_and_counted(
    writer: HistoryWriter, reader: HistoryReader, reason: str
) -> None:
    writer.write(ended(reason))
    found = why_last(reader, now=CLOSES + 2 * HOUR)
    assert found is not None
    assert found.exit_story is not None
    assert (found.exit_story.headline, found.exit_score) == ("Title 5", -0.951)
    assert found.sentences[-2].endswith(', from "Title 5" (Wire).')
    assert found.sentences[-1] == "Stories about BTC/USDT that came while it was open: 2."
    assert [story.headline for story in found.news_while_open] == ["Title 6", "Title 5"]


@pytest.mark.parametrize(
    "reason",
    ["macd_cross_down -0.95", "sentiment aggregate -0.95", "news aggregate -0.95", "roi", "sentiment stale"],
)
def test_a_trade_that_no_single_story_ended_has_none(
    writer: HistoryWriter, reader: HistoryReader, reason: str
) -> None:
    writer.write(ended(reason))
    found = why_last(reader, now=CLOSES + 2 * HOUR)
    assert found is not None
    assert (found.exit_story, found.exit_score) == (None, None)


def test_a_story_that_ended_a_trade_and_is_not_recorded_is_not_guessed(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    writer.write(ended("sentiment -0.71"))
    found = why_last(reader, now=CLOSES + 2 * HOUR)
    assert found is not None
    assert (found.exit_story, found.exit_score) == (None, -0.71)


@pytest.mark.parametrize(
    ("asking", "entry"),
    [([1], 1), ([1, 2], 2), ([0], 0), ([-1], 2), ([3], 2), ([], 2)],
)
def test_a_trade_that_was_filled_after_the_next_candles_has_the_candle_that_asked_for_it(
    writer: HistoryWriter, reader: HistoryReader, asking: list[int], entry: int
) -> None:
    rows = [
        some.analysed(number, values=SEEN | (ENTERS if number in asking else {})) for number in range(-1, 4)
    ]
    opened = CLOSES + QUARTER + timedelta(seconds=4)  # the candle 2 is closed, and 3 is not
    writer.write(Batch(analysed=rows, trades=[some.trade(1, opened=opened)]))
    found = why_last(reader, now=CLOSES + HOUR)
    assert found is not None
    assert found.entry is not None
    assert found.entry.opened == NOW + entry * QUARTER


def test_the_article_that_the_bot_stored_with_a_trade_wins(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    trade = some.trade(1, opened=CLOSES + timedelta(seconds=4), details={"trace_id": "article-2"})
    writer.write(
        Batch(articles=[some.article(1), some.article(2)], analysed=[candle(**ENTERS)], trades=[trade])
    )
    found = why_last(reader, now=CLOSES + HOUR)
    assert found is not None
    assert found.story is not None
    assert found.story.article_id == "article-2"


def test_without_trades_there_is_no_last_one(reader: HistoryReader) -> None:
    assert why_last(reader, now=NOW) is None


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (
            "sentiment+macd_cross_down -0.95",
            "rules that were true: sentiment and macd_cross_down, at a sentiment of -0.95",
        ),
        (
            "sentiment aggregate -0.31",
            "rules that were true: sentiment, at an aggregate sentiment of -0.31",
        ),
        ("macd_cross_down 0.40", "rules that were true: macd_cross_down, at a sentiment of +0.40"),
        ("news -0.90", "the news closed it (news -0.90)"),
        ("own reason", "own reason"),
    ],
)
def test_the_reason_of_an_exit_is_said_in_words(reason: str, said: str) -> None:
    assert said in about_exit(reason)
