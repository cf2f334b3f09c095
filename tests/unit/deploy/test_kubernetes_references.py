"""Names that refer to something, and who may talk to whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from scripts.kubernetes_rules import MADE, render
from services.common.settings.settings import PROJECT_ROOT
from tests.support.deploy.kubernetes_files import (
    OURS,
    SERVICES,
    TARGETS,
    container,
    one,
    ours,
    resources,
    variables,
    workloads,
)
from tests.support.deploy.kustomize import Resource
from tests.support.deploy.memory_sizes import mebibytes

EVERYWHERE = pytest.mark.parametrize("target", TARGETS)
PART = "app.kubernetes.io/name"
RABBITMQ_PORT, REDIS_PORT, OLLAMA_PORT = 5672, 6379, 11434
METADATA_OF_CLOUDS = "169.254.0.0/16"


def labels_of_pods(target: str) -> list[dict[str, str]]:
    """The labels of every pod that there will be, those that the operators make included."""
    found = [each["spec"]["template"]["metadata"]["labels"] for each in workloads(target)]
    for each in resources(target):
        name = each["metadata"]["name"]
        if each["kind"] == "RabbitmqCluster":
            found.append({PART: name, "app.kubernetes.io/component": "rabbitmq"})
        if each["kind"] == "Redis":
            made = {"app": name, "redis_setup_type": "standalone", "role": "standalone"}
            found.append({**made, **each["metadata"]["labels"]})
    return found


def selectors(resource: Resource) -> Iterator[dict[str, str]]:
    """Every set of labels by which a resource means pods of this namespace."""

    def walk(value: object) -> Iterator[dict[str, str]]:
        if isinstance(value, dict):
            for key, inner in value.items():
                if key == "namespaceSelector":
                    return
                if key == "matchLabels":
                    yield inner
                else:
                    yield from walk(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from walk(inner)

    yield from walk(resource.get("spec", {}))
    if resource["kind"] == "Service":
        yield resource["spec"]["selector"]


@EVERYWHERE
def test_every_selector_means_a_pod(target: str) -> None:
    pods = labels_of_pods(target)
    for resource in resources(target):
        for wanted in selectors(resource):
            if "k8s-app" not in wanted:
                assert any(wanted.items() <= labels.items() for labels in pods), (resource["kind"], wanted)


@EVERYWHERE
def test_a_workload_selects_its_own_pods_and_no_others(target: str) -> None:
    for workload in workloads(target):
        wanted = workload["spec"]["selector"]["matchLabels"]
        chosen = [labels for labels in labels_of_pods(target) if wanted.items() <= labels.items()]
        assert chosen == [workload["spec"]["template"]["metadata"]["labels"]]


def names(target: str, kind: str) -> set[str]:
    return {each["metadata"]["name"] for each in resources(target) if each["kind"] == kind}


@EVERYWHERE
def test_everything_that_a_pod_names_is_there(target: str) -> None:
    for workload in workloads(target):
        pod = workload["spec"]["template"]["spec"]
        assert pod["serviceAccountName"] in names(target, "ServiceAccount")
        own = {claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", ())}
        volumes = {volume["name"] for volume in pod.get("volumes", ())} | own
        for volume in pod.get("volumes", ()):
            if "persistentVolumeClaim" in volume:
                assert volume["persistentVolumeClaim"]["claimName"] in names(target, "PersistentVolumeClaim")
            if "configMap" in volume:
                assert volume["configMap"]["name"] in names(target, "ConfigMap")
        for each in [*pod.get("initContainers", ()), *pod["containers"]]:
            assert {mount["name"] for mount in each["volumeMounts"]} <= volumes
            for source in each.get("envFrom", ()):
                assert source["configMapRef"]["name"] in names(target, "ConfigMap")
            for variable in each.get("env", ()):
                reference = variable.get("valueFrom", {}).get("configMapKeyRef")
                if reference:
                    assert reference["key"] in one(target, "ConfigMap", reference["name"])["data"]


@EVERYWHERE
def test_what_the_operators_read_is_there(target: str) -> None:
    redis = one(target, "Redis", "redis")["spec"]
    limits = one(target, "ConfigMap", redis["redisConfig"]["additionalRedisConfig"])["data"]
    assert limits.keys() == {"redis-additional.conf"}
    used_claims = {
        volume["persistentVolumeClaim"]["claimName"]
        for workload in workloads(target)
        for volume in workload["spec"]["template"]["spec"].get("volumes", ())
        if "persistentVolumeClaim" in volume
    }
    assert used_claims == names(target, "PersistentVolumeClaim")


@EVERYWHERE
def test_redis_refuses_writes_before_it_outgrows_its_container(target: str) -> None:
    redis = one(target, "Redis", "redis")["spec"]
    text = one(target, "ConfigMap", "redis-limits")["data"]["redis-additional.conf"]
    directives = dict(line.split(" ", 1) for line in text.splitlines())
    limit = redis["kubernetesConfig"]["resources"]["limits"]["memory"]
    assert mebibytes(directives["maxmemory"]) <= mebibytes(limit) / 2
    assert directives["maxmemory-policy"] == "noeviction"


@EVERYWHERE
def test_rabbitmq_has_the_limits_that_it_has_elsewhere(target: str) -> None:
    here = directives(one(target, "RabbitmqCluster", "rabbitmq")["spec"]["rabbitmq"]["additionalConfig"])
    elsewhere = directives((PROJECT_ROOT / "deploy/rabbitmq/rabbitmq.conf").read_text())
    limits = {
        name: value
        for name, value in elsewhere.items()
        if name != "load_definitions" and not name.startswith(("log.", "vm_memory"))
    }
    assert limits
    assert limits.items() <= here.items()


@EVERYWHERE
def test_rabbitmq_blocks_publishers_at_a_fraction_of_what_its_operator_leaves_it(target: str) -> None:
    spec = one(target, "RabbitmqCluster", "rabbitmq")["spec"]
    here = directives(spec["rabbitmq"]["additionalConfig"])
    # The operator sets the total from the limit, so it must have one, and nobody else may set it.
    assert "total_memory_available_override_value" not in here
    assert "vm_memory_high_watermark.absolute" not in here
    left = 0.8 * mebibytes(spec["resources"]["limits"]["memory"])
    mark = float(here["vm_memory_high_watermark.relative"]) * left
    assert 4 * int(here["raft.wal_max_size_bytes"]) / 2**20 <= mark <= 0.6 * left


def directives(text: str) -> dict[str, str]:
    lines = [line.partition(" = ") for line in text.splitlines() if line and not line.startswith("#")]
    return {name: value for name, _, value in lines}


@pytest.mark.parametrize(("target", "name"), OURS)
def test_the_settings_name_the_servers_that_are_made(target: str, name: str) -> None:
    given = variables(target, name)
    assert given["RABBITMQ_HOST"] in names(target, "RabbitmqCluster")
    assert given["REDIS_HOST"] in names(target, "Redis")


@EVERYWHERE
def test_everything_is_in_the_namespace_that_is_made(target: str) -> None:
    (namespace,) = names(target, "Namespace")
    assert {each["metadata"].get("namespace", namespace) for each in resources(target)} == {namespace}


# Network policies.


def policies(target: str) -> list[Resource]:
    return [each for each in resources(target) if each["kind"] == "NetworkPolicy"]


def pod_labels(target: str, name: str) -> dict[str, str]:
    (found,) = [labels for labels in labels_of_pods(target) if labels[PART] == name]
    return found


def rules(target: str, name: str, direction: str) -> list[dict[str, Any]]:
    """The rules that hold for pods of that name: `egress` or `ingress`."""
    labels = pod_labels(target, name)
    return [
        rule
        for policy in policies(target)
        if policy["spec"]["podSelector"].get("matchLabels", {}).items() <= labels.items()
        for rule in policy["spec"].get(direction, ())
    ]


def allows(target: str, source: str, destination: str, port: int) -> bool:
    """Whether both sides let this pass."""
    out = any(
        _fits(rule, "to", pod_labels(target, destination), port) for rule in rules(target, source, "egress")
    )
    into = any(
        _fits(rule, "from", pod_labels(target, source), port)
        for rule in rules(target, destination, "ingress")
    )
    return out and into


def _fits(rule: dict[str, Any], side: str, labels: dict[str, str], port: int) -> bool:
    ports = rule.get("ports", [])
    if not any(each["port"] <= port <= each.get("endPort", each["port"]) for each in ports):
        return False
    return any(
        "namespaceSelector" not in peer
        and "podSelector" in peer
        and peer["podSelector"].get("matchLabels", {}).items() <= labels.items()
        for peer in rule.get(side, ())
    )


PATHS = {
    ("news-poller", "rabbitmq", RABBITMQ_PORT),
    ("market-streamer", "rabbitmq", RABBITMQ_PORT),
    ("sentiment-processor", "rabbitmq", RABBITMQ_PORT),
    ("sentiment-processor", "ollama", OLLAMA_PORT),
    ("signal-cacher", "rabbitmq", RABBITMQ_PORT),
    ("signal-cacher", "redis", REDIS_PORT),
    ("history-recorder", "rabbitmq", RABBITMQ_PORT),
    ("history-recorder", "redis", REDIS_PORT),
    ("api", "rabbitmq", RABBITMQ_PORT),
    ("api", "redis", REDIS_PORT),
    ("freqtrade", "redis", REDIS_PORT),
}
HEALTH = {
    ("api", service.container, service.port)
    for service in SERVICES.values()
    if service.name != "api" and not service.is_optional
}


def optional_paths(target: str) -> set[tuple[str, str, int]]:
    """What an optional service of a folder reaches besides."""
    return {("notifier", "redis", REDIS_PORT)} if "notifier" in ours(target) else set()


@EVERYWHERE
def test_each_part_reaches_what_it_needs_and_nothing_else(target: str) -> None:
    parts = sorted(labels[PART] for labels in labels_of_pods(target))
    servers = (("rabbitmq", RABBITMQ_PORT), ("redis", REDIS_PORT), ("ollama", OLLAMA_PORT))
    found = {
        (source, server, port)
        for source in parts
        for server, port in servers
        if allows(target, source, server, port)
    }
    assert found == PATHS | optional_paths(target)
    ports = (8080, *range(8101, 8111))
    asked = {
        (source, service, port)
        for source in parts
        for service in ours(target)
        for port in ports
        if allows(target, source, service, port)
    }
    assert asked == {*HEALTH, ("history-recorder", "freqtrade", 8080)}


@EVERYWHERE
def test_what_no_rule_allows_is_denied(target: str) -> None:
    spec = one(target, "NetworkPolicy", "default-deny")["spec"]
    assert spec == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


@EVERYWHERE
def test_a_rule_has_peers_and_ports(target: str) -> None:
    """A rule without peers means everybody; RabbitMQ's way to the Kubernetes API is the only one."""
    without = [
        policy["metadata"]["name"]
        for policy in policies(target)
        for direction, side in (("egress", "to"), ("ingress", "from"))
        for rule in policy["spec"].get(direction, ())
        if not (rule.get(side) and rule.get("ports"))
    ]
    assert without == ["rabbitmq"]
    assert all(
        rule.get("ports")
        for policy in policies(target)
        for direction in ("egress", "ingress")
        for rule in policy["spec"].get(direction, ())
    )


