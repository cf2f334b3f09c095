"""Computes the corroboration of the signals of a story, and the revisions that publish it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from services.common.messages import SentimentSignal
from services.sentiment_analyzer.stories.rows import Row
from services.sentiment_analyzer.stories.stances import stance_of

DOUBT_LEFT = 0.9
"""The factor by which every further source multiplies the doubt in a score."""
MAX_RATIONALE_CHARS = 2_000


class Support(NamedTuple):
    """The corroboration of a signal after some articles.

    Attributes:
        sources: the number of further owners that corroborate the signal.
        revision: the number of the signal's revision. Each change of the corroboration makes a revision.
        contradicted_by: the source whose article withdrew the corroboration last; empty if there was no such article.
    """

    sources: int = 0
    revision: int = 0
    contradicted_by: str = ""


def support_of(article_id: str, pair: str, rows: Sequence[Row]) -> Support:
    """Return the corroboration of an article's signal for a pair after the articles `rows`, in scoring order."""
    return revisions_of(article_id, pair, rows)[-1][1]


def revisions_of(article_id: str, pair: str, rows: Sequence[Row]) -> list[tuple[str, Support]]:
    """Return all revisions of an article's signal for a pair, each with the id of its maker and the support after it.

    The maker is the article that made the revision. The first entry is the signal as it was published, which no other
    article made. Each further owner, each withdrawal, and the first contradiction of a positive signal makes a
    revision. As articles are only ever appended, a revision never changes.
    """
    own = {row.owner: stance_of(row, pair) for row in rows if row.article_id == article_id}
    is_positive = any(stance.score > 0 for stance in own.values())
    owners: set[str] = set()
    revision, by = sum(stance.revised for stance in own.values()), ""
    made = [("", Support(0, revision, by))]
    for row in rows:
        stance = stance_of(row, pair)
        if article_id in stance.against and (owners or (is_positive and not by)):
            owners.clear()
            by = row.source
        elif article_id in stance.joins and row.owner not in owners | own.keys():
            owners.add(row.owner)
        else:
            continue
        revision += 1
        made.append((row.article_id, Support(len(owners), revision, by)))
    return made


def corroborate(signal: SentimentSignal, support: Support, now: datetime) -> SentimentSignal:
    """Return the revision of a signal for this support, or the signal itself for revision 0.

    Each further source multiplies the doubt by `DOUBT_LEFT`: confidence = 1 - (1 - c) * DOUBT_LEFT ** sources. A
    positive signal that was contradicted, and that no source has confirmed since, is degraded, so that it opens no
    trade.
    """
    if not support.revision:
        return signal
    is_doubted = bool(support.contradicted_by) and not support.sources and signal.sentiment_score > 0
    by = f"[contradicted by {support.contradicted_by}] " if support.contradicted_by else ""
    return signal.model_copy(
        update={
            "revision": support.revision,
            "corroboration": support.sources,
            "confidence": 1.0 - (1.0 - signal.confidence) * DOUBT_LEFT**support.sources,
            "degraded": signal.degraded or is_doubted,
            "rationale": (by + signal.rationale)[:MAX_RATIONALE_CHARS],
            "analyzed_at": max(now, signal.analyzed_at),
        }
    )
