"""`doctor` reads a feed as the poller does, and asks a running poller how late it saw the articles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY, start_http_server

from services.common.errors import NeverWorks
from services.common.runtime.metrics import SOURCE_LAG
from services.common.runtime.ports import free_port
from services.common.settings.settings import Settings
from services.data_ingestor.news.rss.source import FeedConfig
from services.operations.checks.feeds import check_feed
from tests.support.news.news_feed_server import FeedServer, reply
from tests.support.news.news_samples import Item, rss


def test_a_feed_of_a_running_poller() -> None:
    half_an_hour_ago = datetime.now(UTC) - timedelta(minutes=30)
    port = free_port()
    with FeedServer() as server:
        server.set("/rss", reply(rss([Item(published=half_an_hour_ago)])))
        source = FeedConfig(name="checked", url=server.url + "/rss")
        settings = Settings(api_services=(f"news_poller=127.0.0.1:{port}",))
        assert "the newest of them 30 min old" in check_feed(settings, source)
        metrics, thread = start_http_server(port, addr="127.0.0.1", registry=REGISTRY)
        try:
            SOURCE_LAG.labels("checked").observe(60)
            assert "seen 1 min after publication" in check_feed(settings, source)
            SOURCE_LAG.labels("checked").observe(3 * 3600)
            with pytest.raises(NeverWorks, match="seen 1 h 30 min after publication"):
                check_feed(settings, source)
        finally:
            metrics.shutdown()
            metrics.server_close()
            thread.join()
