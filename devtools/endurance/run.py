"""Runs the servers, the services and the load of an endurance test, and judges the result."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from devtools.bench.lab import Lab, environment_of
from devtools.bench.processes import counted, wait_until_ready
from devtools.bench.samples import PAIRS
from devtools.bench.servers import bare_redis
from devtools.endurance.load import Load, endless_feed, publish_steadily
from devtools.endurance.verdict import Finding, Sample, judge, judge_books, judge_rate
from devtools.endurance.watching import Watch, watch_for
from devtools.servers.control import free_ports
from devtools.servers.programs import Program
from services.common.broker.rabbitmq.broker import RabbitMqBroker
from services.common.broker.topology import RAW_NEWS_DATA, SENTIMENT_SIGNALS
from services.common.clock import SystemClock
from services.common.errors import TryLater
from services.common.services import SERVICES
from services.common.settings.settings import ScorerKind, Settings
from services.common.store.keys import signals_key
from services.replay_exchange.ccxt_config import ccxt_config

FEED_ARTICLES_A_SECOND = 5.0
POLL_SECONDS = 2.0
UNBOUNDED = 1_000_000
"""The quota of articles per hour, so high that a single feed may deliver as many articles as many feeds would."""
READY_SECONDS = 60.0
LEAST_DRAIN_SECONDS = 60.0
_TWICE = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """The duration (seconds), the load (articles per second) and the number of processors on the news queue."""

    seconds: float = 600.0
    rate: float = 500.0
    processors: int = 1
    warm_up: float = 60.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an endurance test.

    Attributes:
        samples: the samples of each service.
        findings: the findings from the samples, from the rates and from the final counts.
        published: the number of articles that the load and the poller published.
        drained_seconds: the time from the end of the load until both queues were empty.
        late: the number of batches that began more than a second late.
    """

    samples: Mapping[str, Sequence[Sample]]
    findings: tuple[Finding, ...]
    published: int
    drained_seconds: float
    late: int


@dataclass(frozen=True, slots=True)
class _Started:
    pid: int
    port: int


def endure(lab: Lab, plan: Plan) -> Outcome:
    """Run all services under the load, and judge their resource use and throughput.

    Raises:
        TryLater: a service ended, or did not become ready.
        StopProgram: RabbitMQ or Redis is not available.
    """
    with ExitStack() as stack:
        broker = RabbitMqBroker(lab.settings(), SystemClock())
        stack.callback(broker.close)
        broker.start()
        lab.report("starting the services")
        feed = stack.enter_context(endless_feed(FEED_ARTICLES_A_SECOND))
        started = stack.enter_context(_services(lab, plan, feed.url))
        watch = Watch({name: each.pid for name, each in started.items()})
        load = _load_while_watching(lab, plan, broker, watch)
        feed.freeze()
        lab.report("waiting for the queues to be empty")
        judged = sum(
            counted(each.port, "cryptoboy_articles_scored_total")
            for name, each in started.items()
            if name.startswith("sentiment_processor")
        )
        ended, stored_then = time.monotonic(), _stored(lab)
        _wait_until_empty(broker, max(LEAST_DRAIN_SECONDS, plan.seconds))
        drained = time.monotonic() - ended
        fed = _settled(lambda: counted(started["news_poller"].port, "cryptoboy_articles_published_total"))
        left = _wait_until_empty(broker, LEAST_DRAIN_SECONDS)
        seconds = max(seen[-1].seconds for seen in watch.samples.values())
        findings = (
            *judge(watch.samples, plan.warm_up),
            judge_rate(RAW_NEWS_DATA.name, plan.rate, min(float(load.published), judged) / seconds),
            judge_rate(SENTIMENT_SIGNALS.name, plan.rate, stored_then / seconds),
            *judge_books(load.signals + fed, _stored(lab), left),
        )
    return Outcome(watch.samples, findings, load.published + fed, drained, load.late)


def _load_while_watching(lab: Lab, plan: Plan, broker: RabbitMqBroker, watch: Watch) -> Load:
    load, stop = Load(), threading.Event()
    publisher = threading.Thread(target=publish_steadily, args=(broker, plan.rate, load, stop), daemon=True)
    publisher.start()
    try:
        watch_for(
            plan.seconds,
            watch,
            lambda passed: lab.report(f"{passed:.0f} of {plan.seconds:.0f} s, {load.published:,} articles"),
        )
    finally:
        stop.set()
        publisher.join()
    return load


@contextmanager
def _services(lab: Lab, plan: Plan, feed: str) -> Iterator[dict[str, _Started]]:
    with ExitStack() as stack:
        exchange = stack.enter_context(_exchange(lab))
        sources = lab.folder / "sources.toml"
        sources.write_text(f'[[source]]\nname = "feed"\nurl = "{feed}"\n')
        common = lab.settings(
            trading_pairs=PAIRS,
            sentiment_scorer=ScorerKind.LEXICON,
            news_sources_file=sources,
            news_poll_interval=POLL_SECONDS,
            news_source_quota=UNBOUNDED,
            exchange_config=ccxt_config(exchange),
        )
        names = [*SERVICES, *(f"sentiment_processor#{number}" for number in range(2, plan.processors + 1))]
        programs = {name: stack.enter_context(_service(lab, name, common)) for name in names}
        for name, (program, port) in programs.items():
            wait_until_ready(name, program, port)
        yield {name: _Started(program.process.pid, port) for name, (program, port) in programs.items()}


@contextmanager
def _service(lab: Lab, name: str, common: Settings) -> Iterator[tuple[Program, int]]:
    (port,) = free_ports(1)
    state = lab.folder / f"state-{name.partition('#')[0]}"  # processors share the file of stories
    environ = environment_of(common.changed(health_port=port, state_dir=state))
    with lab.python(name, "-m", SERVICES[name.partition("#")[0]].module, environ=environ) as program:
        yield program, port


@contextmanager
def _exchange(lab: Lab) -> Iterator[str]:
    """Start the exchange that replays the bundled candles; yields its address."""
    file = lab.folder / "exchange.port"
    arguments = ("-m", "services.replay_exchange.replay_exchange", "--port-file", str(file))
    with lab.python("exchange", *arguments, environ=lab.environ()) as program:
        deadline = time.monotonic() + READY_SECONDS
        while not file.exists():
            if (problem := program.problem()) or time.monotonic() > deadline:
                raise TryLater(f"the replay exchange: {problem or 'not ready in time'}")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{int(file.read_text())}"


def _wait_until_empty(broker: RabbitMqBroker, seconds: float) -> int:
    """Wait until two checks in a row find both queues empty, but no longer than `seconds`.

    One check is not enough, because an article on its way from one queue to the other is in neither.

    Returns:
        The number of messages that are left.
    """
    deadline, empty, ready = time.monotonic() + seconds, 0, 0
    names = {name for queue in (RAW_NEWS_DATA, SENTIMENT_SIGNALS) for name in (queue.name, queue.retry_name)}
    while empty < _TWICE and time.monotonic() < deadline:
        ready = sum(each.ready for each in broker.queues() if each.name in names)
        empty = 0 if ready else empty + 1
        time.sleep(1)
    return ready


def _settled(read: Callable[[], float]) -> int:
    """Read a value repeatedly until it no longer changes, and return it."""
    before, now = -1.0, read()
    while now != before:
        time.sleep(3 * POLL_SECONDS)
        before, now = now, read()
    return int(now)


def _stored(lab: Lab) -> int:
    """The number of signals in the store."""
    client = bare_redis(lab.servers.redis())
    try:
        return sum(int(client.zcard(signals_key(pair))) for pair in PAIRS)
    finally:
        client.close()
