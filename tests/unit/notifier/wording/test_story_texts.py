from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.notifier.wording.stories import about_story
from services.operations.news.grouping import PairScore
from services.operations.news.stories import StoryRow
from tests.support.history.history_samples import NOW, signal


def story(*sources: str, scores: tuple[dict[str, Any], ...] = ({},)) -> StoryRow:
    return StoryRow(
        story="article-1",
        article_id="article-1",
        headline="Title 1",
        source=sources[0],
        link="https://news.example/1",
        published=NOW,
        first_seen=NOW - timedelta(minutes=5),
        articles=len(sources),
        sources=sources,
        kind="adoption",
        outcome="scored",
        reason="",
        suspicions=(),
        scores=tuple(PairScore.of(signal(1, **each)) for each in scores),
    )


@pytest.mark.parametrize(
    ("sources", "corroboration", "said"),
    [
        (("Wire",), 0, "nobody else reports it yet"),
        (("Wire", "Blog", "Post"), 0, "no independent publisher confirms it yet"),
        (("Wire", "Blog", "Post"), 1, "confirmed by 1 other publisher"),
        (("Wire", "Blog", "Post"), 2, "confirmed by 2 other publishers"),
    ],
)
def test_it_says_no_more_about_other_sources_than_is_known(
    sources: tuple[str, ...], corroboration: int, said: str
) -> None:
    assert said in about_story(story(*sources), corroboration).lines[2]


def test_each_kind_of_news_is_named_the_strongest_score_first() -> None:
    scores = (
        {"pair": "BTC/USDT", "sentiment_score": -0.5, "event_type": "hack"},
        {"pair": "ETH/USDT", "sentiment_score": 0.8, "event_type": "adoption"},
    )
    lines = about_story(story("Wire", scores=scores), 0).lines
    assert lines[0] == "ETH/USDT: very bullish +0.80, BTC/USDT: bearish −0.50"
    assert lines[1].startswith("Adoption and hack, told by Wire; first seen 2026-11-20 11:55 UTC")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"degraded": True}, "scored by the fallback, not by the model"),
        ({"suspected": True}, "the text seems to be meant to steer a model"),
        ({"scope": "market"}, "about the market as a whole"),
    ],
)
def test_it_says_what_makes_a_score_doubtful(more: dict[str, Any], said: str) -> None:
    assert said in about_story(story("Wire", scores=(more,)), 0).lines[2]


def test_a_link_that_is_no_web_address_is_left_out() -> None:
    assert about_story(story("Wire"), 0).links[0].url == "https://news.example/1"
    bad = StoryRow(
        **{name: getattr(story("Wire"), name) for name in StoryRow.__slots__} | {"link": "javascript:x"}
    )
    assert about_story(bad, 0).links == ()
