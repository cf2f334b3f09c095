from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from services.common.history.port import Batch, HistoryWriter
from services.common.history.rows import HoldAction
from services.notifier.happening import Importance
from services.notifier.watching import feed
from services.notifier.watching.feed import CURSOR, FeedWatch
from tests.support.history.history_samples import article, at, candle, hold, scoring, signal, trade
from tests.support.notifier.watching import Looker


def watch(looker: Looker, *, is_begun: bool = True, tells_dead_letters: bool = True) -> FeedWatch:
    """A watch; `is_begun` says whether it knows where it begins."""
    found = FeedWatch(
        looker.reader,
        looker.clock,
        looker.position,
        tells_dead_letters=lambda: tells_dead_letters,
        loss_steps=(3, 5),
    )
    if is_begun:
        found.begin()
    return found


def story(number: int, **more: Any) -> Batch:
    """An article with its result and its signal."""
    return Batch(
        articles=(article(number),),
        scorings=(scoring(number, story=f"article-{number}"),),
        signals=(signal(number, **more),),
    )


def test_what_was_recorded_before_the_first_start_is_not_told(
    looker: Looker, recorder: HistoryWriter
) -> None:
    recorder.write(story(1))
    first = watch(looker)
    recorder.write(story(2))
    assert looker.keys(first) == ["story:article-2"]


def test_the_next_run_begins_where_the_first_one_began_with_an_empty_history(
    looker: Looker, recorder: HistoryWriter
) -> None:
    looker.look(watch(looker))
    recorder.write(story(1))
    assert looker.keys(watch(looker)) == ["story:article-1"]


def test_everything_that_happens_is_found_again_until_it_is_written(
    looker: Looker, recorder: HistoryWriter
) -> None:
    first = watch(looker)
    recorder.write(
        Batch(
            trades=(trade(7),),
            holds=(hold(1),),
            scorings=(scoring(3, outcome="dead_lettered", reason="broken"),),
        )
    )
    recorder.write(story(1))
    keys = looker.keys(first, is_written=False)
    assert sorted(each.partition(":")[0] for each in keys) == ["dead_letter", "hold", "story", "trade"]
    assert looker.keys(first) == keys
    assert looker.keys(first) == []


