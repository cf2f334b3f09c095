"""Cases that measure the time from the start of a service's process until its /health reports that it is ready."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from devtools.bench.lab import Lab, environment_of
from devtools.bench.processes import START_SECONDS, started_service
from devtools.bench.results import Rows, at_most, compare
from devtools.bench.samples import PAIRS
from services.common.errors import TryLater
from services.common.settings.settings import ScorerKind, Settings
from services.replay_exchange.ccxt_config import ccxt_config

SERVICES = {
    "poller": "services.data_ingestor.news_poller",
    "processor": "services.sentiment_analyzer.sentiment_processor",
    "cacher": "services.signal_cacher.signal_cacher",
}
LIBRARIES = "import pika, redis, pydantic"
STREAMER_LIBRARIES = f"{LIBRARIES}, ccxt.pro"
SOURCES = '[[source]]\nname = "nobody"\nurl = "http://127.0.0.1:9/feed"\n'
"""A source on a port where nothing listens; the poller is ready once it can poll, even if no source answers."""


def cold_start(lab: Lab) -> Rows:
    """Milliseconds until the poller, the processor (lexicon scorer) and the cacher are ready."""
    sources = lab.folder / "sources.toml"
    sources.write_text(SOURCES)
    settings = lab.settings(news_sources_file=sources, sentiment_scorer=ScorerKind.LEXICON)
    for name, module in SERVICES.items():
        values, baselines = lab.interleave(
            partial(_ready, lab, module, settings), lambda: _import(LIBRARIES, settings)
        )
        note = f'python -c "{LIBRARIES}"'
        yield compare(f"cold_start.{name}", "ms", values, baselines, at_most(4), note=note)


def cold_start_streamer(lab: Lab) -> Rows:
    """Milliseconds until the streamer is ready; it imports an exchange library, which takes seconds."""
    with _exchange(lab) as url:
        settings = lab.settings(exchange_config=ccxt_config(url), trading_pairs=PAIRS)
        values, baselines = lab.interleave(
            lambda: _ready(lab, "services.data_ingestor.market_streamer", settings),
            lambda: _import(STREAMER_LIBRARIES, settings),
        )
    note = f'python -c "{STREAMER_LIBRARIES}"'
    yield compare("cold_start_streamer", "ms", values, baselines, at_most(1.3), note=note)


def _ready(lab: Lab, module: str, settings: Settings) -> float:
    with started_service(lab, module, settings) as seconds:
        return 1000 * seconds


def _import(libraries: str, settings: Settings) -> float:
    begin = time.perf_counter()
    subprocess.run(  # noqa: S603 - our own interpreter and words
        [sys.executable, "-P", "-c", libraries], check=True, env=environment_of(settings)
    )
    return 1000 * (time.perf_counter() - begin)


@contextmanager
def _exchange(lab: Lab) -> Iterator[str]:
    """Run a replay exchange as a separate process while the context lasts; yields the address of the exchange."""
    environ = environment_of(lab.settings())
    module = "services.replay_exchange.replay_exchange"
    with lab.python("replay_exchange", "-m", module, environ=environ) as program:
        deadline = time.perf_counter() + START_SECONDS
        while not (said := program.output.read_text()).startswith('{"event": "ready"') or "\n" not in said:
            if problem := program.problem():
                raise TryLater(f"cold_start_streamer: the replay exchange: {problem}")
            if time.perf_counter() > deadline:
                raise TryLater("cold_start_streamer: the replay exchange was not ready in time; run it again")
            time.sleep(0.05)
        yield str(json.loads(said.splitlines()[0])["url"])
