from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.common.clock import from_ms
from services.replay_exchange.faults import Channel, Faults, MissingCandles
from services.replay_exchange.intervals import MINUTE_MS
from services.replay_exchange.market import Market
from services.replay_exchange.streams import CATCH_UP, Cursor, Kind, Stream, begin, due, parse_stream
from tests.support.market.replay_samples import RECORDED, market_of, rising_bars, series_of

MINUTE = Stream("BTCUSDT", Kind.KLINE, interval="1m")
NO_FAULTS = Faults()


@pytest.fixture
def market() -> Market:
    return market_of(series_of(rising_bars(30)))


def watch(
    market: Market, stream: Stream, begun: int, looks: list[int], faults: Faults = NO_FAULTS
) -> list[list[Any]]:
    """What each look at so many milliseconds of the recording sends."""
    cursor = begin(stream, RECORDED + begun)
    sent = []
    for look in looks:
        events, cursor = due(stream, market, cursor, RECORDED + look, faults)
        sent.append(events)
    return sent


def shape(events: list[Any]) -> list[tuple[int, bool]]:
    """Minute of the recording and whether closed, of kline events."""
    return [((event["k"]["t"] - RECORDED) // MINUTE_MS, event["k"]["x"]) for event in events]


@pytest.mark.parametrize(
    ("name", "stream"),
    [
        ("btcusdt@kline_1m", MINUTE),
        ("btcusdt@kline_1M", Stream("BTCUSDT", Kind.KLINE, interval="1M")),
        ("ethbtc@ticker", Stream("ETHBTC", Kind.TICKER)),
        ("btcusdt@miniTicker", Stream("BTCUSDT", Kind.MINI_TICKER)),
        ("btcusdt@bookTicker", Stream("BTCUSDT", Kind.BOOK_TICKER)),
        ("btcusdt@depth5", Stream("BTCUSDT", Kind.PARTIAL_DEPTH, levels=5)),
        ("btcusdt@depth20@100ms", Stream("BTCUSDT", Kind.PARTIAL_DEPTH, levels=20)),
    ],
)
def test_a_stream_is_known_by_its_name(name: str, stream: Stream) -> None:
    assert parse_stream(name) == stream


@pytest.mark.parametrize(
    "name",
    [
        "",
        "btcusdt",
        "@",
        "BTCUSDT@kline_1m",
        "btcusdt@kline_7m",
        "btcusdt@kline",
        "btcusdt@depth",
        "btcusdt@trade",
        "ß@ticker",
    ],
)
def test_other_names_are_no_stream_of_this_exchange(name: str) -> None:
    assert parse_stream(name) is None


def test_a_candle_that_closes_is_sent_closed_at_once_and_the_next_one_with_it(market: Market) -> None:
    close = 5 * MINUTE_MS
    before, at = watch(market, MINUTE, close - 500, [close - 500, close])
    assert shape(before) == [(4, False)]
    assert shape(at) == [(4, True), (5, False)]


def test_a_closed_candle_is_sent_exactly_once_however_often_one_looks(market: Market) -> None:
    looks = list(range(0, 10 * MINUTE_MS, 700))
    events = [event for sent in watch(market, MINUTE, 0, looks) for event in sent]
    assert [minute for minute, closed in shape(events) if closed] == list(range(9))


def test_a_forming_candle_is_sent_again_every_two_seconds(market: Market) -> None:
    sent = watch(market, MINUTE, 0, [0, 500, 1999, 2000, 2100, 4000])
    assert [shape(events) for events in sent] == [[(0, False)], [], [], [(0, False)], [], [(0, False)]]


def test_a_leap_of_the_clock_sends_every_candle_it_passed_in_order(market: Market) -> None:
    _, after = watch(market, MINUTE, 0, [0, 7 * MINUTE_MS + 10])
    assert shape(after) == [*((minute, True) for minute in range(7)), (7, False)]


def test_a_leap_further_than_can_be_sent_at_once_is_caught_up_without_a_hole() -> None:
    market = market_of(series_of(rising_bars(CATCH_UP + 50)))
    end = (CATCH_UP + 20) * MINUTE_MS
    first, second, third = watch(market, MINUTE, 0, [end, end + 1, end + 2])
    minutes = [minute for minute, closed in shape([*first, *second]) if closed]
    assert minutes == list(range(CATCH_UP + 20))
    assert shape(second)[-1] == (CATCH_UP + 20, False)
    assert third == []


def test_an_event_has_binances_shape_and_agrees_with_rest(market: Market) -> None:
    close = RECORDED + MINUTE_MS
    (closed, forming), _ = due(MINUTE, market, Cursor(RECORDED, 0), close, NO_FAULTS)
    assert closed == {
        "e": "kline",
        "E": close,
        "s": "BTCUSDT",
        "k": {
            "t": RECORDED,
            "T": close - 1,
            "s": "BTCUSDT",
            "i": "1m",
            "f": -1,
            "L": -1,
            "o": "100.00000000",
            "c": "101.00000000",
            "h": "102.50000000",
            "l": "99.25000000",
            "v": "1.00000000",
            "n": 4,
            "x": True,
            "q": "100.68750000",
            "V": "0.50000000",
            "Q": "50.34375000",
            "B": "0",
        },
    }
    assert (forming["k"]["t"], forming["k"]["x"], forming["k"]["o"]) == (close, False, "101.00000000")


def test_after_the_recording_the_last_candle_is_closed_and_nothing_follows(market: Market) -> None:
    end = 30 * MINUTE_MS
    hour = Stream("BTCUSDT", Kind.KLINE, interval="1h")
    assert [shape(events) for events in watch(market, MINUTE, end - 10, [end, end + 5000])] == [
        [(29, True)],
        [],
    ]
    assert watch(market, hour, end - 10, [end, end + 5000, end + 3 * 60 * MINUTE_MS]) == [[], [], []]
    assert watch(market, Stream("BTCUSDT", Kind.TICKER), end, [end, end + 5000]) == [[], []]


def test_hidden_candles_are_not_sent_and_the_others_are(market: Market) -> None:
    start = from_ms(RECORDED + 2 * MINUTE_MS)
    gap = MissingCandles(start=start, end=start + timedelta(minutes=2), channel=Channel.WEBSOCKET)
    looks = list(range(0, 6 * MINUTE_MS, 1000))
    sent = watch(market, MINUTE, 0, looks, Faults(missing_candles=(gap,)))
    events = [event for some in sent for event in some]
    assert {minute for minute, _ in shape(events)} == {0, 1, 4, 5}


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (Kind.TICKER, {"e": "24hrTicker", "s": "BTCUSDT", "c": "101.00000000", "o": "100.00000000"}),
        (Kind.MINI_TICKER, {"e": "24hrMiniTicker", "s": "BTCUSDT", "c": "101.00000000", "l": "99.25000000"}),
        (Kind.BOOK_TICKER, {"s": "BTCUSDT", "b": "101.00000000", "a": "101.01000000"}),
    ],
)
def test_tickers_come_once_a_second(market: Market, kind: Kind, fields: dict[str, str]) -> None:
    now = MINUTE_MS  # the second candle opens
    first, early, second = watch(market, Stream("BTCUSDT", kind), now, [now, now + 999, now + 1000])
    assert [len(first), len(early), len(second)] == [1, 0, 1]
    assert fields.items() <= first[0].items()


def test_a_partial_book_has_the_levels_asked_for(market: Market) -> None:
    ((book,),) = watch(market, Stream("BTCUSDT", Kind.PARTIAL_DEPTH, levels=5), 0, [0])
    assert [len(book["bids"]), len(book["asks"])] == [5, 5]