def test_a_story_that_waited_for_its_result_in_vain_is_found_again_until_it_is_written(
    looker: Looker, recorder: HistoryWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = [100.0]
    monkeypatch.setattr(feed, "time", SimpleNamespace(monotonic=lambda: seconds[0]))
    first = watch(looker)
    recorder.write(Batch(articles=(article(1),), signals=(signal(1),)))
    assert looker.keys(first) == []
    seconds[0] += feed.PLACED_WITHIN_SECONDS
    assert looker.keys(first, is_written=False) == ["story:article-1"]
    assert looker.keys(first) == ["story:article-1"]
    assert looker.keys(first) == []


def test_a_signal_waits_for_the_story_to_which_its_article_belongs(
    looker: Looker, recorder: HistoryWriter
) -> None:
    first = watch(looker)
    recorder.write(story(1))
    assert looker.keys(first) == ["story:article-1"]
    recorder.write(Batch(articles=(article(2),), signals=(signal(2),)))
    assert looker.keys(first) == []
    recorder.write(Batch(scorings=(scoring(2, story="article-1"),)))
    assert looker.keys(first) == ["story:article-1"]


def test_urgent_news_does_not_wait_as_long_for_its_story(
    looker: Looker, recorder: HistoryWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "URGENT_WITHIN_SECONDS", 0.0)
    first = watch(looker)
    bad = signal(1, sentiment_score=-0.9, event_type="hack", scope="asset")
    recorder.write(Batch(articles=(article(1), article(2)), signals=(bad, signal(2))))
    assert [each.importance for each in looker.look(first)] == [Importance.URGENT]


def test_a_run_that_ends_while_a_signal_waits_leaves_it_to_the_next(
    looker: Looker, recorder: HistoryWriter
) -> None:
    first = watch(looker)
    recorder.write(Batch(articles=(article(1),), signals=(signal(1),)))
    recorder.write(story(2))
    assert looker.keys(first) == ["story:article-2"]
    recorder.write(Batch(scorings=(scoring(1, story="article-1"),)))
    assert looker.keys(watch(looker)) == ["story:article-1", "story:article-2"]


def test_changes_of_other_kinds_are_read_once(
    looker: Looker, recorder: HistoryWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "CURSOR_SECONDS", 0.0)
    first = watch(looker)
    recorder.write(Batch(candles=tuple(map(candle, range(5)))))
    assert looker.keys(first) == []
    assert looker.position(CURSOR) == str(looker.reader.seqs()[1])


def test_a_backlog_is_read_in_pieces(
    looker: Looker, recorder: HistoryWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "MOST_CHANGES", 4)
    first = watch(looker)
    for number in range(1, 5):
        recorder.write(story(number))
    recorder.write(Batch(candles=(candle(1),)))
    found = [looker.keys(first) for _ in range(3)]
    assert found == [
        ["story:article-1", "story:article-2"],
        ["story:article-3", "story:article-4"],
        [],
    ]


def test_an_entry_and_its_exit_are_told_once_each(looker: Looker, recorder: HistoryWriter) -> None:
    first, entered = watch(looker), trade(7)
    recorder.write(Batch(trades=(entered,)))
    assert looker.keys(first) == ["trade:bot/7:entry"]
    recorder.write(Batch(trades=(replace(entered, updated=at(600), profit_ratio=0.01),)))
    assert looker.keys(first) == []
    recorder.write(Batch(trades=(replace(entered, updated=at(900), closed=at(899), close_rate=101.0),)))
    assert looker.keys(first) == ["trade:bot/7:exit"]


def test_the_entry_of_a_trade_that_was_closed_before_it_was_recorded_is_told_before_its_exit(
    looker: Looker, recorder: HistoryWriter
) -> None:
    first, ended = watch(looker), trade(7, updated=at(900), closed=at(899), close_rate=101.0)
    recorder.write(Batch(trades=(ended,)))
    entry, leave = looker.look(first)
    assert (entry.key, leave.key) == ("trade:bot/7:entry", "trade:bot/7:exit")
    assert "opened" in entry.message.title
    assert not any("closed" in line for line in entry.message.lines), "it is told as it was then"
    recorder.write(Batch(trades=(replace(ended, updated=at(1_000)),)))
    assert looker.keys(first) == []


def test_an_entry_of_which_an_earlier_run_has_heard_is_not_told_again_with_the_exit(
    looker: Looker, recorder: HistoryWriter
) -> None:
    first, entered = watch(looker), trade(7)
    looker.clock.advance(300)
    recorder.write(Batch(trades=(entered,)))
    looker.look(first)
    recorder.write(Batch(trades=(replace(entered, updated=at(900), closed=at(899), close_rate=101.0),)))
    assert looker.keys(watch(looker)) == ["trade:bot/7:exit"]


def test_trades_of_the_time_before_the_first_start_are_not_told(
    looker: Looker, recorder: HistoryWriter
) -> None:
    looker.look(watch(looker))
    second = watch(looker)
    old = trade(7, opened=at(-90_000), updated=at(60))
    recorder.write(Batch(trades=(old, replace(old, trade_id=8, closed=at(-80_000)))))
    assert looker.keys(second) == []


def test_trades_that_the_recorder_missed_for_hours_are_told_since_when_they_happened(
    looker: Looker, recorder: HistoryWriter
) -> None:
    looker.look(watch(looker))
    looker.clock.advance(20_000)
    second = watch(looker)
    recorder.write(Batch(trades=(trade(7, updated=at(20_000), closed=at(600), profit_ratio=-0.02),)))
    found = second.look()
    assert [each.at for each in found.happenings] == [trade(7).opened, at(600)]
    assert found.is_late


@pytest.mark.parametrize(
    ("ratio", "importance"),
    [
        (-0.1, Importance.URGENT),
        (-0.03, Importance.URGENT),
        (-0.029, Importance.NOTABLE),
        (0.2, Importance.NOTABLE),
    ],
)
def test_an_exit_with_a_loss_of_a_step_is_urgent(
    looker: Looker, recorder: HistoryWriter, ratio: float, importance: Importance
) -> None:
    first = watch(looker)
    recorder.write(Batch(trades=(trade(7, updated=at(900), closed=at(899), profit_ratio=ratio),)))
    assert [each.importance for each in looker.look(first)] == [Importance.NOTABLE, importance]


def test_a_hold_is_told_when_it_is_set_and_lifted(looker: Looker, recorder: HistoryWriter) -> None:
    first = watch(looker)
    recorder.write(Batch(holds=(hold(1), hold(2, action=HoldAction.LIFTED))))
    assert [each.kind for each in looker.look(first)] == ["hold_set", "hold_lifted"]


def test_dead_letters_are_left_to_alertmanager(looker: Looker, recorder: HistoryWriter) -> None:
    first = watch(looker, tells_dead_letters=False)
    recorder.write(Batch(scorings=(scoring(3, outcome="dead_lettered", reason="broken"),)))
    assert looker.keys(first) == []
