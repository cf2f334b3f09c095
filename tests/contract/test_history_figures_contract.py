"""What readers ask of many rows of the history at once, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from services.common.history.batch import Batch
from services.common.history.figures import ArticleTimes, ScoringHead
from services.common.history.open import open_reader
from services.common.history.port import HistoryReader, HistoryWriter
from services.common.history.writing import open_history
from services.common.settings.settings import Settings
from tests.support.history import history_samples as some
from tests.support.history.history_samples import NOW, PAIR, at
from tests.support.history.tables import with_tables

DAY = timedelta(days=1)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def settings(request: pytest.FixtureRequest) -> Settings:
    found: Settings = request.getfixturevalue(f"{request.param}_history")
    return found


@pytest.fixture
def writer(settings: Settings) -> Iterator[HistoryWriter]:
    with closing(open_history(with_tables(settings))) as opened:
        yield opened


@pytest.fixture
def reader(settings: Settings) -> Iterator[HistoryReader]:
    with closing(open_reader(settings)) as opened:
        yield opened


def test_without_a_history_every_answer_is_empty(reader: HistoryReader) -> None:
    assert reader.measured(1, NOW - DAY, NOW, limit=5) == []
    assert reader.unmeasured(1, NOW - DAY, NOW, limit=5) == ([], None)
    assert reader.candles_at(PAIR, "1m", [NOW]) == {}
    assert reader.newest_candles(NOW) == {}
    assert reader.article_times(NOW, limit=5) == reader.last_articles() == []
    assert reader.scoring_heads(NOW, limit=5) == []
    assert reader.articles_beginning("a", limit=5) == []


def test_a_signal_is_measured_once_its_outcome_has_a_return(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    signals = [some.signal(number, event_type="hack") for number in (1, 2, 3)]
    unknown = some.outcome(2, entered=None, entry_price=None, exit_price=None, change=None)
    known = some.outcome(1, symbol=PAIR, control=0.25, controls=3)
    writer.write(Batch(signals=signals, outcomes=[known, unknown]))
    (found,) = reader.measured(1, NOW, NOW + DAY, limit=5)
    assert (found.article_id, found.kind, found.score, found.control) == ("article-1", "hack", 0.5, 0.25)
    assert (found.entered, found.change) == (known.entered, known.change)
    assert reader.measured(1, NOW, NOW + DAY, pairs=["ETH/USDT"], limit=5) == []
    assert reader.measured(4, NOW, NOW + DAY, limit=5) == []
    assert reader.measured(1, NOW, found.available_at, limit=5) == []  # the end is excluded


def test_signals_without_an_outcome_are_read_on_in_the_order_of_recording(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    writer.write(Batch(signals=[some.signal(number) for number in (3, 1, 2)], outcomes=[some.outcome(1)]))
    first, after = reader.unmeasured(1, NOW, NOW + DAY, limit=1)
    rest, end = reader.unmeasured(1, NOW, NOW + DAY, limit=2, after=after)
    assert [row.article_id for row in (*first, *rest)] == ["article-3", "article-2"]
    assert end is None
    assert len(reader.unmeasured(4, NOW, NOW + DAY, limit=9)[0]) == 3


def test_a_candle_is_read_in_its_last_version(writer: HistoryWriter, reader: HistoryReader) -> None:
    corrected = some.candle(2, close=99.0, collected=at(999))
    writer.write(Batch(candles=[some.candle(1), corrected, some.candle(2)]))
    opened = [some.candle(number).opened for number in (1, 2, 3)]
    found = reader.candles_at(PAIR, "1m", opened)
    assert {moment: row.close for moment, row in found.items()} == {opened[0]: 105.0, opened[1]: 99.0}
    others = [some.candle(3, timeframe="5m"), some.candle(1, symbol="ETH/USDT")]
    writer.write(Batch(candles=others))
    newest = {(PAIR, "1m"): corrected, (PAIR, "5m"): others[0], ("ETH/USDT", "1m"): others[1]}
    assert reader.newest_candles(NOW + DAY) == newest
    assert reader.newest_candles(opened[0]) == {}


def test_articles_and_scorings_of_a_period_come_newest_first(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    articles = [some.article(1), some.article(2, source="Ledger"), some.article(3)]
    writer.write(Batch(articles=articles, scorings=[some.scoring(1), some.scoring(2, story="article-1")]))
    times = [ArticleTimes(a.article_id, a.source, a.owner, a.published, a.fetched) for a in articles]
    assert reader.article_times(at(2), limit=9) == [times[2], times[1]]
    assert reader.article_times(at(0), limit=1) == [times[2]]
    assert reader.scoring_heads(at(0), limit=9) == [
        ScoringHead("article-2", "scored", "article-1", at(3)),
        ScoringHead("article-1", "scored", "", at(2)),
    ]
    assert reader.last_articles() == [times[1], times[2]]


def test_articles_are_found_by_the_beginning_of_their_id(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    writer.write(Batch(articles=[some.article(number) for number in (1, 11, 2)]))
    assert reader.articles_beginning("article-1", limit=9) == ["article-1", "article-11"]
    assert reader.articles_beginning("article-", limit=2) == ["article-1", "article-11"]
    assert reader.articles_beginning("b", limit=2) == []


def test_texts_are_ordered_by_their_code_points_whatever_the_locale(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    ids = ["a-9", "a-9:Z", "a-9:a", "a-90", "a9", "\U0010fffe", "Ä-9", "A-9"]
    writer.write(Batch(articles=[some.article(1, article_id=each, source=each) for each in ids]))
    assert reader.articles_beginning("a-9", limit=9) == ["a-9", "a-90", "a-9:Z", "a-9:a"]
    assert reader.articles_beginning("a", limit=9)[-1] == "a9"
    assert reader.articles_beginning("\U0010fffe", limit=9) == ["\U0010fffe"]
    assert [each.source for each in reader.last_articles()] == sorted(ids)
