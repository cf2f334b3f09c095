"""A model server that is away, busy, silent, late, or answers rubbish."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.support.pipeline.chaos_pipeline import PIPELINE, Pipeline, make_stories, scored_by
from tests.support.scoring.scripted_ollama import Reply, ScriptedOllama, chat_reply, error_reply, good_answer
from tests.support.servers.tcp_proxy import TcpProxy
from tests.support.waiting import eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
STORIES = tuple(replace(story, scored=True) for story in make_stories(520))
GOOD = chat_reply(good_answer())


def away(_server: ScriptedOllama, way: TcpProxy) -> None:
    way.refuse()
    time.sleep(3)
    way.accept()


def busy(server: ScriptedOllama, _way: TcpProxy) -> None:
    server.usually("/api/chat", error_reply(503, "server busy"))
    time.sleep(3)
    server.usually("/api/chat", GOOD)


def silent(_server: ScriptedOllama, way: TcpProxy) -> None:
    """For a while nobody is answered, and those who asked before that never are."""
    way.abandon()
    way.freeze()
    time.sleep(4)
    way.thaw()


def late(_server: ScriptedOllama, way: TcpProxy) -> None:
    way.slow(2.5)  # each way, so an answer comes after the time for it is over
    time.sleep(6)
    way.slow(0)


def broken_off(_server: ScriptedOllama, way: TcpProxy) -> None:
    for _ in range(10):
        way.cut()
        time.sleep(0.2)


@pytest.mark.parametrize("fault", [away, busy, silent, late, broken_off])
def test_a_model_server_out_of_order_costs_no_article(
    pipeline: Pipeline,
    model_server: ScriptedOllama,
    model_way: TcpProxy,
    fault: Callable[[ScriptedOllama, TcpProxy], None],
) -> None:
    flow = pipeline.feed(STORIES)
    pipeline.start(
        *PIPELINE,
        **scored_by(model_way),
        ollama_timeout=2.0,
    )
    flow.begin()
    pipeline.wait_for_cached(60)
    fault(model_server, model_way)
    pipeline.assert_books_balance(STORIES)


RUBBISH = (
    chat_reply("I am happy to help!"),
    chat_reply('{"BTC": {"score": 1000000, "confidence": 9}}'),
    chat_reply('{"BTC": null}'),
    chat_reply('{"DOGE": {"reason": "x", "event_type": "other", "score": 1, "confidence": 1}}'),
    chat_reply("[" * 5000),
    chat_reply('{"BTC": {"reason": "It ris', done_reason="length"),
    Reply(body=b"\x00\xff not http json"),
    Reply(body=b""),
)


def test_rubbish_makes_it_abstain_and_never_a_score(
    pipeline: Pipeline, model_server: ScriptedOllama, model_way: TcpProxy
) -> None:
    """Every other stretch of answers is rubbish: those articles end without a signal, the others with theirs."""
    flow = pipeline.feed(STORIES)
    pipeline.start(
        *PIPELINE,
        **scored_by(model_way),
        ollama_timeout=2.0,
    )
    for rubbish in RUBBISH:
        model_server.script("/api/chat", *[GOOD] * 20, *[rubbish] * 2)
    flow.begin()
    processor = pipeline.services["sentiment_processor"]

    def ended() -> int:
        return len(processor.events("article_judged")) + sum(pipeline.dead_letters().values())

    deadline = time.monotonic() + 120
    while ended() < len(STORIES) or pipeline.waiting():
        assert time.monotonic() < deadline, f"{ended()} of {len(STORIES)} ended; {pipeline.tails()}"
        time.sleep(0.2)
    scored = [event for event in processor.events("article_judged") if event["scores"]]
    eventually(  # what the cacher has in hand waits in no queue
        lambda: len(pipeline.cached()) >= len(scored),
        lambda: f"{len(scored)} are cached, {len(pipeline.cached())} are; {pipeline.tails()}",
    )
    assert len(pipeline.cached()) == len(scored)
    assert {score for event in scored for score in event["scores"].values()} == {0.6}
    assert len(STORIES) - 2 * len(RUBBISH) <= len(scored) < len(STORIES)
    assert max(pipeline.cached().values()) == 1
    pipeline.assert_store_is_whole()
