"""Every metric that anybody exports, ours, RabbitMQ's and Prometheus's, and which of them PromQL names."""

from __future__ import annotations

import re

from cryptoboy_sentiment.telemetry import PrometheusTelemetry
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.registry import Collector

from services.common.runtime import metrics
from tests.support.monitoring.prometheus_tools import rules

# Of RabbitMQ's plugin only these may be used: tests ask a real RabbitMQ whether it has them.
RABBITMQ = frozenset(
    {
        "rabbitmq_alarms_free_disk_space_watermark",
        "rabbitmq_alarms_memory_used_watermark",
        "rabbitmq_connections",
        "rabbitmq_detailed_queue_consumers",
        "rabbitmq_detailed_queue_messages_ready",
        "rabbitmq_detailed_queue_messages_unacked",
        "rabbitmq_disk_space_available_bytes",
        "rabbitmq_global_messages_dead_lettered_maxlen_total",
        "rabbitmq_process_resident_memory_bytes",
        "rabbitmq_resident_memory_limit_bytes",
    }
)
# Of Prometheus: what it notes itself, and what it says of itself, which tests ask a real Prometheus.
NOTED = frozenset({"up", "ALERTS"})
PROMETHEUS = frozenset({"prometheus_rule_evaluation_failures_total"})

_SUFFIXES = {
    "counter": ("_total",),
    "gauge": ("",),
    "info": ("_info",),
    "histogram": ("_bucket", "_sum", "_count"),
}
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'")
_BRACED = re.compile(r"\{[^{}]*\}|\[[^\[\]]*\]")
_LABEL_LIST = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)")
_NAME = re.compile(r"(?<![\w:.$])[a-zA-Z_:][\w:]*(?![\w:]|\s*\()")
_WORDS = frozenset({"and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring", "inf", "nan"})


def names_in(expression: str) -> frozenset[str]:
    """The metrics that a PromQL expression names."""
    bare = _BRACED.sub("", _QUOTED.sub("", expression))
    bare = _LABEL_LIST.sub("", bare)
    return frozenset(name for name in _NAME.findall(bare) if name.lower() not in _WORDS)


def services_metrics() -> dict[str, MetricWrapperBase]:
    """The metrics of the catalogue by their names there."""
    return {name: each for name, each in vars(metrics).items() if isinstance(each, MetricWrapperBase)}


def strategy_metrics() -> CollectorRegistry:
    """The registry that the strategy serves."""
    registry = CollectorRegistry()
    PrometheusTelemetry(registry)
    return registry


def families(*collectors: Collector) -> dict[str, str]:
    """The metric families of collectors and their help."""
    return {
        family.name + ("_total" if family.type == "counter" else ""): family.documentation
        for each in collectors
        for family in (each.describe() if hasattr(each, "describe") else each.collect())
    }


def _samples(*collectors: Collector) -> frozenset[str]:
    return frozenset(
        f"{family.name}{suffix}"
        for each in collectors
        for family in (each.describe() if hasattr(each, "describe") else each.collect())
        for suffix in _SUFFIXES[family.type]
    )


def ours() -> frozenset[str]:
    """The samples that services and strategy export, those of the client library included."""
    registry = CollectorRegistry()
    library = (
        ProcessCollector(registry=registry),
        PlatformCollector(registry=registry),
        GCCollector(registry),
    )
    of_strategy = strategy_metrics()._collector_to_names
    return _samples(*services_metrics().values(), *library, *of_strategy)


def recorded() -> frozenset[str]:
    """What the rules record."""
    return frozenset(rule["record"] for _, rule in rules() if "record" in rule)


def exported() -> frozenset[str]:
    """Everything that an expression may name."""
    return ours() | RABBITMQ | NOTED | PROMETHEUS | recorded()
