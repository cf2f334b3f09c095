from __future__ import annotations

from datetime import timedelta
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.errors import NeverWorks
from services.data_ingestor.news.port import MAX_CONTENT, MAX_ENTRIES, MAX_SUMMARY, MAX_TITLE, Entry, Listing
from services.data_ingestor.news.rss.fetch import Fetched
from services.data_ingestor.news.rss.parse import parse_feed
from services.data_ingestor.news.urls import usable_link
from tests.support.news.news_samples import NOW, Item, numbered, rss


def parsed(body: bytes, content_type: str = "application/rss+xml") -> Listing:
    return parse_feed(Fetched(body, content_type, "https://paper.example/feeds/rss"))


def only(item: Item) -> Entry:
    (entry,) = parsed(rss([item])).entries
    return entry


def test_an_rss_item_becomes_an_entry_of_plain_text() -> None:
    item = Item(
        title="Bitcoin &amp; friends",
        description="<p>Up <b>again</b>.</p>",
        content="<p>The whole <a href='/x'>story</a>.</p>",
    )
    assert only(item) == Entry(
        title="Bitcoin & friends",
        link="https://paper.example/bitcoin-climbs",
        summary="Up again.",
        content="The whole story.",
        published=NOW,
    )


def test_an_atom_entry_becomes_the_same() -> None:
    atom = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>The Paper</title><entry>
        <title>Ether rests</title><link href="/ether"/><updated>2026-03-02T13:00:00+01:00</updated>
        <summary type="html">&lt;i&gt;Calm&lt;/i&gt; seas</summary></entry></feed>"""
    (entry,) = parsed(atom, "application/atom+xml").entries
    assert entry == Entry("Ether rests", "https://paper.example/ether", "Calm seas", "", NOW)


HTML = '<a href="/x">{title}</a>&nbsp;&nbsp;<font color="#777">{publisher}</font>'
AGGREGATED = f"""<item><title>{{title}} - {{publisher}}</title><link>https://news.example/1</link>
    <description>{escape(HTML)}</description>
    <source url="https://publisher.example">{{publisher}}</source></item>"""


@pytest.mark.parametrize(
    "publisher", ["Bitcoin News", "Solana Floor", "BTC-ECHO", "Litecoin - das Blatt", "Bitcoin"]
)
def test_the_publisher_that_an_aggregator_adds_is_no_part_of_title_or_summary(publisher: str) -> None:
    feed = parsed(rss(AGGREGATED.format(title="Ether slides as funds leave", publisher=publisher)))
    (entry,) = feed.entries
    assert (entry.title, entry.summary) == ("Ether slides as funds leave", "Ether slides as funds leave")
    assert entry.written_title == f"Ether slides as funds leave - {publisher}"


def test_entries_keep_the_order_of_the_feed() -> None:
    titles = [entry.title for entry in parsed(rss(numbered(3))).entries]
    assert titles == [item.title for item in numbered(3)]


def test_what_an_entry_lacks_is_empty() -> None:
    assert only(Item(title=None, link=None, published=None)) == Entry("", "", "", "", None)


def test_a_permanent_guid_stands_in_for_a_missing_link() -> None:
    feed = parsed(rss("<item><title>Bitcoin</title><guid>https://paper.example/7</guid></item>"))
    assert feed.entries[0].link == "https://paper.example/7"


@pytest.mark.parametrize(
    "date",
    [
        "Mon, 02 Mar 2026 12:00:00 GMT",
        "Mon, 02 Mar 2026 12:00:00 Z",
        "Mon, 02 Mar 2026 07:00:00 EST",
        "Mon, 02 Mar 2026 17:30:00 +0530",
        "Tue, 03 Mar 2026 01:45:00 +1345",
        "2026-03-02T12:00:00Z",
        "2026-03-02T04:00:00-08:00",
        "Mon, 2 March 2026 12:00:00 +0000",
    ],
)
def test_a_date_of_any_zone_is_read_as_utc(date: str) -> None:
    assert only(Item(published=date)).published == NOW


@pytest.mark.parametrize("date", ["", "yesterday", "99999999999999", "31 Feb 2026", "0000-00-00T00:00:00Z"])
def test_a_date_that_is_none_is_left_out(date: str) -> None:
    assert only(Item(published=date)).published is None


def test_a_date_without_a_zone_is_no_time_in_utc() -> None:
    entry = only(Item(published="2026/03/02 12:00:00"))
    assert (entry.published, entry.no_later_than) == (None, NOW + timedelta(hours=12))


def test_a_date_that_is_not_understood_leaves_the_word_to_the_next_one() -> None:
    modified = "<dcterms:modified>2026-03-02T12:00:00Z</dcterms:modified>"
    item = f"<item><title>Bitcoin</title><pubDate>{{}}</pubDate>{modified}</item>"
    for date in ("last Monday", "2026-03-01 12:00"):
        feed = rss(item.format(date)).replace(b"<rss ", b'<rss xmlns:dcterms="http://purl.org/dc/terms/" ')
        assert parsed(feed).entries[0].published == NOW


def test_dates_that_a_pattern_fits_in_part_are_near_the_time_that_they_state_or_none_at_all() -> None:
    noon = "2026 {} 12:00"
    written = [
        "2026/03/02 12:00:00",
        "2026年03月02日 12:00",
        "2026.03.02 12:00:00",
        str(int(NOW.timestamp())),
    ]
    written += ["Mon, 02 Mar 2026 12:00:00 PM GMT", "Mon, 02 Mar 2026 21:00:00 JST", noon.format("MÄR 2")]
    for date in written:
        entry = only(Item(published=date))
        instant = entry.published or entry.no_later_than or NOW
        assert NOW - timedelta(hours=12) <= instant <= NOW + timedelta(hours=12), date


def test_lengths_are_bounded() -> None:
    entry = only(Item(title="w " * 5_000, description="w " * 50_000, content="w " * 80_000))
    assert MAX_TITLE - 3 < len(entry.title) <= MAX_TITLE
    assert MAX_SUMMARY - 3 < len(entry.summary) <= MAX_SUMMARY
    assert MAX_CONTENT - 3 < len(entry.content) <= MAX_CONTENT


def test_entries_beyond_the_bound_are_counted_and_left_out() -> None:
    feed = parsed(rss("<item><title>x</title></item>" * (MAX_ENTRIES + 5)))
    assert (len(feed.entries), feed.left_out) == (MAX_ENTRIES, 5)


@pytest.mark.parametrize(
    ("encoding", "title"),
    [
        ("utf-8", "Биткоин растёт 🚀"),
        ("utf-16", "Биткоин растёт 🚀"),
        ("big5", "比特幣上漲"),
        ("shift_jis", "ビットコイン上昇"),
        ("euc-kr", "비트코인 상승"),
        ("gb2312", "比特币上涨"),
        ("koi8-r", "Биткоин растёт"),
        ("iso-8859-1", "Bitcoin à la hausse"),
    ],
)
def test_a_feed_says_itself_how_it_is_encoded(encoding: str, title: str) -> None:
    feed = parsed(rss([Item(title=title)], encoding=encoding))
    assert feed.entries[0].title == title


def test_the_server_may_say_how_a_feed_is_encoded() -> None:
    body = rss([Item(title="Биткоин")]).replace(b' encoding="utf-8"', b"").decode().encode("koi8-r")
    assert parsed(body, "application/rss+xml; charset=koi8-r").entries[0].title == "Биткоин"


def test_bytes_that_fit_no_encoding_do_no_harm() -> None:
    feed = parsed(rss([Item(title="Bitcoin HERE climbs")]).replace(b"HERE", b"\xff\xfe\xfa"))
    assert feed.entries[0].title.startswith("Bitcoin")
    assert feed.warning


@pytest.mark.parametrize(
    "damage",
    [
        (b"</rss>", b""),
        (b"</link><pubDate>", b"</lnik><pubDate>"),
        (b"bitcoin-climbs", b"a?b&c"),
        (b"Bitcoin", b"Bit&nope;coin"),
    ],
)
def test_damage_is_a_warning_where_there_are_entries(damage: tuple[bytes, bytes]) -> None:
    feed = parsed(rss([Item()]).replace(*damage))
    assert len(feed.entries) == 1
    assert feed.warning


def test_an_empty_feed_is_a_feed_whatever_the_server_calls_it() -> None:
    assert parsed(rss([])).entries == ()
    assert parsed(rss([]), "text/plain").entries == ()
    assert parsed(rss([]), "").entries == ()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "is empty"),
        (b" \r\n\t\0", "is empty"),
        (b"hello", "is not a feed"),
        (b"<html><body>Blocked</body></html>", "is not a feed"),
        (b'{"items": []}', "is not a feed"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "is not a feed"),
        (b"<rss", "is not a feed"),
        (b"<rss><channel><item>"[:19], "is not a feed"),
    ],
)
def test_what_is_no_feed_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(NeverWorks, match=reason):
        parsed(body)


BOMB = """<!DOCTYPE rss [
<!ENTITY a "bitcoin bitcoin bitcoin"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;">
]>"""
EXTERNAL = '<!DOCTYPE rss [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
PARAMETER = '<!DOCTYPE rss [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>'


@pytest.mark.parametrize("doctype", [BOMB, EXTERNAL, PARAMETER, "<!-- <a> -->" + BOMB])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_a_feed_that_declares_entities_is_refused(doctype: str, encoding: str) -> None:
    body = f"<?xml version='1.0' encoding='{encoding}'?>{doctype}<rss><channel/></rss>".encode(encoding)
    with pytest.raises(NeverWorks, match="declares entities"):
        parsed(body)


def test_a_doctype_without_entities_is_accepted() -> None:
    doctype = b'?><!DOCTYPE rss PUBLIC "-//Paper//DTD RSS 0.91//EN" "http://127.0.0.1:9/rss.dtd"><rss'
    assert len(parsed(rss([Item()]).replace(b"?><rss", doctype)).entries) == 1


def test_an_article_about_entities_is_no_bomb() -> None:
    assert only(Item(description='How <!ENTITY a "b"> works')).title


@pytest.mark.parametrize(
    ("link", "usable"),
    [
        ("https://paper.example/a?b=c#d", "https://paper.example/a?b=c"),
        ("https://paper.example/#!/a", "https://paper.example/#!/a"),
        ("https://me:pw@paper.example/a", "https://paper.example/a"),
        ("javascript:alert(1)", ""),
        ("/relative", ""),
        ("https://[broken", ""),
        ("https://paper.example/" + "x" * 2000, ""),
        ("https://paper.example/\u202e", ""),
    ],
)
def test_only_a_web_address_is_kept_as_a_link(link: str, usable: str) -> None:
    assert usable_link(link) == usable


@given(
    st.binary(max_size=300) | st.text(alphabet="<>/!?[]&;# =\"'rsitemlnkdc\n", max_size=120).map(str.encode)
)
def test_any_bytes_are_a_feed_or_refused(body: bytes) -> None:
    try:
        feed = parsed(body)
    except NeverWorks:
        return
    assert len(feed.entries) <= MAX_ENTRIES


def test_dates_far_outside_the_calendar_do_no_harm() -> None:
    early = only(Item(published="0001-01-01T00:00:00+14:00")).published
    assert early is None
