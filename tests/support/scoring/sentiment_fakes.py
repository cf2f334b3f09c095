"""The ports of the sentiment processor in memory, each writing what happened into one journal."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from services.common.broker.port import Delivery, OutgoingMessage, QueueState
from services.common.clock import ManualClock
from services.common.messages import NewsArticle, SentimentSignal, decode
from services.common.runtime.health import DependencyHealth
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import Asset, load_registry
from services.sentiment_analyzer.matching.matcher import AssetMatcher
from services.sentiment_analyzer.pipeline.results import ResultPublisher
from services.sentiment_analyzer.pipeline.service import SentimentProcessor
from services.sentiment_analyzer.scorers.port import AssetScore, Scores
from services.sentiment_analyzer.stories.stories import Stories

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MATCHER = AssetMatcher(load_registry(), ("BTC/USDT", "ETH/USDT"))
Journal = list[str]


def article(article_id: str, title: str = "Bitcoin rises", **fields: str) -> NewsArticle:
    return NewsArticle(
        article_id=article_id,
        source="test",
        title=title,
        link=f"https://example.org/{article_id}",
        published=NOON,
        fetched_at=NOON,
        **fields,  # type: ignore[arg-type]  # texts only
    )


class ImpatientStop(threading.Event):
    """A stop event that waits for nothing and notes how long it was to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses.append(timeout or 0.0)
        return self.is_set()


class FakeSubscription:
    def __init__(self, broker: FakeBroker, prefetch: int) -> None:
        self._broker = broker
        self._prefetch = prefetch
        self._in_hand: list[Delivery] = []
        self._closed = False

    def receive(self, max_messages: int, timeout: float) -> list[Delivery]:  # noqa: ARG002 - the port's
        waiting = self._broker.waiting
        with self._broker.lock:  # what one thread takes is in hand before another looks whether all is done
            if self._closed:
                return []
            if self._broker.forgets_deliveries:
                self._in_hand.clear()
            room = min(max_messages, self._prefetch - len(self._in_hand), len(waiting))
            taken = [waiting.popleft() for _ in range(room)]
            self._in_hand += taken
            if not (waiting or self._in_hand):
                self._broker.stop.set()  # a test ends when all is done
        if not taken:
            threading.Event().wait(0.001)  # lets those work who have something in hand
        return taken

    def _end(self, what: str, delivery: Delivery) -> None:
        self._broker.on_end()
        if delivery not in self._in_hand:
            return
        self._in_hand.remove(delivery)
        self._broker.journal.append(f"{what} {delivery.message_id}")

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in () if self._closed else deliveries:
            self._end("ack", delivery)

    def release(self, deliveries: Sequence[Delivery]) -> None:
        if self._closed:
            return
        with self._broker.lock:
            for delivery in deliveries:
                self._end("release", delivery)
            self._broker.waiting.extendleft(reversed(deliveries))

    def retry(self, delivery: Delivery, error: str) -> bool:
        self._settle("retry", delivery, error)
        return delivery.attempts + 1 >= self._broker.most_attempts

    def dead_letter(self, delivery: Delivery, reason: str) -> None:
        self._settle("dead_letter", delivery, reason)

    def _settle(self, what: str, delivery: Delivery, reason: str) -> None:
        if self._broker.settle_errors:
            raise self._broker.settle_errors.popleft()
        self._end(what, delivery)
        self._broker.reasons.append(reason)

    def close(self) -> None:
        if self._closed:
            return
        with self._broker.lock:
            self._closed = True
            self._broker.journal.append("close")
            self._broker.waiting.extendleft(reversed(self._in_hand))
            self._in_hand = []


