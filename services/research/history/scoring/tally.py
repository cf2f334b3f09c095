"""Counts the results of scoring an archive, and builds the report."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from services.research.history.scoring.article_scoring import ArticleResult
from services.research.history.scoring.reasons import Reasons


@dataclass(slots=True)
class Tally:
    """The counts of the articles processed so far."""

    articles: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    signals: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    reasons: Reasons = field(default_factory=Reasons)

    def count(self, result: ArticleResult) -> None:
        """Count the result of one article."""
        self.articles += 1
        self.outcomes[result.outcome] += 1
        if result.reason:
            article = result.article
            self.reasons.note(result.outcome, result.reason, article.article_id, article.title)
        for signal in result.signals:
            self.signals[signal.pair] += 1
            self.labels[signal.sentiment_label.value] += 1

    def as_json(self) -> dict[str, Any]:
        """Return the counts as JSON values, for the notes of a partial file and for `--json`."""
        return {
            "articles": self.articles,
            "outcomes": dict(self.outcomes),
            "signals": dict(self.signals),
            "labels": dict(self.labels),
            "reasons": self.reasons.as_json(),
        }

    @classmethod
    def of(cls, notes: dict[str, Any]) -> Tally:
        """Restore the counts from the notes of a partial file."""
        counters = {name: Counter(notes[name]) for name in ("outcomes", "signals", "labels")}
        reasons = Reasons.of(notes.get("reasons", ()))  # notes of an earlier version have no reasons
        return cls(articles=notes["articles"], reasons=reasons, **counters)


@dataclass(frozen=True, slots=True)
class ScoreReport:
    """The report of scoring an archive.

    Attributes:
        resumed_after: the number of articles that an interrupted run had already scored.
        restarted: whether the remains of a run with other options were deleted.
    """

    sentiment: Path
    model: str
    delay: timedelta
    tally: Tally
    resumed_after: int
    restarted: bool

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON values, for `--json`."""
        return {
            "sentiment": str(self.sentiment),
            "model": self.model,
            "scoring_delay_seconds": self.delay.total_seconds(),
            **self.tally.as_json(),
            "resumed_after_articles": self.resumed_after,
            "restarted": self.restarted,
        }
