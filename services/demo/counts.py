"""Counts the messages that entered and left the pipeline in a run, and those that are missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.launch.probes import Samples

COUNTING = ("news_poller", "sentiment_processor", "signal_cacher", "market_streamer")
"""The services whose metrics are counted."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of one run. Every article and every signal is counted in exactly one place.

    Attributes:
        articles_ended: articles that were scored, that the scorer abstained from, or that concern no traded pair.
        waiting: messages still in a queue or being handled.
        silent: services that did not answer; the counts of their last answers are used.
    """

    articles_published: int
    articles_ended: int
    signals_published: int
    signals_cached: int
    signals_repeated: int
    candles_published: int
    dead_lettered: int
    waiting: int
    silent: tuple[str, ...] = ()

    @property
    def messages_lost(self) -> int:
        """Messages that were confirmed as published and are missing now."""
        articles = self.articles_published - self.articles_ended
        signals = self.signals_published - self.signals_cached - self.signals_repeated
        return max(articles + signals - self.dead_lettered - self.waiting, 0)


def count_messages(
    metrics: Mapping[str, Samples], waiting: int, dead_lettered: int, silent: tuple[str, ...] = ()
) -> Counts:
    """Add up the counts of all services.

    Args:
        metrics: the samples of each service of `COUNTING` by its name.
        waiting: messages now in the queues of news and signals, retries included.
        dead_lettered: the number of dead letters from these queues now, without those from before the run.
        silent: services whose samples are out of date.
    """
    cacher, processor = metrics["signal_cacher"], metrics["sentiment_processor"]
    cached = cacher.total("cryptoboy_signals_cached_total")
    repeated = cacher.total("cryptoboy_signals_cached_total", outcome="duplicate")
    return Counts(
        articles_published=metrics["news_poller"].total("cryptoboy_articles_published_total"),
        articles_ended=_articles_ended(processor),
        signals_published=processor.total("cryptoboy_signals_published_total"),
        signals_cached=cached - repeated,
        signals_repeated=repeated,
        candles_published=metrics["market_streamer"].total("cryptoboy_candles_published_total"),
        dead_lettered=dead_lettered,
        waiting=waiting,
        silent=silent,
    )


def _articles_ended(processor: Samples) -> int:
    everything = processor.total("cryptoboy_articles_scored_total")
    not_ended = sum(
        processor.total("cryptoboy_articles_scored_total", outcome=outcome)
        for outcome in ("dead_lettered", "retried", "released")
    )
    return everything - not_ended
