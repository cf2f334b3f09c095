"""Writes what was scored of an archive to a history, so that its figures can be read like those of a running system."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.common.history.from_messages import article_row, signal_row
from services.common.history.port import Batch, HistoryWriter
from services.common.history.rows import ScoringRow, SignalRow
from services.common.messages import NewsArticle
from services.research.history.scoring.article_scoring import ArticleResult, as_message
from services.research.history.scoring.scoring import ScoreOptions


class ScoredHistory:
    """Writes the results of scoring, in the order of the archive. Writing the same results again changes nothing.

    Args:
        writer: a history that was opened with `scored`.
        model: the model of the scorer, for articles without signals.
        options: the options of scoring.
        now: the time of writing (UTC).
    """

    def __init__(self, writer: HistoryWriter, model: str, options: ScoreOptions, now: datetime) -> None:
        self._writer = writer
        self._model = model
        self._options = options
        self._weights, self._owners = dict(options.weights), dict(options.owners)
        self._now = now

    def write(self, results: Sequence[ArticleResult]) -> None:
        """Write articles, how each ended, and the signals with the time from which they would have counted.

        Raises:
            TryLater: the history is not available.
            StopProgram: the history refuses.
        """
        self._writer.write(
            Batch(
                articles=[article_row(self._message(result), self._now) for result in results],
                scorings=[self._scoring(result) for result in results],
                signals=[row for result in results for row in self._signals(result)],
            )
        )

    def _message(self, result: ArticleResult) -> NewsArticle:
        name = result.article.source.casefold()
        return as_message(result.article, self._weights.get(name, 1.0), self._owners.get(name, ""))

    def _available_at(self, result: ArticleResult) -> datetime:
        return result.article.known_at + self._options.delay

    def _scoring(self, result: ArticleResult) -> ScoringRow:
        return ScoringRow(
            article_id=result.article.article_id,
            outcome=result.outcome,
            reason=result.reason,
            story=result.story,
            model=self._model,
            scored=self._available_at(result),
            recorded=self._now,
        )

    def _signals(self, result: ArticleResult) -> list[SignalRow]:
        available = {"available_at": self._available_at(result)}
        return [signal_row(signal.model_copy(update=available), self._now) for signal in result.signals]
