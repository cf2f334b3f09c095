"""Archives that an earlier release made: converted once, when they are opened, and nothing in them twice."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from services.common.errors import StopProgram
from services.data_ingestor.news.seen.article_id import article_id, former_id
from services.research.history.archive.archive import Archive, partial_path
from services.research.history.archive.importing import ImportOptions, import_news
from tests.support.research.history_samples import NOW, make_archive, news_row, write_news

ROWS = [news_row(1), news_row(2), news_row(3, url=""), news_row(4, source="CoinDesk")]


def as_format_1(archive: Path) -> Path:
    """The archive as the first release would have made it."""
    with closing(sqlite3.connect(archive, isolation_level=None)) as db:
        for identity, link in db.execute("SELECT article_id, link FROM articles").fetchall():
            if former_id(link):
                db.execute(
                    "UPDATE articles SET article_id = ? WHERE article_id = ?", (former_id(link), identity)
                )
        db.execute("PRAGMA user_version = 1")
    return archive


def ids(archive: Path) -> list[str]:
    with Archive.open(archive) as opened:
        return [article.article_id for article in opened.articles()]


def test_an_archive_of_format_1_gives_the_ids_of_the_live_poller(tmp_path: Path) -> None:
    old = as_format_1(make_archive(tmp_path, ROWS))
    with closing(sqlite3.connect(old)) as db:
        before = db.execute("SELECT count(*) FROM imports").fetchall()
    assert ids(old) == ids(make_archive(tmp_path, ROWS, "new.sqlite"))
    assert ids(old)[0] == article_id("https://news.example/1", "wire", "")
    with closing(sqlite3.connect(old)) as db:
        assert db.execute("SELECT count(*) FROM imports").fetchall() == before
        assert db.execute("PRAGMA user_version").fetchone() == (2,)


def test_the_same_articles_again_double_nothing_in_an_archive_of_format_1(tmp_path: Path) -> None:
    old = as_format_1(make_archive(tmp_path, ROWS))
    same = import_news(tmp_path / "archive.sqlite.csv", old, ImportOptions(), NOW)
    assert (same.already_there, same.articles) == (True, len(ROWS))
    more = import_news(write_news(tmp_path / "more.csv", [*ROWS, news_row(9)]), old, ImportOptions(), NOW)
    assert (more.account.new, more.account.duplicates) == (1, len(ROWS))


def test_an_import_that_an_earlier_release_was_interrupted_in_goes_on(tmp_path: Path) -> None:
    out = as_format_1(make_archive(tmp_path, ROWS))
    partial = partial_path(out)
    partial.write_bytes(out.read_bytes())
    import_news(write_news(tmp_path / "more.csv", [*ROWS, news_row(9)]), out, ImportOptions(), NOW)
    assert len(ids(out)) == len(ROWS) + 1


def test_an_archive_that_cannot_be_converted_says_why_and_is_left_as_it_is(tmp_path: Path) -> None:
    old = as_format_1(make_archive(tmp_path, ROWS))
    with closing(sqlite3.connect(old, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(StopProgram, match="has to be converted once, which does not work"):
            Archive.open(old)
        holder.execute("ROLLBACK")
        assert holder.execute("PRAGMA user_version").fetchone() == (1,)
    assert len(ids(old)) == len(ROWS)


def test_an_archive_of_a_later_format_is_refused(tmp_path: Path) -> None:
    archive = make_archive(tmp_path, ROWS)
    with closing(sqlite3.connect(archive)) as db:
        db.execute("PRAGMA user_version = 3")
    with pytest.raises(StopProgram, match="version is 3, this program knows 2: a later release wrote it"):
        Archive.open(archive)


def test_an_article_that_two_sources_list_is_one_of_each(tmp_path: Path) -> None:
    rows = [news_row(1), news_row(1, source="rival"), news_row(1, source="WIRE")]
    report = import_news(write_news(tmp_path / "n.csv", rows), tmp_path / "a.sqlite", ImportOptions(), NOW)
    assert (report.account.new, report.account.duplicates) == (2, 1)
