"""A file of stories that a former version made."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from services.common.clock import to_ms
from services.sentiment_analyzer.pipeline.outcome import Outcome
from services.sentiment_analyzer.stories.stories import Stories
from tests.support.news.story_attacks import NOON, Day, telling

OLD = """
CREATE TABLE tellings (
    number INTEGER PRIMARY KEY, article_id TEXT NOT NULL UNIQUE, story TEXT NOT NULL, part TEXT NOT NULL,
    source TEXT NOT NULL, published INTEGER NOT NULL, title TEXT NOT NULL, lead TEXT NOT NULL,
    about TEXT NOT NULL, signals TEXT NOT NULL DEFAULT '[]'
) STRICT;
"""
TITLE = "SEC approves spot bitcoin ETF of Granite Capital"


OPEN = (
    ("wide-4", "one-0", "wider", "wide", 4, TITLE, "[]"),
    ("dumb-5", "one-0", "silent", "dumb", 5, TITLE, "[]"),
)
"""Tellings that counted as further sources, and were not scored: one waits, of the other nothing came."""


def old_file(path: Path, further: Sequence[tuple[str, str, str, str, int, str, str]] = ()) -> Path:
    """The first telling, two retellings, one of them by the source under another name, and one that waits."""
    first = Day().hear(telling("one", TITLE, 0)).signals
    rows = [
        ("one-0", "one-0", "first", "One", 0, TITLE, json.dumps([each.encode().decode() for each in first])),
        ("two-1", "one-0", "retold", "Two", 1, TITLE, "[]"),
        ("three-2", "one-0", "retold", "THREE", 2, TITLE, "[]"),
        ("wait-3", "wait-3", "first", "wait", 3, "Bitcoin climbs as Harbour Foods buys", "[]"),
        *further,
    ]
    with sqlite3.connect(path) as db:
        db.executescript(OLD)
        for article, story, part, source, minute, title, signals in rows:
            when = to_ms(NOON + timedelta(minutes=minute))
            values = (article, story, part, source, when, title, "BTC", signals)
            db.execute(
                "INSERT INTO tellings (article_id, story, part, source, published, title, lead, about, signals) "
                "VALUES (?, ?, ?, ?, ?, ?, '', ?, ?)",
                values,
            )
    db.close()
    return path


def test_revisions_go_on_from_where_they_were(tmp_path: Path) -> None:
    day = Day(Stories(old_file(tmp_path / "stories.sqlite")))

    further = day.hear(telling("four", "SEC approves Granite Capital's spot bitcoin ETF", 5))
    denial = day.hear(telling("paper", "SEC has not approved Granite Capital's spot bitcoin ETF", 9))

    assert [(each.article_id, each.revision, each.corroboration) for each in further.signals] == [
        ("one-0", 3, 3)
    ]
    assert [(each.article_id, each.revision, each.corroboration) for each in denial.signals] == [
        ("paper-9", 0, 0),
        ("one-0", 4, 0),
    ]


def test_a_withdrawal_is_a_new_revision_also_where_sources_counted_that_were_not_scored(
    tmp_path: Path,
) -> None:
    day = Day(Stories(old_file(tmp_path / "stories.sqlite", OPEN)))

    denial = day.hear(telling("paper", "SEC has not approved Granite Capital's spot bitcoin ETF", 9))

    assert [(each.article_id, each.revision, each.corroboration) for each in denial.signals] == [
        ("paper-9", 0, 0),
        ("one-0", 5, 0),  # the former version had published 4: two, THREE, wide, dumb
    ]


def test_what_nothing_came_of_is_scored_when_it_comes_again(tmp_path: Path) -> None:
    day = Day(Stories(old_file(tmp_path / "stories.sqlite", OPEN)))

    replayed = day.hear(telling("dumb", "SEC has not approved Granite Capital's spot bitcoin ETF", 5))

    assert "dumb-5" in {each.article_id for each in replayed.signals}


def test_what_waited_is_scored_and_a_source_is_its_own_owner(tmp_path: Path) -> None:
    day = Day(Stories(old_file(tmp_path / "stories.sqlite")))

    waited = telling("wait", "Bitcoin climbs as Harbour Foods buys", 3)
    assert day.hear(waited).outcome is Outcome.SCORED
    assert day.hear(telling("three", TITLE, 9)).outcome is Outcome.REPOSTED


def test_it_is_brought_up_to_date_once(tmp_path: Path) -> None:
    path = old_file(tmp_path / "stories.sqlite")
    for _ in range(2):
        stories = Stories(path)
        rows = stories.tellings("one-0")
        assert [(row.owner, row.turn) for row in rows] == [("one", 1), ("two", 2), ("three", 3)]
        stories.close()


def test_a_processor_of_the_former_version_can_go_on(tmp_path: Path) -> None:
    path = old_file(tmp_path / "stories.sqlite")
    with closing(sqlite3.connect(path)) as db:
        before = db.execute("SELECT * FROM tellings").fetchall()
    day = Day(Stories(path))
    day.hear(telling("four", "SEC approves Granite Capital's spot bitcoin ETF", 5))
    day.stories.close()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT * FROM tellings").fetchall() == before
