from __future__ import annotations

import pytest

from services.common.messages import CandleData
from services.data_ingestor.market.candle_book import HELD_LIMIT, REACH, CandleBook, Fetch, Publish
from services.data_ingestor.market.candles import Candle, read_answer
from tests.support.market.market_book_samples import (
    LATE,
    MINUTE,
    T0,
    answer,
    at,
    begun,
    candle,
    following,
    published,
    row,
)


def test_what_the_exchange_does_not_have_is_counted_once_and_passed_over() -> None:
    book = begun()
    book.observe([candle(4)], at(4))
    book.fetched(answer(row(3), row(4), now_ms=at(4)))

    step = book.next_step()
    assert isinstance(step, Publish)
    assert [(one.candle.open_ms, one.missing_before) for one in step.ready] == [(at(3), 2)]
    book.settle(at(3))
    assert book.next_step() is None


def test_a_hole_at_the_end_is_not_asked_for_twice() -> None:
    book = begun()
    book.observe([candle(4)], at(4))
    book.fetched(answer(row(4), now_ms=at(4)))

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

    assert [refused.open_ms for refused in book.fetched(reply)] == [at(1)]
    assert book.fetched(reply) == []
    step = book.next_step()
    assert isinstance(step, Publish)
    assert [(one.candle.open_ms, one.missing_before) for one in step.ready] == [(at(2), 0)]


def test_nonsense_on_the_stream_leaves_the_word_to_rest() -> None:
    book = begun()
    following(book, 1)
    book.settle(at(1))
    book.reject_stream_data(at(2))
    book.observe([candle(2, 101)], at(2, LATE))
    book.observe([candle(3)], at(3))

    assert book.next_step() == Fetch(at(2), at(3))


def test_a_candle_that_the_stream_does_not_close_is_asked_for_when_it_is_overdue() -> None:
    book = begun()
    book.observe([candle(1)], at(1))

    assert book.overdue(at(2, 9_999), 10_000) is None
    assert book.overdue(at(2, 10_000), 10_000) == Fetch(at(1), at(2))
    book.fetched(answer(row(1), now_ms=at(2, 10_000)))
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
    book.fetched(answer(*(row(step) for step in range(1, 252)), now_ms=at(251)))

    sizes = []
    seen: list[int] = []
    while batch := published(book):
        sizes.append(len(batch))
        seen += batch

    assert seen == list(range(1, 251))
    assert sizes == [100, 100, 50]


def test_candles_that_nobody_takes_are_dropped_and_fetched_again_later() -> None:
    book = begun()
    book.fetched(answer(*(row(step) for step in range(1, 1_202)), now_ms=at(1_201)))
    for step in range(1_201, HELD_LIMIT + 3):
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
