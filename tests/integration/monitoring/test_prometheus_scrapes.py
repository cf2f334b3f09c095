"""A real Prometheus reads every part, knows every metric that rules and dashboards name, and evaluates every rule."""

from __future__ import annotations

import pytest

from tests.chaos_pipeline import eventually
from tests.dashboards import DASHBOARDS, expressions
from tests.metric_catalogue import NOTED, PROMETHEUS, RABBITMQ, families, names_in, recorded, services_metrics
from tests.plant import Plant
from tests.prometheus_tools import rules

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]  # the first waits for everything to start

EXPRESSIONS = [rule["expr"] for _, rule in rules()]
EXPRESSIONS += [asked for dashboard in DASHBOARDS.values() for asked in expressions(dashboard)]
JOBS = {
    "news-poller",
    "market-streamer",
    "sentiment-processor",
    "signal-cacher",
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
        30,
    )
    eventually(lambda: recorded() <= plant.monitoring.names(), "the recorded metrics are there", 30)
    return plant


def test_every_job_has_a_target_that_answers(scraped: Plant) -> None:
    assert scraped.monitoring.scraped().keys() == JOBS
    assert all(len(targets) == 1 for targets in scraped.monitoring.scraped().values())


def test_every_metric_of_the_catalogue_arrives(scraped: Plant) -> None:
    known = scraped.monitoring.known()
    named = {name.removesuffix("_total") for name in families(*services_metrics().values())}
    assert named <= {name.removesuffix("_total") for name in known}


def test_rabbitmq_has_what_the_rules_may_use_of_it(scraped: Plant) -> None:
    assert scraped.monitoring.names() >= RABBITMQ


def test_prometheus_has_what_the_rules_may_use_of_it(scraped: Plant) -> None:
    assert scraped.monitoring.names() >= (PROMETHEUS | NOTED) - {"ALERTS"}


def test_every_rule_is_evaluated_without_an_error(scraped: Plant) -> None:
    groups = scraped.monitoring.ask("rules")["groups"]
    states = {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}
    assert states == dict.fromkeys((rule.get("alert") or rule["record"] for _, rule in rules()), "ok")


def test_what_healthy_parts_export_raises_no_alert(scraped: Plant) -> None:
    # A second is enough for an alert here, which takes minutes where it is deployed; what lasts is wrong.
    eventually(
        lambda: not scraped.monitoring.firing(),
        lambda: str([alert["labels"] for alert in scraped.monitoring.firing()]),
        30,
    )


def test_the_numbers_are_those_of_what_happened(scraped: Plant) -> None:
    def value(expression: str) -> float:
        (sample,) = scraped.monitoring.ask("query", query=expression)["result"]
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
    known = scraped.monitoring.known() | scraped.monitoring.names()
    bases = {name.removesuffix("_total") for name in known}
    for expression in EXPRESSIONS:
        for name in names_in(expression) - {"ALERTS"}:
            base = name.removesuffix("_total").removesuffix("_bucket")
            assert base in bases, f"{name} in {expression}"


def test_every_question_of_a_dashboard_can_be_answered(scraped: Plant) -> None:
    for expression in EXPRESSIONS:
        scraped.monitoring.ask("query", query=expression)  # raises where Prometheus refuses
