from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from services.common.broker.topology import DELIVERY_LIMIT
from services.common.errors import CannotSay, NeverWorks, StopProgram, TryLater
from services.common.runtime.metrics import ARTICLES_SCORED, SCORER_REFUSALS, SIGNALS_PUBLISHED
from services.sentiment_analyzer.pipeline import publish as article_desk
from services.sentiment_analyzer.pipeline.refusals import MOST_REFUSED
from services.sentiment_analyzer.scorers.port import Unusable
from services.sentiment_analyzer.stories.stories import Stories
from tests.support.scoring.sentiment_fakes import Bench, article


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_an_article_becomes_a_signal_for_each_pair_confirmed_before_it_is_acknowledged(bench: Bench) -> None:
    bench.broker.put(article("a1", "Bitcoin and ether rise"))

    journal = bench.run()

    assert journal == [
        "subscribe raw_news_data",
        "score Bitcoin and ether rise",
        "publish 2",
        "ack a1",
        "close",
    ]
    assert [message.message_id for message in bench.broker.published] == [
        "a1:BTC/USDT:fake-1:0",
        "a1:ETH/USDT:fake-1:0",
    ]
    assert {message.routing_key for message in bench.broker.published} == {"sentiment.signal"}
    assert [signal.article_id for signal in bench.broker.signals()] == ["a1", "a1"]


def test_articles_taken_together_are_confirmed_together() -> None:
    bench = Bench(articles_at_once=10)
    bench.broker.put(*(article(f"a{number}") for number in range(4)))

    journal = bench.run()

    assert journal.count("publish 4") == 1
    assert [line for line in journal if line.startswith("ack")] == ["ack a0", "ack a1", "ack a2", "ack a3"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"\xff\xfe\x00",
        b"{}",
        b"[1, 2]",
        json.dumps({"type": "market_data"}).encode(),
        article("a9").encode().replace(b"+00:00", b"+99:00"),
        article("a9").encode().replace(b'"title":"Bitcoin rises"', b'"title":""'),
        b'{"type": "news_article", "title": "' + b"x" * 2_000_000 + b'"}',
    ],
)
def test_a_message_that_is_no_article_is_dead_lettered_with_the_reason_and_the_next_one_is_scored(
    bench: Bench, body: bytes
) -> None:
    bench.broker.put(body, article("a1"))

    journal = bench.run()

    assert "dead_letter m0" in journal
    assert "ack a1" in journal
    assert bench.broker.reasons[0]
    assert len(bench.broker.reasons[0]) < 1000


@pytest.mark.parametrize(
    ("title", "outcome"),
    [
        ("Bitcoin rises", "scored"),
        ("Dogecoin doubles", "not_traded"),
        ("Museum opens late", "off_topic"),
        ("Bitcoin puzzles", "abstained"),
    ],
)
def test_every_article_is_acknowledged_and_counted_by_its_outcome(
    bench: Bench, title: str, outcome: str
) -> None:
    bench.scorer.fail("Bitcoin puzzles", CannotSay("no idea"))
    counter = ARTICLES_SCORED.labels("fake", outcome)
    before = counter._value.get()
    bench.broker.put(article("a1", title))

    journal = bench.run()

    assert "ack a1" in journal
    assert bool(bench.broker.published) is (outcome == "scored")
    assert counter._value.get() == before + 1


def test_signals_are_counted_by_pair_label_and_scope(bench: Bench) -> None:
    counter = SIGNALS_PUBLISHED.labels("ETH/USDT", "bullish", "market")
    before = counter._value.get()
    bench.broker.put(article("a1", "Crypto market rises"))

    bench.run()

    assert counter._value.get() == before + 1


