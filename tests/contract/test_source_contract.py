"""What every kind of news source must do, whatever it reads. `Source` in news/port.py says it in words.

A further kind is one entry in tests/support/news/source_kinds.py.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from services.common.clock import ManualClock
from services.common.errors import NeverWorks, StopProgram, TryLater
from services.common.settings.settings import Settings
from services.data_ingestor.news import sources
from services.data_ingestor.news.port import (
    MAX_CONTENT,
    MAX_ENTRIES,
    MAX_SUMMARY,
    MAX_TITLE,
    NO_STATE,
    Answer,
    Entry,
    Listing,
)
from services.data_ingestor.news.seen.seen import SeenArticles
from services.data_ingestor.news.source_poller import SourcePoller
from services.data_ingestor.news.sources import load_sources
from services.data_ingestor.news.urls import usable_link
from tests.support.news.news_samples import NOW, Item, numbered
from tests.support.news.source_kinds import PUBLISHERS, Publisher, example_config

MARKUP = "<b>Bitcoin</b>\n &amp; ether\u200b rise <script>alert(1)</script>"


@pytest.fixture(params=PUBLISHERS)
def publisher(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Publisher]:
    running = PUBLISHERS[request.param](tmp_path)
    yield running
    running.close()


def read(publisher: Publisher, known: Answer | None = None, *, past_caches: bool = False) -> Answer:
    state = known.state if known else NO_STATE
    return publisher.source.read(NOW, threading.Event(), state, past_caches=past_caches)


def listed(answer: Answer) -> Listing:
    assert answer.listing is not None
    return answer.listing


def titles(answer: Answer) -> list[str]:
    return [entry.title for entry in listed(answer).entries]


def test_entries_come_in_the_order_of_the_source_with_what_it_says_of_them(publisher: Publisher) -> None:
    items = [
        Item(
            title="Bitcoin climbs", link="https://paper.example/a", description="Why.", content="All of it."
        ),
        Item(title="Ether rests", link="https://paper.example/b", published=NOW - timedelta(hours=3)),
    ]
    publisher.publish(items)

    first, second = listed(read(publisher)).entries

    assert (first.title, first.link) == ("Bitcoin climbs", "https://paper.example/a")
    assert {first.summary, first.content} == {"Why.", "All of it."}
    assert (first.published, second.published) == (NOW, NOW - timedelta(hours=3))


def test_what_the_source_does_not_give_is_empty_and_no_date_is_invented(publisher: Publisher) -> None:
    publisher.publish([Item(title="Bitcoin climbs", link=None, published=None)])

    (entry,) = listed(read(publisher)).entries

    assert entry == Entry("Bitcoin climbs", "", "", "", None)


@pytest.mark.parametrize(
    "item",
    [
        Item(title=MARKUP, description=MARKUP, content=MARKUP),
        Item(title="x " * MAX_TITLE, description="y " * MAX_SUMMARY, content="z " * MAX_CONTENT),
        Item(link="https://me:secret@paper.example/a#part", published="in the afternoon"),
        Item(link="javascript:alert(1)", published=(NOW + timedelta(hours=5)).astimezone()),
        Item(link="https://paper.example/" + "a" * 5_000),
    ],
)
def test_an_entry_is_bounded_plain_text_with_a_web_address_and_a_time_in_utc(
    publisher: Publisher, item: Item
) -> None:
    publisher.publish([item])
    try:
        (entry,) = listed(read(publisher)).entries
    except NeverWorks:  # it may refuse them, but not let them through
        return

    bounds = ((entry.title, MAX_TITLE), (entry.summary, MAX_SUMMARY), (entry.content, MAX_CONTENT))
    for text, most in bounds:
        assert len(text) <= most
        assert text.isprintable()
        assert "<" not in text
    assert entry.link == usable_link(entry.link)
    assert all(entry.marks)
    for moment in (entry.published, entry.no_later_than):
        assert moment is None or moment.tzinfo is UTC


def test_entries_beyond_the_bound_are_left_out_and_counted(publisher: Publisher) -> None:
    publisher.publish(numbered(MAX_ENTRIES + 3))

    listing = listed(read(publisher))

    assert (len(listing.entries), listing.left_out) == (MAX_ENTRIES, 3)


def test_a_source_without_entries_is_well(publisher: Publisher) -> None:
    publisher.publish([])

    assert listed(read(publisher)).entries == ()


def test_with_the_state_of_an_answer_it_lists_only_what_has_changed_since(publisher: Publisher) -> None:
    publisher.publish(numbered(1))
    first = read(publisher)

    assert read(publisher, first).listing is None
    again = read(publisher, read(publisher, first))
    assert again.listing is None

    publisher.publish(numbered(2))
    assert len(titles(read(publisher, again))) == 2


def test_an_answer_whose_entries_were_not_noted_comes_again(publisher: Publisher) -> None:
    publisher.publish(numbered(1))
    first = read(publisher)
    publisher.publish(numbered(2))
    lost = read(publisher, first)

    assert titles(read(publisher, first)) == titles(lost)
    assert titles(read(publisher)) == titles(lost)


def test_asked_past_caches_it_sees_what_has_changed(publisher: Publisher) -> None:
    publisher.publish(numbered(1))
    first = read(publisher)
    publisher.publish(numbered(2))

    assert len(titles(read(publisher, first, past_caches=True))) == 2


def test_a_source_that_is_away_is_tried_later_and_goes_on_where_it_was(publisher: Publisher) -> None:
    publisher.publish(numbered(1))
    first = read(publisher)
    publisher.go_away()
    with pytest.raises(TryLater):
        read(publisher, first)

    publisher.publish(numbered(1))

    assert len(titles(read(publisher))) == 1


def test_what_is_no_list_of_articles_is_refused_and_mended_by_the_next_answer(publisher: Publisher) -> None:
    publisher.spoil()
    with pytest.raises(NeverWorks):
        read(publisher)

    publisher.publish(numbered(1))

    assert len(titles(read(publisher))) == 1


def test_a_read_that_hangs_ends_soon_after_the_service_stops(publisher: Publisher) -> None:
    publisher.publish(numbered(1))
    publisher.hang()
    stop = threading.Event()
    stop.set()

    with contextlib.suppress(TryLater):  # long before its time limit, else the test is given up
        publisher.source.read(NOW, stop)


def test_its_time_limit_is_a_number_and_its_address_shows_no_secret(publisher: Publisher) -> None:
    assert 0 < publisher.source.patience < math.inf
    assert publisher.source.address
    assert "hidden" not in publisher.source.address + repr(publisher.config)


def test_the_steps_after_it_note_its_articles(publisher: Publisher, tmp_path: Path) -> None:
    seen = SeenArticles(tmp_path / "seen.sqlite3")
    poller = SourcePoller(publisher.source, Settings(), ManualClock(NOW), seen)
    publisher.publish([*numbered(2), Item(title="A recipe for bread", link="https://paper.example/bread")])
    poller.poll(threading.Event())
    publisher.go_away()
    poller.poll(threading.Event())
    assert not poller.state.answers
    publisher.publish(numbered(3))
    poller.poll(threading.Event())

    assert poller.state.answers
    assert [("number 2" in each.body.decode()) for each in seen.waiting(10)] == [False, False, True]
    seen.close()


def test_a_kind_of_source_is_one_entry_and_chosen_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "KINDS", {**sources.KINDS, "file": example_config()})
    file = tmp_path / "sources.toml"
    feed = '[[source]]\nname = "paper"\nurl = "https://paper.example/rss"\n'
    file.write_text(f'{feed}[[source]]\nkind = "file"\nname = "scraper"\npath = "news.jsonl"\n')
    assert [each.kind for each in load_sources(file)] == ["rss", "file"]

    file.write_text(f'{feed}[[source]]\nkind = "file"\nname = "scraper"\nurl = "https://paper.example/rss"\n')
    with pytest.raises(StopProgram, match=r"entry 2 \(scraper\), field path: Field required"):
        load_sources(file)
