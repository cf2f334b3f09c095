"""A real Prometheus reads every part, knows every metric that rules and dashboards name, and evaluates every rule."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from services.common.services import SERVICES
from tests.support.monitoring.dashboards import DASHBOARDS, expressions
from tests.support.monitoring.metric_catalogue import (
    NOTED,
    PROMETHEUS,
    RABBITMQ,
    families,
    names_in,
    recorded,
    services_metrics,
)
from tests.support.monitoring.prometheus_tools import rules
from tests.support.pipeline.plant import Plant
from tests.support.waiting import eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]  # the first waits for everything to start

EXPRESSIONS = [rule["expr"] for _, rule in rules()]
EXPRESSIONS += [asked for dashboard in DASHBOARDS.values() for asked in expressions(dashboard)]
JOBS = {
    *(service.container for service in SERVICES.values()),
    "freqtrade",
    "rabbitmq",
    "rabbitmq-queues",
    "prometheus",
    "alertmanager",
}


@pytest.fixture
def scraped(plant: Plant) -> Plant:
    """Every target was scraped and every rule evaluated since."""
    eventually(
        lambda: all(health == "up" for job in plant.monitoring.scraped().values() for health in job.values()),
        lambda: str(plant.monitoring.ask("targets")),
    )
    eventually(lambda: recorded() <= plant.monitoring.names(), "the recorded metrics are there")
    return plant


def arrive(plant: Plant, names: Collection[str]) -> None:
    """Wait until there is a sample of each: RabbitMQ counts every few seconds, and a scrape may come too late."""
    eventually(
        lambda: plant.monitoring.names() >= set(names),
        lambda: f"these arrive: {sorted(set(names) - plant.monitoring.names())}",
    )


def test_every_job_has_a_target_that_answers(scraped: Plant) -> None:
    assert scraped.monitoring.scraped().keys() == JOBS
    assert all(len(targets) == 1 for targets in scraped.monitoring.scraped().values())


def test_every_metric_of_the_catalogue_arrives(scraped: Plant) -> None:
    known = scraped.monitoring.known()
    named = {name.removesuffix("_total") for name in families(*services_metrics().values())}
    assert named <= {name.removesuffix("_total") for name in known}


def test_rabbitmq_has_what_the_rules_may_use_of_it(scraped: Plant) -> None:
    arrive(scraped, RABBITMQ)


def test_prometheus_has_what_the_rules_may_use_of_it(scraped: Plant) -> None:
    arrive(scraped, (PROMETHEUS | NOTED) - {"ALERTS"})


def test_every_rule_is_evaluated_without_an_error(scraped: Plant) -> None:
    def found() -> dict[str, str]:
        groups = scraped.monitoring.ask("rules")["groups"]
        return {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}

    # Each group begins at a moment of its own.
    eventually(lambda: "unknown" not in found().values(), lambda: f"all are evaluated: {found()}")
    states = found()
    assert states == dict.fromkeys((rule.get("alert") or rule["record"] for _, rule in rules()), "ok")


def test_what_healthy_parts_export_raises_no_alert(scraped: Plant) -> None:
    # A second is enough for an alert here, which takes minutes where it is deployed; what lasts is wrong.
    eventually(
        lambda: not scraped.monitoring.firing(),
        lambda: str([alert["labels"] for alert in scraped.monitoring.firing()]),
    )


def test_the_numbers_are_those_of_what_happened(scraped: Plant) -> None:
    def value(expression: str) -> float:
        samples: list[dict[str, Any]] = []

        def is_there() -> bool:  # for it is not after a scrape that came too late
            samples[:] = scraped.monitoring.ask("query", query=expression)["result"]
            return bool(samples)

        eventually(is_there, f"there is a value of {expression}")
        (sample,) = samples
        return float(sample["value"][1])

    assert value("sum(cryptoboy_articles_published_total)") == 1
    assert value('cryptoboy_scores_total{source="paper"}') == 1
    assert value("cryptoboy_sentiment_score") > 0.3
    assert 3500 < value("cryptoboy:sentiment_age_seconds:min") < 4000
    assert value('cryptoboy_model_requests_total{outcome="answered"}') == 1
    assert value('cryptoboy_queue_lag_seconds_count{queue="sentiment_signals_queue"}') == 1
    assert value('cryptoboy_strategy_sentiment_status_total{status="fresh"}') == 1
    assert (
        value('min(cryptoboy_memory_limit_bytes{job=~".+"}) > bool max(process_resident_memory_bytes)') == 1
    )
    assert value('cryptoboy:queue_consumers:max{queue="raw_news_data"}') == 1
    assert value("time() - max(cryptoboy_stream_last_heard_timestamp_seconds) < bool 60") == 1


def test_every_expression_names_something_that_arrives(scraped: Plant) -> None:
    def missing() -> list[str]:
        known = scraped.monitoring.known() | scraped.monitoring.names()
        bases = {name.removesuffix("_total") for name in known}
        return [
            f"{name} in {expression}"
            for expression in EXPRESSIONS
            for name in names_in(expression) - {"ALERTS"}
            if name.removesuffix("_total").removesuffix("_bucket") not in bases
        ]

    eventually(lambda: not missing(), lambda: f"these arrive: {missing()}")


def test_every_question_of_a_dashboard_can_be_answered(scraped: Plant) -> None:
    for expression in EXPRESSIONS:
        scraped.monitoring.ask("query", query=expression)  # raises where Prometheus refuses
