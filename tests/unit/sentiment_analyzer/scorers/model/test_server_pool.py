from __future__ import annotations

import threading
from collections import deque
from typing import Any

import pytest

from services.common.errors import NeverWorks, TryLater
from services.sentiment_analyzer.scorers.model.breaker import Breaker
from services.sentiment_analyzer.scorers.model.chat import (
    ChatServer,
    Messages,
    PersonNeededError,
    Reply,
    shown_url,
)
from services.sentiment_analyzer.scorers.model.server_pool import (
    USELESS_PAUSE_SECONDS,
    ServerPool,
    UselessError,
)
from services.sentiment_analyzer.scorers.port import RefusesAll


class FakeServer:
    """A server that fails as often as a test wants, and notes what it is asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.timeout = 3.0
        self.digest = f"digest of {url}"
        self.asked: list[str] = []
        self.errors: deque[Exception] = deque()
        self.probe_errors: deque[Exception] = deque()
        self.free = threading.Event()
        self.free.set()

    def probe(self) -> None:
        self.asked.append("probe")
        if self.probe_errors:
            raise self.probe_errors.popleft()

    def chat(self, messages: Messages, **_: Any) -> Reply:  # noqa: ARG002 - the port's
        self.asked.append("chat")
        self.free.wait(60)
        if self.errors:
            raise self.errors.popleft()
        return Reply(self.url)

    def close(self) -> None:
        self.asked.append("close")


class Bench:
    """Two servers and a clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.first, self.second = FakeServer("first"), FakeServer("second")
        self.pool = ServerPool([self.first, self.second], lambda: self.now)

    def ask(self) -> str:
        return self.pool.chat([], schema=None, max_tokens=1)[0].text


def try_out(server: ChatServer) -> None:
    server.chat([], schema=None, max_tokens=1)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_while_all_are_well_the_first_is_asked_and_its_digest_told(bench: Bench) -> None:
    assert bench.pool.chat([], schema=None, max_tokens=1) == (Reply("first"), "digest of first")
    assert bench.second.asked == []


def test_a_request_that_finds_one_busy_goes_to_another(bench: Bench) -> None:
    bench.first.free.clear()
    waiting = threading.Thread(target=bench.ask)
    waiting.start()
    while not bench.first.asked:
        pass

    assert bench.ask() == "second"

    bench.first.free.set()
    waiting.join()
    assert bench.ask() == "first"


def test_one_that_fails_is_passed_over_for_the_next_within_the_same_request(bench: Bench) -> None:
    bench.first.errors.append(TryLater("away"))

    assert bench.ask() == "second"
    assert bench.pool.health().ok
    assert "away" in bench.pool.health().detail


def test_one_that_failed_is_left_alone_then_probed_and_asked_again(bench: Bench) -> None:
    bench.first.errors.append(TryLater("away"))
    bench.ask()
    bench.ask()
    assert bench.first.asked == ["chat"]

    bench.now += 1.1

    assert bench.ask() == "first"
    assert bench.first.asked == ["chat", "probe", "chat"]


def test_one_that_stays_away_costs_a_probe_after_ever_longer_pauses(bench: Bench) -> None:
    bench.first.errors.append(TryLater("away"))
    bench.first.probe_errors.extend(TryLater("away") for _ in range(99))

    for _ in range(600):
        bench.now += 1.0
        assert bench.ask() == "second"

    assert 10 <= bench.first.asked.count("probe") <= 20
    assert bench.first.asked.count("chat") == 1


def test_one_that_answers_probes_but_fails_on_articles_is_left_alone_longer_each_time(bench: Bench) -> None:
    bench.first.errors.extend(TryLater("too slow") for _ in range(99))

    for _ in range(600):
        bench.now += 1.0
        bench.ask()

    assert 8 <= bench.first.asked.count("chat") <= 20


