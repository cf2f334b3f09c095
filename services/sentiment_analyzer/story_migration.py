"""Files of stories that were made before tellings had an owner and every telling was scored."""

from __future__ import annotations

import json
import sqlite3
from itertools import groupby
from typing import NamedTuple

_COLUMNS = (
    "owner TEXT NOT NULL DEFAULT ''",
    "turn INTEGER NOT NULL DEFAULT 0",
    "stands TEXT NOT NULL DEFAULT '{}'",
)
_OLD = "SELECT article_id, story, part, source, signals, number FROM tellings ORDER BY story, number"
_UPDATE = "UPDATE tellings SET part = ?, owner = ?, turn = ?, stands = ? WHERE article_id = ?"
_SUSPECT, _SILENT, _FIRST, _RETOLD, _TOLD = "suspect", "silent", "first", "retold", "told"


class _Old(NamedTuple):
    article_id: str
    story: str
    part: str
    source: str
    signals: str
    number: int


def bring_up_to_date(db: sqlite3.Connection) -> None:
    """Add what an older file lacks; does nothing to one that has it. Other processes may do the same meanwhile.

    The revisions of a story's first signals were numbered by its further sources. Every telling that ended counts as
    one that agreed with them, and the others are scored when they come again; either way the numbers go on from there.

    Raises:
        sqlite3.Error: the file cannot be used.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        known = {name for _, name, *_ in db.execute("PRAGMA table_info(tellings)")}
        if "stands" not in known:
            for column in _COLUMNS:
                db.execute(f"ALTER TABLE tellings ADD COLUMN {column}")
            old = [_Old(*row) for row in db.execute(_OLD).fetchall()]
            for _, story in groupby(old, key=lambda row: row.story):
                db.executemany(_UPDATE, _changes(list(story)))
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


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
    """Whether it is to be scored when it comes again: it waits, or nothing came of it."""
    return row.part not in {_RETOLD, _SUSPECT} and not _scores(row.signals)


def _not_joined(story: list[_Old], first: _Old, pair: str) -> int:
    """How many sources were counted as telling the first's story that do not count as having agreed with it."""
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