def test_while_the_scorer_is_away_nothing_is_taken_and_the_news_waits_in_its_order(bench: Bench) -> None:
    bench.broker.put(article("a1", "Bitcoin rises"), article("a2", "Ether rises"))
    bench.scorer.fail("Bitcoin rises", TryLater("Ollama is away"))
    bench.scorer.check_errors.extend(TryLater("still away") for _ in range(5))

    journal = bench.run()

    assert journal == [
        "subscribe raw_news_data",
        "close",
        "check",
        "score Bitcoin rises",  # a copy: the scorer proves itself before anything is taken
        "subscribe raw_news_data",
        "score Bitcoin rises",
        "publish 1",
        "ack a1",
        "score Ether rises",
        "publish 1",
        "ack a2",
        "close",
    ]
    doubling = [0.5, 1.0, 2.0, 4.0, 8.0]
    assert bench.stop.pauses[0] == 0.5
    assert all(full / 2 <= pause <= full for pause, full in zip(bench.stop.pauses[1:], doubling, strict=True))


def test_what_was_scored_before_the_scorer_went_away_is_published_first() -> None:
    bench = Bench(articles_at_once=3)
    bench.broker.put(article("a1", "Bitcoin rises"), article("a2", "Ether rises"), article("a3"))
    bench.scorer.fail("Ether rises", TryLater("away"))

    journal = bench.run()

    assert journal[:5] == ["subscribe raw_news_data", "score Bitcoin rises", "publish 1", "ack a1", "close"]
    assert [line for line in journal if line.startswith("ack")] == ["ack a1", "ack a2", "ack a3"]


def test_health_says_that_the_scorer_is_away_until_it_is_back(bench: Bench) -> None:
    seen: list[tuple[bool, str]] = []

    def look() -> None:
        scorer = bench.processor.health()["scorer"]
        seen.append((scorer.ok, scorer.detail))

    bench.broker.put(article("a1"))
    bench.scorer.fail("Bitcoin rises", TryLater("Ollama is away"))
    bench.scorer.on_check = look

    bench.run()

    assert seen == [(False, "Ollama is away")]
    assert bench.processor.health()["scorer"].ok


def test_the_pause_that_a_busy_scorer_asks_for_is_kept(bench: Bench) -> None:
    bench.broker.put(article("a1"))
    bench.scorer.fail("Bitcoin rises", TryLater("busy", after=7.0))

    bench.run()

    assert bench.stop.pauses == [7.0]


def test_an_article_that_fails_while_others_are_scored_is_set_aside_with_the_reason(bench: Bench) -> None:
    bench.broker.put(article("a1", "Bitcoin rises"), article("a2", "Ether rises"))
    bench.scorer.fail("Bitcoin rises", *(TryLater("no answer within 120 s") for _ in range(9)))

    journal = bench.run()

    assert "score Ether rises" in journal[: journal.index("retry a1")]
    assert "ack a2" in journal
    assert bench.broker.reasons == [
        "the scorer fails on this article and not on others: no answer within 120 s"
    ]
    assert bench.processor.health()["scorer"].ok


def test_articles_that_fail_one_after_the_other_do_not_keep_the_next_from_the_scorer() -> None:
    bench = Bench(concurrency=2)
    bad = [f"bad{number}" for number in range(3)]
    bench.broker.put(
        *(article(each, f"Bitcoin {each}") for each in bad), article("a1"), article("a2", "Ether")
    )
    for each in bad:
        bench.scorer.fail(f"Bitcoin {each}", *(TryLater("no answer within 120 s") for _ in range(40)))

    journal = bench.run()

    assert {"ack a1", "ack a2", *(f"retry {each}" for each in bad)} <= set(journal)


def test_a_scorer_that_is_too_slow_for_every_article_lets_all_news_wait_and_says_so() -> None:
    bench = Bench(concurrency=4)
    bench.broker.put(*(article(f"a{number}", f"Bitcoin rises {number}") for number in range(20)))
    tries: list[int] = []

    def be_slow() -> None:
        tries.append(1)
        if len(tries) == 300:
            bench.stop.set()
        raise TryLater("no answer within 120 s")

    bench.scorer.on_score = be_slow

    journal = bench.run()

    assert {line.split()[0] for line in journal} == {"subscribe", "close", "check"}
    assert len(bench.broker.waiting) == 20
    assert journal.count("close") < DELIVERY_LIMIT / 2, "what is given back counts"
    assert min(bench.stop.pauses[-50:]) >= 7.5, "it is asked every 15 s at most, but for jitter"
    scorer = bench.processor.health()["scorer"]
    assert not scorer.ok
    assert "answers its check, but failed on every article" in scorer.detail
    assert "no answer within 120 s" in scorer.detail


