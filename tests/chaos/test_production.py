"""The production configuration, run natively: each part with its own user, watched by Prometheus, killed in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from services.common.services import SERVICES
from tests.support.pipeline.production_run import OURS, PAIR, ProductionRun
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
PATIENCE_SECONDS = 120.0


@pytest.fixture
def run(tmp_path: Path) -> Iterator[ProductionRun]:
    with ProductionRun(tmp_path) as started:
        yield started


def comes_true(condition: Callable[[], object], what: str, run: ProductionRun) -> None:
    eventually(condition, lambda: f"{what}; firing: {run.watch.firing()}\n{run.tails()}", PATIENCE_SECONDS)


@dataclass(frozen=True)
class Part:
    """What can die, how it comes back, and the alerts that tell of it."""

    name: str
    kill: Callable[[], object]
    start: Callable[[], object]
    alerts: tuple[dict[str, str], ...]


def parts(run: ProductionRun) -> list[Part]:
    def service(name: str, *alerts: dict[str, str]) -> Part:
        down = {"alertname": "ServiceDown", "job": name}
        return Part(name, lambda: run.kill(name), lambda: run.start_program(name), (down, *alerts))

    def nobody_reads(queue: str) -> dict[str, str]:
        return {"alertname": "NoConsumer", "queue": queue}

    return [
        service("news-poller"),
        service("market-streamer"),
        service("sentiment-processor", nobody_reads("raw_news_data")),
        service("signal-cacher", nobody_reads("sentiment_signals_queue")),
        service("history-recorder"),
        service("api"),
        Part(
            "notifier",
            lambda: run.kill("notifier"),
            lambda: run.start_program("notifier"),
            ({"alertname": "NotifierDown", "job": "notifier"},),
        ),
        service("freqtrade"),
        Part(
            "redis",
            run.redis.stop,
            run.redis.start,
            (
                {"alertname": "RedisAway", "service": "signal_cacher"},
                {"alertname": "RedisAway", "service": "strategy"},
            ),
        ),
        Part("model server", run.stop_model, run.start_model, ({"alertname": "ScorerAway"},)),
        Part(
            "exchange",
            lambda: run.kill("exchange"),
            run.start_exchange,
            ({"alertname": "StreamSilent", "pair": PAIR},),
        ),
        Part(
            "alertmanager",
            run.watch.kill_alertmanager,
            run.watch.start_alertmanager,
            ({"alertname": "AlertmanagerDown"},),
        ),
        Part(
            "rabbitmq",
            run.rabbitmq.stop,
            run.rabbitmq.start,
            (
                {"alertname": "RabbitMQDown"},
                *(
                    {"alertname": "BrokerAway", "service": each.name}
                    for each in SERVICES.values()
                    if each.reads or each.publishes
                ),
            ),
        ),
    ]


def test_production_carries_news_to_the_bot_is_watched_and_tells_of_every_part_that_dies(
    run: ProductionRun,
) -> None:
    check_news_becomes_sentiment_that_the_bot_reads(run)
    check_everything_is_watched_and_well(run)
    check_the_operator_can_look_and_pause(run)
    check_nothing_listens_beyond_this_machine(run)
    check_no_secret_was_shown(run)
    for part in parts(run):
        check_a_death_is_told_and_the_part_comes_back(run, part)
    check_somebody_was_paged(run)
    check_nothing_listens_beyond_this_machine(run)
    check_no_secret_was_shown(run)


def check_news_becomes_sentiment_that_the_bot_reads(run: ProductionRun) -> None:
    with closing(
        redis.Redis("127.0.0.1", run.redis.port, username="operator", password=_operator(run))
    ) as client:
        comes_true(lambda: client.hget(f"sentiment:{PAIR}", "score"), "an article becomes sentiment", run)
        assert float(str(client.hget(f"sentiment:{PAIR}", "score"), "ascii")) > 0  # type: ignore[arg-type]  # bytes
    with run.bot() as bot:

        def read_by_the_bot() -> bool:
            try:
                answer = bot.get("/pair_candles", params={"pair": PAIR, "timeframe": "1m", "limit": 3})
            except httpx.TransportError:
                return False
            frame: dict[str, Any] = answer.json() if answer.is_success else {}
            columns = frame.get("columns", [])
            return "sentiment" in columns and any(
                isinstance(row[columns.index("sentiment")], float) for row in frame["data"]
            )

        comes_true(read_by_the_bot, "the bot reads the sentiment", run)


def check_everything_is_watched_and_well(run: ProductionRun) -> None:
    jobs = {*OURS, "rabbitmq", "rabbitmq-queues", "alertmanager", "prometheus"}
    comes_true(
        lambda: run.watch.targets() == dict.fromkeys(jobs, "up"), f"all up: {run.watch.targets()}", run
    )
    comes_true(lambda: not run.watch.firing(), "no alert fires", run)
    comes_true(
        lambda: run.watch.value("sum(cryptoboy_signals_cached_total)"),
        "the signals that were cached are counted",
        run,
    )


def check_the_operator_can_look_and_pause(run: ProductionRun) -> None:
    queues = {each["name"]: each for each in run.command("queues")}
    assert {name for name, each in queues.items() if each["consumers"]} == {
        "raw_news_data",
        "sentiment_signals_queue",
        "history_queue",
    }
    assert queues["raw_news_data"]["incoming_per_second"] is not None
    for command, entries in (("pause", 1.0), ("resume", 0.0)):
        run.command(command)
        comes_true(
            lambda entries=entries: run.watch.value("cryptoboy_strategy_entries_paused") == entries,  # type: ignore[misc]  # bound now
            f"the strategy knows of {command}",
            run,
        )
    paused = "Entries are paused by operator"
    comes_true(lambda: any(each["title"] == paused for each in run.notices.bodies), "the pause is told", run)


def check_nothing_listens_beyond_this_machine(run: ProductionRun) -> None:
    listening = run.listening()
    assert {name for name, _ in listening} >= {"epmd", "beam.smp", "redis-server", "prometheus"}
    assert {place for place in listening if place[1] not in {"127.0.0.1", "::1"}} == set()


_WORDS_OF_LOGS = (
    "Starting RabbitMQ",
    "Ready to accept connections",
    "Server is ready to receive web requests",
    "Starting Alertmanager",
    "service_starting",
    "freqtrade.worker",
)
"""Each is in the log of another program, near its beginning."""


def check_no_secret_was_shown(run: ProductionRun) -> None:
    given = {path.name: path.read_text().strip() for path in run.secrets.iterdir()}
    planted = {name: text for name, text in given.items() if text} | {
        "webhooks": run.pages.token,
        "channels": run.notices.token,
    }
    assert planted.keys() >= {"rabbitmq_operator", "redis_strategy", "freqtrade_api", "alert_pages_url"}
    shown = run.shown()
    assert [words for words in _WORDS_OF_LOGS if words not in shown] == [], "whole logs are searched"
    assert [name for name, secret in planted.items() if secret in shown] == []


def check_a_death_is_told_and_the_part_comes_back(run: ProductionRun, part: Part) -> None:
    part.kill()
    for alert in part.alerts:
        comes_true(lambda alert=alert: run.watch.fires(alert), f"{part.name} is dead: {alert}", run)  # type: ignore[misc]  # bound now
    part.start()
    comes_true(lambda: not run.watch.firing(), f"all is well again after {part.name}", run)


def check_somebody_was_paged(run: ProductionRun) -> None:
    comes_true(lambda: "signal-cacher is down" in run.pages.titles(), "a page says what is down", run)
    comes_true(lambda: "RESOLVED" in run.pages.titles(), "a page says that it is well again", run)


def _operator(run: ProductionRun) -> str:
    return run.redis.passwords["operator"]
