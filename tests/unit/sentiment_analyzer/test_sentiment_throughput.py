from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from services.common.clock import ManualClock
from services.common.errors import TryLater
from services.common.runtime.metrics import ARTICLES_SCORED
from services.sentiment_analyzer.matching.assets import load_registry
from services.sentiment_analyzer.matching.matcher import AssetMatcher
from services.sentiment_analyzer.pipeline.service import SentimentProcessor
from services.sentiment_analyzer.scorers.fallback import FallbackScorer
from services.sentiment_analyzer.scorers.lexicon.scorer import LexiconScorer
from services.sentiment_analyzer.stories.stories import Stories
from tests.support.scoring.sentiment_fakes import NOON, Bench, article


def test_as_many_articles_are_scored_at_the_same_time_as_configured() -> None:
    bench = Bench(concurrency=3)
    bench.broker.put(*(article(f"a{number}") for number in range(6)))
    together = threading.Barrier(3)
    waiting: list[int] = []

    def meet() -> None:
        waiting.append(together.wait(30))

    bench.scorer.on_score = meet

    journal = bench.run()

    assert sorted(waiting) == [0, 0, 1, 1, 2, 2]
    assert sorted(line for line in journal if line.startswith("ack")) == [f"ack a{n}" for n in range(6)]


def test_while_the_scorer_has_its_hands_full_the_next_article_is_prepared_and_not_asked_about() -> None:
    stories = Stories()
    bench = Bench(concurrency=2, stories=stories)
    titles = {"a0": "Bitcoin rises", "a1": "Ether is listed in Brazil", "a2": "Nobody sells bitcoin today"}
    bench.broker.put(*(article(name, title) for name, title in titles.items()))
    at_once = threading.Semaphore(2)
    prepared = threading.Event()

    def dawdle() -> None:
        with at_once_or_fail(at_once):
            for _ in range(3000):
                if all(stories.tellings(name) for name in titles):
                    prepared.set()
                    return
                threading.Event().wait(0.01)

    bench.scorer.on_score = dawdle

    journal = bench.run()

    assert prepared.is_set()
    assert sorted(line for line in journal if line.startswith("ack")) == ["ack a0", "ack a1", "ack a2"]


@contextmanager
def at_once_or_fail(places: threading.Semaphore) -> Iterator[None]:
    assert places.acquire(blocking=False), "more at once than were configured"
    yield
    places.release()


def test_each_article_is_acknowledged_when_it_is_done_whatever_the_others_do() -> None:
    bench = Bench(concurrency=2)
    bench.broker.put(article("slow", "Bitcoin rises"), article("quick", "Ether rises"))
    quick_is_done = threading.Event()
    bench.broker.on_publish = quick_is_done.set
    first = threading.Lock()

    def dawdle() -> None:
        if first.acquire(blocking=False):  # the first to be scored waits for the second
            assert quick_is_done.wait(30)

    bench.scorer.on_score = dawdle

    journal = bench.run()

    assert [line for line in journal if line.startswith("ack")] == ["ack quick", "ack slow"]


def test_when_the_scorer_goes_away_what_others_have_in_hand_is_finished_first() -> None:
    bench = Bench(concurrency=2)
    bench.broker.put(article("a1", "Bitcoin rises"), article("a2", "Ether rises"), article("a3"))
    bench.scorer.fail("Ether rises", TryLater("away"))

    journal = bench.run()

    assert sorted(line for line in journal if line.startswith("ack")) == ["ack a1", "ack a2", "ack a3"]
    assert journal.index("close") < journal.index("check") < journal.index("ack a2")
    assert not bench.broker.reasons


def test_articles_that_failed_together_are_not_blamed_however_often() -> None:
    bench = Bench(concurrency=2)
    bench.broker.put(article("a1", "Bitcoin rises"), article("a2", "Ether rises"))
    for _ in range(5):
        bench.scorer.fail("Bitcoin rises", TryLater("away"))
    bench.scorer.fail("Ether rises", *(TryLater("away") for _ in range(2)))

    journal = bench.run()

    assert "retry a2" not in journal
    assert "ack a2" in journal


def test_after_an_outage_articles_go_one_by_one_so_that_the_one_at_fault_is_found() -> None:
    bench = Bench(concurrency=3)
    bench.broker.put(*(article(f"a{number}", f"Bitcoin rises {number}") for number in range(4)))
    bench.scorer.fail("Bitcoin rises 0", *(TryLater("no answer within 120 s") for _ in range(9)))

    journal = bench.run()

    assert [line for line in journal if line.startswith("retry")] == ["retry a0"]
    assert sorted(line for line in journal if line.startswith("ack")) == ["ack a1", "ack a2", "ack a3"]


def test_news_that_waited_too_long_is_acknowledged_and_counted_but_never_scored() -> None:
    bench = Bench(max_age=timedelta(minutes=30))
    old = article("a1").model_copy(update={"published": NOON - timedelta(minutes=31)})
    recent = article("a2").model_copy(update={"published": NOON - timedelta(minutes=29)})
    counter = ARTICLES_SCORED.labels("fake", "expired")
    before = counter._value.get()
    bench.broker.put(old, recent)

    journal = bench.run()

    assert journal.count("score Bitcoin rises") == 1
    assert "ack a1" in journal
    assert [signal.article_id for signal in bench.broker.signals()] == ["a2"]
    assert counter._value.get() == before + 1


def test_with_a_fallback_news_is_scored_and_marked_while_the_scorer_is_away() -> None:
    bench = Bench()
    bench.broker.put(article("a1", "Bitcoin surges"))
    bench.scorer.fail("Bitcoin surges", TryLater("away"))
    processor = SentimentProcessor(
        broker=bench.broker,
        scorer=FallbackScorer(bench.scorer, LexiconScorer()),
        matcher=AssetMatcher(load_registry(), ("BTC/USDT",)),
        clock=ManualClock(NOON),
    )

    processor.run(bench.stop)

    (signal,) = bench.broker.signals()
    assert signal.degraded
    assert signal.model == LexiconScorer().model
