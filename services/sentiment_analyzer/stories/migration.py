"""The schema of the file of stories, and the migration of files of the version that did not score every article."""

from __future__ import annotations

import json
import sqlite3
from itertools import groupby
from typing import NamedTuple

from services.common.sqlite import Schema

_TABLE = (
    """
CREATE TABLE told (
    number INTEGER PRIMARY KEY, article_id TEXT NOT NULL UNIQUE, story TEXT NOT NULL, part TEXT NOT NULL,
    source TEXT NOT NULL, published INTEGER NOT NULL, title TEXT NOT NULL, lead TEXT NOT NULL,
    about TEXT NOT NULL, signals TEXT NOT NULL DEFAULT '[]',
    owner TEXT NOT NULL DEFAULT '', turn INTEGER NOT NULL DEFAULT 0, stands TEXT NOT NULL DEFAULT '{}'
) STRICT
""",
    "CREATE INDEX told_by_story ON told (story)",
    "CREATE INDEX told_but_reposts ON told (story) WHERE part <> 'reposted'",
)
_SAME = "number, article_id, story, part, source, published, title, lead, about, signals"
_TAKE_OVER = f"INSERT INTO told ({_SAME}) SELECT {_SAME} FROM tellings"  # noqa: S608 - our own names # nosec B608
_OLD = "SELECT article_id, story, part, source, signals, number FROM told ORDER BY story, number"
_UPDATE = "UPDATE told SET part = ?, owner = ?, turn = ?, stands = ? WHERE article_id = ?"
_SUSPECT, _SILENT, _FIRST, _RETOLD, _TOLD = "suspect", "silent", "first", "retold", "told"


class _Old(NamedTuple):
    article_id: str
    story: str
    part: str
    source: str
    signals: str
    number: int


def _make_tellings(db: sqlite3.Connection) -> None:
    """Create the table, and copy the rows of an older version's table. Does nothing if the table exists.

    The older table stays unchanged, so that a processor of the older version that still runs, or runs again, can
    continue to use the table. With a changed table that processor would fail on every article.

    The older version numbered the revisions of a story's first signals by the further sources of the story. Every
    article that had ended counts as an article that agreed, and the other articles are scored when they are
    redelivered. In both cases the numbers go on from there.
    """
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "told" in tables:
        return
    for statement in _TABLE:
        db.execute(statement)
    if "tellings" in tables:
        db.execute(_TAKE_OVER)
    old = [_Old(*row) for row in db.execute(_OLD).fetchall()]
    for _, story in groupby(old, key=lambda row: row.story):
        db.executemany(_UPDATE, _changes(list(story)))


SCHEMA = Schema([[_make_tellings]])
"""The schema of the file of stories."""


def _changes(story: list[_Old]) -> list[tuple[str, str, int, str, str]]:
    first = next((row for row in story if row.part == _FIRST), None)
    told = _scores(first.signals) if first else []
    joined = {pair: [score, scope, False, [first.article_id], []] for pair, score, scope in told if first}
    changes = []
    for row in story:
        own = {pair: [score, scope, True, [], []] for pair, score, scope in _scores(row.signals)}
        if row is first:
            own = {pair: [*stand, _not_joined(story, row, pair)] for pair, stand in own.items()}
        is_open = _is_open(row)
        stands = {} if row.part == _SUSPECT or is_open else own if row is first else {**joined, **own}
        part = _TOLD if is_open and row.part != _SILENT else row.part
        turn = row.number if stands or own else 0
        changes.append((part, row.source.casefold(), turn, json.dumps(stands), row.article_id))
    return changes


def _is_open(row: _Old) -> bool:
    """Whether an article is to be scored when it is redelivered, because it was not scored yet or gave no signal."""
    return row.part not in {_RETOLD, _SUSPECT} and not _scores(row.signals)


def _not_joined(story: list[_Old], first: _Old, pair: str) -> int:
    """Return the number of sources that the older version counted for the first signal and that do not agree now."""
    honest = [row for row in story if row.part != _SUSPECT]
    joined = [
        row for row in honest if not _is_open(row) and pair not in {each for each, *_ in _scores(row.signals)}
    ]
    counted, agreeing = (
        {row.source.casefold() for row in some} | {first.source.casefold()} for some in (honest, joined)
    )
    return len(counted - agreeing)


def _scores(signals: str) -> list[tuple[str, float, str]]:
    decoded = [json.loads(each) for each in json.loads(signals)]
    return [(each["pair"], each["sentiment_score"], each.get("scope", "asset")) for each in decoded]
