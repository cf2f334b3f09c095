"""Makes a brief: reads its data, puts it into words, and writes it in every form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.common.history.notifying.rows import BriefKind, BriefRow
from services.common.history.port import HistoryReader
from services.common.settings.settings import Settings
from services.common.store.port import SentimentStore
from services.operations.briefs import daily, render, weekly
from services.operations.briefs.daily_words import daily_document
from services.operations.briefs.document import Document
from services.operations.briefs.paragraph.write import with_paragraph
from services.operations.briefs.weekly_words import weekly_document


@dataclass(frozen=True, slots=True)
class Made:
    """A brief that was made.

    Attributes:
        row: what is kept of it.
        document: what it says.
    """

    row: BriefRow
    document: Document

    @property
    def telegram(self) -> tuple[str, ...]:
        """The messages of Telegram, in its HTML parse mode."""
        return render.telegram(self.document)


def make_brief(
    kind: BriefKind,
    history: HistoryReader,
    store: SentimentStore | None,
    settings: Settings,
    *,
    now: datetime,
    since: datetime | None = None,
    day: date | None = None,
    by_model: bool = False,
) -> Made:
    """Make a brief of the period from `since` to `now`.

    Args:
        kind: the daily or the weekly brief.
        history: what was recorded.
        store: the present sentiment as the page shows it; without one, and while it is away, it is that of the
            recorded signals.
        settings: the settings.
        now: the present instant.
        since: the beginning of the period; without it, a day or a week before.
        day: the local day on which it was due; without it, that of `now`.
        by_model: whether the model of SENTIMENT_SCORER, if there is one, is asked for a paragraph, which takes time.

    Raises:
        TryLater, StopProgram: as the history does.
    """
    if kind is BriefKind.DAILY:
        found = daily.read_daily(history, store, settings, since or now - daily.USUAL, now)
        document, figures = daily_document(found), found.as_json()
    else:
        week = weekly.read_weekly(history, settings, since or now - weekly.USUAL, now)
        document, figures = weekly_document(week), week.as_json()
    if by_model:
        document = with_paragraph(document, settings)
    row = BriefRow(
        kind=kind,
        day=day or now.astimezone(ZoneInfo(settings.brief_timezone)).date(),
        body={"figures": figures, "document": document.as_json()},
        text=render.text(document),
        html=render.page(document),
        at=now,
    )
    return Made(row, document)
