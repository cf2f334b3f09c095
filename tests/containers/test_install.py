"""The production system is installed as the guide says, and works. Leaves it as it was."""

from __future__ import annotations

import json
from typing import Any

from tests.support.containers.news import PAIRS, no_dead_letters
from tests.support.containers.prometheus_targets import targets_down
from tests.support.containers.stack import SERVICES, Stack
from tests.support.waiting import eventually

PROMETHEUS = "http://127.0.0.1:9090/api/v1"
ALERTMANAGER = "http://127.0.0.1:9093/api/v2"
FREQTRADE = "http://127.0.0.1:8080/api/v1"
ALL_LINES = 1_000_000


def test_every_container_comes_up_healthy(production: Stack) -> None:
    assert production.unhealthy() == {}
    assert set(SERVICES) <= production.running().keys()


def test_news_becomes_sentiment_of_every_pair(production: Stack) -> None:
    eventually(lambda: production.operator("sentiment").count("fresh") == len(PAIRS), "three fresh pairs")


def test_freqtrade_analyses_with_the_sentiment(production: Stack) -> None:
    password = production.secret("freqtrade_api")

    def status() -> str:
        url = f"{FREQTRADE}/pair_candles?pair=BTC/USDT&timeframe=1m&limit=1"
        answer = json.loads(production.http(url, user="cryptoboy", password=password))
        return str(dict(zip(answer["columns"], answer["data"][-1], strict=True))["sentiment_status"])

    eventually(lambda: status() == "fresh", "an analysed candle with fresh sentiment")


def test_prometheus_reaches_every_target(production: Stack) -> None:
    eventually(
        lambda: not targets_down(production), lambda: f"these targets are not up: {targets_down(production)}"
    )


def test_prometheus_can_evaluate_every_rule(production: Stack) -> None:
    def rules() -> list[dict[str, Any]]:
        groups = json.loads(production.http(f"{PROMETHEUS}/rules"))["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    eventually(lambda: {rule["health"] for rule in rules()} == {"ok"}, "every rule evaluated")
    assert len(rules()) > 30


def test_an_alert_reaches_the_webhook(production: Stack) -> None:
    alert = [
        {
            "labels": {"alertname": "Tried", "severity": "critical"},
            "annotations": {"summary": "a tried alert"},
        }
    ]
    production.http(f"{ALERTMANAGER}/alerts", posted=alert)
    eventually(lambda: "a tried alert" in production.world("/webhooks"), "a message at the webhook")
    message = next(
        each for each in json.loads(production.world("/webhooks")) if "a tried alert" in each["body"]
    )
    assert message["path"] == "/alerts/pages"


def test_every_queue_is_listed_and_nothing_is_dead_lettered(production: Stack) -> None:
    assert "raw_news_data" in production.operator("queues")
    assert no_dead_letters(production)


def test_no_service_has_logged_a_traceback(production: Stack) -> None:
    """Freqtrade logs one whenever its exchange is away, so of its own only the strategy's count."""
    logs = {name: production.log(production.name_of(name), ALL_LINES) for name in SERVICES}
    of_strategy = 'File "/app/user_data' in logs.pop("freqtrade")
    assert {name for name, text in logs.items() if "Traceback (most recent call last)" in text} == set()
    assert not of_strategy
