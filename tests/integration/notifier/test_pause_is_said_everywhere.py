"""A pause that was confirmed in the chat: the strategy obeys it, and every face says who paused and why."""

from __future__ import annotations

import json
import logging
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest
from cryptoboy_sentiment import RedisSignals
from typer.testing import CliRunner

from services.cli.app import app
from services.common.clock import SystemClock
from services.common.history.open import open_reader
from services.common.history.writing import open_history, open_notifier_log
from services.common.store.open import open_store
from services.notifier.telegram.answers import Parts
from tests.support.api.served import served
from tests.support.store.embedded_redis import by_port, client_of, embedded_redis
from tests.support.telegram.talking import Chat

REASON = "rate decision (asked in Telegram by Ann @ann)"


def entries(signals: RedisSignals) -> str:
    """Whether the strategy may open trades, as it was read last."""
    return signals.entries


def test_a_pause_of_the_chat_is_obeyed_by_the_strategy_and_shown_by_every_face(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with embedded_redis() as redis:
        settings = by_port(redis).changed(state_dir=tmp_path / "state")
        with (
            closing(open_history(settings)) as writer,
            closing(open_reader(settings)) as history,
            closing(open_notifier_log(settings)) as log,
            closing(open_store(settings)) as store,
            closing(client_of(redis)) as client,
        ):
            writer.check()
            store.holds.begin("this-test", datetime.now(UTC))
            chat = Chat(Parts(settings, SystemClock(), store, history, log))
            signals = RedisSignals(client, window=timedelta(hours=4))
            signals.refresh(["BTC/USDT"], datetime.now(UTC))
            assert entries(signals) == "open"

            chat.say("/pause 30 rate decision")
            chat.press("Yes, pause")

            with caplog.at_level(logging.WARNING):
                signals.refresh(["BTC/USDT"], datetime.now(UTC))
            assert entries(signals) == "paused"
            (said,) = [each.message for each in caplog.records if each.message.startswith("No new entries")]
            assert "telegram" in said
            assert REASON in said

            for name, value in settings.environment().items():
                monkeypatch.setenv(name, value)
            shown = json.loads(CliRunner().invoke(app, ["sentiment", "--json"]).stdout.splitlines()[-1])
            assert [(hold["owner"], hold["reason"]) for hold in shown["holds"]] == [("telegram", REASON)]

            with served(settings) as address:
                page = urlopen(f"{address}/").read().decode()
                holds = json.loads(urlopen(f"{address}/v1/holds").read())
            assert REASON in page
            assert "telegram" in json.dumps(holds)
            assert REASON in chat.say("/status").replace("\u2060", "")

            chat.say("/resume")
            chat.press("Yes, resume")
            signals.refresh(["BTC/USDT"], datetime.now(UTC))
            assert entries(signals) == "open"
