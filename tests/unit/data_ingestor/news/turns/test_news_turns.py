from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from services.common.clock import ManualClock
from services.common.messages import NewsArticle
from services.data_ingestor.news.seen.seen import SeenArticles
from services.data_ingestor.news.turns.turns import SPARE_BATCH, Turns, in_turns
from tests.support.news.news_samples import NOW

OWNERS = {"flood": "", "feed1": "house", "feed2": "house", "paper": ""}
QUOTA = 100


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[SeenArticles]:
    articles = SeenArticles(tmp_path / "seen.sqlite3", OWNERS)
    yield articles
    articles.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


def note(seen: SeenArticles, source: str, count: int, first: int = 0) -> None:
    """Articles a second apart, noted oldest first, of which the last has the highest number."""
    articles = [
        NewsArticle(
            article_id=f"{source}-{number}",
            source=source,
            title="Bitcoin climbs",
            link="",
            published=NOW - timedelta(seconds=10_000 - number),
            fetched_at=NOW,
        )
        for number in range(first, first + count)
    ]
    seen.note(articles, [], source, NOW)


def batch(turns: Turns, most: int = 50, *, queue_is_empty: bool = False) -> list[str]:
    """The ids of the next batch, which is published."""
    articles = turns.next_batch(most, queue_is_empty=queue_is_empty)
    turns.confirm(articles)
    return [article.article_id for article in articles]


def metric(name: str, source: str) -> float | None:
    return REGISTRY.get_sample_value(name, {"source": source})


def test_turns_go_round() -> None:
    assert in_turns([["a1", "a2", "a3"], [], ["b1"], ["c1", "c2"]], 5) == ["a1", "b1", "c1", "a2", "c2"]
    assert in_turns([], 5) == []


def test_whoever_floods_delays_nobody_who_has_few_articles(seen: SeenArticles, clock: ManualClock) -> None:
    note(seen, "flood", 1_000)
    note(seen, "paper", 2)
    assert batch(Turns(seen, QUOTA, clock), 5) == [
        "flood-900",
        "paper-0",
        "flood-901",
        "paper-1",
        "flood-902",
    ]


def test_several_sources_of_one_owner_have_one_turn(seen: SeenArticles, clock: ManualClock) -> None:
    for source in ("feed1", "feed2", "paper"):
        note(seen, source, 10)
    found = batch(Turns(seen, QUOTA, clock), 8)
    assert sum(one.startswith("paper") for one in found) == 4


def test_the_owner_who_published_least_recently_is_first(seen: SeenArticles, clock: ManualClock) -> None:
    turns = Turns(seen, QUOTA, clock)
    for number, source in enumerate(("paper", "flood")):
        note(seen, source, 1)
        clock.advance(number)
        assert batch(turns) == [f"{source}-0"]
    note(seen, "flood", 2, first=1)
    note(seen, "paper", 2, first=1)
    clock.advance(1)
    assert batch(turns, 1) == ["paper-1"]
    clock.advance(1)
    assert batch(turns, 1) == ["flood-1"]


def test_within_the_quota_articles_go_in_the_order_in_which_they_were_noted(
    seen: SeenArticles, clock: ManualClock
) -> None:
    note(seen, "paper", 60)
    turns = Turns(seen, QUOTA, clock)
    assert batch(turns) + batch(turns) == [f"paper-{number}" for number in range(60)]


def test_beyond_the_quota_the_newest_go_first_and_the_oldest_wait(
    seen: SeenArticles, clock: ManualClock
) -> None:
    note(seen, "flood", 200)
    turns = Turns(seen, QUOTA, clock)
    assert batch(turns) + batch(turns) == [f"flood-{number}" for number in range(200 - QUOTA, 200)]
    assert batch(turns) == []
    clock.advance(3600 / QUOTA)
    note(seen, "flood", 1, first=200)
    assert batch(turns) == ["flood-200"]
    clock.advance(24 * 3600)
    assert len(batch(turns) + batch(turns) + batch(turns)) == QUOTA


def test_a_quota_is_the_same_after_a_restart(seen: SeenArticles, clock: ManualClock) -> None:
    note(seen, "flood", 200)
    first = Turns(seen, QUOTA, clock)
    assert len(batch(first) + batch(first)) == QUOTA
    assert batch(Turns(seen, QUOTA, clock)) == []


def test_what_was_not_confirmed_uses_up_no_quota(seen: SeenArticles, clock: ManualClock) -> None:
    note(seen, "flood", QUOTA)
    turns = Turns(seen, QUOTA, clock)
    for _ in range(10):
        assert len(turns.next_batch(50, queue_is_empty=False)) == 50
    assert len(batch(turns) + batch(turns)) == QUOTA


def test_into_an_empty_queue_some_are_published_beyond_the_quota_after_the_others(
    seen: SeenArticles, clock: ManualClock
) -> None:
    turns = Turns(seen, QUOTA, clock)
    note(seen, "flood", QUOTA)
    assert len(batch(turns) + batch(turns)) == QUOTA
    note(seen, "flood", 1_000, first=1_000)
    note(seen, "paper", 2)
    found = batch(turns, queue_is_empty=True)
    beyond = [f"flood-{number}" for number in range(2_000 - (SPARE_BATCH - 2), 2_000)]
    assert found == ["paper-0", "paper-1", *beyond]
    assert batch(turns) == []


def test_articles_of_a_source_that_is_not_polled_any_more_are_published(
    seen: SeenArticles, clock: ManualClock
) -> None:
    note(seen, "gone", 1)
    assert batch(Turns(seen, QUOTA, clock)) == ["gone-0"]


def test_whose_articles_wait_for_their_quota_is_shown_until_they_do_not(
    seen: SeenArticles, clock: ManualClock
) -> None:
    turns = Turns(seen, QUOTA, clock)
    note(seen, "flood", QUOTA + 10)
    note(seen, "paper", 2)
    turns.look()
    assert turns.due == QUOTA + 2
    assert metric("cryptoboy_source_articles_waiting", "flood") == QUOTA + 10
    assert metric("cryptoboy_source_over_quota", "flood") == 1
    assert metric("cryptoboy_source_over_quota", "paper") == 0
    while batch(turns):
        pass
    turns.look()
    assert turns.due == 0
    assert metric("cryptoboy_source_over_quota", "flood") == 1
    clock.advance(3600)
    assert len(batch(turns)) == 10
    turns.look()
    assert metric("cryptoboy_source_articles_waiting", "flood") == 0
    assert metric("cryptoboy_source_over_quota", "flood") == 0
