"""Cases that measure the processor when the scorer takes most of the time."""

from __future__ import annotations

import time
from contextlib import ExitStack

from devtools.bench.cases.publishing import empty
from devtools.bench.lab import Lab
from devtools.bench.processes import started_service
from devtools.bench.results import Result, Rows, at_least, compare
from devtools.bench.samples import article
from devtools.bench.servers import bare_connection
from devtools.servers.control import RabbitServer
from services.common.broker.port import OutgoingMessage
from services.common.broker.rabbitmq.broker import RabbitMqBroker
from services.common.broker.topology import NEWS_ARTICLE, RAW_NEWS_DATA, SENTIMENT_SIGNALS
from services.common.clock import SystemClock
from services.common.errors import TryLater

CONCURRENCY = 16
SCORE_SECONDS = 0.05
SLOW_SCORE_SECONDS = 0.4
"""The duration of a slow score in seconds, so long that four processors do not fully use a machine with two cores."""
SECONDS = 10
"""The duration of a run in seconds, so long that its first articles, which an idle processor gets, hardly matter."""
PATIENCE_SECONDS = 120.0
MODULE = "devtools.bench.programs.sleeping_processor"


def processor(lab: Lab) -> Rows:
    """Articles per second, from the first article published to the last signal in the queue."""
    rates = [_rate(lab, 1, SCORE_SECONDS, f"one-{run}") for run in lab.runs()]
    note = f"the ideal {CONCURRENCY} / {SCORE_SECONDS:g}"
    ideal = [_ideal(SCORE_SECONDS)] * len(rates)
    yield compare("processor", "articles/s", rates, ideal, at_least(0.9), note=note)


def processors_scaling(lab: Lab) -> Rows:
    """Articles per second of 1, 2 and 4 processors.

    The baseline of several processors is the measured rate of one processor multiplied by their number; the baseline
    of one processor is the ideal rate. The measurement is repeated with a slower scorer: if the rate grows with the
    number of processors only with the slower scorer, the machine has no processor time left.
    """
    yield from _scaling(lab, "processors_scaling", SCORE_SECONDS)
    yield from _scaling(lab, "processors_scaling.slow", SLOW_SCORE_SECONDS)


def _scaling(lab: Lab, name: str, score_seconds: float) -> list[Result]:
    rates: dict[int, list[float]] = {1: [], 2: [], 4: []}
    for run in lab.runs():
        for processes, found in rates.items():
            found.append(_rate(lab, processes, score_seconds, f"{name}-{processes}-{run}"))
    return [_against_one(name, rates, processes, _ideal(score_seconds)) for processes in rates]


def _ideal(score_seconds: float) -> float:
    """Articles per second of one ideal process, which only waits for its scorer."""
    return CONCURRENCY / score_seconds


def _against_one(name: str, rates: dict[int, list[float]], processes: int, ideal: float) -> Result:
    linear = [processes * rate for rate in rates[1]] if processes > 1 else [ideal] * len(rates[1])
    return compare(
        f"{name}.{processes}",
        "articles/s",
        rates[processes],
        linear,
        at_least(0.9),
        note=f"{processes} times what one did" if processes > 1 else "the ideal",
    )


def _rate(lab: Lab, processes: int, score_seconds: float, state: str) -> float:
    """Articles per second of newly started processors, which know no stories and so skip no retellings."""
    settings = lab.settings(sentiment_concurrency=CONCURRENCY, state_dir=lab.folder / state)
    with ExitStack() as stack:
        for _ in range(processes):
            stack.enter_context(started_service(lab, MODULE, settings, arguments=[str(score_seconds)]))
        return _rate_of_started(lab, lab.amount(round(SECONDS * _ideal(score_seconds))) * processes)


def _rate_of_started(lab: Lab, count: int) -> float:
    clock, server = SystemClock(), lab.servers.rabbitmq()
    now = clock.now()
    articles = [article(number, now) for number in range(count)]
    messages = [OutgoingMessage(NEWS_ARTICLE, each.encode(), each.article_id) for each in articles]
    broker = RabbitMqBroker(lab.settings(), clock)
    try:
        broker.start()
        empty(server, RAW_NEWS_DATA.name, SENTIMENT_SIGNALS.name)
        begin = time.perf_counter()
        broker.publish(messages, timeout=PATIENCE_SECONDS)
        end = _last_signal(server, count)
    finally:
        broker.close()
    return count / (end - begin)


def _last_signal(server: RabbitServer, count: int) -> float:
    """Consume `count` signals from the queue; returns the time of the last one, as `time.perf_counter` gives it."""
    connection = bare_connection(server)
    channel = connection.channel()
    left = count
    for method, _properties, _body in channel.consume(
        SENTIMENT_SIGNALS.name, auto_ack=True, inactivity_timeout=PATIENCE_SECONDS
    ):
        if method is None:
            raise TryLater(f"{left} of {count} articles were not scored in time; run it again")
        left -= 1
        if not left:
            break
    end = time.perf_counter()
    connection.close()
    return end
