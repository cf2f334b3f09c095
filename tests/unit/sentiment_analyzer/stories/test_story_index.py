"""Which of the tellings that are remembered a new one is compared with."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sentiment_analyzer.stories import index as story_index
from services.sentiment_analyzer.stories.index import StoryIndex
from services.sentiment_analyzer.stories.match import Telling

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HARBOUR = "Harbour canner granite lisbon convertible notes"


def telling(article_id: str, title: str) -> Telling:
    return Telling(article_id, NOON, title, "", frozenset())


def index_of(*tellings: Telling) -> StoryIndex:
    index = StoryIndex()
    for each in tellings:
        index.add(each, each.article_id)
    return index


def test_tellings_that_share_the_most_words_are_compared_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story_index, "MOST_COMPARED", 1)
    like = [telling(f"a{n}", f"Harbour canner granite village{n} orchard{n} tower{n}") for n in range(4)]
    index = index_of(*like[:2], telling("z", HARBOUR), *like[2:])

    assert index.find(telling("new", HARBOUR)) == "z"


@given(st.permutations(range(6)))
def test_of_tellings_that_share_as_many_words_the_order_of_coming_chooses_none(order: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(story_index, "MOST_COMPARED", 2)
        index = index_of(*(telling(f"a{number}", HARBOUR) for number in order))

        assert (
            index.find(telling("new", HARBOUR)) == "a1"
        )  # the first two ids are compared, the last of them wins


def test_words_that_many_tellings_have_find_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story_index, "COMMON_NOW", 3)
    index = index_of(*(telling(f"a{number}", HARBOUR) for number in range(3)))
    assert index.find(telling("new", HARBOUR)) is not None

    index.add(telling("a3", HARBOUR), "a3")

    assert index.find(telling("new", HARBOUR)) is None


def test_two_shared_words_are_too_few() -> None:
    index = index_of(telling("a", "Harbour canner"))

    assert index.find(telling("new", "Harbour canner")) is None
