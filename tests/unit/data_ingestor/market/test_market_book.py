from __future__ import annotations

from services.data_ingestor.market.candle_book import CandleBook, Fetch, Publish
from services.data_ingestor.market.candles import Candle
from tests.support.market.market_book_samples import (
    LATE,
    MINUTE,
    answer,
    at,
    begun,
    candle,
    following,
    published,
    row,
)


def test_the_first_start_begins_with_the_newest_closed_candle() -> None:
    book = CandleBook(MINUTE)

    assert book.begin(None, answer(row(0), row(1), row(2), now_ms=at(2, 100)), at(2, 100))
    assert published(book) == [1]
    assert book.next_step() is None


def test_a_start_without_any_closed_candle_begins_with_the_forming_one() -> None:
    book = CandleBook(MINUTE)

    assert book.begin(None, answer(row(3), now_ms=at(3, 100)), at(3, 100))
    book.fetched(answer(row(3), row(4), now_ms=at(4)))
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
    book.fetched(answer(*(row(step) for step in range(1, 6)), now_ms=at(5)))
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
    book.fetched(answer(row(1), row(2), now_ms=at(2)))
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
    book.fetched(answer(row(1, 100), row(2), now_ms=at(2)))
    step = book.next_step()
    assert isinstance(step, Publish)
    assert [(one.candle, one.from_rest) for one in step.ready] == [(candle(1, 100), True)]


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


def test_an_older_word_on_a_candle_leaves_the_last_one_to_rest() -> None:
    book = begun()
    following(book, 1)
    book.settle(at(1))
    grown = Candle(at(2), candle(2).data.model_copy(update={"volume": 9.0}))
    book.observe([grown], at(2, LATE))
    book.observe([candle(2)], at(2, LATE + 1))
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
    book.fetched(answer(row(2), row(3), now_ms=at(4, 5_000)))
    assert published(book) == [2]  # 3 is the last listed, so nothing proves it closed
    assert book.next_step() == Fetch(at(3), at(5))
    book.fetched(answer(row(3), row(4), row(5), now_ms=at(5)))
    assert published(book) == [3, 4]


def test_a_candle_is_handed_out_once_whatever_is_told_again() -> None:
    book = begun()
    book.fetched(answer(row(1), row(2), now_ms=at(2)))
    assert published(book) == [1]

    book.observe([candle(0), candle(1), candle(2)], at(2))
    book.fetched(answer(row(0), row(1), row(2), now_ms=at(2)))

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
