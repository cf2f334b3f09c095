from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta

import pytest

from services.sentiment_analyzer.stories.index import StoryIndex
from services.sentiment_analyzer.stories.match import Telling, fingerprint, similarity

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
COUNTER = itertools.count()

HARBOUR = (
    "Harbour Foods raises $250 million to fill its bitcoin treasury",
    "The canner sold notes to two funds.",
)
HARBOUR_AGAIN = (
    "Canner Harbour Foods secures $250M for Bitcoin treasury plan",
    "Harbour Foods sold convertible notes to two funds on Tuesday.",
)
GRANITE = ("Granite Bank opens crypto custody in Lisbon", "The bank keeps keys for wealthy clients.")


def telling(title: str, lead: str = "", *, hours: float = 0.0, about: str = "") -> Telling:
    moment = NOON + timedelta(hours=hours)
    return Telling(f"a{next(COUNTER)}", moment, title, lead, frozenset(about.split()))


def stories_of(*tellings: Telling) -> list[str]:
    index, stories = StoryIndex(), []
    for each in tellings:
        stories.append(index.find(each) or each.article_id)
        index.add(each, stories[-1])
    return stories


def test_two_tellings_in_other_words_are_one_story_and_another_event_is_another() -> None:
    first, again, other = telling(*HARBOUR), telling(*HARBOUR_AGAIN, hours=2), telling(*GRANITE, hours=3)

    assert stories_of(first, again, other) == [first.article_id, first.article_id, other.article_id]


def test_the_same_text_word_for_word_is_one_story() -> None:
    first, again = telling(*GRANITE), telling(*GRANITE, hours=1)

    assert stories_of(first, again) == [first.article_id] * 2


@pytest.mark.parametrize(
    ("one", "other", "is_one_story"),
    [("BTC", "ETH", False), ("BTC ETH", "ETH", True), ("BTC", "", True), ("", "", True)],
)
def test_articles_about_different_assets_tell_different_stories(
    one: str, other: str, is_one_story: bool
) -> None:
    first, second = telling(*HARBOUR, about=one), telling(*HARBOUR, hours=1, about=other)

    assert (len(set(stories_of(first, second))) == 1) is is_one_story


def test_a_story_is_over_after_two_days() -> None:
    first, much_later = telling(*HARBOUR), telling(*HARBOUR, hours=49)

    assert stories_of(first, much_later) == [first.article_id, much_later.article_id]


def test_a_chain_of_retellings_does_not_make_a_story_longer() -> None:
    chain = [telling(*HARBOUR, hours=hours) for hours in (0, 30, 60)]

    assert stories_of(*chain) == [chain[0].article_id, chain[0].article_id, chain[2].article_id]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bitcoin price prediction for 1 March", "Bitcoin price prediction: bulls eye 90k"),
        ("Why is bitcoin up today?", "How high can the bitcoin price go?"),
        (
            "Best crypto to buy now as Harbour Foods raises $250M",
            "Harbour Foods raises $250M for bitcoin treasury",
        ),
        (
            "Ethereum soars to a record high on strong inflows",
            "Ethereum soars as record inflows fuel a rally",
        ),
        ("Bitcoin rises", "Bitcoin falls"),
        ("Bitcoin rises", "Bitcoin rises"),  # nothing in it says which rise
        ("", ""),
    ],
)
def test_headlines_that_tell_no_story_of_their_own_are_not_clustered(one: str, other: str) -> None:
    first, second = telling(one), telling(other, hours=1)

    assert len(set(stories_of(first, second))) == 2


def test_amounts_count_however_they_are_written() -> None:
    assert (
        fingerprint("A $1.50 billion fund, 12k miners", "").words
        == fingerprint("A 1.5B fund, 12,000 miners", "").words
    )


def test_the_further_apart_the_less_similar() -> None:
    one, other = fingerprint(*HARBOUR), fingerprint(*HARBOUR_AGAIN)

    assert similarity(one, other, timedelta(hours=1)) > similarity(one, other, timedelta(hours=20))
    assert similarity(one, other, timedelta(hours=5)) == similarity(other, one, timedelta(hours=-5))


def test_a_story_does_not_run_into_another_through_one_article_that_tells_both() -> None:
    harbour = [telling(*HARBOUR, hours=hours) for hours in (0, 1, 2)]
    both = telling("Harbour Foods raises $250 million, Granite Bank opens custody in Lisbon", hours=3)
    granite = telling(*GRANITE, hours=4)

    stories = stories_of(*harbour, both, granite)

    assert stories[-1] != stories[0]


def test_the_same_articles_in_the_same_order_give_the_same_stories() -> None:
    words = ["harbour", "granite", "lisbon", "canner", "notes", "custody", "fund", "bank", "quartz", "miners"]
    randomness = random.Random(4)
    tellings = [telling(" ".join(randomness.sample(words, 5)), hours=number / 3) for number in range(200)]

    assert stories_of(*tellings) == stories_of(*tellings)


def test_what_is_long_past_is_forgotten() -> None:
    index = StoryIndex()
    old, new = telling(*HARBOUR), telling(*GRANITE, hours=500)
    index.add(old, old.article_id)

    index.add(new, new.article_id)

    assert index.articles() == (new.article_id,)
    assert index.words() == fingerprint(*GRANITE).words
