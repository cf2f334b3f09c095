"""The case that measures how long an article takes from the publisher to the store."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import cast
from urllib.parse import quote

import pika

from devtools.bench.cases.arrivals import Arrivals, watched
from devtools.bench.lab import Lab, environment_of
from devtools.bench.processes import started_service
from devtools.bench.results import Latencies, Rows, at_most, compare, percentile
from devtools.bench.samples import PAIRS, article
from devtools.bench.servers import bare_connection, bare_redis
from services.common.broker.port import OutgoingMessage
from services.common.broker.rabbitmq.broker import RabbitMqBroker
from services.common.broker.topology import NEWS_ARTICLE
from services.common.clock import SystemClock
from services.common.errors import TryLater
from services.common.settings.settings import ScorerKind
from services.common.store.keys import signals_key

ARTICLES = 200
WARM_UP = 10
PER_SECOND = 20
ARRIVE_SECONDS = 30.0
BARE_QUEUE = "bench.round_trip"
BARE_KEY = "bench:round_trip"
LAST_SIGNALS = 20


def news_to_cache(lab: Lab) -> Rows:
    """Milliseconds from the publisher's call until the signal is in Redis: the median and the p99 of each run."""
    ours: list[list[float]] = []
    bare: list[list[float]] = []
    with ExitStack() as stack:
        measure_ours, measure_bare = pipeline(lab, stack), _round_trip(lab, stack)

        def our_run() -> float:
            ours.append(measure_ours())
            return percentile(ours[-1], 50)

        def bare_run() -> float:
            bare.append(measure_bare())
            return percentile(bare[-1], 50)

        p50, bare_p50 = lab.interleave(our_run, bare_run)
    p99, bare_p99 = ([percentile(run, 99) for run in runs] for runs in (ours, bare))
    note = "bare publish, consume and HSET at the same rate"
    yield compare("news_to_cache.p50", "ms", p50, bare_p50, at_most(3), note=note)
    yield compare("news_to_cache.p99", "ms", p99, bare_p99, at_most(5), note=note)
    yield Latencies("news to cache, lexicon scorer", tuple(value for run in ours for value in run))
    yield Latencies("bare publish, consume, HSET", tuple(value for run in bare for value in run))


def pipeline(lab: Lab, stack: ExitStack) -> Callable[[], list[float]]:
    """Start our processor and cacher as processes; returns a function that measures one run through them."""
    settings, clock = lab.settings(sentiment_scorer=ScorerKind.LEXICON), SystemClock()
    for module in ("services.signal_cacher.signal_cacher", "services.sentiment_analyzer.sentiment_processor"):
        stack.enter_context(started_service(lab, module, settings))
    broker = RabbitMqBroker(settings, clock)
    stack.callback(broker.close)
    broker.start()
    client = stack.enter_context(bare_redis(lab.servers.redis()))
    numbers = itertools.count()

    def newest(key: str) -> list[str]:
        members = cast("list[bytes]", client.zrevrange(key, 0, LAST_SIGNALS - 1))
        return [json.loads(member)["article_id"] for member in members]

    def send() -> str:
        news = article(next(numbers), clock.now())
        broker.publish([OutgoingMessage(NEWS_ARTICLE, news.encode(), news.article_id)])
        return news.article_id

    def measure() -> list[float]:
        client.flushdb()
        with watched(client, [signals_key(pair) for pair in PAIRS], newest) as arrivals:
            return _paced(send, arrivals, lab.amount(ARTICLES))

    return measure


def _round_trip(lab: Lab, stack: ExitStack) -> Callable[[], list[float]]:
    """Start a plain consumer as a process; returns a function that measures one run with the same articles."""
    server, store = lab.servers.rabbitmq(), lab.servers.redis()
    connection = bare_connection(server)
    stack.callback(connection.close)
    channel = connection.channel()
    channel.queue_declare(BARE_QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
    stack.callback(channel.queue_delete, BARE_QUEUE)
    client = stack.enter_context(bare_redis(store))
    environ = environment_of(lab.settings())
    amqp = f"amqp://{server.user}:{quote(server.password, '')}@{server.host}:{server.port}/{quote(server.vhost, '')}"
    environ |= {
        "BARE_AMQP_URL": amqp,
        "BARE_REDIS_URL": f"redis://:{quote(store.password or '', '')}@{store.host}:{store.port}",
    }
    program = "devtools.bench.programs.bare_consumer"
    stack.enter_context(lab.python("bare_consumer", "-m", program, BARE_QUEUE, BARE_KEY, environ=environ))
    clock, numbers = SystemClock(), itertools.count()

    def newest(key: str) -> list[str]:
        return [each.decode() for each in cast("list[bytes]", client.hkeys(key))]

    def send() -> str:
        news = article(next(numbers), clock.now())
        properties = pika.BasicProperties(delivery_mode=2, message_id=news.article_id)
        channel.basic_publish("", BARE_QUEUE, news.encode(), properties)
        return news.article_id

    def measure() -> list[float]:
        client.delete(BARE_KEY)
        connection.process_data_events()  # answers heartbeats that arrived during other measurements
        with watched(client, [BARE_KEY], newest) as arrivals:
            return _paced(send, arrivals, lab.amount(ARTICLES))

    return measure


def _paced(send: Callable[[], str], arrivals: Arrivals, count: int) -> list[float]:
    """Publish at a constant rate, without waiting for results; returns the latencies (ms) after a warm-up.

    Args:
        send: publishes one article and returns its id.
        arrivals: records when each article reaches the store.
        count: the number of articles that are measured after the warm-up.

    Raises:
        TryLater: an article did not reach the store.
    """
    begin = time.perf_counter()
    sent: dict[str, float] = {}
    for number in range(WARM_UP + count):
        time.sleep(max(0.0, begin + number / PER_SECOND - time.perf_counter()))
        moment = time.perf_counter()
        sent[send()] = moment
    arrivals.wait_for(len(sent), ARRIVE_SECONDS)
    if missing := sent.keys() - arrivals.at.keys():
        raise TryLater(f"news_to_cache: {len(missing)} of {len(sent)} articles did not arrive; run it again")
    return [1000 * (arrivals.at[each] - moment) for each, moment in list(sent.items())[WARM_UP:]]
