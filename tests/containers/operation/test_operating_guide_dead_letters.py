"""Dead letters are drained as the operating guide says: one that can never be read, and one whose cause passes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from services.common.broker.topology import EVENTS_EXCHANGE, NEWS_ARTICLE, SENTIMENT_SIGNAL
from services.common.clock import CLOCKS_DIFFER
from services.common.messages import SentimentSignal
from services.common.values import Label
from tests.support.containers.guide_shell import line, run
from tests.support.containers.stack import Stack
from tests.support.docs.guide import typed
from tests.support.waiting import eventually

BLOCK = typed("./cryptoboy queues dlq list")
PUBLISH = """
import os, pika, sys
password = open(os.environ["RABBITMQ_PASS_FILE"]).read().strip()
credentials = pika.PlainCredentials(os.environ["RABBITMQ_USER"], password)
with pika.BlockingConnection(pika.ConnectionParameters("rabbitmq", credentials=credentials)) as connection:
    channel = connection.channel()
    channel.confirm_delivery()
    channel.basic_publish({exchange!r}, {key!r}, {body!r}, pika.BasicProperties(delivery_mode=2), mandatory=True)
"""
AHEAD = timedelta(seconds=25)
"""How much further in the future the signal is than clocks may differ: long enough to become a dead letter first."""


def publish(stack: Stack, container: str, key: str, body: bytes) -> None:
    """Publish with the rights of the service in this container."""
    stack.exec(container, "python", "-", stdin=PUBLISH.format(exchange=EVENTS_EXCHANGE, key=key, body=body))


def letters(stack: Stack) -> list[str]:
    """The ids that `dlq list` shows."""
    return [each["id"] for each in json.loads(run(stack, line(BLOCK, "dlq list") + " --json"))]


@pytest.fixture(scope="module")
def ready(production: Stack) -> Stack:
    assert letters(production) == []
    return production


def test_what_cannot_be_read_stays_until_it_is_dropped(ready: Stack) -> None:
    publish(ready, "trading-news-poller", NEWS_ARTICLE, b"no article")
    eventually(lambda: letters(ready), "a dead letter", look=1)
    (bad,) = letters(ready)
    assert "no article" in run(ready, line(BLOCK, "dlq show"), ID=bad)
    assert "1 message(s) replayed" in run(ready, line(BLOCK, "--all --queue raw_news_data"))
    eventually(lambda: letters(ready), "it is given up again", look=1)
    (again,) = letters(ready)
    run(ready, line(BLOCK, "dlq drop"), ID=again)
    assert letters(ready) == []


def test_a_signal_of_a_clock_that_was_wrong_is_cached_when_it_is_replayed(ready: Stack) -> None:
    published = datetime.now(UTC) + CLOCKS_DIFFER + AHEAD
    signal = SentimentSignal(
        article_id="from-the-future",
        pair="BTC/USDT",
        source="coindesk",
        headline="Bitcoin rises tomorrow",
        sentiment_score=0.8,
        sentiment_label=Label.VERY_BULLISH,
        published=published,
        analyzed_at=published,
        model="test",
    )
    publish(ready, "trading-sentiment-processor-1", SENTIMENT_SIGNAL, signal.encode())
    eventually(lambda: letters(ready), "a dead letter", look=1)
    (identity,) = letters(ready)
    assert "in the future" in run(ready, line(BLOCK, "dlq show"), ID=identity)
    eventually(lambda: datetime.now(UTC) > published - CLOCKS_DIFFER, "the clocks agree", look=1)
    run(ready, line(BLOCK, "replay ID"), ID=identity)
    eventually(
        lambda: "from-the-future" in ready.redis("lrange", "sentiment_history:BTC/USDT", "0", "20"),
        "the signal is cached",
        look=1,
    )
    assert letters(ready) == []
