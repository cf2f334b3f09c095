"""What kind of news a candle knew, how much, and because of which no trade may be opened."""

from __future__ import annotations

from datetime import datetime, timedelta

import cryptoboy_sentiment as news
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.strategy.as_of_definition import CANDLES, STALENESS, by_definition, known_at
from tests.support.strategy.strategy_made_up import made_up_signal, signal_lists
from tests.support.strategy.strategy_samples import QUARTER, at, opens, signal

HOURS = {"hack": 2.0, "delisting": 0.75}


def blocked(
    signals: list[news.Signal], *minutes: int, hours: dict[str, float] | None = None
) -> list[tuple[str, str]]:
    """Kind and article that prevent an entry, for candles that open so many minutes after noon."""
    frame = news.stand_aside(news.signals_frame(signals), opens(*minutes), QUARTER, hours or HOURS)
    return list(frame.itertuples(index=False, name=None))


def kinds(signals: list[news.Signal]) -> list[str]:
    frame = news.signals_frame(signals)
    return [
        str(kind) for kind in news.as_of(frame, opens(*CANDLES), QUARTER, staleness=STALENESS)["news_event"]
    ]


def counted(signals: list[news.Signal], candles: tuple[int, ...] = CANDLES) -> list[int]:
    frame = news.signals_frame(signals)
    return news.news_count(frame, opens(*candles), QUARTER, staleness=STALENESS).tolist()


def blocks_by_definition(signals: list[news.Signal], close: datetime) -> tuple[str, str]:
    """Kind and article that prevent an entry, as the documentation words it, one signal after the other."""
    blocking = [
        one
        for one in known_at(signals, close)
        if one.scope == "asset" and close - one.published <= timedelta(hours=HOURS.get(one.event_type, -1))
    ]
    return (blocking[-1].event_type, blocking[-1].article_id) if blocking else ("", "")


@settings(max_examples=40, deadline=None)
@given(signal_lists)
def test_every_candle_stands_aside_as_the_definition_says(signals: list[news.Signal]) -> None:
    expected = [blocks_by_definition(signals, at(minute) + QUARTER) for minute in CANDLES]
    assert blocked(signals, *CANDLES) == expected


@settings(max_examples=40, deadline=None)
@given(signal_lists)
def test_every_candle_has_the_kind_of_its_sentiment_and_counts_what_it_knew(
    signals: list[news.Signal],
) -> None:
    for minute, kind, count in zip(CANDLES, kinds(signals), counted(signals), strict=True):
        close = at(minute) + QUARTER
        status, chosen = by_definition(signals, close)
        assert kind == (chosen.event_type if chosen and status == "fresh" else "")
        assert count == sum(close - one.published <= STALENESS for one in known_at(signals, close))


@settings(max_examples=40, deadline=None)
@given(signal_lists, st.sampled_from(CANDLES), st.booleans())
def test_a_candle_is_the_same_without_whatever_came_after_it(
    signals: list[news.Signal], minute: int, alone: bool
) -> None:
    close = at(minute) + QUARTER
    before = [one for one in signals if one.available_at < close]
    candles = (minute,) if alone else tuple(each for each in CANDLES if each <= minute)
    assert blocked(signals, *CANDLES)[CANDLES.index(minute)] == blocked(before, *candles)[-1]
    assert counted(signals)[CANDLES.index(minute)] == counted(before, candles)[-1]


@settings(max_examples=40, deadline=None)
@given(signal_lists, made_up_signal(), st.sampled_from(CANDLES))
def test_one_more_article_never_makes_an_entry_possible(
    signals: list[news.Signal], another: news.Signal, minute: int
) -> None:
    more = another._replace(article_id="more")
    if blocked(signals, minute) != [("", "")]:
        assert blocked([*signals, more], minute) != [("", "")]


def hack(article: str = "a1", **other: object) -> news.Signal:
    return signal(article, score=-0.8, **{"event_type": "hack", **other})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change", [{"degraded": True}, {"suspected": True}, {"weight": 0.0}, {"confidence": 0.0}, {"score": 0.5}]
)
def test_news_of_little_trust_prevents_an_entry_too(change: dict[str, object]) -> None:
    told = hack()._replace(**change)  # type: ignore[arg-type]
    assert blocked([told], 0) == [("hack", "a1")]


def test_news_of_the_market_and_kinds_without_hours_prevent_nothing() -> None:
    others = [hack("m", scope="market"), signal("d", event_type="depeg"), signal("o")]
    assert blocked(others, 0) == [("", "")]
    assert blocked([hack()], 0, hours={"hack": 0, "depeg": 24}) == [("", "")]


def test_the_hours_begin_with_the_publication_and_the_first_candle_is_that_of_the_arrival() -> None:
    late = hack(published=0, available=45)
    # It arrives at the very close of the candle that opens at 30, and is two hours old at the close of that at 105.
    assert blocked([late], 30, 45, 105, 120) == [("", ""), ("hack", "a1"), ("hack", "a1"), ("", "")]


def test_a_revision_of_another_kind_counts_from_when_it_was_known() -> None:
    told = [hack(available=1), hack(available=40, event_type="other", revision=1)]
    assert blocked(told, 0, 15, 30, 45) == [("hack", "a1"), ("hack", "a1"), ("", ""), ("", "")]
    turned = [hack(available=1, event_type="other"), hack(available=40, revision=1)]
    assert blocked(turned, 0, 15, 30, 45) == [("", ""), ("", ""), ("hack", "a1"), ("hack", "a1")]


def test_of_several_kinds_the_newest_article_is_named() -> None:
    told = [hack("old"), signal("new", published=5, event_type="delisting")]
    assert blocked(told, 0, 45) == [("delisting", "new"), ("hack", "old")]


def test_without_signals_nothing_is_counted_and_nothing_prevents_an_entry() -> None:
    assert blocked([], 0, 15) == [("", ""), ("", "")]
    assert counted([], (0, 15)) == [0, 0]
    assert news.stand_aside(news.signals_frame([]), opens(), QUARTER, HOURS).empty


def test_the_columns_have_the_index_of_the_candles_and_their_types() -> None:
    signals, candles = news.signals_frame([hack()]), opens(0, 15).set_axis([7, 9])
    frame = news.stand_aside(signals, candles, QUARTER, HOURS)
    count = news.news_count(signals, candles, QUARTER, last_unreadable=True)
    assert frame.index.tolist() == count.index.tolist() == [7, 9]
    assert [str(each) for each in (*frame.dtypes, count.dtype)] == ["str", "str", "int64"]
    assert count.tolist() == [1, 0]


def test_candles_out_of_order_are_refused() -> None:
    signals, candles = news.signals_frame([]), opens(15, 0)
    with pytest.raises(ValueError, match="oldest first"):
        news.news_count(signals, candles, QUARTER)
    with pytest.raises(ValueError, match="oldest first"):
        news.stand_aside(signals, candles, QUARTER, HOURS)


def test_the_columns_of_a_strategy_have_kind_and_count() -> None:
    frame = news.sentiment_columns(
        news.signals_frame([hack()]),
        opens(0, 240),
        QUARTER,
        staleness=STALENESS,
        half_life=news.HALF_LIFE,
        last_unreadable=False,
        confidence_above=0.2,
    )
    assert isinstance(frame, pd.DataFrame)
    assert frame[["news_event", "news_count"]].to_numpy().tolist() == [["hack", 1], ["", 0]]
