"""Stories of the news: one happening a story, however many articles tell it."""

from __future__ import annotations

from datetime import datetime

from services.common.values import CLEAR, COSTLY, Scope
from services.notifier.happening import Happening, Importance, Kind
from services.notifier.wording.stories import about_story
from services.operations.news.grouping import Gathered, PairScore
from services.operations.news.stories import StoryRow, story_row


def story_happening(story: Gathered, at: datetime) -> Happening | None:
    """What a story says with all its articles so far; None while it has no signal."""
    if not story.signals:
        return None
    row = story_row(story)
    corroboration = max(signal.corroboration for signal in story.signals)
    strongest = max(row.scores, key=lambda each: abs(each.score))
    return Happening(
        key=f"story:{story.story}",
        kind=Kind.STORY,
        at=at,
        message=about_story(row, corroboration),
        importance=_importance(row, strongest),
        pairs=tuple(each.pair for each in row.scores),
        sources=row.sources,
        story=story.story,
        article=row.article_id,
        event_type=row.kind,
        score=strongest.score,
        scores=tuple((each.pair, each.score) for each in row.scores),
        event_types=tuple((each.pair, each.kind) for each in row.scores),
        newest=story.signals[-1].headline,
        corroboration=corroboration,
    )


def _importance(row: StoryRow, strongest: PairScore) -> Importance:
    """URGENT is news of a costly kind that is bad for an asset, and that nothing makes doubtful."""
    is_costly = any(
        each.kind in COSTLY
        and each.score <= -CLEAR
        and each.scope == Scope.ASSET
        and not each.degraded
        and not each.suspected
        for each in row.scores
    )
    if is_costly:
        return Importance.URGENT
    return Importance.INFO if abs(strongest.score) < CLEAR else Importance.NOTABLE