@EVERYWHERE
def test_only_those_that_need_the_internet_have_it_and_never_the_networks_within(target: str) -> None:
    with_internet = set()
    for labels in labels_of_pods(target):
        for rule in rules(target, labels[PART], "egress"):
            blocks = [peer["ipBlock"] for peer in rule.get("to", ()) if "ipBlock" in peer]
            if blocks:
                with_internet.add(labels[PART])
            for block in blocks:
                ipv4 = block["cidr"] == "0.0.0.0/0"
                assert (METADATA_OF_CLOUDS in block["except"]) == ipv4
                assert ipv4 or block["cidr"] == "::/0"
    assert with_internet - {"notifier"} == {"news-poller", "market-streamer", "freqtrade", "ollama"}
    assert ("notifier" in with_internet) == ("notifier" in ours(target))


@EVERYWHERE
def test_no_budget_can_hold_up_a_drain_for_ever(target: str) -> None:
    for budget in [each["spec"] for each in resources(target) if each["kind"] == "PodDisruptionBudget"]:
        assert budget.get("maxUnavailable", 0) >= 1
        assert "minAvailable" not in budget


# What Prometheus sees.


def test_the_rules_in_the_cluster_are_those_of_prometheus() -> None:
    assert MADE.read_text() == render(), "run scripts/kubernetes_rules.py"