class FakeBroker:
    """A queue of news in memory. Sets `stop` when it is empty and nothing is in hand, so that a run ends."""

    def __init__(self, stop: threading.Event, journal: Journal) -> None:
        self.stop = stop
        self.journal = journal
        self.lock = threading.Lock()  # of what waits and what is in hand
        self.waiting: deque[Delivery] = deque()
        self.published: list[OutgoingMessage] = []
        self.reasons: list[str] = []
        self.subscribe_errors: deque[Exception] = deque()
        self.publish_errors: deque[Exception] = deque()
        self.settle_errors: deque[Exception] = deque()
        self.most_attempts = 5
        self.forgets_deliveries = False  # as if its connection were lost before each `receive`
        self.on_publish: Callable[[], None] = lambda: None
        self.on_end: Callable[[], None] = lambda: None

    def put(self, *bodies: bytes | NewsArticle) -> None:
        for body in bodies:
            raw = body if isinstance(body, bytes) else body.encode()
            name = f"m{len(self.waiting)}" if isinstance(body, bytes) else body.article_id
            self.waiting.append(Delivery("raw_news_data", raw, name, {}, 0, redelivered=False, token=None))

    def signals(self) -> list[SentimentSignal]:
        return [decode(message.body, SentimentSignal) for message in self.published]

    def start(self) -> None:
        self.journal.append("start")

    def publish(self, messages: Sequence[OutgoingMessage], timeout: float = 30.0) -> None:  # noqa: ARG002 - the port's
        self.on_publish()
        if self.publish_errors:
            raise self.publish_errors.popleft()
        self.journal.append(f"publish {len(messages)}")
        self.published += messages

    def subscribe(self, queue: str, prefetch: int) -> FakeSubscription:
        if self.subscribe_errors:
            raise self.subscribe_errors.popleft()
        self.journal.append(f"subscribe {queue}")
        return FakeSubscription(self, prefetch)

    def queues(self) -> list[QueueState]:
        return []

    def health(self) -> DependencyHealth:
        return DependencyHealth(ok=True, detail="in memory")

    def close(self) -> None:
        self.journal.append("broker closed")


class FakeScorer:
    """Says 0.5 for every asset, or raises what a test wants, by headline."""

    name = "fake"
    model = "fake-1"
    patience = 7.0

    def __init__(self, journal: Journal, articles_at_once: int = 1) -> None:
        self.journal = journal
        self.articles_at_once = articles_at_once
        self.asked_for: list[list[str]] = []
        self.errors: dict[str, deque[Exception]] = {}
        self.check_errors: deque[Exception] = deque()
        self.on_score: Callable[[], None] = lambda: None
        self.on_check: Callable[[], None] = lambda: None

    def fail(self, headline: str, *errors: Exception) -> None:
        self.errors.setdefault(headline, deque()).extend(errors)

    def check(self) -> None:
        self.on_check()
        if self.check_errors:
            raise self.check_errors.popleft()
        self.journal.append("check")

    def score(self, text: ArticleText, assets: Sequence[Asset]) -> Scores:
        self.on_score()
        if errors := self.errors.get(text.title):
            raise errors.popleft()
        self.journal.append(f"score {text.title}")
        self.asked_for.append([asset.ticker for asset in assets])
        return Scores(self.model, {asset.ticker: AssetScore(0.5, 0.8, "because") for asset in assets})

    def health(self) -> DependencyHealth:
        return DependencyHealth(ok=True, detail=self.model)

    def digest(self) -> str:
        return "digest-1"

    def close(self) -> None:
        self.journal.append("scorer closed")


class Bench:
    """A processor between fakes; `run` ends when the queue is empty."""

    def __init__(
        self,
        articles_at_once: int = 1,
        concurrency: int = 1,
        max_age: timedelta | None = None,
        stories: Stories | None = None,
        results: ResultPublisher | None = None,
    ) -> None:
        self.journal: list[str] = []
        self.stop = ImpatientStop()
        self.broker = FakeBroker(self.stop, self.journal)
        self.scorer = FakeScorer(self.journal, articles_at_once)
        self.clock = ManualClock(NOON)
        self.processor = SentimentProcessor(
            broker=self.broker,
            scorer=self.scorer,
            matcher=MATCHER,
            clock=self.clock,
            concurrency=concurrency,
            max_age=max_age,
            stories=stories,
            results=results,
        )

    def run(self) -> list[str]:
        self.processor.run(self.stop)
        return self.journal
