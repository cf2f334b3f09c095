from __future__ import annotations

import threading

import pytest

from services.common.errors import TryLater
from services.common.runtime.work import WorkInHand
from services.sentiment_analyzer.article.text import ArticleText, text_of
from services.sentiment_analyzer.pipeline.slots import InFlight, NotBegunError
from tests.support.scoring.sentiment_fakes import Bench, FakeScorer, article


def text(title: str) -> ArticleText:
    return text_of(article("a1", title))


def score(scorer: InFlight, title: str, ended: list[str]) -> None:
    try:
        scorer.score(text(title), [])
    except TryLater as error:
        ended.append(f"{title}: {type(error).__name__}")
    else:
        ended.append(title)


def test_who_waits_for_a_place_gives_up_when_it_is_over_and_the_scorer_is_not_asked() -> None:
    inner = FakeScorer([])
    scorer = InFlight(inner, 1, WorkInHand())
    inside, go_on, over = threading.Event(), threading.Event(), threading.Event()

    def dawdle() -> None:
        inside.set()
        go_on.wait(30)

    inner.on_score = dawdle
    scorer.wait_unless(over.is_set)
    ended: list[str] = []
    first = threading.Thread(target=score, args=(scorer, "first", ended))
    second = threading.Thread(target=score, args=(scorer, "second", ended))

    first.start()
    assert inside.wait(30)
    second.start()
    second.join(0.3)
    assert second.is_alive()
    over.set()
    second.join(30)
    go_on.set()
    first.join(30)

    assert ended == ["second: NotBegunError", "first"]
    assert inner.journal == ["score first"]


def test_a_free_place_is_taken_even_when_it_is_over_and_given_back_after_a_failure() -> None:
    inner = FakeScorer([])
    inner.fail("bad", TryLater("away"))
    scorer = InFlight(inner, 1, WorkInHand())
    scorer.wait_unless(lambda: True)

    with pytest.raises(TryLater, match="away"):
        scorer.score(text("bad"), [])

    assert scorer.score(text("good"), []).model == "fake-1"


def test_the_work_in_hand_names_what_is_scored_with_the_scorers_own_patience() -> None:
    inner, work = FakeScorer([]), WorkInHand()
    seen: list[tuple[str, float]] = []
    inner.on_score = lambda: seen.extend((step.what, step.patience) for step in work.grow_older(0.0))

    InFlight(inner, 1, work).score(text("Bitcoin rises"), [])

    assert seen == [("scoring a1", 7.0)]


def test_an_article_that_was_not_begun_is_nobodys_fault_and_comes_again() -> None:
    bench = Bench()
    bench.broker.put(article("a1"))
    bench.scorer.fail("Bitcoin rises", *(NotBegunError("not begun") for _ in range(9)))
    subscription = bench.broker.subscribe("raw_news_data", 1)
    deliveries = subscription.receive(1, 0.0)

    for _ in range(9):
        batch = bench.processor._desk.judge(subscription, deliveries, threading.Event(), alone=True)
        assert (batch.judged, batch.away) == ([], None)

    assert bench.processor._desk.faults.suspects.in_doubt == 0
    assert bench.journal == ["subscribe raw_news_data"]