def test_when_none_can_answer_the_reasons_of_all_are_told(bench: Bench) -> None:
    bench.first.errors.append(TryLater("away", after=30.0))
    bench.second.errors.append(TryLater("busy", after=20.0))

    with pytest.raises(TryLater, match="away; busy") as caught:
        bench.ask()

    assert caught.value.after == 20.0
    assert not bench.pool.health().ok
    with pytest.raises(TryLater):
        bench.ask()
    assert bench.first.asked == bench.second.asked == ["chat"]


def test_what_one_refuses_another_may_take_which_says_nothing_against_the_first(bench: Bench) -> None:
    bench.first.errors.append(NeverWorks("too long"))

    assert bench.ask() == "second"
    assert bench.ask() == "first"


@pytest.mark.parametrize("other", [NeverWorks("too long as well"), TryLater("away")])
def test_a_request_that_one_refuses_and_no_other_answers_is_refused(bench: Bench, other: Exception) -> None:
    bench.first.errors.append(NeverWorks("too long"))
    bench.second.errors.append(other)

    with pytest.raises(NeverWorks, match="too long"):
        bench.ask()

    assert bench.ask() == "first"


def test_the_check_is_passed_when_one_server_works(bench: Bench) -> None:
    bench.first.probe_errors.append(PersonNeededError("no model"))

    bench.pool.check(try_out)

    assert bench.ask() == "second"


def test_the_check_brings_a_server_back_at_once(bench: Bench) -> None:
    bench.first.errors.append(TryLater("away"))
    bench.ask()

    bench.pool.check(try_out)

    assert bench.ask() == "first"


@pytest.mark.parametrize(
    ("first", "second", "raised"),
    [
        (PersonNeededError("pull"), PersonNeededError("pull"), PersonNeededError),
        (PersonNeededError("pull"), NeverWorks("no chat"), PersonNeededError),
        (PersonNeededError("pull"), TryLater("away"), TryLater),
        (NeverWorks("no chat"), NeverWorks("no chat"), RefusesAll),
    ],
)
def test_the_start_waits_for_servers_none_of_which_can_be_used_and_says_why(
    bench: Bench, first: Exception, second: Exception, raised: type[Exception]
) -> None:
    bench.first.probe_errors.append(first)
    bench.second.probe_errors.append(second)

    with pytest.raises(TryLater, match=f"{first}.*; {second}") as caught:
        bench.pool.check(try_out)

    assert type(caught.value) is raised
    health = bench.pool.health()
    assert not health.ok
    assert str(first) in health.detail
    assert str(second) in health.detail


def test_a_server_that_refused_its_check_is_asked_about_the_next_article_all_the_same(bench: Bench) -> None:
    for server in (bench.first, bench.second):
        server.errors.append(NeverWorks("no system role"))
    with pytest.raises(RefusesAll, match="set the model to a chat model"):
        bench.pool.check(try_out)

    assert bench.ask() == "first"


def test_a_check_that_cost_an_answer_of_no_use_is_not_made_again_soon(bench: Bench) -> None:
    for server in (bench.first, bench.second):
        server.errors.append(UselessError("spent on reasoning"))

    with pytest.raises(RefusesAll, match="spent on reasoning") as caught:
        bench.pool.check(try_out)

    assert caught.value.after == USELESS_PAUSE_SECONDS


def test_closing_closes_all(bench: Bench) -> None:
    bench.pool.close()

    assert bench.first.asked == bench.second.asked == ["close"]


def test_requests_that_were_under_way_together_fail_once() -> None:
    once = Breaker().after_failure(10.0)

    assert once.after_failure(10.5) == once
    assert once.after_failure(11.5).pause == 2 * once.pause


def test_the_pauses_are_bounded_and_an_answer_ends_them() -> None:
    breaker, now = Breaker(), 0.0
    for _ in range(20):
        breaker = breaker.after_failure(now)
        assert not breaker.may_try(breaker.until - 0.01)
        assert breaker.may_try(breaker.until)
        now = breaker.until
    assert breaker.pause == 60.0


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://user:pass@host:1/v1", "http://host:1/v1"),
        ("http://host:1", "http://host:1"),
        ("https://host/p@th", "https://host/p@th"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert shown_url(url) == shown
