"""Serves the real API with its page over a sample history, an embedded Redis and an embedded broker."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import uvicorn

from devtools.page.sample import DAYS, TIMEFRAME, sample_batch, sample_signals
from devtools.page.sample_news import PAIRS, SOURCES
from devtools.page.services import answering, away
from services.api.app import build_app
from services.common.broker.port import OutgoingMessage
from services.common.broker.topology import RAW_NEWS_DATA
from services.common.clock import ManualClock
from services.common.history.batch import Batch
from services.common.history.open import open_reader
from services.common.history.writing import open_history
from services.common.runtime.ports import LOOPBACK, listen_on
from services.common.secrets.links import make_link
from services.common.settings.settings import Settings
from services.common.store.embedded.server import serving
from services.common.store.holds import new_id
from services.common.store.open import open_store
from services.history_recorder.outcomes import due_outcomes
from services.operations.connections import connected_broker

READY_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Served:
    """The running API.

    Attributes:
        address: where it answers, such as http://127.0.0.1:40001.
        settings: those of its programs.
        clock: its clock, which stands still.
    """

    address: str
    settings: Settings
    clock: ManualClock

    def link(self) -> str:
        """A one-time link with which a browser may change something."""
        return make_link(self.settings.state_dir, self.address)


@contextmanager
def served(folder: Path, now: datetime, *, is_empty: bool = False) -> Iterator[Served]:
    """Run the API until the end of the block.

    Args:
        folder: for the files of all parts.
        now: what its clock says.
        is_empty: leave out the history, the signals, the dead letters and the services.
    """
    listener = listen_on(0, LOOPBACK)
    port = listener.getsockname()[1]
    with (
        nullcontext(away()) if is_empty else answering(SOURCES) as services,
        serving(_settings(folder, port, services)) as redis,
    ):
        settings = redis.settings
        _fill_store(settings, now, is_empty=is_empty)
        if not is_empty:
            _fill_history(settings, now)
            _fill_dead_letters(settings)
        clock = ManualClock(now)
        config = uvicorn.Config(build_app(settings, clock), log_config=None, ws="websockets-sansio")
        server = uvicorn.Server(config)
        running = threading.Thread(target=server.run, args=([listener],), name="sample-api", daemon=True)
        running.start()
        try:
            yield Served(f"http://{LOOPBACK}:{port}", settings, clock)
        finally:
            server.should_exit = True
            running.join(READY_SECONDS)


def _settings(folder: Path, port: int, services: str) -> Settings:
    return Settings.load(
        {
            "STATE_DIR": str(folder),
            "BROKER": "embedded",
            "REDIS_PORT": "0",
            "TRADING_PAIRS": ",".join(PAIRS),
            "CANDLE_TIMEFRAME": TIMEFRAME,
            "API_PORT": str(port),
            "API_SERVICES": services,
        }
    )


def _fill_store(settings: Settings, now: datetime, *, is_empty: bool) -> None:
    with closing(open_store(settings)) as store:
        store.holds.begin(new_id(), now)
        for signal in [] if is_empty else sample_signals(now):
            if signal.available_at is not None:
                store.write([signal], signal.available_at)


def _fill_history(settings: Settings, now: datetime) -> None:
    with closing(open_history(settings)) as history, closing(open_reader(settings)) as reader:
        history.write(sample_batch(now))
        for outcomes in due_outcomes(reader, now, now - timedelta(days=DAYS)):
            history.write(Batch(outcomes=outcomes))


def _fill_dead_letters(settings: Settings) -> None:
    """Publish a message that is no article, and dead-letter it as the sentiment processor would."""
    with connected_broker(settings) as broker:
        for number in (1, 2):
            body = b'{"type": "news_article", "title": "<b>No</b> article"}'
            broker.publish([OutgoingMessage(RAW_NEWS_DATA.name, body, f"sample-letter-{number}")])
        subscription = broker.subscribe(RAW_NEWS_DATA.name, 2)
        for delivery in (*subscription.receive(2, 5.0), *subscription.receive(1, 1.0))[:2]:
            subscription.dead_letter(delivery, "not a valid NewsArticle: article_id: Field required")
        subscription.close()
