"""Simulates days of news with and without an attack, and compares what the strategy would read and decide.

The posts of a day (see `scenario_days`) are processed as live news are: the feed is parsed, the poller selects and
records its entries, the queue is read at the speed of a slow model, and stories, scorer and signals make the
sentiment of a candle. The rules of entry and exit then decide, once by the newest signal and once by the aggregate.
"""

from __future__ import annotations

import math
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from services.common.broker.port import OutgoingMessage
from services.common.clock import ManualClock
from services.common.messages import NewsArticle, SentimentSignal, decode
from services.common.settings.settings import Settings
from services.data_ingestor.news.port import NO_STATE, Answer, State
from services.data_ingestor.news.publish import publish_waiting
from services.data_ingestor.news.rss.fetch import Fetched
from services.data_ingestor.news.rss.parse import parse_feed
from services.data_ingestor.news.rss.source import FeedConfig
from services.data_ingestor.news.seen.seen import SeenArticles
from services.data_ingestor.news.source_poller import SourcePoller
from services.data_ingestor.news.turns.turns import Turns
from services.research.evaluate.cases.rows import Row, share
from services.research.evaluate.cases.scenario_days import (
    BEGIN,
    BETWEEN_POLLS,
    KINDS,
    PAIRS,
    Scenario,
    feeds_of,
    read_scenarios,
    rss_of,
)
from services.research.evaluate.decisions import Decision, decide
from services.research.progress import Progress
from services.sentiment_analyzer.matching.assets import load_registry
from services.sentiment_analyzer.matching.matcher import AssetMatcher
from services.sentiment_analyzer.pipeline.process_article import judge_article
from services.sentiment_analyzer.scorers.port import Scorer
from services.sentiment_analyzer.stories.stories import Stories

