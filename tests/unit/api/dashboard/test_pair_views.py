"""Which news the page names as the reason of a mood."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest

from services.api.dashboard.pair_views import PairView, pair_view, scored_stories
from services.common.history.batch import Batch
from services.common.history.open import open_reader
from services.common.history.writing import open_history
from services.common.settings.settings import Settings
from services.operations.news.stories import list_stories
from tests.support.history import history_samples as some
from tests.support.history.history_samples import NOW, PAIR, at


def test_the_strongest_news_comes_first_and_what_does_not_count_is_left_out(sqlite_history: Settings) -> None:
    old = at(0) - timedelta(hours=5)
    with closing(open_history(sqlite_history)) as writer:
        writer.write(
            Batch(
                articles=[some.article(number) for number in range(1, 6)],
                signals=[
                    some.signal(1, sentiment_score=0.2),
                    some.signal(2, sentiment_score=-0.9),
                    some.signal(3, sentiment_score=1.0, suspected=True),
                    some.signal(4, sentiment_score=1.0, available_at=old),
                    some.signal(5, sentiment_score=1.0, pair="ETH/USDT"),
                ],
            )
        )
    with closing(open_reader(sqlite_history)) as reader:
        stories = list_stories(reader).stories
    found = scored_stories(stories, PAIR, NOW - timedelta(hours=4))
    assert [(each.headline, each.score) for each in found] == [("Title 2", -0.9), ("Title 1", 0.2)]


def test_a_change_has_the_time_that_it_took() -> None:
    view = pair_view(PAIR, None, [some.candle(1, open=100.0), some.candle(7, close=102.0)])
    assert view.change == pytest.approx(2.0)
    assert view.change_seconds == 7 * 60 + 1  # from the first open to the last close


def test_a_mood_says_which_figure_it_is_the_label_of() -> None:
    moods = (
        PairView(PAIR),
        PairView(PAIR, mood=0.4, score=0.4),
        PairView(PAIR, mood=0.1, score=0.4, aggregate=0.1),
    )
    assert [each.mood_from for each in moods] == ["", "newest score", "aggregate"]
