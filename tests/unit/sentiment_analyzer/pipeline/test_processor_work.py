"""What the watchdog sees of the processor: a step that could hang is in hand for as long as it lasts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.common.errors import NeverWorks, TryLater
from tests.support.scoring.sentiment_fakes import Bench, article


@pytest.fixture
def bench() -> Bench:
    return Bench()


def in_hand(bench: Bench) -> list[str]:
    return [step.what for step in bench.processor.work.grow_older(0.0)]


def test_the_check_of_the_scorer_at_the_start_is_in_hand(bench: Bench) -> None:
    seen: list[str] = []
    bench.scorer.on_check = lambda: seen.extend(in_hand(bench))

    bench.processor.start()

    assert seen == ["checking the scorer"]


def test_the_check_of_a_scorer_that_was_away_is_in_hand(bench: Bench) -> None:
    seen: list[list[str]] = []
    bench.scorer.on_check = lambda: seen.append(in_hand(bench))
    bench.broker.put(article("a1"))
    bench.scorer.fail("Bitcoin rises", TryLater("away"))
    bench.scorer.check_errors.append(TryLater("still away"))

    bench.run()

    assert ["checking the scorer" in steps for steps in seen] == [True, True]


def bug(bench: Bench) -> None:
    bench.scorer.fail("Bitcoin rises", ZeroDivisionError("division by zero"))


def blame(bench: Bench) -> None:
    bench.scorer.fail("Bitcoin rises", *(TryLater("no answer within 120 s") for _ in range(9)))
    bench.broker.put(article("a2", "Ether rises"))


def refusal(bench: Bench) -> None:
    bench.broker.publish_errors.append(NeverWorks("no queue takes sentiment.signal"))


def interruption(bench: Bench) -> None:
    bench.broker.publish_errors.extend(TryLater("away") for _ in range(3))
    bench.broker.on_publish = bench.stop.set


@pytest.mark.parametrize(
    ("trouble", "ended", "step"),
    [
        (lambda _bench: None, "ack a1", "ending deliveries"),
        (interruption, "release a1", "ending deliveries"),
        (bug, "retry a1", "setting an article aside"),
        (blame, "retry a1", "setting an article aside"),
        (refusal, "retry a1", "setting an article aside"),
    ],
)
def test_however_a_delivery_ends_the_end_is_in_hand(
    bench: Bench, trouble: Callable[[Bench], None], ended: str, step: str
) -> None:
    seen: list[bool] = []
    bench.broker.on_end = lambda: seen.append(step in in_hand(bench))
    bench.broker.put(article("a1"))
    trouble(bench)

    journal = bench.run()

    ends = [line for line in journal if line.startswith(("ack", "retry", "release", "dead_letter"))]
    assert seen[ends.index(ended)]
