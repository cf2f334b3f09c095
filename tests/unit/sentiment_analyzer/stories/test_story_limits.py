"""A flood of news: what is remembered of it is bounded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.sentiment_analyzer.stories import file as story_file
from services.sentiment_analyzer.stories import index as story_index
from services.sentiment_analyzer.stories.file import StoryFile
from services.sentiment_analyzer.stories.index import StoryIndex
from services.sentiment_analyzer.stories.match import Telling, fingerprint
from services.sentiment_analyzer.stories.stories import Stories
from tests.support.news.story_attacks import Day, telling

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MOST = 5


def flood(count: int, *, apart: timedelta) -> list[Telling]:
    return [
        Telling(f"a{number}", NOON + number * apart, f"Harbour{number} buys granite{number}", "", frozenset())
        for number in range(count)
    ]


@pytest.mark.parametrize("apart", [timedelta(0), timedelta(seconds=1), timedelta(seconds=-1)])
def test_of_a_flood_only_the_last_tellings_and_their_words_are_at_hand(
    apart: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story_index, "MOST_REMEMBERED", MOST)
    index, tellings = StoryIndex(), flood(40, apart=apart)
    for each in tellings:
        index.add(each, each.article_id)
    last = tellings[-MOST:]
    assert index.articles() == tuple(each.article_id for each in last)
    assert index.words() == frozenset().union(*(fingerprint(each.title, each.lead).words for each in last))
    assert index.find(tellings[-1]) == tellings[-1].article_id
    assert index.find(tellings[0]) is None


def test_after_a_restart_no_more_is_read_than_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story_file, "_AFTER", story_file.after_condition(MOST))
    file = StoryFile(tmp_path / "stories")
    with file.changing():
        assert file.after(0) == []
        for each in flood(12, apart=timedelta(seconds=1)):
            file.add(each, each.article_id, "told", "Paper", "paper")
        assert [row.number for row in file.after(0)] == [8, 9, 10, 11, 12]
        assert [row.number for row in file.after(10)] == [11, 12]
    file.close()


@pytest.mark.parametrize("in_file", [False, True])
def test_of_a_flood_of_copies_none_is_read_with_the_tellings_of_its_story(
    in_file: bool, tmp_path: Path
) -> None:
    kept = StoryFile(tmp_path / "stories") if in_file else StoryFile()
    day = Day(Stories(kept))
    title, lead = "Bitcoin exchange Exmarket is hacked", "Exmarket confirms that its hot wallets are empty."
    day.hear_all(telling("paper", title, minute, body=lead) for minute in range(9))
    with kept.changing():
        assert list(kept.story("paper-0")) == ["paper-0"]
        assert len(kept.story_with_reposts("paper-0")) == 9
    day.stories.close()
