"""Implements news sources for RSS and Atom feeds. Feeds are fetched and parsed in processes that can be killed."""

from __future__ import annotations

import hashlib
import threading
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from services.common.settings.settings import Settings
from services.data_ingestor.news.port import NO_STATE, Answer, SourceConfig, State
from services.data_ingestor.news.rss.fetch import FeedRequest, NotModified, fetch
from services.data_ingestor.news.rss.isolated import run_isolated
from services.data_ingestor.news.rss.parse import parse_feed
from services.data_ingestor.news.urls import check_url, shown

PARSE_SECONDS = 30.0
FETCH_GRACE_SECONDS = 1.0
"""The time after NEWS_TIMEOUT during which the fetching process can still report how far the fetch got."""


class FeedConfig(SourceConfig):
    """The configuration of a feed. With `own_network` the host of `url` may have an address that is not public."""

    kind: Literal["rss"] = "rss"
    url: Annotated[str, AfterValidator(check_url), Field(repr=False)]
    own_network: bool = False

    def open(self, settings: Settings) -> Feed:
        """See `SourceConfig`."""
        return Feed(self, settings)


class Feed:
    """A feed as a `Source`. Its state consists of the validators and the body's digest of the last answer."""

    def __init__(self, config: FeedConfig, settings: Settings, parse_seconds: float = PARSE_SECONDS) -> None:
        self.config = config
        self.address = shown(config.url)
        self._settings = settings
        self._fetch_seconds = settings.news_timeout + FETCH_GRACE_SECONDS
        self._parse_seconds = parse_seconds
        self.patience = self._fetch_seconds + parse_seconds

    def read(
        self, now: datetime, stop: threading.Event, state: State = NO_STATE, *, past_caches: bool = False
    ) -> Answer:
        """See `Source`."""
        validators = NO_STATE if past_caches else state
        request = FeedRequest(
            url=self.config.url,
            user_agent=self._settings.news_user_agent,
            timeout=self._settings.news_timeout,
            max_bytes=self._settings.news_max_feed_bytes,
            now=now,
            etag=validators.get("etag", "").encode("latin-1"),
            last_modified=validators.get("last_modified", "").encode("latin-1"),
            past_caches=past_caches,
            own_network=self.config.own_network,
        )
        answer = run_isolated(
            fetch, request, seconds=self._fetch_seconds, stop=stop, doing="fetching the feed"
        )
        if isinstance(answer, NotModified):
            return Answer(None, state)
        digest = hashlib.sha256(answer.body).hexdigest()
        unchanged = digest == state.get("digest")
        # latin-1 converts each byte of a header to one character.
        etag, last_modified = answer.etag.decode("latin-1"), answer.last_modified.decode("latin-1")
        state = {"etag": etag, "last_modified": last_modified, "digest": digest}
        if unchanged:
            return Answer(None, state)
        listing = run_isolated(
            parse_feed, answer, seconds=self._parse_seconds, stop=stop, doing="parsing the feed"
        )
        return Answer(listing, state)
