from __future__ import annotations

import pytest
import requests

from services.data_ingestor.news.rss.fetch import FeedRequest, Fetched, fetch
from tests.support.news.news_feed_server import FeedServer, reply
from tests.support.news.news_samples import NOW, Item, rss
from tests.support.servers.socks_proxy import SocksProxy

FEED = rss([Item()])


def test_a_feed_is_fetched_through_a_socks_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with FeedServer() as feeds:
        port = int(feeds.set("/rss", reply(FEED)).split(":")[2].split("/")[0])
        with SocksProxy(port) as proxy:
            monkeypatch.setenv("ALL_PROXY", proxy.url)
            answer = fetch(FeedRequest("http://feed.example/rss", "Reader/1", 30, 1_000_000, NOW))
            # What Freqtrade asks with has its own support for SOCKS.
            text = requests.get("http://rates.example/rss", timeout=30).content
    assert isinstance(answer, Fetched)
    assert answer.body == text == FEED
    assert proxy.asked == [("feed.example", 80), ("rates.example", 80)]