def test_what_was_in_doubt_is_scored_without_blame_once_the_scorer_is_quick_again() -> None:
    bench = Bench(concurrency=2)
    bench.broker.put(*(article(f"a{number}", f"Bitcoin rises {number}") for number in range(9)))
    failures = [TryLater("no answer within 120 s")] * 60

    def be_slow_for_a_while() -> None:
        if failures:
            raise failures.pop()

    bench.scorer.on_score = be_slow_for_a_while

    journal = bench.run()

    assert sorted(line for line in journal if line.startswith("ack")) == [f"ack a{n}" for n in range(9)]
    assert not bench.broker.reasons
    assert bench.processor.health()["scorer"].ok


def test_the_only_article_is_asked_again_until_it_is_scored_and_stays_in_hand_meanwhile(bench: Bench) -> None:
    bench.broker.put(article("a1"))
    bench.scorer.fail("Bitcoin rises", *(TryLater("no answer within 120 s") for _ in range(30)))

    journal = bench.run()

    assert "ack a1" in journal
    assert journal.count("close") <= 4
    assert bench.processor.health()["scorer"].ok


def test_news_that_waits_for_a_scorer_that_is_too_slow_expires() -> None:
    bench = Bench(concurrency=2, max_age=timedelta(hours=2))
    bench.broker.put(*(article(f"a{number}", f"Bitcoin rises {number}") for number in range(9)))

    def be_slow() -> None:
        bench.clock.advance(300)
        raise TryLater("no answer within 120 s")

    bench.scorer.on_score = be_slow

    journal = bench.run()

    assert sorted(line for line in journal if line.startswith("ack")) == [f"ack a{n}" for n in range(9)]
    assert not bench.broker.reasons


def test_a_story_whose_first_telling_is_set_aside_is_told_by_the_next_source() -> None:
    bench = Bench(stories=Stories())
    title = "Hackers drain 82 million dollars of Bitcoin from the hot wallets of Example Exchange"
    bench.broker.put(
        article("a1", title),
        article("a2", "Ether rises"),
        article("b1", title).model_copy(update={"source": "two"}),
    )
    bench.scorer.fail(title, *(TryLater("no answer within 120 s") for _ in range(3)))

    journal = bench.run()

    assert "retry a1" in journal
    assert [signal.article_id for signal in bench.broker.signals()] == ["a2", "b1"]


def test_a_model_that_is_removed_while_the_service_runs_does_not_end_it(bench: Bench) -> None:
    bench.broker.put(article("a1"))
    bench.scorer.fail("Bitcoin rises", TryLater("no model"))
    bench.scorer.check_errors.append(StopProgram("ollama pull m"))

    assert "ack a1" in bench.run()


def test_a_stop_ends_the_wait_for_the_scorer(bench: Bench) -> None:
    bench.broker.put(article("a1"))
    bench.scorer.fail("Bitcoin rises", TryLater("away"))
    bench.scorer.check_errors.append(TryLater("away"))
    bench.scorer.on_check = bench.stop.set

    assert bench.run() == ["subscribe raw_news_data", "close"]
    assert len(bench.broker.waiting) == 1


def test_signals_wait_for_the_broker_without_being_made_again(bench: Bench) -> None:
    bench.broker.put(article("a1"))
    bench.broker.publish_errors.extend(TryLater("the queue is full") for _ in range(3))

    journal = bench.run()

    assert journal == ["subscribe raw_news_data", "score Bitcoin rises", "publish 1", "ack a1", "close"]


