"""The list of stories and a single one, from a real history."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.common.errors import StopProgram
from services.common.history.batch import Batch
from services.common.history.port import HistoryReader, HistoryWriter
from services.operations.news.grouping import gather
from services.operations.news.stories import StoryFilter, StoryRow, list_stories
from services.operations.news.story import open_story
from tests.support.history import history_samples as some
from tests.support.history.history_samples import NOW, PAIR, at


def told(writer: HistoryWriter) -> None:
    """Three stories: of article 1, told again by 3 and 5; of article 2; and of article 4, about ETH."""
    writer.write(
        Batch(
            articles=[
                some.article(number, source="Ledger" if number == 3 else "Wire") for number in range(1, 6)
            ],
            scorings=[
                some.scoring(number, story=f"article-{story}")
                for number, story in ((1, 1), (2, 2), (3, 1), (4, 4), (5, 1))
            ],
            signals=[
                some.signal(1, event_type="hack", sentiment_score=-0.8, sentiment_label="very_bearish"),
                some.signal(
                    1, revision=1, sentiment_score=-0.9, available_at=at(8), sentiment_label="very_bearish"
                ),
                some.signal(2, pair="BTC"),
                some.signal(3, source="Ledger"),
                some.signal(4, pair="ETH/USDT"),
            ],
        )
    )


def heads(stories: tuple[StoryRow, ...]) -> list[str]:
    return [story.story for story in stories]


def test_stories_come_newest_first_each_once_with_its_sources_in_the_order_in_which_they_told_it(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    told(writer)
    stories = list_stories(reader).stories
    assert heads(stories) == ["article-4", "article-2", "article-1"]
    first = stories[-1]
    assert (first.articles, first.sources, first.headline) == (3, ("Wire", "Ledger"), "Title 1")
    assert [(score.pair, score.score, score.revision) for score in first.scores] == [(PAIR, -0.9, 1)]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (StoryFilter(pair=PAIR), ["article-2", "article-1"]),  # signals for BTC are about BTC/USDT
        (StoryFilter(pair="BTC"), ["article-2"]),
        (StoryFilter(pair="ETH/USDT"), ["article-4"]),
        (StoryFilter(source="Ledger"), ["article-1"]),
        (StoryFilter(source="Wire"), ["article-4", "article-2", "article-1"]),
        (StoryFilter(kind="hack"), ["article-1"]),
        (StoryFilter(score_to=-0.85), ["article-1"]),
        (StoryFilter(score_from=0.4, source="Ledger"), ["article-1"]),
        (StoryFilter(score_from=0.6), []),
        (StoryFilter(since=at(4)), ["article-1", "article-4"]),  # told again since
        (StoryFilter(until=at(2)), ["article-1"]),
        (StoryFilter(pair=PAIR, since=at(8)), ["article-1"]),
        (StoryFilter(pair=PAIR, until=at(4)), ["article-1"]),
    ],
)
def test_stories_are_selected_by_pair_source_kind_score_and_time(
    writer: HistoryWriter, reader: HistoryReader, wanted: StoryFilter, expected: list[str]
) -> None:
    told(writer)
    assert heads(list_stories(reader, wanted).stories) == expected


@pytest.mark.parametrize("wanted", [StoryFilter(), StoryFilter(score_to=1.0)])
def test_pages_have_each_story_once(
    writer: HistoryWriter, reader: HistoryReader, wanted: StoryFilter
) -> None:
    told(writer)
    found: list[str] = []
    cursor = None
    while True:
        page = list_stories(reader, wanted, limit=1, cursor=cursor)
        assert len(page.stories) <= 1
        found += heads(page.stories)
        if (cursor := page.next) is None:
            break
    assert found == heads(list_stories(reader, wanted).stories)
    assert len(found) == 3


def test_a_signal_whose_article_was_not_recorded_makes_a_story_by_itself(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    writer.write(Batch(signals=[some.signal(7)]))
    (story,) = list_stories(reader, StoryFilter(pair=PAIR)).stories
    assert (story.headline, story.source, story.link, story.outcome) == ("Title 7", "Wire", "", "")


def test_an_opened_story_has_its_articles_receipts_revisions_and_what_the_price_did(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    told(writer)
    receipt = some.scoring(
        3,
        scored=at(30),
        story="article-1",
        model="lexicon",
        answer="{}",
        tokens=7,
        suspicions=("hidden_text",),
    )
    writer.write(
        Batch(
            scorings=[receipt],
            candles=[
                *(some.candle(1), some.candle(60, close=120.0), some.candle(61, close=130.0)),
                some.candle(-60, timeframe="30s"),  # is no longer collected
            ],
        )
    )
    story = open_story(reader, "article-3", NOW + timedelta(hours=2))
    assert story is not None
    assert [telling.article_id for telling in story.tellings] == ["article-1", "article-3", "article-5"]
    assert [(signal.revision, signal.score) for signal in story.signals] == [(0, -0.8), (0, 0.5), (1, -0.9)]
    assert [(each.article_id, each.tokens) for each in story.receipts] == [("article-3", 7)]
    assert story.row.suspicions == ("hidden_text",)
    (move,) = story.moves
    assert (move.pair, move.entered, move.price) == (PAIR, at(60), 100.0)
    assert move.returns == {"1h": pytest.approx(20), "4h": None, "24h": None, "now": pytest.approx(30)}
    assert story.as_json()["row"]["published"] == story.row.published.isoformat()


def test_a_story_is_opened_by_the_beginning_of_an_id_that_only_one_article_has(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    told(writer)
    assert open_story(reader, "nothing", NOW) is None
    with pytest.raises(StopProgram, match=r"article-1\n  article-2"):
        open_story(reader, "article-", NOW)
    writer.write(Batch(articles=[some.article(9, article_id="feed99")]))
    found = open_story(reader, "feed", NOW)
    assert found is not None
    assert found.row.article_id == "feed99"


def test_stories_with_signals_for_many_pairs_all_have_all_their_scores(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    numbers, pairs = range(1, 151), [f"C{number}/USDT" for number in range(40)]
    writer.write(
        Batch(
            articles=[some.article(number) for number in numbers],
            scorings=[some.scoring(number) for number in numbers],
            signals=[some.signal(number, pair=pair) for number in numbers for pair in pairs],
        )
    )
    of_pair = list_stories(reader, StoryFilter(pair="C1/USDT"), limit=150).stories
    assert len(of_pair) == 150
    assert {len(story.scores) for story in of_pair} == {40}


def test_a_story_whose_first_article_is_known_from_its_signal_alone_is_listed(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    writer.write(
        Batch(
            articles=[some.article(2)],
            scorings=[some.scoring(number, story="article-1") for number in (1, 2)],
            signals=[some.signal(1), some.signal(2)],
        )
    )
    assert heads(list_stories(reader).stories) == ["article-1"]
    assert heads(list_stories(reader, StoryFilter(pair=PAIR)).stories) == ["article-1"]


def test_the_content_of_articles_is_not_read_for_lists(writer: HistoryWriter, reader: HistoryReader) -> None:
    writer.write(
        Batch(
            articles=[some.article(number, content="x" * 1_000) for number in (1, 2)],
            scorings=[some.scoring(number, story="article-1") for number in (1, 2)],
            signals=[some.signal(number) for number in (1, 2)],
        )
    )
    found = gather(reader, ["article-1"])
    assert [article.content for article in found["article-1"].articles] == ["", ""]
    assert reader.articles_by_id(["article-1"])["article-1"].content == "x" * 1_000
