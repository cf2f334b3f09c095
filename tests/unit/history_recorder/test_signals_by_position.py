from __future__ import annotations

from datetime import timedelta

from services.common.clock import to_ms
from services.common.messages import SentimentSignal
from services.common.store.port import StoredSignals
from services.history_recorder.signals import Position, advance
from tests.support.store.store_samples import NOW, make_signal

LATEST = to_ms(NOW + timedelta(minutes=5))


def at(seconds: float, article: str, revision: int = 0) -> SentimentSignal:
    available = NOW + timedelta(seconds=seconds)
    return make_signal(article).model_copy(update={"available_at": available, "revision": revision})


def ids(signals: tuple[SentimentSignal, ...]) -> list[tuple[str, int]]:
    return [(each.article_id, each.revision) for each in signals]


def test_reading_goes_on_at_the_newest_and_signals_of_the_same_instant_are_new_once() -> None:
    first = advance(Position(), StoredSignals([at(0, "a"), at(1, "b")], 2), LATEST)
    assert (ids(first.new), first.position.at, first.is_whole) == (
        [("a", 0), ("b", 0)],
        to_ms(NOW) + 1000,
        True,
    )

    again = advance(first.position, StoredSignals([at(1, "b")], 2), LATEST)
    assert (again.new, again.position, again.is_whole) == ((), first.position, True)

    later = advance(
        first.position, StoredSignals([at(1, "b"), at(1, "c"), at(1, "a", revision=1)], 4), LATEST
    )
    assert ids(later.new) == [("c", 0), ("a", 1)]
    assert len(later.position.known) == 3


def test_a_signal_that_was_stamped_into_the_past_is_noticed_by_the_number() -> None:
    position = advance(Position(), StoredSignals([at(0, "a"), at(60, "b")], 2), LATEST).position
    assert not advance(position, StoredSignals([at(60, "b")], 3), LATEST).is_whole


def test_signals_that_expire_are_no_reason_to_read_all_again() -> None:
    position = advance(Position(), StoredSignals([at(0, "a"), at(60, "b")], 2), LATEST).position
    progress = advance(position, StoredSignals([at(60, "b"), at(61, "c")], 2), LATEST)
    assert progress.is_whole
    assert ids(progress.new) == [("c", 0)]


def test_a_clock_far_ahead_does_not_hide_what_comes_after() -> None:
    far = at(3600, "far")
    first = advance(Position(), StoredSignals([at(0, "a"), far], 2), LATEST)
    assert first.position.at == to_ms(NOW)
    second = advance(first.position, StoredSignals([at(0, "a"), at(1, "b"), far], 3), LATEST)
    assert ids(second.new) == [("b", 0)]
    assert second.is_whole


def test_an_emptied_store_is_read_from_its_beginning_whatever_its_clock_says_then() -> None:
    position = advance(Position(), StoredSignals([at(0, "a")], 1), LATEST).position
    emptied = advance(position, StoredSignals([], 0), LATEST)
    assert (emptied.new, emptied.is_whole) == ((), False)
    begun = advance(Position(), StoredSignals([], 0), LATEST).position
    assert ids(advance(begun, StoredSignals([at(-3600, "b")], 1), LATEST).new) == [("b", 0)]


def test_a_store_that_was_emptied_and_filled_in_the_past_between_two_looks_is_read_as_a_whole() -> None:
    position = advance(Position(), StoredSignals([at(0, "a"), at(1, "b"), at(2, "c")], 3), LATEST).position
    assert not advance(position, StoredSignals([], 1), LATEST).is_whole
