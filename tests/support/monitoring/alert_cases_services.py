"""Alerts on processes and servers: what makes each fire, from which second on, and what ends it."""

from __future__ import annotations

from math import nan

from services.common import services
from tests.support.monitoring.alert_series import GOOD, Case, Series, dependency, dip, levels, up

JOBS = [
    each.container
    for each in services.SERVICES.values()
    if each.deployed_by == set(services.Deployment) and not each.is_optional
]
JOBS += ["freqtrade"]
"""The rules are the same wherever we deploy, so they name what runs everywhere."""


def _gone(job: str) -> Case:
    """All its instances stop answering."""
    return Case("ServiceDown", _all_but(job, dip(1, 0, 300)), GOOD + 60, GOOD + 300, {"job": job})


def _vanished(job: str) -> Case:
    """No address of it is found: the last sample counts for five minutes, as it is not marked as stale."""
    values = levels((1, GOOD), (None, 900), (1, GOOD))
    return Case("ServiceDown", _all_but(job, values), GOOD + 300 + 60, GOOD + 900, {"job": job})


def _all_but(job: str, values: Series) -> dict[str, Series]:
    """Every job is well, but one that is up as `values` say."""
    well = levels((1, 3 * GOOD + 900))
    return {name: one for each in JOBS for name, one in up(each, values if each == job else well).items()}


SERVICES = (
    *(_gone(job) for job in JOBS),
    *(_vanished(job) for job in JOBS),
    Case(
        "InstanceDown",
        up("sentiment-processor", levels((1, 2 * GOOD + 900)), "well")
        | up("sentiment-processor", dip(1, 0, 900), "ill"),
        GOOD + 300,
        GOOD + 900,
        {"job": "sentiment-processor", "instance": "ill"},
    ),
    Case(
        "ServiceRestarting",
        {
            'process_start_time_seconds{job="signal-cacher",instance="i"}': levels(
                (1, GOOD), (2, 60), (3, 60), (4, 1200)
            )
        },
        GOOD + 120,
        GOOD + 900,
        {"job": "signal-cacher", "instance": "i"},
    ),
    Case("WorkStuck", dependency("s", "work", 300), GOOD + 60, GOOD + 300, {"service": "s"}),
    Case(
        "DependencyDown",
        dependency("market_streamer", "exchange", 600),
        GOOD + 300,
        GOOD + 600,
        {"service": "market_streamer", "dependency": "exchange"},
    ),
    Case("RabbitMQDown", up("rabbitmq", dip(1, 0, 300)), GOOD + 60, GOOD + 300, {"job": "rabbitmq"}),
    Case("BrokerAway", dependency("s", "broker", 300), GOOD + 120, GOOD + 300, {"service": "s"}),
    Case(
        "BrokerMemoryAlarm",
        {'rabbitmq_alarms_memory_used_watermark{job="rabbitmq",instance="r"}': dip(0, 1, 300)},
        GOOD + 60,
        GOOD + 300,
        {"instance": "r"},
    ),
    Case(
        "BrokerDiskAlarm",
        {'rabbitmq_alarms_free_disk_space_watermark{job="rabbitmq",instance="r"}': dip(0, 1, 300)},
        GOOD + 60,
        GOOD + 300,
        {"instance": "r"},
    ),
    Case(
        "RedisAway",
        dependency("signal_cacher", "redis", 600),
        GOOD + 300,
        GOOD + 600,
        {"service": "signal_cacher"},
    ),
    Case(
        "RedisAway",
        {'cryptoboy_strategy_store_readable{job="freqtrade",instance="f"}': dip(1, 0, 600)},
        GOOD + 300,
        GOOD + 600,
        {"service": "strategy"},
    ),
    Case(
        "MemoryHigh",
        {
            'process_resident_memory_bytes{job="news-poller",instance="i"}': dip(80, 81, 600),
            'cryptoboy_memory_used_bytes{job="news-poller",instance="i"}': dip(nan, nan, 600),
            'cryptoboy_memory_limit_bytes{job="news-poller",instance="i"}': dip(100, 100, 600),
        },
        GOOD + 300,
        GOOD + 600,
        {"job": "news-poller", "instance": "i"},
    ),
    # Its children count as well: here the process itself takes a third of what the control group does.
    Case(
        "MemoryHigh",
        {
            'cryptoboy_memory_used_bytes{job="news-poller",instance="i"}': dip(80, 81, 600),
            'process_resident_memory_bytes{job="news-poller",instance="i"}': dip(27, 27, 600),
            'cryptoboy_memory_limit_bytes{job="news-poller",instance="i"}': dip(100, 100, 600),
        },
        GOOD + 300,
        GOOD + 600,
        {"job": "news-poller", "instance": "i"},
    ),
    Case(
        "MemoryHigh",
        {
            'rabbitmq_process_resident_memory_bytes{job="rabbitmq",instance="r"}': dip(80, 81, 600),
            'rabbitmq_resident_memory_limit_bytes{job="rabbitmq",instance="r"}': dip(100, 100, 600),
        },
        GOOD + 300,
        GOOD + 600,
        {"job": "rabbitmq", "instance": "r"},
    ),
)
MONITORING = (
    Case(
        "AlertmanagerDown",
        up("alertmanager", dip(1, 0, 600)),
        GOOD + 300,
        GOOD + 600,
        {"job": "alertmanager"},
    ),
    Case(
        "RuleFailures",
        {
            'prometheus_rule_evaluation_failures_total{job="prometheus",rule_group="rules/queues.yml;queues"}': (
                levels((0, GOOD), (1, 1800))
            )
        },
        GOOD,
        GOOD + 600,
        {"rule_group": "rules/queues.yml;queues"},
    ),
)