@pytest.mark.parametrize("target", TARGETS[1:])
def test_every_job_that_a_rule_names_is_scraped(target: str) -> None:
    named = {
        job
        for group in one(target, "PrometheusRule", "cryptoboy")["spec"]["groups"]
        for rule in group["rules"]
        for jobs in re.findall(r'job=~?"([^"]+)"', rule["expr"])
        for job in jobs.split("|")
    }
    assert named
    optional = {name for name, service in SERVICES.items() if service.is_optional}
    assert named <= {labels[PART] for labels in labels_of_pods(target)} | optional


@pytest.mark.parametrize("target", TARGETS[1:])
def test_prometheus_can_reach_what_it_scrapes(target: str) -> None:
    monitor = one(target, "PodMonitor", "services")["spec"]
    wanted = monitor["selector"]["matchLabels"]
    endpoints = {endpoint["port"] for endpoint in monitor["podMetricsEndpoints"]}
    (rule,) = one(target, "NetworkPolicy", "metrics")["spec"]["ingress"]
    open_to_it = {
        port for each in rule["ports"] for port in range(each["port"], each.get("endPort", each["port"]) + 1)
    }
    for name in ours(target):
        assert wanted.items() <= pod_labels(target, name).items()
        ports = {each["name"]: each["containerPort"] for each in container(target, name)["ports"]}
        (scraped,) = ports.keys() & endpoints
        assert ports[scraped] in open_to_it
    assert variables(target, "freqtrade")["STRATEGY_METRICS_PORT"] == "8105"
