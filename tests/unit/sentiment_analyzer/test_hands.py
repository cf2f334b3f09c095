from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from services.sentiment_analyzer.hands import Hands


def test_scoring_goes_on_while_what_was_scored_is_published() -> None:
    with ThreadPoolExecutor(1) as scoring, ThreadPoolExecutor(1) as publishing:
        hands = Hands(scoring, publishing)
        broker_answers, second_is_scored = threading.Event(), threading.Event()
        hands.score(lambda: hands.publish(lambda: _wait(broker_answers)))
        hands.score(second_is_scored.set)

        assert second_is_scored.wait(30)
        assert hands.publishing() == 1
        broker_answers.set()
        hands.wait_for_all()
        assert (hands.scoring(), hands.publishing(), hands.failures()) == (0, 0, [])


def test_failures_of_either_kind_are_kept() -> None:
    with ThreadPoolExecutor(1) as scoring, ThreadPoolExecutor(1) as publishing:
        hands = Hands(scoring, publishing)

        def score() -> None:
            hands.publish(lambda: _fail("published"))
            _fail("scored")

        hands.score(score)
        hands.wait_for_all()

        assert sorted(str(error) for error in hands.failures()) == ["published", "scored"]


def _wait(event: threading.Event) -> None:
    assert event.wait(30)


def _fail(message: str) -> None:
    raise ValueError(message)
