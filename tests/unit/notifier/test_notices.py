from __future__ import annotations

from services.notifier.happening import Importance, Kind
from services.notifier.message import Link, Message, as_html, as_text
from services.notifier.notice import notice_from_json
from tests.support.notifier.samples import notice


def test_a_notice_is_the_same_after_it_was_stored() -> None:
    one = notice(
        "story:1",
        Importance.URGENT,
        kind=Kind.BRIEF,
        pairs=("BTC/USDT",),
        sources=("Wire",),
        story="1",
        article="1",
        trade="bot/1",
        scores=(("BTC/USDT", -0.83), ("BTC", 0.1)),
        rich=("<b>x</b>",),
        message=Message("Title", ("line",), (Link("Wire", "https://news.example/"),)),
    )
    assert notice_from_json(one.as_json()) == one


def test_a_message_is_written_with_its_links_and_escaped_as_html() -> None:
    message = Message("A < B", ("x & y",), (Link("Wire", 'https://news.example/?a=1&b="'),))
    assert as_text(message) == 'A < B\nx & y\nWire: https://news.example/?a=1&b="'
    assert as_html(message) == (
        '<b>A &lt; B</b>\nx &amp; y\n<a href="https://news.example/?a=1&amp;b=&quot;">Wire</a>'
    )
