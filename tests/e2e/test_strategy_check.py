"""`strategy check` with the real Freqtrade: what it says of somebody's strategy and of the news of the last day."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from typer.testing import CliRunner

from services.cli.app import app
from services.operations.strategies.copies import SOURCE
from tests.support.servers.servers import RedisServer
from tests.support.strategy.own_strategy import CLASS, STRATEGY, WITHOUT_NEWS, user_data_of_somebody
from tests.support.strategy.strategy_samples import message, milliseconds, signal

pytestmark = [pytest.mark.e2e, pytest.mark.integration]


def checked(user_data: Path, *options: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Exit status, the answer for programs, and the state of each check."""
    arguments = ["strategy", "check", "--user-data", str(user_data), "--strategy", CLASS, "--json"]
    arguments += ["--freqtrade", sys.executable, *options]
    ran = CliRunner().invoke(app, arguments)
    answer = json.loads(ran.stdout.splitlines()[-1])
    return ran.exit_code, answer, {check["name"]: check["state"] for check in answer["checks"]}


def found(answer: dict[str, Any], name: str) -> str:
    (check,) = [each for each in answer["checks"] if each["name"] == name]
    return f"{check['found']} / {check['remedy']}"


def publish(client: redis.Redis, moment: datetime, **fields: Any) -> None:
    one = signal(**fields)._replace(published=moment, available_at=moment + timedelta(seconds=5))
    client.zadd(f"sentiment_signals:{one.pair}", {message(one): milliseconds(one.available_at)})


def test_a_strategy_with_news_loads_and_what_the_last_day_blocked_is_said(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    with redis.Redis(redis_server.host, redis_server.port, redis_server.db, redis_server.password) as client:
        publish(client, now - timedelta(hours=3), score=0.1, event_type="hack")
        client.hset("trading:holds", "_kept", "1")
        client.set("sentiment_pairs", json.dumps({"BTC/USDT": now.isoformat()}))
    address = f"redis://{redis_server.host}:{redis_server.port}/{redis_server.db}"
    user_data = user_data_of_somebody(
        tmp_path / "user_data",
        "BTC/USDT",
        "BTC/USDC",
        "DOGE/USDT",
        source=address,
        redis_password=redis_server.password,
    )
    status, answer, states = checked(user_data)
    assert (status, answer["ok"]) == (0, True), answer
    assert states.pop("pairs") == "warning"
    assert {*states.values()} == {"ok"}
    assert "nobody scores DOGE/USDT" in found(answer, "pairs")
    btc, other, doge = answer["pairs"]
    ((side, minutes, why),) = [(each["side"], each["minutes"], each["why"]) for each in btc["blocked"]]
    assert (btc["signals"], side, why) == (1, "long", "news blocks: hack")
    assert 165 <= minutes <= 180
    assert (btc["now"], doge["now"]) == ("long: news blocks: hack", "")
    assert other["blocked"] == btc["blocked"], "the news of an asset serves each pair of it"
    assert (doge["signals"], doge["blocked"]) == (0, [])


def test_a_strategy_that_does_not_load_shows_freqtrades_own_error_and_the_classes_that_are_there(
    tmp_path: Path,
) -> None:
    broken = f"import no_such_package\n{STRATEGY}"
    user_data = user_data_of_somebody(tmp_path / "user_data", "BTC/USDT", strategy=broken)
    status, answer, states = checked(user_data)
    assert (status, answer["ok"], answer["pairs"]) == (1, False, [])
    assert states[f"strategy {CLASS}"] == "failed"
    said = found(answer, f"strategy {CLASS}")
    assert "No module named 'no_such_package'" in said
    assert f"classes in {user_data / 'strategies'}: {CLASS}" in said


def test_a_strategy_without_the_mixin_is_given_the_two_lines(tmp_path: Path) -> None:
    user_data = user_data_of_somebody(tmp_path / "user_data", "BTC/USDT", strategy=WITHOUT_NEWS)
    status, answer, states = checked(user_data)
    assert (status, states[f"strategy {CLASS}"], states["mixin"]) == (1, "ok", "failed")
    assert f"class {CLASS}(SentimentMixin, IStrategy)" in found(answer, "mixin")


def test_a_mistake_in_the_block_of_settings_and_an_old_copy_are_said(tmp_path: Path) -> None:
    user_data = user_data_of_somebody(tmp_path / "user_data", "BTC/USDT", source="none.csv", use=["vetoo"])
    with (user_data / "strategies" / SOURCE.name / "protections.py").open("a") as file:
        file.write("# changed\n")
    status, answer, states = checked(user_data)
    assert (status, states["settings"]) == (1, "failed")
    assert "vetoo" in found(answer, "settings")
    assert states["package cryptoboy_sentiment"] == "warning"