def test_signals_that_wait_long_are_kept_while_their_articles_are_given_back_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(article_desk, "HOLD_SECONDS", 0.0)
    bench.broker.put(article("a1"), article("a2", "Ether rises"))
    bench.broker.publish_errors.extend(TryLater("the queue is full") for _ in range(40))

    journal = bench.run()

    published = next(number for number, line in enumerate(journal) if line.startswith("publish"))
    assert journal.index("close") < published, "given back while the signals wait"
    assert journal.count("subscribe raw_news_data") == 2, "and taken again when they were published"
    assert {"ack a1", "ack a2"} <= set(journal)
    assert not bench.broker.reasons


def test_a_stop_while_signals_wait_gives_the_article_back(bench: Bench) -> None:
    bench.broker.put(article("a1"))
    bench.broker.publish_errors.extend(TryLater("away") for _ in range(3))
    bench.broker.on_publish = bench.stop.set

    journal = bench.run()

    assert "release a1" in journal
    assert "ack a1" not in journal
    assert len(bench.broker.waiting) == 1


def test_a_stop_finishes_the_article_in_hand_and_gives_the_others_back() -> None:
    bench = Bench(articles_at_once=3)
    bench.broker.put(article("a1"), article("a2"), article("a3"))
    bench.scorer.on_score = bench.stop.set

    journal = bench.run()

    assert journal == ["subscribe raw_news_data", "score Bitcoin rises", "publish 1", "ack a1", "close"]
    assert [delivery.message_id for delivery in bench.broker.waiting] == ["a2", "a3"]


def test_signals_that_the_broker_refuses_leave_the_article_to_another_attempt(bench: Bench) -> None:
    bench.broker.put(article("a1"))
    bench.broker.publish_errors.append(NeverWorks("no queue takes sentiment.signal"))

    journal = bench.run()

    assert "retry a1" in journal
    assert bench.broker.reasons == ["no queue takes sentiment.signal"]


def test_a_request_that_the_scorer_refuses_is_dead_lettered(bench: Bench) -> None:
    bench.broker.put(article("a1"), article("a2", "Ether rises"))
    bench.scorer.fail("Bitcoin rises", NeverWorks("context length exceeded"))

    journal = bench.run()

    assert "dead_letter a1" in journal
    assert "ack a2" in journal


def refuse_all(bench: Bench, count: int = 30, error: Exception | None = None) -> list[Exception]:
    """So many articles, all of which the scorer refuses until the list that this returns is cleared."""
    bench.broker.put(*(article(f"a{number}", f"Bitcoin rises {number}") for number in range(count)))
    errors = [error or NeverWorks("no system role, please")]

    def refuse() -> None:
        if errors:
            raise errors[0]

    bench.scorer.on_score = refuse
    return errors


def test_a_scorer_that_refuses_an_article_and_its_check_lets_that_article_wait_too(bench: Bench) -> None:
    refuse_all(bench)
    bench.scorer.check_errors.extend(TryLater("refuses all; set the model to a chat model") for _ in range(9))
    bench.scorer.on_check = lambda: bench.stop.set() if len(bench.scorer.check_errors) == 1 else None

    journal = bench.run()

    assert {line.split()[0] for line in journal} == {"subscribe", "close"}
    assert len(bench.broker.waiting) == 30
    scorer = bench.processor.health()["scorer"]
    assert not scorer.ok
    assert "set the model to a chat model" in scorer.detail


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize(
    "error", [NeverWorks("context too small"), Unusable("two answers could not be used")]
)
def test_a_scorer_that_refuses_ten_articles_in_a_row_lets_the_others_wait_although_it_answers_its_check(
    concurrency: int, error: Exception
) -> None:
    bench = Bench(concurrency=concurrency)
    errors = refuse_all(bench, error=error)
    pauses = iter(range(120))

    def look() -> None:
        if next(pauses, None) is None:
            bench.stop.set()

    bench.scorer.on_check = look

    journal = bench.run()

    given_up = [line for line in journal if line.startswith("dead_letter")]
    assert len(given_up) == MOST_REFUSED - 1
    assert set(bench.broker.reasons) == {str(error)}
    assert len(bench.broker.waiting) == 30 - len(given_up)
    assert not bench.broker.published
    scorer = bench.processor.health()["scorer"]
    assert not scorer.ok
    assert f"refused 10 of the last 12 articles; the last because: {error}" in scorer.detail
    assert SCORER_REFUSALS._value.get() >= MOST_REFUSED
    assert journal.count("close") < DELIVERY_LIMIT / 2, "what is given back counts"

    bench.stop.clear()
    bench.scorer.on_check = lambda: None
    errors.clear()
    journal = bench.run()

    assert len([line for line in journal if line.startswith("ack")]) == 30 - len(given_up)
    assert bench.processor.health()["scorer"].ok
    assert SCORER_REFUSALS._value.get() == 0