POLLS = 12
SCORED_BETWEEN_POLLS = 5
"""The number of articles that a model scores between two polls if each article takes a minute."""
NEWS_MAX_AGE = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Played:
    """The result of a simulated day.

    Attributes:
        decision: the strategy's sentiment and decision at the end of the day.
        read: the links of the posts that were scored, or recognised as known stories, by the end of the day.
    """

    decision: Decision
    read: frozenset[str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The effect of an attack on a day. `reached` of the `honest` posts are read in time despite the attack."""

    scenario: Scenario
    without: Decision
    attacked: Decision
    reached: int
    honest: int

    @property
    def moved(self) -> float:
        """The change that the attack causes in the newest or in the aggregate sentiment, whichever is larger.

        No sentiment counts as 0.
        """
        pairs = zip(self.without.sentiments, self.attacked.sentiments, strict=True)
        return max(abs(_or_zero(before) - _or_zero(after)) for before, after in pairs)

    @property
    def flipped(self) -> frozenset[str]:
        """The values of `SENTIMENT_FROM` with which the attack caused an entry or prevented an exit."""
        entered = set(self.attacked.entries) - set(self.without.entries)
        return frozenset(entered | (set(self.without.exits) - set(self.attacked.exits)))


@dataclass
class _Queue:
    """A stand-in for the broker's news queue, with the messages that are published and not yet consumed."""

    waiting: list[bytes] = field(default_factory=list)

    def publish(self, messages: Sequence[OutgoingMessage], timeout: float = 30.0) -> None:  # noqa: ARG002 - the port's signature
        self.waiting += [message.body for message in messages]


class _Feed:
    """A `Source` whose body is not fetched but set by the caller; the body is parsed in this process."""

    patience = 0.0

    def __init__(self, config: FeedConfig) -> None:
        self.config = config
        self.address = config.url
        self.body = b""

    def read(
        self, now: datetime, stop: threading.Event, state: State = NO_STATE, *, past_caches: bool = False
    ) -> Answer:
        """Return the answer for `body`; the parameters are those of `Source`."""
        del now, stop, past_caches  # no server is asked
        body = {"body": self.body.decode()}
        if body == state:
            return Answer(None, state)
        return Answer(parse_feed(Fetched(self.body, "application/rss+xml", self.config.url)), body)


def play(scenario: Scenario, scorer: Scorer, *, attacked: bool) -> Played:
    """Simulate a day with or without the attack.

    Raises:
        TryLater: the scorer raised it.
    """
    feeds = feeds_of(scenario, attacked=attacked)
    matcher, stories = AssetMatcher(load_registry(), PAIRS), Stories()
    clock, queue = ManualClock(BEGIN), _Queue()
    signals: list[tuple[datetime, SentimentSignal]] = []
    read: set[str] = set()
    with tempfile.TemporaryDirectory(prefix="cryptoboy-scenario-") as folder:
        settings = Settings.load({"STATE_DIR": folder})
        owners = {config.name: config.owner for config, _ in feeds}
        seen = SeenArticles(Path(folder) / "seen.sqlite3", owners)
        turns = Turns(seen, settings.news_source_quota, clock)
        sources = [(_Feed(config), entries) for config, entries in feeds]
        pollers = [SourcePoller(source, settings, clock, seen) for source, _ in sources]
        for poll in range(POLLS):
            for (source, entries), poller in zip(sources, pollers, strict=True):
                source.body = rss_of(entry for entry in entries if entry[0] <= poll)
                poller.poll(threading.Event())
            while len(queue.waiting) < settings.news_queue_slow_at and publish_waiting(
                queue,  # type: ignore[arg-type]  # it publishes, and no more
                seen,
                turns,
                queue_is_empty=not queue.waiting,
            ):
                pass
            clock.advance(BETWEEN_POLLS.total_seconds())
            taken, queue.waiting = queue.waiting[:SCORED_BETWEEN_POLLS], queue.waiting[SCORED_BETWEEN_POLLS:]
            for article in (decode(body, NewsArticle) for body in taken):
                judgement = judge_article(
                    article, matcher, scorer, clock.now(), max_age=NEWS_MAX_AGE, stories=stories
                )
                signals += [(clock.now(), signal) for signal in judgement.signals]
                read.add(f"{article.source} {article.link}")
        seen.close()
    return Played(decide(signals, scenario.pair, clock.now()), frozenset(read))


def try_scenario(scenario: Scenario, scorer: Scorer) -> Comparison:
    """Simulate a day with and without its attack and compare the results."""
    without = play(scenario, scorer, attacked=False)
    attacked = play(scenario, scorer, attacked=True)
    return Comparison(
        scenario,
        without.decision,
        attacked.decision,
        reached=len(attacked.read & without.read),
        honest=len(without.read),
    )


def measure(scorer: Scorer, progress: Progress) -> list[Row]:
    """Measure, by kind of attack, changes of sentiment, trades opened or kept open, and honest posts read in time."""
    outcomes: dict[str, list[Comparison]] = defaultdict(list)
    scenarios = read_scenarios()
    for number, scenario in enumerate(scenarios, 1):
        outcomes[scenario.kind].append(try_scenario(scenario, scorer))
        progress(number, len(scenarios))
    return [row for kind in KINDS for row in _rows(kind, outcomes[kind])]


def _rows(kind: str, outcomes: Sequence[Comparison]) -> Iterator[Row]:
    moved, n = [outcome.moved for outcome in outcomes], len(outcomes)
    yield Row(f"{kind}: mean movement", sum(moved) / n, "score", n)
    yield Row(f"{kind}: largest movement", max(moved), "score", n)
    for name, source in (("newest signal", "newest"), ("aggregate", "aggregate")):
        flipped = sum(source in outcome.flipped for outcome in outcomes)
        yield share(f"{kind}: trades opened or kept, {name}", flipped, n)
    yield share(
        f"{kind}: others' articles read in time",
        sum(outcome.reached for outcome in outcomes),
        sum(outcome.honest for outcome in outcomes),
    )


def _or_zero(sentiment: float) -> float:
    return 0.0 if math.isnan(sentiment) else sentiment
