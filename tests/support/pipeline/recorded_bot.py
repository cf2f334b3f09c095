"""A real Freqtrade on the replay exchange with a recorder beside it, on a clock that runs faster than time."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from cryptoboy_sentiment.csv_source import CsvSignals
from cryptoboy_sentiment.merging import as_of

from services.common.broker.open import open_broker
from services.common.broker.port import Broker, OutgoingMessage
from services.common.broker.topology import SENTIMENT_SIGNAL
from services.common.clock import SystemClock
from services.common.errors import TryLater
from services.common.history.open import open_reader
from services.common.history.queries import SignalFilter
from services.common.history.rows import AnalysedRow, TradeRow
from services.common.messages import SentimentSignal
from services.common.runtime.ports import free_port
from services.common.settings.folders import STRATEGIES
from services.common.settings.settings import BrokerKind, Settings
from services.common.values import label_of
from services.demo.plan import SAMPLE_CANDLES, DemoPlan
from services.demo.settings import for_replay
from services.launch.freqtrade.api import FreqtradeApi
from services.launch.freqtrade.config import freqtrade_config, with_api_secrets, write_config
from services.launch.replay_clock import ReplayClock
from services.launch.stack import Stack, free_health_ports
from services.launch.supervisor import ProcessSpec, Supervisor
from services.research.history.recorded.signals import export_recorded
from tests.support.pipeline import noting_strategy
from tests.support.waiting import eventually

START = datetime(2026, 3, 30, 11, 10, tzinfo=UTC)
"""Where the replay of the bundled candles begins: before two hours with many entries of the strategy's rules."""
READY_SECONDS = 240.0  # of Freqtrade on a busy machine
SEEN_OF_NEWS = (
    *("sentiment", "sentiment_for_entry", "sentiment_for_exit"),
    *("sentiment_status", "sentiment_label", "sentiment_article_id"),
)
SERVICES = ("signal_cacher", "market_streamer", "history_recorder")


@dataclass
class RecordedBot:
    """The programs while they run. Instants are those of the replay's clock."""

    settings: Settings
    folder: Path
    clock: ReplayClock
    supervisor: Supervisor
    broker: Broker
    specs: dict[str, ProcessSpec]
    said: int = 0

    def say(self, article: str, pair: str, score: float, **more: Any) -> None:
        """Publish a signal as a processor would."""
        self.said += 1
        now = self.clock.now()
        signal = SentimentSignal(
            article_id=article,
            pair=pair,
            source="coindesk",
            headline=f"Headline of {article}",
            sentiment_score=score,
            sentiment_label=label_of(score),
            published=now - timedelta(seconds=1),
            analyzed_at=now,
            model="lexicon",
            **{"confidence": 0.9, **more},
        )
        self.broker.publish([OutgoingMessage(SENTIMENT_SIGNAL, signal.encode(), article)])

    def seen(self) -> list[dict[str, Any]]:
        """The rows that the strategy decided on, the oldest first."""
        path = self.folder / "user_data" / "seen.jsonl"
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def first_decisions(self) -> dict[str, datetime]:
        """The opening of the first candle of each pair that the strategy decided on."""
        first: dict[str, datetime] = {}
        for row in self.seen():
            first.setdefault(row["pair"], datetime.fromisoformat(row["date"]))
        return first

    def wait_for_candles(self, count: int, seconds: float) -> None:
        """Wait until the strategy has decided on so many candles of the first pair."""
        pair = self.settings.trading_pairs[0]

        def seen_enough() -> bool:
            self.supervisor.check()
            return sum(bool(row["pair"] == pair) for row in self.seen()) >= count

        eventually(seen_enough, f"{count} candles are analysed", seconds=seconds)

    def stop(self, name: str) -> None:
        """Stop a program as an operator would."""
        self.supervisor.stop(name)

    def start(self, name: str) -> None:
        """Start a program again, without waiting for it."""
        self.supervisor.start(self.specs[name])


