"""Scores the busiest day of an archive, and the week before it, into a history with candles and outcomes."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from devtools.texts.replaced import Replaced
from services.common.history.open import open_reader
from services.common.history.port import Batch, HistoryWriter
from services.common.history.rows import CandleRow
from services.common.history.writing import open_history
from services.common.settings.settings import Settings
from services.history_recorder.outcomes import due_outcomes
from services.research.candles import Candles, load_candles
from services.research.history.archive.archive import Archive
from services.research.history.archive.importing import ImportOptions, import_news
from services.research.history.recorded.scores import ScoredHistory
from services.research.history.scoring.scoring import ScoreOptions, score_archive
from services.sentiment_analyzer.scorers.lexicon.scorer import LexiconScorer

WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)
_CONTROLS = timedelta(days=17)
"""The candles of so many days before are the control of the returns."""


def score_busiest_day(news: Path, candles: Path, settings: Settings) -> datetime:
    """Fill the history of the settings with the week until the end of the archive's busiest day, in texts of our own.

    Returns:
        The end of that day: 08:00 UTC of the next one.

    Raises:
        StopProgram: a file cannot be read, or there is nothing to score.
    """
    path = settings.state_dir / "archive.sqlite"
    import_news(news, path, ImportOptions(), datetime.now(UTC))
    with Archive.open(path) as archive, closing(open_history(settings, scored=True)) as writer:
        end = _end_of_busiest_day(archive)
        scorer, now = LexiconScorer(), datetime.now(UTC)
        options = ScoreOptions(pairs=settings.trading_pairs, known_from=end - WEEK, known_until=end)
        record = Replaced(ScoredHistory(writer, scorer.model, options, now).write)
        score_archive(archive, settings.state_dir / "sentiment.csv", scorer, options, record=record)
        record.finish()
        _write_candles(writer, candles, settings, end)
        with closing(open_reader(settings)) as reader:
            for rows in due_outcomes(reader, end, end - WEEK):
                writer.write(Batch(outcomes=rows))
    return end


def _end_of_busiest_day(archive: Archive) -> datetime:
    days = Counter((article.known_at - 8 * HOUR).date() for article in archive.articles())
    busiest = max(days, key=lambda day: (days[day], day))
    return datetime(busiest.year, busiest.month, busiest.day, 8, tzinfo=UTC) + timedelta(days=1)


def _write_candles(writer: HistoryWriter, folder: Path, settings: Settings, end: datetime) -> None:
    loaded = load_candles(folder, settings.candle_timeframe, settings.trading_pairs)
    for candles in loaded.values():
        writer.write(Batch(candles=list(_rows(candles.between(end - WEEK - _CONTROLS, end)))))


def _rows(candles: Candles) -> list[CandleRow]:
    rows = []
    for date, *numbers in candles.frame.itertuples(index=False):
        opened, prices = date.to_pydatetime(), map(float, numbers)
        named = dict(zip(("open", "high", "low", "close", "volume"), prices, strict=True))
        closed = opened + candles.length
        rows.append(
            CandleRow(
                symbol=candles.pair,
                timeframe=candles.timeframe,
                opened=opened,
                collected=closed,
                recorded=closed,
                **named,
            )
        )
    return rows
