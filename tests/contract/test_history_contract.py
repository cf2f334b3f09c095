"""The history, on SQLite and on a real PostgreSQL: what is written once is read back, and never twice."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from services.common.errors import NeverWorks, StopProgram
from services.common.history.from_messages import scoring_row
from services.common.history.open import open_reader
from services.common.history.port import Batch, HistoryReader, HistoryWriter, Limits
from services.common.history.queries import (
    MAX_LIMIT,
    ArticleFilter,
    EventFilter,
    Page,
    ScoringFilter,
    SignalFilter,
    TradeFilter,
)
from services.common.history.rows import HoldAction, Kind, SummaryRow
from services.common.history.sql.inserts import TRADES, existing
from services.common.history.sql.readers import paging
from services.common.history.writing import open_history
from services.common.messages import NewsScored
from services.common.settings.settings import Settings
from services.history_recorder.holds import changes
from tests.support.history import history_samples as some
from tests.support.history.history_samples import NOW, PAIR, at
from tests.support.history.tables import with_tables

ETH = "ETH/USDT"
EVERYTHING = Batch(
    articles=[some.article(1), some.article(2)],
    scorings=[some.scoring(1), some.scoring(2, outcome="abstained", suspicions=("hidden_text",))],
    signals=[some.signal(1), some.signal(1, revision=1, available_at=at(9))],
    candles=[some.candle(1), some.candle(2)],
    trades=[some.trade(1)],
    analysed=[some.analysed(1)],
    holds=[some.hold(1)],
    outcomes=[some.outcome(1)],
    summaries=[SummaryRow(name="performance", computed=NOW, body={"signals": 2})],
    cursors={"signals:BTC/USDT": "17"},
)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def settings(request: pytest.FixtureRequest) -> Settings:
    found: Settings = request.getfixturevalue(f"{request.param}_history")
    return found


@pytest.fixture
def writer(settings: Settings) -> Iterator[HistoryWriter]:
    with closing(open_history(with_tables(settings))) as opened:
        opened.check()
        yield opened


@pytest.fixture
def reader(settings: Settings) -> Iterator[HistoryReader]:
    with closing(open_reader(settings)) as opened:
        yield opened


def pages_of(ask: Callable[..., Page[Any]], limit: int) -> list[list[Any]]:
    found, after = [], None
    while True:
        page = ask(limit=limit, after=after)
        found.append(list(page.rows))
        after = page.next
        if after is None:
            return found


def test_a_history_that_nobody_wrote_is_empty(reader: HistoryReader) -> None:
    lists: list[Callable[..., Page[Any]]] = [
        reader.articles,
        reader.scorings,
        reader.signals,
        reader.trades,
        reader.holds,
        reader.outcomes,
        partial(reader.candles, PAIR, "1m"),
        partial(reader.analysed, PAIR),
    ]
    assert [ask() for ask in lists] == [Page()] * len(lists)
    assert (reader.articles_by_id(["a"]), reader.outcomes_of(["a"]), list(reader.every_signal())) == (
        {},
        (),
        [],
    )
    assert (reader.trade(1), reader.summary("x"), reader.position("x"), reader.timeframes()) == (
        None,
        None,
        None,
        (),
    )
    assert (reader.events(0), reader.changes(0), reader.seqs()) == ((), (), (0, 0))
    assert set(reader.counts().values()) == {0}


def test_a_reader_that_was_there_first_sees_what_is_written_later(
    settings: Settings, reader: HistoryReader
) -> None:
    assert reader.articles() == Page()
    with closing(open_history(settings)) as writer:
        writer.write(EVERYTHING)
    assert [each.article_id for each in reader.articles().rows] == ["article-2", "article-1"]


def test_all_that_is_written_is_read_back(writer: HistoryWriter, reader: HistoryReader) -> None:
    written = writer.write(EVERYTHING)
    assert written.rows == {
        "articles": 2,
        "scorings": 2,
        "signals": 2,
        "candles": 2,
        "trades": 1,
        "analysed": 1,
        "holds": 1,
        "outcomes": 1,
    }
    assert reader.articles().rows == tuple(reversed(EVERYTHING.articles))
    assert reader.articles_by_id(["article-2", "unknown"]) == {"article-2": EVERYTHING.articles[1]}
    short = {"article-2": replace(EVERYTHING.articles[1], content="")}
    assert reader.articles_by_id(["article-2"], with_content=False) == short
    assert reader.scorings().rows == tuple(reversed(EVERYTHING.scorings))
    assert reader.signals().rows == tuple(reversed(EVERYTHING.signals))
    assert tuple(reader.every_signal()) == tuple(EVERYTHING.signals)
    assert reader.candles(PAIR, "1m").rows == tuple(EVERYTHING.candles)
    assert reader.trades().rows == tuple(EVERYTHING.trades)
    assert reader.trade(1) == reader.trade(1, "bot") == EVERYTHING.trades[0]
    assert reader.trade(1, "another") is None
    assert reader.analysed(PAIR).rows == reader.analysed(PAIR, "15m").rows == tuple(EVERYTHING.analysed)
    assert reader.holds().rows == tuple(EVERYTHING.holds)
    assert reader.outcomes(horizon=1).rows == reader.outcomes_of(["article-1"]) == tuple(EVERYTHING.outcomes)
    assert reader.summary("performance") == EVERYTHING.summaries[0]
    assert reader.position("signals:BTC/USDT") == writer.position("signals:BTC/USDT") == "17"
    assert reader.timeframes() == ((PAIR, "1m"),)


def test_the_same_batch_again_changes_nothing(writer: HistoryWriter, reader: HistoryReader) -> None:
    first = writer.write(EVERYTHING)
    counts = reader.counts()
    assert writer.write(EVERYTHING) == replace(first, rows={})
    assert reader.counts() == counts


def test_a_row_that_stands_twice_in_a_batch_is_written_once(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    twice = Batch(
        articles=[some.article(1), some.article(1, title="Another")],
        trades=[some.trade(1, updated=at(90), stake=70.0), some.trade(1, updated=at(80))],
        outcomes=[some.outcome(1), some.outcome(1)],
    )
    assert writer.write(twice).rows == {"articles": 1, "trades": 1, "outcomes": 1}
    assert reader.articles().rows[0].title == "Title 1"
    assert [each.stake for each in reader.trades().rows] == [70.0]
    assert [each.kind for each in reader.events(0)] == [Kind.ARTICLE, Kind.TRADE]


def test_a_batch_is_written_whole_or_not_at_all(writer: HistoryWriter, reader: HistoryReader) -> None:
    broken = replace(EVERYTHING, holds=[some.hold(1, reason=None)])
    with pytest.raises(Exception, match=r"(?i)null"):
        writer.write(broken)
    assert set(reader.counts().values()) == {0}
    assert reader.position("signals:BTC/USDT") is None


def test_texts_that_a_database_refuses_lose_what_it_refuses(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    hostile = some.article(1, title="a\0b\ud800c", summary="<script>", content="ü")
    writer.write(
        Batch(articles=[hostile], trades=[some.trade(1, details={"x": float("nan"), "y": ["\0", "\ud800"]})])
    )
    (kept,) = reader.articles().rows
    assert (kept.title, kept.summary, kept.content) == ("ab?c", "<script>", "ü")
    found = reader.trade(1)
    assert found is not None
    assert found.details == {"x": None, "y": ["\0", "\ud800"]}


def test_the_first_version_of_an_article_stays(writer: HistoryWriter, reader: HistoryReader) -> None:
    writer.write(Batch(articles=[some.article(1)]))
    writer.write(Batch(articles=[some.article(1, title="Another")]))
    assert reader.articles().rows == (some.article(1),)


def test_a_trade_is_in_its_newest_state_and_an_unchanged_one_is_no_news(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    closed = some.trade(1, closed=at(600), close_rate=101.0, exit_reason="roi", updated=at(601))
    writer.write(Batch(trades=[some.trade(1)]))
    writer.write(Batch(trades=[some.trade(1, updated=at(300))]))
    writer.write(Batch(trades=[closed]))
    writer.write(Batch(trades=[some.trade(1, updated=at(400))]))
    assert reader.trades().rows == (closed,)
    assert [each.at for each in reader.events(0)] == [some.trade(1).updated, at(601)]


@pytest.mark.parametrize("at_once", [True, False])
def test_a_trade_that_closes_after_the_clock_was_set_back_is_closed_and_stays_so(
    writer: HistoryWriter, reader: HistoryReader, at_once: bool
) -> None:
    closed = some.trade(1, closed=at(-7200), close_rate=101.0, exit_reason="roi", updated=at(-7200))
    states = [some.trade(1), closed, some.trade(1, updated=at(900), stake=60.0)]
    for batch in [states] if at_once else [[each] for each in states]:
        writer.write(Batch(trades=batch))
    assert reader.trades().rows == (closed,)
    amended = replace(closed, close_rate=102.0, updated=at(-7100))
    writer.write(Batch(trades=[amended]))
    writer.write(Batch(trades=[closed]))
    assert reader.trades().rows == (amended,)


def test_the_trades_of_a_bot_that_has_made_many_are_compared_with_those_that_are_kept(
    writer: HistoryWriter,
) -> None:
    writer.write(Batch(trades=[some.trade(17_000), some.trade(1)]))
    asked = [{"bot": "bot", "trade_id": number} for number in range(1, 17_001)]
    with writer.begin() as connection:  # type: ignore[attr-defined]  # without writing them, which takes seconds
        found = existing(connection, TRADES, asked)
    assert set(found) == {("bot", 1), ("bot", 17_000)}


def test_an_outcome_is_filled_once(writer: HistoryWriter, reader: HistoryReader) -> None:
    unknown = some.outcome(1, entered=None, entry_price=None, exit_price=None, change=None)
    assert writer.write(Batch(outcomes=[unknown])).rows == {"outcomes": 1}
    assert writer.write(Batch(outcomes=[unknown])).rows == {}
    assert writer.write(Batch(outcomes=[some.outcome(1)])).rows == {"outcomes": 1}
    assert writer.write(Batch(outcomes=[some.outcome(1, change=0.5)])).rows == {}
    assert reader.outcomes().rows == (some.outcome(1),)


def test_a_summary_is_replaced_but_not_by_an_older_one(writer: HistoryWriter, reader: HistoryReader) -> None:
    for seconds in (10, 20, 5):
        writer.write(Batch(summaries=[SummaryRow(name="p", computed=at(seconds), body={"at": seconds})]))
    assert reader.summary("p") == SummaryRow(name="p", computed=at(20), body={"at": 20})


def test_a_candle_is_read_as_it_was_known_at_an_instant(writer: HistoryWriter, reader: HistoryReader) -> None:
    corrected = some.candle(1, close=99.0, collected=at(400))
    writer.write(Batch(candles=[some.candle(1), some.candle(2), corrected]))

    def closes(**asked: Any) -> list[float]:
        return [each.close for each in reader.candles(PAIR, "1m", **asked).rows]

    assert closes() == closes(known_at=at(400)) == [99.0, 105.0]
    assert closes(known_at=at(399)) == [105.0, 105.0]
    assert closes(known_at=at(121)) == [105.0]
    assert closes(since=at(61)) == [105.0]
    assert closes(until=at(120)) == [99.0]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_have_each_row_once_in_the_order_of_the_list(
    writer: HistoryWriter, reader: HistoryReader, limit: int
) -> None:
    writer.write(
        Batch(
            articles=[some.article(number, fetched=at(number // 3)) for number in range(7)],
            candles=[some.candle(number) for number in range(7)],
            signals=[
                some.signal(number, pair=(PAIR, ETH)[number % 2], available_at=at(number // 3))
                for number in range(7)
            ],
        )
    )
    pages = pages_of(reader.articles, limit)
    assert [each.article_id for page in pages for each in page] == [f"article-{n}" for n in range(6, -1, -1)]
    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)

    def both(**page: Any) -> Page[Any]:
        return reader.signals(SignalFilter(pairs=[PAIR, ETH]), **page)

    assert [each.article_id for page in pages_of(both, limit) for each in page] == [
        f"article-{n}" for n in range(6, -1, -1)
    ]

    def candles(**page: Any) -> Page[Any]:
        return reader.candles(PAIR, "1m", **page)

    found = [each for page in pages_of(candles, limit) for each in page]
    assert found == [some.candle(number) for number in range(7)]


@pytest.mark.parametrize("pairs", [(), (PAIR, ETH)])
def test_a_page_of_a_rare_score_ends_after_so_many_rows_and_none_is_missed(
    writer: HistoryWriter, reader: HistoryReader, monkeypatch: pytest.MonkeyPatch, pairs: tuple[str, ...]
) -> None:
    monkeypatch.setattr(paging, "MOST_LOOKED_AT", 3)
    rare = {0, 1, 7}
    writer.write(
        Batch(
            signals=[
                some.signal(
                    number,
                    pair=(PAIR, ETH)[number % 2],
                    available_at=at(number // 3),
                    sentiment_score=0.9 if number in rare else 0.1,
                )
                for number in range(16)
            ]
        )
    )

    def asked(**page: Any) -> Page[Any]:
        return reader.signals(SignalFilter(least=0.8, pairs=pairs), **page)

    assert (asked(limit=5).rows, asked(limit=5).next is None) == ((), False)
    pages = pages_of(asked, 2)
    assert [each.article_id for page in pages for each in page] == ["article-7", "article-1", "article-0"]


def test_a_page_goes_on_after_its_last_row_whatever_was_written_or_removed_since(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    writer.write(Batch(articles=[some.article(number) for number in (1, 2, 3, 4)]))
    first = reader.articles(limit=2)
    writer.write(Batch(articles=[some.article(9)]))
    second = reader.articles(limit=2, after=first.next)
    assert [each.article_id for each in (*first.rows, *second.rows)] == [
        "article-4",
        "article-3",
        "article-2",
        "article-1",
    ]
    assert second.next is None


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "bm9uc2Vuc2U", "WyJzaWduYWxzIiwgMSwgMV0", "WyJhcnRpY2xlcyIsIDEsICJ4Il0", "é", "A" * 5000],
)
def test_a_cursor_of_another_list_is_refused(
    writer: HistoryWriter, reader: HistoryReader, cursor: str
) -> None:
    with pytest.raises(NeverWorks):
        reader.articles(after=cursor)


@pytest.mark.parametrize("limit", [0, -1, MAX_LIMIT + 1])
def test_no_list_is_without_a_limit(writer: HistoryWriter, reader: HistoryReader, limit: int) -> None:
    for ask in (reader.articles, reader.signals, reader.trades, reader.holds, reader.outcomes):
        with pytest.raises(ValueError, match="limit"):
            ask(limit=limit)
    with pytest.raises(ValueError, match="limit"):
        reader.candles(PAIR, "1m", limit=limit)
    with pytest.raises(ValueError, match="limit"):
        reader.events(0, limit=limit)


def test_lists_are_filtered(writer: HistoryWriter, reader: HistoryReader) -> None:
    writer.write(
        Batch(
            articles=[some.article(1), some.article(2, source="Herald"), some.article(3)],
            scorings=[some.scoring(1), some.scoring(2, outcome="retold", story="article-1")],
            signals=[
                some.signal(1),
                some.signal(2, source="Herald", event_type="hack", sentiment_score=-0.9),
                some.signal(3, pair=ETH, model="llm", scope="market"),
            ],
            trades=[some.trade(1), some.trade(2, pair=ETH, closed=at(900)), some.trade(3, bot="other")],
        )
    )

    def ids(page: Page[Any]) -> list[int]:
        return [int(each.article_id.removeprefix("article-")) for each in page.rows]

    assert ids(reader.articles(ArticleFilter(sources=["Wire"]))) == [3, 1]
    assert ids(reader.articles(ArticleFilter(since=at(2), until=at(3)))) == [2]
    assert ids(reader.scorings(ScoringFilter(outcomes=["retold"]))) == [2]
    assert ids(reader.scorings(ScoringFilter(stories=["article-1"]))) == [2]
    assert ids(reader.scorings(ScoringFilter(articles=["article-1"], outcomes=["retold"]))) == []
    assert ids(reader.signals(SignalFilter(pairs=[PAIR]))) == [2, 1]
    assert ids(reader.signals(SignalFilter(pairs=[PAIR], sources=["Wire", "Other"]))) == [1]
    assert ids(reader.signals(SignalFilter(event_types=["hack"]))) == [2]
    assert ids(reader.signals(SignalFilter(models=["llm"]))) == ids(
        reader.signals(SignalFilter(scope="market"))
    )
    assert ids(reader.signals(SignalFilter(least=-1.0, most=-0.9))) == [2]
    assert ids(reader.signals(SignalFilter(since=at(4), until=at(5)))) == [2]
    assert ids(reader.signals(SignalFilter(articles=["article-3", "article-1"]))) == [3, 1]

    def numbers(which: TradeFilter) -> list[int]:
        return [each.trade_id for each in reader.trades(which).rows]

    assert numbers(TradeFilter(is_open=True)) == [3, 1]
    assert numbers(TradeFilter(is_open=False)) == [2]
    assert numbers(TradeFilter(pairs=[PAIR], bots=["bot"])) == [1]


def test_the_change_feed_tells_each_new_row_once_in_the_order_of_writing(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    writer.write(Batch(signals=[some.signal(2)]))
    written = writer.write(EVERYTHING)
    writer.write(EVERYTHING)
    found = reader.events(0)
    assert [(each.kind, each.key) for each in found] == [
        (Kind.SIGNAL, "article-2"),
        (Kind.ARTICLE, "article-1"),
        (Kind.ARTICLE, "article-2"),
        (Kind.RESULT, "article-1"),
        (Kind.RESULT, "article-2"),
        (Kind.SIGNAL, "article-1"),
        (Kind.SIGNAL, "article-1"),
        (Kind.CANDLE, PAIR),
        (Kind.CANDLE, PAIR),
        (Kind.HOLD, "operator"),
        (Kind.TRADE, "1"),
    ]
    assert sorted({each.seq for each in found}) == [each.seq for each in found]
    assert reader.seqs() == (found[0].seq, written.seq)
    assert reader.events(written.seq) == ()
    assert reader.events(found[3].seq, limit=2) == found[4:6]
    assert {each.kind for each in reader.events(0, EventFilter(kinds=[Kind.HOLD, Kind.TRADE]))} == {
        Kind.HOLD,
        Kind.TRADE,
    }
    assert {each.kind for each in reader.events(0, EventFilter(pairs=[PAIR]))} == {
        Kind.SIGNAL,
        Kind.CANDLE,
        Kind.TRADE,
    }
    assert {each.kind for each in reader.events(0, EventFilter(sources=["bot"]))} == {Kind.TRADE}


def test_a_change_comes_with_its_row(writer: HistoryWriter, reader: HistoryReader) -> None:
    writer.write(EVERYTHING)
    rows = [each.row for each in reader.changes(0)]
    assert rows == [
        *EVERYTHING.articles,
        *EVERYTHING.scorings,
        *EVERYTHING.signals,
        *EVERYTHING.candles,
        *EVERYTHING.holds,
        *EVERYTHING.trades,
    ]


def test_the_longest_keys_that_arrive_are_recorded(writer: HistoryWriter, reader: HistoryReader) -> None:
    """PostgreSQL refuses a row whose entry in an index is longer than 2,704 bytes after it was compressed."""
    some_text = random.Random(1)

    def wide(length: int) -> str:
        return "".join(chr(some_text.randrange(0x20000, 0x2A000)) for _ in range(length))

    identifier = "".join(some_text.choices(string.ascii_letters, k=128))
    scored = NewsScored(article_id=identifier, outcome="scored", story=identifier, scored_at=NOW)
    batch = Batch(
        scorings=[scoring_row(scored, NOW)],
        signals=[some.signal(1, article_id=identifier, model=wide(200))],
        trades=[some.trade(1, bot=wide(217))],
        holds=changes({}, {wide(5_000): wide(50_000)}, NOW),
        outcomes=[some.outcome(1, article_id=identifier, model=wide(200))],
    )
    assert sum(writer.write(batch).rows.values()) == 5
    assert (reader.holds().rows, reader.trades().rows) == (tuple(batch.holds), tuple(batch.trades))


def test_a_lifted_hold_is_a_row_of_its_own(writer: HistoryWriter, reader: HistoryReader) -> None:
    writer.write(Batch(holds=[some.hold(1), some.hold(2, action=HoldAction.LIFTED)]))
    assert [each.action for each in reader.holds().rows] == [HoldAction.LIFTED, HoldAction.SET]
    assert [each.action for each in reader.holds(until=at(2)).rows] == [HoldAction.SET]


def trimmed(writer: HistoryWriter, limits: Limits, now: datetime) -> int:
    removed = 0
    while step := writer.trim(limits, now):
        removed += step
    return removed


def test_rows_beyond_the_days_are_removed_and_trades_and_holds_are_kept(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    writer.write(EVERYTHING)
    writer.write(Batch(articles=[some.article(100_000)]))
    assert trimmed(writer, Limits(days=1), NOW) == 0
    assert trimmed(writer, Limits(), NOW + timedelta(days=9999)) == 0
    assert trimmed(writer, Limits(days=1), at(100_000)) == 20
    assert [each.article_id for each in reader.articles().rows] == ["article-100000"]
    assert (len(reader.signals().rows), len(reader.scorings().rows)) == (0, 0)
    assert reader.candles(PAIR, "1m") == Page()
    assert (len(reader.trades().rows), len(reader.holds().rows)) == (1, 1)
    assert [each.key for each in reader.events(0)] == ["article-100000"]
    assert reader.position("signals:BTC/USDT") == "17"


def test_the_clock_set_back_removes_nothing(writer: HistoryWriter, reader: HistoryReader) -> None:
    writer.write(EVERYTHING)
    assert trimmed(writer, Limits(days=1), datetime(2000, 1, 1, tzinfo=UTC)) == 0


def test_two_writers_take_turns(settings: Settings, writer: HistoryWriter, reader: HistoryReader) -> None:
    with closing(open_history(settings)) as another:
        for number in range(4):
            (writer, another)[number % 2].write(Batch(articles=[some.article(number)]))
    assert [each.key for each in reader.events(0)] == [f"article-{number}" for number in range(4)]


def test_what_a_bot_saw_and_what_was_scored_of_an_archive_are_never_in_one_history(
    settings: Settings, reader: HistoryReader
) -> None:
    with closing(open_history(settings, scored=True)) as scored:
        scored.write(Batch(signals=[some.signal(1)]))
        assert scored.cursors() == {}
    with closing(open_history(settings)) as recorder, pytest.raises(StopProgram, match="no bot has seen it"):
        recorder.write(Batch(signals=[some.signal(2)]))
    with closing(open_history(settings, scored=True)) as again:
        again.write(Batch(signals=[some.signal(3)]))
    assert [each.article_id for each in reader.signals().rows] == ["article-3", "article-1"]


def test_the_history_of_a_running_system_takes_nothing_that_was_scored_of_an_archive(
    settings: Settings, writer: HistoryWriter, reader: HistoryReader
) -> None:
    writer.write(Batch(candles=[some.candle(1)]))
    with (
        closing(open_history(settings, scored=True)) as scored,
        pytest.raises(StopProgram, match="running system"),
    ):
        scored.write(Batch(signals=[some.signal(1)]))
    assert reader.signals() == Page()
    assert writer.write(Batch(candles=[some.candle(2)])).rows == {"candles": 1}


def test_the_oldest_rows_go_first_from_a_history_that_is_too_large(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    day = 24 * 3600
    texts = random.Random(1)
    for first in (0, day, 2 * day, 3 * day):
        rows = [some.article(first + number, content=texts.randbytes(1000).hex()) for number in range(300)]
        writer.write(Batch(articles=rows))
    whole = writer.size()
    assert whole > 1_000_000
    assert trimmed(writer, Limits(bytes=2 * whole), NOW) == 0
    assert trimmed(writer, Limits(bytes=int(whole * 0.7)), NOW) == 4 * 300
    left = [each.article_id for each in reader.articles(limit=1000).rows]
    assert len(left) == 600
    assert left[-1] == f"article-{2 * day}"
    assert writer.size() <= whole * 0.7
