from __future__ import annotations

from datetime import timedelta

from services.data_ingestor.news.port import Entry
from services.data_ingestor.news.rss.fetch import Fetched
from services.data_ingestor.news.rss.parse import parse_feed
from services.data_ingestor.news.seen.article_id import article_id, former_id
from services.data_ingestor.news.seen.identity import former_ids, identify
from tests.support.news.news_samples import NOW, Item, rss

LIVE = "https://paper.example/live"
TITLES = ("Bitcoin climbs", "Ether slides", "BNB burns coins")


def ids(*items: Item, guids: tuple[str, ...] = ()) -> list[str]:
    """The ids of a feed's entries, which are all expected to be told apart or to be one."""
    parts = [item.xml() for item in items]
    if guids:
        tagged = zip(parts, guids, strict=True)
        parts = [
            part.replace("</item>", f'<guid isPermaLink="false">{guid}</guid></item>')
            for part, guid in tagged
        ]
    feed = parse_feed(Fetched(rss("".join(parts)), "application/rss+xml", "https://paper.example/rss"))
    return list(identify(feed.entries, "paper"))


def one_link(link: str | None) -> list[Item]:
    return [Item(title=title, link=link) for title in TITLES]


def test_entries_with_one_link_are_told_apart_by_the_feeds_ids_for_them() -> None:
    found = ids(*one_link(LIVE), guids=("1", "2", "3"))
    assert len(found) == 3
    corrected = [Item(title=f"{title}, corrected", link=LIVE) for title in TITLES]
    assert ids(*corrected, guids=("1", "2", "3")) == found


def test_what_is_the_same_for_all_of_them_does_not_identify_them() -> None:
    for link in (LIVE, "https://paper.example/", "https://paper.example", None):
        assert len(ids(*one_link(link))) == 3
        assert len(ids(*one_link(link), guids=("tag", "tag", "tag"))) == 3


def test_the_choice_for_one_entry_does_not_depend_on_how_many_others_there_are() -> None:
    first, second, third = one_link(LIVE)
    assert set(ids(first, second)) < set(ids(first, second, third))
    assert set(ids(third, first)) < set(ids(third, second, first))


def test_a_fragment_or_a_parameter_for_tracking_tells_entries_apart_where_nothing_else_does() -> None:
    for link in (LIVE + "#post-{}", LIVE + "?ref={}"):
        items = [Item(title=title, link=link.format(number)) for number, title in enumerate(TITLES)]
        found = ids(*items)
        assert len(found) == 3
        retitled = [Item(title=f"{item.title}!?", link=item.link) for item in items]
        assert ids(*retitled) == found


def test_a_script_page_shows_an_article_for_each_route() -> None:
    for link in ("https://paper.example/#!/news/{}", "https://paper.example/app#/news/{}"):
        items = [Item(title=title, link=link.format(number)) for number, title in enumerate(TITLES)]
        assert ids(*items) == [article_id(item.link or "", "paper", "") for item in items]
        assert len(set(ids(*items))) == 3


def test_the_identity_of_an_entry_whose_link_is_its_own_is_that_link() -> None:
    items = [Item(title=title, link=f"{LIVE}/{number}#comments") for number, title in enumerate(TITLES)]
    assert ids(*items, guids=("1", "1", "2")) == [
        article_id(f"{LIVE}/{number}", "paper", "") for number in range(3)
    ]


def test_one_article_that_is_listed_twice_is_one() -> None:
    again = Item(link=f"{LIVE}?utm_source=rss#top", published=NOW + timedelta(days=1))
    assert len(ids(Item(link=LIVE), again, guids=("1", "2"))) == 1
    assert len(ids(Item(link=None), Item(link=None))) == 1


def test_a_title_without_a_link_may_recur_on_another_day() -> None:
    days = [
        Item(title="Crypto market wrap", link=None, published=NOW - timedelta(days=day)) for day in range(3)
    ]
    assert len(ids(*days, days[0])) == 3


def test_no_entry_of_one_source_has_the_id_of_one_of_another() -> None:
    marks = ("the-rivals-guid",)
    entries = [
        *(Entry(title, LIVE, "", "", NOW, marks=marks) for title in TITLES),
        Entry(TITLES[0], f"{LIVE}/1", "", "", NOW, marks=marks),
        Entry("Crypto market wrap", "", "", "", NOW, marks=marks),
        Entry("Crypto market wrap", "", "", "", NOW - timedelta(days=1), marks=marks),
        Entry(TITLES[2], "", "", "", None),
        Entry("\n".join(("other", *TITLES)), "", "", "", None),
    ]
    assert len(identify(entries, "paper")) == len(entries)
    assert not identify(entries, "paper").keys() & identify(entries, "other").keys()


def test_only_what_a_link_identifies_had_another_id_before() -> None:
    own = Entry(TITLES[0], f"{LIVE}/1", "", "", NOW)
    entries = [
        own,
        *(Entry(title, LIVE, "", "", NOW) for title in TITLES),
        Entry("Bitcoin", "", "", "", NOW),
    ]
    identified = identify(entries, "paper")
    assert former_ids(identified, "paper") == {article_id(own.link, "paper", ""): former_id(own.link)}


def test_an_entry_without_a_title_has_no_id() -> None:
    assert identify([Entry("", LIVE, "", "", NOW)], "paper") == {}
