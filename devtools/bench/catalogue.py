"""The list of all cases, each with its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from devtools.bench.cases.archives import history_memory, lexicon_scoring
from devtools.bench.cases.asking import processor_llm
from devtools.bench.cases.backtesting import backtest_join
from devtools.bench.cases.caching import cacher
from devtools.bench.cases.embedded import embedded_broker
from devtools.bench.cases.history.reading import history_reads
from devtools.bench.cases.history.recording import history_recorder
from devtools.bench.cases.history.streaming import stream
from devtools.bench.cases.history.trading_path import trading_path
from devtools.bench.cases.latency import news_to_cache
from devtools.bench.cases.mixin import mixin_loop
from devtools.bench.cases.notifying import notify
from devtools.bench.cases.processing import processor, processors_scaling
from devtools.bench.cases.publishing import publish_confirmed
from devtools.bench.cases.refreshing import strategy_refresh
from devtools.bench.cases.starting import cold_start, cold_start_streamer
from devtools.bench.lab import Lab
from devtools.bench.results import Rows
from services.common.errors import StopProgram


@dataclass(frozen=True, slots=True)
class Case:
    """One case of the benchmark.

    Attributes:
        about: the description for `--list`, in one line.
        measure: yields each row of results as soon as it is measured.
        has_latencies: whether the case yields latencies for the plot.
        minutes: the duration with the default number of runs, if the case runs only on request; otherwise 0.
    """

    name: str
    about: str
    measure: Callable[[Lab], Rows]
    has_latencies: bool = False
    minutes: int = 0


CASES = (
    Case("publish_confirmed", "messages/s to a quorum queue, every message confirmed", publish_confirmed),
    Case("cacher", "signals/s from queue to Redis, acknowledged after the write", cacher),
    Case(
        "history_recorder",
        "articles/s from queue to history, acknowledged after the commit",
        history_recorder,
    ),
    Case(
        "news_to_cache",
        "latency at 20 articles/s, lexicon scorer, p50 and p99",
        news_to_cache,
        has_latencies=True,
    ),
    Case("trading_path", "the same latency with recorder and API running, against without", trading_path),
    Case("stream", "latency from publisher to 200 clients of the API at 20 articles/s, p99", stream),
    Case("notify", "latency from publisher to a chat in Telegram, and from a question to its answer", notify),
    Case("processor", "articles/s with a scorer that sleeps 50 ms, concurrency 16", processor),
    Case(
        "processor_llm",
        "articles/s with a language model's server, against a client that only asks",
        processor_llm,
    ),
    Case(
        "strategy_refresh",
        "the bot's refresh of 100 pairs, five new signals; and its first",
        strategy_refresh,
    ),
    Case("mixin_loop", "the loop of a bot with 100 pairs and the mixin, against one without", mixin_loop),
    Case("embedded_broker", "messages/s published and consumed durably, against RabbitMQ", embedded_broker),
    Case("cold_start", "start to ready of poller, processor and cacher", cold_start),
    Case("cold_start_streamer", "start to ready of the streamer", cold_start_streamer),
    Case(
        "backtest_join", "freqtrade backtesting with and without reading and joining sentiment", backtest_join
    ),
    Case("lexicon_scoring", "articles/s of history score on one core, file to file", lexicon_scoring),
    Case(
        "history_reads",
        "p95 of each list of a history with a million signals, as it is answered",
        history_reads,
        minutes=5,
    ),
    Case(
        "processors_scaling",
        "articles/s of 1, 2 and 4 processes with a scorer that sleeps",
        processors_scaling,
        minutes=15,
    ),
    Case(
        "history_memory", "peak memory of scoring 500,000 articles against 17,000", history_memory, minutes=15
    ),
)


def chosen_cases(names: Sequence[str], *, everything: bool = False) -> tuple[Case, ...]:
    """The cases with these names in the order of the catalogue.

    Without names, the cases that take no longer than a few minutes are chosen, or all cases if `everything` is true.

    Raises:
        StopProgram: a name is unknown; the message lists the known names.
    """
    known = {case.name for case in CASES}
    if unknown := [name for name in names if name not in known]:
        raise StopProgram(
            f"there is no case {unknown[0]!r}; there are {', '.join(case.name for case in CASES)}"
        )
    if names:
        return tuple(case for case in CASES if case.name in names)
    return tuple(case for case in CASES if everything or not case.minutes)
