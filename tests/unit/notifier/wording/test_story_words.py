"""A story says what is known, how sure it is, and from whom."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.notifier.wording.stories import about_story
from services.operations.news.grouping import PairScore
from services.operations.news.stories import StoryRow

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def story(*sources: str) -> StoryRow:
    score = PairScore(
        pair="BTC/USDT",
        score=-0.83,
        label="very_bearish",
        confidence=0.52,
        kind="hack",
        scope="asset",
        model="lexicon",
        degraded=False,
        suspected=False,
        available_at=NOW,
        revision=0,
        rationale="",
        article_id="1",
    )
    return StoryRow(
        story="1",
        article_id="1",
        headline="A headline",
        source=sources[0],
        link="",
        published=NOW,
        first_seen=NOW,
        articles=len(sources),
        sources=sources,
        kind="hack",
        outcome="scored",
        reason="",
        suspicions=(),
        scores=(score,),
    )


@pytest.mark.parametrize(
    ("sources", "corroboration", "words"),
    [
        (("Wire",), 0, "nobody else reports it yet"),
        (("Wire", "Blog"), 0, "none of the others counts as a confirmation"),
        (("Wire", "Blog"), 1, "confirmed by 1 other publisher"),
        (("Wire", "Blog", "Site", "Post"), 2, "confirmed by 2 other publishers"),
    ],
)
def test_a_story_says_who_confirms_it(sources: tuple[str, ...], corroboration: int, words: str) -> None:
    _, whom, sure, _ = about_story(story(*sources), corroboration).lines
    assert f"told by {', '.join(sources)}; first seen 2026-11-20 12:00 UTC." in whom
    assert sure == f"Confidence 52%; {words}."