def recorded(settings: Settings, pair: str) -> dict[str, AnalysedRow]:
    with closing(open_reader(settings)) as history:
        return {str(row.opened): row for row in history.analysed(pair, limit=1000).rows}


def recorded_trades(settings: Settings) -> tuple[TradeRow, ...]:
    with closing(open_reader(settings)) as history:
        return history.trades(limit=1000).rows


def decided(run: RecordedBot, pair: str) -> dict[str, dict[str, Any]]:
    """The rows that the strategy decided on, by the opening of their candle."""
    return {
        row["date"]: {name: value for name, value in row.items() if name not in {"date", "pair"}}
        for row in run.seen()
        if row["pair"] == pair
    }


def of_news(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name.startswith("sentiment")}


def assert_the_export_gives_what_was_seen(run: RecordedBot) -> None:
    """What `history export` writes gives each candle the sentiment that the strategy's dataframe had."""
    file = run.folder / "signals.csv"
    with closing(open_reader(run.settings)) as history:
        eventually(lambda: history.counts().get("signals") == run.said)
        export_recorded(history, SignalFilter(), file)
    source = CsvSignals(file)
    source.refresh(run.settings.trading_pairs, run.clock.now())
    for pair in run.settings.trading_pairs:
        rows = decided(run, pair)
        opens = pd.Series(pd.to_datetime(list(rows), utc=True))
        expected = as_of(source.signals(pair), opens, timedelta(minutes=1)).to_dict("records")
        for (date, row), values in zip(rows.items(), expected, strict=True):
            assert {name: row[name] for name in SEEN_OF_NEWS} == {
                name: None if values[name] != values[name] else values[name] for name in SEEN_OF_NEWS
            }, (pair, date)


@contextmanager
def recorded_bot(folder: Path, pairs: Sequence[str], speed: float, seconds: float) -> Iterator[RecordedBot]:
    """Start the exchange, the store, the cacher, the streamer, the recorder and a bot; all are ready then.

    Args:
        seconds: real seconds that the run takes at most after the start.
    """
    plan = DemoPlan(SAMPLE_CANDLES, "1m", tuple(pairs), START, (), speed, seconds, expects_trade=False)
    exchange_port = free_port()
    made = for_replay(Settings(broker=BrokerKind.EMBEDDED), plan, folder, exchange_port)
    settings = with_api_secrets(made)
    with ExitStack() as running:
        clock = ReplayClock(speed, horizon=seconds + READY_SECONDS)
        running.callback(clock.close)
        supervisor = running.enter_context(Supervisor(folder / "logs"))
        stack = Stack(settings, folder, clock.environment(), free_health_ports())
        programs = [
            stack.exchange(plan.candles, plan.timeframe, plan.start, clock.now(), exchange_port),
            stack.store(),
            *(spec for spec in (*stack.services(), *stack.watchers()) if spec.name in SERVICES),
        ]
        for spec in programs:
            supervisor.start(spec)
        supervisor.wait_ready(programs, READY_SECONDS)
        bot = _bot(stack)
        supervisor.start(bot)
        supervisor.wait_ready([bot], READY_SECONDS)
        broker = running.enter_context(closing(open_broker(settings, SystemClock())))
        broker.start()
        yield RecordedBot(
            settings, folder, clock, supervisor, broker, {spec.name: spec for spec in [*programs, bot]}
        )


def _bot(stack: Stack) -> ProcessSpec:
    spec = stack.freqtrade(throttle_seconds=1)
    user_data = stack.run_dir / "user_data"
    strategies = user_data / "strategies"
    shutil.copytree(STRATEGIES, strategies, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(str(noting_strategy.__file__), strategies)
    config = freqtrade_config(stack.settings, database=stack.trades_file, throttle_seconds=1)
    changed = config | {"strategy": "Noting", "strategy_path": str(strategies)}
    write_config(changed, stack.run_dir / "freqtrade.json")
    return replace(spec, is_ready=partial(_is_running, FreqtradeApi.of(config["api_server"])))


def _is_running(api: FreqtradeApi) -> bool:
    try:
        return api.state() == "running"
    except TryLater:
        return False
