from __future__ import annotations

import pytest

from services.common.messages import CandleData
from services.data_ingestor.market_book import HELD_LIMIT, REACH, CandleBook, Fetch, Publish
from services.data_ingestor.market_candles import Candle, RestAnswer, Row, read_answer

MINUTE = 60_000
T0 = 1_700_000_040_000
LATE = 58_000  # into a candle: late enough to be the stream's last word on it


def at(step: int, into: int = 0) -> int:
    return T0 + step * MINUTE + into


def row(step: int, close: float = 100.0) -> Row:
    return (at(step), close, close, close, close, 1.0)


def candle(step: int, close: float = 100.0) -> Candle:
    return Candle(at(step), CandleData(open=close, high=close, low=close, close=close, volume=1.0))


def answer(*rows: Row, now_ms: int) -> RestAnswer:
    return read_answer(rows, MINUTE, now_ms)


def begun(last: int = 0) -> CandleBook:
    """A book whose last published candle is `last` and whose stream began during the next one."""
    book = CandleBook(MINUTE)
    book.begin(at(last), answer(row(last), row(last + 1), now_ms=at(last + 1)), at(last + 1))
    return book


def published(book: CandleBook) -> list[int]:
    step = book.next_step()
    if not isinstance(step, Publish):
        return []
    book.settle(step.ready[-1].candle.open_ms)
    return [(one.candle.open_ms - T0) // MINUTE for one in step.ready]


def test_the_first_start_begins_with_the_newest_closed_candle() -> None:
    book = CandleBook(MINUTE)

    assert book.begin(None, answer(row(0), row(1), row(2), now_ms=at(2, 100)), at(2, 100))
    assert published(book) == [1]
    assert book.next_step() is None


def test_a_start_without_any_closed_candle_begins_with_the_forming_one() -> None:
    book = CandleBook(MINUTE)

    assert book.begin(None, answer(row(3), now_ms=at(3, 100)), at(3, 100))
    book.fetched(at(3), answer(row(3), row(4), now_ms=at(4)))
    assert published(book) == [3]


def test_a_restart_is_not_thrown_back_by_an_answer_that_lags() -> None:
    book = CandleBook(MINUTE)
    book.begin(at(4), answer(row(2), row(3), now_ms=at(5)), at(5))

    assert book.last_ms == at(4)
    assert published(book) == []


def test_a_market_without_candles_has_no_beginning_yet() -> None:
    book = CandleBook(MINUTE)

    assert not book.begin(None, answer(now_ms=at(0)), at(0))
    assert book.next_step() is None
    assert book.overdue(at(9), 0) is None


def test_a_restart_goes_on_after_the_last_published_candle() -> None:
    book = CandleBook(MINUTE)
    book.begin(at(0), answer(row(3), row(4), row(5), now_ms=at(5)), at(5))

    assert book.next_step() == Fetch(at(1), at(5))
    book.fetched(at(1), answer(*(row(step) for step in range(1, 6)), now_ms=at(5)))
    assert published(book) == [1, 2, 3, 4]


def test_a_memory_in_the_future_is_not_believed() -> None:
    book = CandleBook(MINUTE)
    book.begin(at(500), answer(row(3), row(4), now_ms=at(4)), at(4))

    assert published(book) == [3]


def test_a_forming_candle_is_never_handed_out() -> None:
    book = begun()
    for into in (0, 20_000, LATE):
        book.observe([candle(1, 100 + into)], at(1, into))

    assert book.next_step() is None


def test_a_candle_followed_from_its_beginning_is_taken_from_the_stream() -> None:
    book = begun()
    book.observe([candle(1)], at(1))
    book.observe([candle(2, 100)], at(2))
    book.fetched(at(1), answer(row(1), row(2), now_ms=at(2)))
    assert published(book) == [1]

    book.observe([candle(2, 102)], at(2, LATE))
    book.observe([candle(3)], at(3))

    step = book.next_step()
    assert isinstance(step, Publish)
    assert [(one.candle, one.from_rest) for one in step.ready] == [(candle(2, 102), False)]


def test_the_candle_during_which_the_stream_began_is_taken_from_rest() -> None:
    book = begun()
    book.observe([candle(1, 999)], at(1, LATE))
    book.observe([candle(2)], at(2))

    assert book.next_step() == Fetch(at(1), at(2))
    book.fetched(at(1), answer(row(1, 100), row(2), now_ms=at(2)))
    step = book.next_step()
    assert isinstance(step, Publish)
    assert [(one.candle, one.from_rest) for one in step.ready] == [(candle(1, 100), True)]


def following(book: CandleBook, last: int) -> None:
    """The stream has been followed since before the candle after `last`, which is published."""
    book.observe([candle(last)], at(last, LATE))
    book.observe([candle(last + 1)], at(last + 1))


def test_a_candle_whose_last_seconds_the_stream_left_out_is_taken_from_rest() -> None:
    book = begun()
    following(book, 1)
    book.settle(at(1))
    book.observe([candle(2, 101)], at(2, 30_000))
    book.observe([candle(3)], at(3))

    assert book.next_step() == Fetch(at(2), at(3))


def test_a_stream_that_repeats_itself_does_not_have_the_last_word() -> None:
    book = begun()
    following(book, 1)
    book.settle(at(1))
    for into in (30_000, 40_000, 50_000, LATE):
        book.observe([candle(2, 101)], at(2, into))
    book.observe([candle(3)], at(3))

    assert book.next_step() == Fetch(at(2), at(3))


def test_a_candle_forming_when_the_stream_broke_is_taken_from_rest() -> None:
    book = begun()
    following(book, 1)
    book.settle(at(1))
    book.observe([candle(2, 101)], at(2, LATE))
    book.interrupt()
    book.observe([candle(3)], at(3, 1_000))

    assert book.next_step() == Fetch(at(2), at(3))


def test_a_hole_is_filled_before_newer_candles_go_out() -> None:
    book = begun()
    following(book, 1)
    book.settle(at(1))
    book.observe([candle(4, 104)], at(4))
    book.observe([candle(4, 105)], at(4, LATE))
    book.observe([candle(5)], at(5))

    assert book.next_step() == Fetch(at(2), at(5))
    book.fetched(at(2), answer(row(2), row(3), now_ms=at(4, 5_000)))
    assert published(book) == [2]  # 3 is the last listed, so nothing proves it closed
    assert book.next_step() == Fetch(at(3), at(5))
    book.fetched(at(3), answer(row(3), row(4), row(5), now_ms=at(5)))
    assert published(book) == [3, 4]


def test_a_candle_is_handed_out_once_whatever_is_told_again() -> None:
    book = begun()
    book.fetched(at(1), answer(row(1), row(2), now_ms=at(2)))
    assert published(book) == [1]

    book.observe([candle(0), candle(1), candle(2)], at(2))
    book.fetched(at(0), answer(row(0), row(1), row(2), now_ms=at(2)))

    assert book.next_step() is None


def test_a_late_word_on_a_closed_candle_changes_nothing() -> None:
    book = begun()
    following(book, 1)
    book.settle(at(1))
    book.observe([candle(2, 102)], at(2, LATE))
    book.observe([candle(3)], at(3))
    book.observe([candle(2, 7)], at(3, 1))

    step = book.next_step()
    assert isinstance(step, Publish)
    assert step.ready[0].candle == candle(2, 102)


def test_what_the_exchange_does_not_have_is_counted_once_and_passed_over() -> None:
    book = begun()
    book.observe([candle(4)], at(4))
    book.fetched(at(1), answer(row(3), row(4), now_ms=at(4)))

    step = book.next_step()
    assert isinstance(step, Publish)
    assert [(one.candle.open_ms, one.missing_before) for one in step.ready] == [(at(3), 2)]
    book.settle(at(3))
    assert book.next_step() is None


def test_a_hole_at_the_end_is_not_asked_for_twice() -> None:
    book = begun()
    book.observe([candle(4)], at(4))
    book.fetched(at(1), answer(row(4), now_ms=at(4)))

    assert book.next_step() is None


def test_a_given_up_candle_lets_the_next_ones_go_on() -> None:
    book = begun()
    book.observe([candle(1)], at(1))
    book.observe([candle(2)], at(2))
    gap = book.next_step()
    assert isinstance(gap, Fetch)
    book.give_up(gap)
    assert book.next_step() is None

    book.observe([candle(2, 102)], at(2, LATE))
    book.observe([candle(3)], at(3))

    step = book.next_step()
    assert isinstance(step, Publish)
    assert [(one.candle, one.missing_before) for one in step.ready] == [(candle(2, 102), 1)]


def test_a_candle_with_impossible_figures_is_refused_once_and_passed_over() -> None:
    book = begun()
    broken = (at(1), 100.0, 90.0, 100.0, 100.0, 1.0)
    reply = answer(broken, row(2), row(3), now_ms=at(3))

    assert [refused.open_ms for refused in book.fetched(at(1), reply)] == [at(1)]
    assert book.fetched(at(1), reply) == []
    step = book.next_step()
    assert isinstance(step, Publish)
    assert [(one.candle.open_ms, one.missing_before) for one in step.ready] == [(at(2), 0)]


def test_nonsense_on_the_stream_leaves_the_word_to_rest() -> None:
    book = begun()
    following(book, 1)
    book.settle(at(1))
    book.distrust(at(2))
    book.observe([candle(2, 101)], at(2, LATE))
    book.observe([candle(3)], at(3))

    assert book.next_step() == Fetch(at(2), at(3))


def test_a_candle_that_the_stream_does_not_close_is_asked_for_when_it_is_overdue() -> None:
    book = begun()
    book.observe([candle(1)], at(1))

    assert book.overdue(at(2, 9_999), 10_000) is None
    assert book.overdue(at(2, 10_000), 10_000) == Fetch(at(1), at(2))
    book.fetched(at(1), answer(row(1), now_ms=at(2, 10_000)))
    assert published(book) == [1]
    assert book.overdue(at(2, 10_000), 10_000) is None


def test_an_outage_beyond_the_reach_is_cut_to_it() -> None:
    book = begun()
    book.observe([candle(REACH + 51)], at(REACH + 51))

    assert book.cut() == 51
    assert book.next_step() == Fetch(at(52), at(REACH + 51))
    assert book.cut() == 0


def test_a_long_backlog_goes_out_in_batches_in_order() -> None:
    book = begun()
    book.fetched(at(1), answer(*(row(step) for step in range(1, 252)), now_ms=at(251)))

    sizes = []
    seen: list[int] = []
    while batch := published(book):
        sizes.append(len(batch))
        seen += batch

    assert seen == list(range(1, 251))
    assert sizes == [100, 100, 50]


def test_candles_that_nobody_takes_are_dropped_and_fetched_again_later() -> None:
    book = begun()
    for step in range(1, HELD_LIMIT + 3):
        book.observe([candle(step)], at(step))
        book.observe([candle(step, 101)], at(step, LATE))
    book.cut()

    step_now = book.next_step()
    assert isinstance(step_now, Fetch)
    assert step_now.since_ms == at(HELD_LIMIT + 2 - REACH + 1)


@pytest.mark.parametrize("timeframe_ms", [1_000, MINUTE, 7 * 86_400_000])
def test_every_length_of_candle_has_a_last_word(timeframe_ms: int) -> None:
    book = CandleBook(timeframe_ms)
    first, second, third = T0, T0 + timeframe_ms, T0 + 2 * timeframe_ms
    book.begin(first, read_answer([(first, 1, 1, 1, 1, 1)], timeframe_ms, first), first)
    figures = CandleData(open=1, high=1, low=1, close=1, volume=1)
    book.observe([Candle(first, figures)], first)
    book.observe([Candle(second, figures)], third - 1)
    book.observe([Candle(third, figures)], third)

    assert isinstance(book.next_step(), Publish)
