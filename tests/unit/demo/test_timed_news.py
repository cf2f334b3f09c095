from __future__ import annotations

import gzip
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser
import pytest

from services.common.clock import ManualClock
from services.common.errors import StopProgram
from services.data_ingestor.news.sources import load_sources
from services.demo.feed_server import FeedServer, render_feed, write_sources
from services.demo.plan import archive_plan, sample_plan
from services.demo.timed_news import TimedArticle, busiest_day, read_archive, read_sample

HEADER = "published,source,title,text,url,first_seen\n"
BEGIN = datetime(2025, 5, 1, tzinfo=UTC)


def archive(path: Path, *rows: str) -> Path:
    path.write_bytes(gzip.compress((HEADER + "\n".join(rows)).encode()))
    return path


def test_an_article_is_shown_when_a_feed_had_it_not_when_it_says_it_was_published(tmp_path: Path) -> None:
    file = archive(
        tmp_path / "news.csv.gz",
        "2025-05-01T06:00:00Z,alpha,Late,text,https://a.invalid/1,2025-05-01T07:00:00Z",
        "2025-05-01T06:30:00Z,alpha,Odd,text,https://a.invalid/2,2025-05-01T06:00:00Z",
        "2025-05-01T06:10:00Z,Beta News!,Plain,text,https://b.invalid/1,",
    )
    articles = read_archive(file, BEGIN, BEGIN + timedelta(days=1))
    assert [(article.title, article.shown.strftime("%H:%M")) for article in articles] == [
        ("Plain", "06:10"),
        ("Odd", "06:30"),
        ("Late", "07:00"),
    ]
    assert {article.source for article in articles} == {"alpha", "Beta_News"}


def test_the_busiest_day_is_the_first_with_most_articles(tmp_path: Path) -> None:
    days = ("01", "02", "02", "03", "03")
    rows = [f"2025-05-{day}T06:00:00Z,alpha,T,text,https://a.invalid/{day}," for day in days]
    assert busiest_day(archive(tmp_path / "news.csv.gz", *rows)) == datetime(2025, 5, 2, tzinfo=UTC)
    with pytest.raises(StopProgram, match="has no articles"):
        busiest_day(archive(tmp_path / "empty.csv.gz"))


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("yesterday,alpha,T,text,https://a.invalid/1,", "line 2: 'yesterday' is not a time"),
        ("2025-05-01T06:00:00,alpha,T,text,https://a.invalid/1,", "line 2: .* has no offset"),
    ],
)
def test_a_row_that_is_not_as_it_should_be_is_named_with_its_line(
    tmp_path: Path, row: str, complaint: str
) -> None:
    with pytest.raises(StopProgram, match=complaint):
        read_archive(archive(tmp_path / "news.csv.gz", row), BEGIN, BEGIN)


def test_a_missing_column_a_missing_file_and_a_damaged_one_are_messages(tmp_path: Path) -> None:
    (tmp_path / "columns.csv").write_text("published,title\n")
    with pytest.raises(StopProgram, match="no column source, text, url"):
        busiest_day(tmp_path / "columns.csv")
    with pytest.raises(StopProgram, match=r"none\.csv is not there, or is no file$"):
        busiest_day(tmp_path / "none.csv")
    whole = archive(
        tmp_path / "whole.csv.gz", *["2025-05-01T06:00:00Z,a,T,text,https://a.invalid/1,"] * 500
    ).read_bytes()
    (tmp_path / "cut.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StopProgram, match="cannot be read"):
        busiest_day(tmp_path / "cut.csv.gz")


def test_a_feed_shows_nothing_before_its_time_and_nothing_new_once_frozen() -> None:
    articles = [
        TimedArticle(
            "alpha",
            f"Title {n} <&>",
            "text",
            f"https://a.invalid/{n}",
            BEGIN + timedelta(minutes=n),
            BEGIN + timedelta(minutes=n),
        )
        for n in range(5)
    ]
    clock = ManualClock(BEGIN + timedelta(minutes=2))
    with closing(FeedServer(articles, clock)) as feeds:
        parsed = feedparser.parse(feeds.feed("alpha"))
        assert [entry.title for entry in parsed.entries] == ["Title 2 <&>", "Title 1 <&>", "Title 0 <&>"]
        feeds.freeze()
        clock.advance(3600)
        assert len(feedparser.parse(feeds.feed("alpha")).entries) == 3
        assert feeds.feed("nobody") is None


def test_the_sources_file_that_is_written_is_one_the_poller_reads(tmp_path: Path) -> None:
    file = tmp_path / "sources.toml"
    write_sources(file, "http://127.0.0.1:9", ["alpha", "beta"])
    assert [source.name for source in load_sources(file)] == ["alpha", "beta"]


def test_a_feed_is_well_formed_whatever_the_text() -> None:
    odd = TimedArticle("a", "<b>&amp; ]]>", '"quotes" & <tags>', "https://a.invalid/?a=1&b=2", BEGIN, BEGIN)
    parsed = feedparser.parse(render_feed("a", [odd]))
    assert not parsed.bozo
    assert parsed.entries[0].link == odd.url


def test_the_sample_has_all_five_sources_and_no_link_that_could_be_real() -> None:
    story = read_sample()
    assert {article.source for article in story.articles} == {
        "coindesk",
        "cointelegraph",
        "theblock",
        "decrypt",
        "bitcoinmagazine",
    }
    assert all(".invalid/" in article.url for article in story.articles)


def test_a_faster_demo_leaves_the_programs_the_same_real_time_to_start() -> None:
    story = read_sample()
    for speed in (1.0, 10.0, 30.0):
        plan = sample_plan(speed, None)
        assert (story.moment - plan.start).total_seconds() == pytest.approx(35 * speed)


def test_an_archive_without_candles_of_its_time_is_a_message_that_says_what_there_is(tmp_path: Path) -> None:
    news = archive(tmp_path / "news.csv.gz", "2021-05-01T06:00:00Z,alpha,T,text,https://a.invalid/1,")
    candles = Path(__file__).parents[3] / "services/replay_exchange/candles"
    with pytest.raises(StopProgram, match=r"no candles around 2021-05-01.*BTC/USDT 1m: 2026-"):
        archive_plan(news, candles, None, None, None)
    with pytest.raises(StopProgram, match="no candle files"):
        archive_plan(news, tmp_path, None, None, None)
