"""The briefs that were sent, as the history keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.common.history.notifying.rows import BriefKind, BriefRow
from services.common.history.port import HistoryReader
from services.common.history.queries import DEFAULT_LIMIT
from services.operations.answer import Answer
from services.operations.briefs.document import Document, document_of


@dataclass(frozen=True, slots=True)
class BriefHead(Answer):
    """A brief in a list: its kind, the local day on which it was due, when it was made, and its period in words."""

    kind: str
    day: str
    made: datetime
    lead: str


@dataclass(frozen=True, slots=True)
class BriefPage(Answer):
    """Some briefs, and the cursor of the page after these; None at the end of the list."""

    briefs: tuple[BriefHead, ...] = ()
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Brief(Answer):
    """A brief as it was sent.

    Attributes:
        text: the brief as plain text.
        document: the same in sections and lines.
        figures: the data that it was written from.
    """

    kind: str
    day: str
    made: datetime
    text: str
    document: Document
    figures: Mapping[str, Any]


def list_briefs(
    history: HistoryReader,
    kind: BriefKind | None = None,
    *,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> BriefPage:
    """List the briefs, newest first. Raises NeverWorks, TryLater and StopProgram, as the history does."""
    page = history.briefs(kind=kind, limit=limit, after=cursor)
    return BriefPage(tuple(map(_head, page.rows)), page.next)


def read_brief(history: HistoryReader, kind: BriefKind, day: date) -> Brief | None:
    """The brief of a day; None if none was sent. Raises as `list_briefs`."""
    row = history.brief(kind, day)
    if row is None:
        return None
    return Brief(
        kind=row.kind.value,
        day=row.day.isoformat(),
        made=row.at,
        text=row.text,
        document=document_of(row.body["document"]),
        figures=row.body["figures"],
    )


def _head(row: BriefRow) -> BriefHead:
    return BriefHead(row.kind.value, row.day.isoformat(), row.at, row.body["document"]["lead"])
