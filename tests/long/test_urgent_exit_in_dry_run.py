"""Bad news closes a trade of a real Freqtrade within two of its loops, although its candles last 15 minutes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.common.runtime.ports import free_port
from services.common.settings.settings import Settings
from services.common.store.redis.store import RedisStore
from services.history_recorder.freqtrade.rest import FreqtradeRest
from tests.support.servers.servers import RedisServer, running_redis
from tests.support.store.store_samples import make_signal
from tests.support.strategy import urgent_strategies
from tests.support.strategy.freqtrade_offline import configure, make_user_data
from tests.support.strategy.freqtrade_trading import replayed, trading
from tests.support.strategy.strategy_samples import PAIR

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

MOST_LOOPS = 2
LOOP_SECONDS = 1
PASSWORD = "of-the-test"


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    with running_redis({}) as server:
        yield server


@pytest.fixture(scope="module")
def exchange() -> Iterator[str]:
    with replayed([PAIR], "15m") as url:
        yield url


@pytest.fixture
def store(redis_server: RedisServer) -> Iterator[RedisStore]:
    opened = RedisStore(Settings(redis_host=redis_server.host, redis_port=redis_server.port))
    opened.holds.resume((), datetime.now(UTC))  # a new store holds entries
    yield opened
    opened.close()


def write(store: RedisStore, article: str, confidence: float, score: float = -0.9) -> float:
    """Store news; when that began."""
    now = datetime.now(UTC)
    times: dict[str, Any] = {"published": now - timedelta(seconds=2), "analyzed_at": now}
    one = make_signal(article, pair=PAIR, score=score, confidence=confidence, **times)
    store.write([one], now)
    return now.timestamp()


def api(port: int) -> dict[str, Any]:
    """The configuration of the bot's API, which the recorder asks."""
    user = Settings().freqtrade_api_user
    keys = {"username": user, "password": PASSWORD, "jwt_secret_key": "k" * 32}
    return {"api_server": {"enabled": True, "listen_ip_address": "127.0.0.1", "listen_port": port, **keys}}


@pytest.mark.parametrize("strategy", ["WithMixinNoting", "OfOursNoting"])
def test_news_in_the_store_closes_a_trade_within_two_loops(
    strategy: str, redis_server: RedisServer, exchange: str, store: RedisStore, tmp_path: Path
) -> None:
    user_data = make_user_data(tmp_path / "user_data", {})
    shutil.copy(str(urgent_strategies.__file__), user_data / "strategies")
    use = {"use": ["exit"]} if strategy == "WithMixinNoting" else {}  # the other one has a parameter for it
    section = {"redis_host": redis_server.host, "redis_port": redis_server.port, **use}
    write(store, f"{strategy}-at-entry", confidence=0.5, score=0.1)
    running = {
        "initial_state": "running",
        "internals": {"process_throttle_secs": LOOP_SECONDS},
        **api(port := free_port()),
    }
    configure(user_data, exchange, [PAIR], Path(), strategy=strategy, cryptoboy=section, **running)
    with trading(user_data) as bot:
        bought = bot.wait_for("buy")
        with closing(FreqtradeRest(Settings(freqtrade_api_port=port, freqtrade_api_pass=PASSWORD))) as rest:
            # Ours takes the article from its own indicators, which this strategy replaces.
            known = f"{strategy}-at-entry" if strategy == "WithMixinNoting" else ""
            assert (rest.article_of(1), rest.article_of(2)) == (known, "")
        alone = write(store, f"{strategy}-alone", confidence=0.5)
        for _ in range(MOST_LOOPS + 1):  # one score that nobody confirms closes nothing
            alone = bot.wait_for("loop", after=alone)["at"]
        assert not [event for event in bot.events() if event["what"] == "exit"]

        written = write(store, f"{strategy}-confident", confidence=0.9)
        closed = bot.wait_for("exit", after=bought["at"])
        assert closed["reason"] == "news -0.90"
        bot.wait_for("sell", after=closed["at"])
        loops = [
            event
            for event in bot.events()
            if event["what"] == "loop" and written < event["at"] <= closed["at"]
        ]
        found = f"{len(loops)} loops of {LOOP_SECONDS} s, {closed['at'] - written:.2f} s from the store to the exit"
        assert len(loops) <= MOST_LOOPS, found
        assert f"trace_id={strategy}-confident" in bot.log()
