"""The demo as its users run it: news becomes a closed trade of the real Freqtrade."""

from __future__ import annotations

import csv
import itertools
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis

from services.common.services import SERVICES
from services.common.settings.settings import PROJECT_ROOT
from tests.support.broker.rabbitmq_management import Management, quoted
from tests.support.servers.servers import RabbitServer, RedisServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

SPECIFIED_FIELDS = {
    "score",
    "label",
    "timestamp",
    "headline",
    "source",
    "article_id",
    "confidence",
    "scope",
    "model",
}


def inspected(*arguments: str, prefix: tuple[str, ...] = (), **environ: str) -> dict[str, Any]:
    command = [*prefix, sys.executable, "-m", "tests.support.pipeline.demo_inspection", *arguments]
    done = subprocess.run(
        command,
        cwd=PROJECT_ROOT,
        env={**os.environ, "CRYPTOBOY_ENV_FILE": "", **environ},
        capture_output=True,
        text=True,
        timeout=380,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seen


def without_network() -> tuple[str, ...]:
    """A prefix that runs a command where there is only loopback; empty where that is not permitted."""
    prefix = ("unshare", "-rn", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
    if not shutil.which("unshare") or not shutil.which("ip"):
        return ()
    tried = subprocess.run([*prefix, "true"], capture_output=True, check=False)
    return prefix if tried.returncode == 0 else ()


def assert_news_became_a_trade(seen: dict[str, Any]) -> None:
    summary = seen["summary"]
    assert seen["status"] == 0, seen["log"]
    assert summary["trades_closed"] >= 1
    assert all("sentiment" in tag for tag in summary["entry_tags"])
    assert (summary["messages_lost"], summary["dead_lettered"]) == (0, 0)
    assert summary["articles_published"] > 0
    assert summary["candles_published"] > 0
    rows = summary["history"]["rows"]
    assert (rows["articles"], rows["signals"]) == (summary["articles_published"], summary["signals_cached"])
    assert (rows["scorings"], rows["trades"]) == (summary["articles_ended"], summary["trades_opened"])
    assert seen["page_trades"], "the page's API did not show the trade while the demo ran"
    assert all(summary[name].startswith("http://127.0.0.1:") for name in ("dashboard", "api"))
    assert seen["open_to_others"] == []
    traced = {name: set(found) for name, found in seen["traces"].items()}
    assert traced["freqtrade"], "no entry names its article"
    for name in ("news_poller", "sentiment_processor", "signal_cacher"):
        assert traced["freqtrade"] <= traced[name], name
    assert_it_was_told(seen["told"])
    over_rest = {(trade["pair"], trade["enter_tag"]) for trade in seen["rest_trades"]}
    assert over_rest
    assert over_rest <= {(trade["pair"], trade["enter_tag"]) for trade in summary["trades"]}


def assert_it_was_told(told: list[str]) -> None:
    notices = [text for text in told if text.startswith("DEMO: ")]
    titles = [text.splitlines()[0] for text in notices]
    stories = [text for text in notices if "Receipt: ./cryptoboy news " in text]
    assert stories
    assert len({text.splitlines()[0] for text in stories}) == len(stories), "a story is told once"
    assert all("Confidence " in text for text in stories)
    assert any(": trade 1 opened" in title for title in titles)
    assert any(": trade 1 closed" in title for title in titles)
    assert any("Receipt: lexicon" in text for text in told), "the button Why was not answered"


def test_news_becomes_a_closed_trade_with_no_server_and_no_network() -> None:
    seen = inspected(prefix=without_network())
    assert_news_became_a_trade(seen)

    fields = dict(zip(seen["hash"][::2], seen["hash"][1::2], strict=True))
    assert fields.keys() >= SPECIFIED_FIELDS
    assert seen["history"]
    assert all(json.loads(line)["type"] == "sentiment_signal" for line in seen["history"])

    times = [datetime.fromisoformat(text) for text in seen["times"]]
    assert len(times) == 2 * len(SERVICES) + 2
    before, bot, after = times[len(SERVICES) : len(SERVICES) + 3]
    assert before.replace(microsecond=0) <= bot <= after, "Freqtrade's, told in whole seconds"
    times.remove(bot)
    # Asked one after the other, clocks that agree never seem to go back (one is told in whole milliseconds).
    assert all(earlier <= later + timedelta(milliseconds=2) for earlier, later in itertools.pairwise(times))


def test_the_same_runs_on_a_real_rabbitmq_and_redis(
    rabbitmq: RabbitServer, rabbitmq_vhost: str, redis_server: RedisServer, management: Management
) -> None:
    seen = inspected(
        "--broker",
        "rabbitmq",
        RABBITMQ_HOST=rabbitmq.host,
        RABBITMQ_PORT=str(rabbitmq.port),
        RABBITMQ_USER=rabbitmq.user,
        RABBITMQ_PASS=rabbitmq.password,
        RABBITMQ_VHOST=rabbitmq_vhost,
        RABBITMQ_MANAGEMENT_PORT=str(rabbitmq.management_port),
        REDIS_HOST=redis_server.host,
        REDIS_PORT=str(redis_server.port),
    )
    assert_news_became_a_trade(seen)

    queues = {each["name"]: each for each in management.call("GET", f"queues/{quoted(rabbitmq_vhost)}")}
    kinds = {name: each["type"] for name, each in queues.items() if not name.endswith((".retry", ".dlq"))}
    assert kinds == {
        "raw_market_data": "classic",
        "raw_news_data": "quorum",
        "sentiment_signals_queue": "quorum",
        "history_queue": "quorum",
    }
    assert all(each["durable"] for each in queues.values())
    assert {"raw_news_data.dlq", "sentiment_signals_queue.dlq"} <= queues.keys()

    # A bot that starts on these servers now must not find news that was invented.
    with redis.Redis(redis_server.host, redis_server.port, password=redis_server.password) as client:
        assert client.keys("*") == []


def test_an_archive_of_articles_is_scored_and_cached(tmp_path: Path) -> None:
    begin = datetime(2026, 4, 1, tzinfo=UTC)
    archive = tmp_path / "news.csv"
    with archive.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["published", "source", "title", "text", "url"])
        for number in range(40):
            at = begin + timedelta(hours=number)
            title = f"Bitcoin surges as ETF inflows hit record number {number}"
            rows.writerow([at.isoformat(), "alpha", title, "Strong demand.", f"https://a.invalid/{number}"])
    candles = PROJECT_ROOT / "services/replay_exchange/candles"
    options = ("--candles", str(candles), "--start", "2026-04-02T00:00:00Z", "--time-limit", "15")
    seen = inspected("--news", str(archive), *options)
    assert seen["status"] == 0, seen["log"]
    assert seen["summary"]["signals_cached"] >= 20
    assert seen["summary"]["messages_lost"] == 0