def test_what_cannot_be_decoded_is_not_counted_as_refused(bench: Bench) -> None:
    bench.broker.put(*(f"not json {number}".encode() for number in range(30)), article("a1"))

    journal = bench.run()

    assert len([line for line in journal if line.startswith("dead_letter")]) == 30
    assert "ack a1" in journal
    assert "check" not in journal
    assert bench.stop.pauses == []


def test_articles_that_are_refused_among_others_are_dead_lettered_one_by_one(bench: Bench) -> None:
    for number in range(40):
        bench.broker.put(article(f"a{number}", f"Bitcoin rises {number}"))
        if number % 4:
            bench.scorer.fail(f"Bitcoin rises {number}", NeverWorks("content filter"))

    journal = bench.run()

    assert len([line for line in journal if line.startswith("dead_letter")]) == 30
    assert len([line for line in journal if line.startswith("ack")]) == 10
    assert bench.stop.pauses == []


def test_an_answer_of_no_use_is_not_acknowledged_as_an_abstention(bench: Bench) -> None:
    bench.broker.put(article("a1", "Bitcoin rises"), article("a2", "Ether rises"))
    bench.scorer.fail("Bitcoin rises", Unusable("cut off; raise OLLAMA_MAX_TOKENS"))

    journal = bench.run()

    assert "dead_letter a1" in journal
    assert bench.broker.reasons == ["cut off; raise OLLAMA_MAX_TOKENS"]
    assert "ack a2" in journal


def test_a_bug_costs_one_article_an_attempt_and_not_the_service(bench: Bench) -> None:
    bench.broker.put(article("a1"), article("a2", "Ether rises"))
    bench.scorer.fail("Bitcoin rises", ZeroDivisionError("division by zero"))

    journal = bench.run()

    assert "retry a1" in journal
    assert bench.broker.reasons == ["ZeroDivisionError: division by zero"]
    assert "ack a2" in journal


@pytest.mark.parametrize(
    "trouble",
    [
        lambda bench: bench.broker.subscribe_errors.append(TryLater("away")),
        lambda bench: bench.broker.settle_errors.append(TryLater("not confirmed")),
    ],
)
def test_a_broker_in_trouble_is_subscribed_to_again_after_a_pause(
    bench: Bench, trouble: Callable[[Bench], None]
) -> None:
    bench.broker.put(b"not json", article("a1"))
    trouble(bench)

    journal = bench.run()

    assert "dead_letter m0" in journal
    assert "ack a1" in journal
    assert bench.stop.pauses == [0.5]


def test_starting_checks_the_broker_and_the_scorer(bench: Bench) -> None:
    bench.processor.start()

    assert bench.journal == ["start", "check"]


def test_a_scorer_that_can_never_work_ends_the_start(bench: Bench) -> None:
    bench.scorer.check_errors.append(StopProgram("ollama pull m"))

    with pytest.raises(StopProgram, match="ollama pull"):
        bench.processor.start()


def test_closing_lets_go_of_both(bench: Bench) -> None:
    bench.processor.close()

    assert bench.journal == ["broker closed", "scorer closed"]
