from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.common.broker.port import Delivery
from services.common.errors import TryLater
from services.sentiment_analyzer.pipeline.consume import ScoringRound
from services.sentiment_analyzer.pipeline.faults import ScorerAwayError
from tests.support.scoring.sentiment_fakes import Bench, article


def test_an_article_that_comes_when_the_scorer_has_just_failed_is_given_back_unasked() -> None:
    bench = Bench(concurrency=2)
    bench.broker.put(article("a1", "Bitcoin rises"), article("a2", "Ether rises"))
    bench.scorer.fail("Bitcoin rises", TryLater("away"))
    subscription = bench.broker.subscribe("raw_news_data", 9)
    turns = threading.Semaphore(1)

    def receive(count: int) -> Sequence[Delivery]:
        if turns.acquire(blocking=False):
            return subscription.receive(count, 0.0)
        for _ in range(3000):  # the second comes to nothing before the first has failed
            if scoring._is_over():
                return subscription.receive(count, 0.0)
            threading.Event().wait(0.01)
        return []

    scoring = ScoringRound(
        subscription,
        bench.processor._desk,
        bench.processor._scorer,
        bench.processor._recovery,
        receive=receive,
        on_idle=lambda: None,
        most_judged=9,
        stop=bench.stop,
    )
    with ThreadPoolExecutor(3) as threads, pytest.raises(ScorerAwayError, match="away"):
        scoring.run(threads, 2)
    subscription.close()

    assert not [line for line in bench.journal if line.startswith("score")]
    assert [each.message_id for each in bench.broker.waiting] == ["a1", "a2"]
