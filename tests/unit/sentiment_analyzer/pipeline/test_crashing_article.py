from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import pytest

from services.common.broker.topology import DELIVERY_LIMIT
from services.common.errors import TryLater
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import Asset
from services.sentiment_analyzer.scorers.port import Scores
from services.sentiment_analyzer.stories.stories import Stories
from tests.support.scoring.sentiment_fakes import Bench, article

WORDS = [
    first + middle + last
    for first in ("bada", "kelo", "mifu", "nopa")
    for middle in ("ris", "tov", "wen", "zul", "gom")
    for last in ("ak", "el", "it", "ob", "um")
]


def unlike_others(number: int) -> str:
    return f"Bitcoin {WORDS[number]} {WORDS[(number + 30) % 60]} {WORDS[59 - number]}"


@pytest.mark.parametrize("concurrency", [2, 4, 8])
def test_an_article_that_crashes_the_scorer_with_what_is_in_flight_is_the_one_that_is_set_aside(
    concurrency: int,
) -> None:
    bench = Bench(concurrency=concurrency, stories=Stories())
    bench.broker.put(
        *(article(f"a{n}", unlike_others(n)) for n in range(5)),
        article("poison", "Bitcoin poison"),
        *(article(f"a{n}", unlike_others(n)) for n in range(5, 40)),
    )
    ask, crashes = bench.scorer.score, [0]

    def score(text: ArticleText, assets: Sequence[Asset]) -> Scores:
        before, end = crashes[0], time.monotonic() + 0.004
        if text.title == "Bitcoin poison":
            threading.Event().wait(0.003)
            crashes[0] += 1
            if crashes[0] > 100:
                bench.stop.set()
            raise TryLater("connection reset")
        while time.monotonic() < end:
            threading.Event().wait(0.0005)
            if crashes[0] != before:
                threading.Event().wait(0.003)
                raise TryLater("connection reset")
        return ask(text, assets)

    bench.scorer.score = score  # type: ignore[method-assign]
    journal = bench.run()

    assert [line for line in journal if line.startswith("retry")] == ["retry poison"]
    assert sorted(line for line in journal if line.startswith("ack")) == sorted(
        f"ack a{n}" for n in range(40)
    )
    assert journal.count("close") < DELIVERY_LIMIT / 2, "what is given back counts"
