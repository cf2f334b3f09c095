"""What every pod keeps to, and how often each part may run."""

from __future__ import annotations

import re
from typing import Any

import pytest

from services.common.broker.topology import RAW_NEWS_DATA
from services.common.settings.settings import PROJECT_ROOT, Settings
from services.notifier.rules.load import rules_of
from tests.support.deploy.kubernetes_files import (
    FOLDER,
    OURS,
    SERVICES,
    TARGETS,
    WITH_NOTIFIER,
    container,
    one,
    ours,
    resources,
    secret_keys,
    variables,
    workloads,
)
from tests.support.deploy.kustomize import containers_of

EVERYWHERE = pytest.mark.parametrize("target", TARGETS)


@EVERYWHERE
def test_no_pod_has_rights_that_it_does_not_need(target: str) -> None:
    for workload in workloads(target):
        pod = workload["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False
        context = pod["securityContext"]
        assert (context["runAsNonRoot"], context["runAsUser"]) == (True, 10001)
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        for each in containers_of(workload):
            assert each["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            writable = [mount for mount in each["volumeMounts"] if not mount.get("readOnly")]
            assert {mount["mountPath"] for mount in writable} <= {"/tmp", "/var/lib/cryptoboy", "/models"}  # noqa: S108 - a mount


def test_the_user_of_the_pods_is_that_of_the_image() -> None:
    assert "--uid 10001" in (PROJECT_ROOT / "deploy/Dockerfile").read_text()


@EVERYWHERE
def test_every_container_has_limits_and_a_pinned_image(target: str) -> None:
    for workload in workloads(target):
        for each in containers_of(workload):
            assert each["resources"]["limits"].keys() >= {"cpu", "memory"}
            assert each["resources"]["requests"].keys() == {"cpu", "memory"}
            assert re.fullmatch(r"[a-z0-9./-]+:v?[0-9]+\.[0-9]+\.[0-9]+", each["image"])


@EVERYWHERE
def test_kubernetes_does_not_add_variables_that_look_like_settings(target: str) -> None:
    """A Service called redis would give every pod REDIS_PORT=tcp://10.0.0.1:6379."""
    for workload in workloads(target):
        assert workload["spec"]["template"]["spec"]["enableServiceLinks"] is False


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_not_restarted_because_a_server_is_away(name: str) -> None:
    probes = container(WITH_NOTIFIER, name)
    assert probes["livenessProbe"]["httpGet"]["path"] == "/live"
    assert probes["startupProbe"]["httpGet"]["path"] == "/live"
    assert probes["readinessProbe"]["httpGet"]["path"] == "/health"


@EVERYWHERE
def test_every_container_is_watched_on_a_port_of_its_own(target: str) -> None:
    for workload in workloads(target):
        for each in workload["spec"]["template"]["spec"]["containers"]:
            names = {port["name"] for port in each["ports"]}
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                assert each[probe]["httpGet"]["port"] in names


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_runs_its_module_on_its_port(name: str) -> None:
    found = container(WITH_NOTIFIER, name)
    assert found["command"] == ["python", "-m", SERVICES[name].module]
    assert found["ports"] == [{"name": "health", "containerPort": SERVICES[name].port}]


@pytest.mark.parametrize(("target", "name"), OURS)
def test_every_variable_is_a_setting_with_a_value_that_it_can_have(target: str, name: str) -> None:
    given = variables(target, name)
    assert given.keys() <= Settings.variables()
    files = {variable: value for variable, value in given.items() if variable in secret_files()}
    assert all(value.startswith("/run/secrets/cryptoboy/") for value in files.values())
    plain = {variable: value for variable, value in given.items() if variable not in files}
    settings = Settings.load(plain)
    assert settings.health_host == "0.0.0.0"
    assert not settings.rabbitmq_declare
    assert settings.dry_run


def secret_files() -> set[str]:
    names = {name.upper() for name in Settings.model_fields}
    return {variable for variable in Settings.variables() if variable not in names}


@EVERYWHERE
def test_no_secret_stands_in_a_file_of_ours(target: str) -> None:
    secret = {variable.removesuffix("_FILE") for variable in secret_files()}
    for name in ours(target):
        assert not variables(target, name).keys() & secret
    assert not [each for each in resources(target) if each["kind"] == "Secret"]


@EVERYWHERE
def test_every_secret_that_is_needed_is_in_the_readme(target: str) -> None:
    table = (FOLDER / "README.md").read_text()
    for name, key in secret_keys(target):
        assert re.search(rf"^\| `{name}` \|.*`{re.escape(key)}`", table, re.MULTILINE), (name, key)


@EVERYWHERE
@pytest.mark.parametrize("name", ["news-poller", "market-streamer", "freqtrade"])
def test_what_keeps_a_state_of_its_own_never_runs_twice(target: str, name: str) -> None:
    spec = one(target, "Deployment", name)["spec"]
    assert spec["replicas"] == 1
    assert spec["strategy"] == {"type": "Recreate"}
    assert claims(target, name) == [name]


@EVERYWHERE
def test_what_uses_the_file_of_the_history_runs_once_where_that_is(target: str) -> None:
    using = [name for name in ours(target) if "history-recorder" in claims(target, name)]
    assert {"history-recorder", "api"} <= set(using) <= {"history-recorder", "api", "notifier"}
    for name in using:
        spec = one(target, "Deployment", name)["spec"]
        assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
        if name != "history-recorder":
            affinity = spec["template"]["spec"]["affinity"]["podAffinity"]
            (rule,) = affinity["requiredDuringSchedulingIgnoredDuringExecution"]
            assert rule["topologyKey"] == "kubernetes.io/hostname"
            assert rule["labelSelector"]["matchLabels"] == {"app.kubernetes.io/name": "history-recorder"}


def test_the_notifier_runs_where_it_was_asked_for_with_rules_that_it_can_read() -> None:
    assert "notifier" not in {name for target, name in OURS if target != WITH_NOTIFIER}
    assert claims(WITH_NOTIFIER, "notifier") == ["history-recorder"]
    rules = one(WITH_NOTIFIER, "ConfigMap", "notify-rules")["data"]
    folder, _, file = variables(WITH_NOTIFIER, "notifier")["NOTIFY_RULES_FILE"].rpartition("/")
    assert file in rules
    mounts = {
        each["mountPath"]: each["name"] for each in container(WITH_NOTIFIER, "notifier")["volumeMounts"]
    }
    assert mounts[folder] == "rules"
    assert rules_of(rules[file], file, ("phone",), ("BTC/USDT",)).rules


@EVERYWHERE
def test_all_processors_share_what_was_told_on_a_disk_of_one_node(target: str) -> None:
    pod = one(target, "Deployment", "sentiment-processor")["spec"]["template"]
    (rule,) = pod["spec"]["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert rule["topologyKey"] == "kubernetes.io/hostname"
    assert rule["labelSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    assert claims(target, "sentiment-processor") == ["sentiment-processor"]
    claim = one(target, "PersistentVolumeClaim", "sentiment-processor")
    assert claim["spec"]["accessModes"] == ["ReadWriteOnce"]


def claims(target: str, name: str) -> list[str]:
    pod = one(target, "Deployment", name)["spec"]["template"]["spec"]
    found = [
        volume["persistentVolumeClaim"] for volume in pod["volumes"] if "persistentVolumeClaim" in volume
    ]
    return [claim["claimName"] for claim in found]


@EVERYWHERE
def test_a_service_has_time_to_finish_what_it_has_in_hand(target: str) -> None:
    processor = one(target, "Deployment", "sentiment-processor")["spec"]["template"]["spec"]
    longest = Settings.load(shared(target)).ollama_timeout
    assert processor["terminationGracePeriodSeconds"] > longest


@EVERYWHERE
def test_every_article_in_flight_has_a_slot_in_a_model_server(target: str) -> None:
    """More processors than that would only make each other wait."""
    settings = Settings.load(shared(target))
    servers = one(target, "StatefulSet", "ollama")["spec"]["replicas"]
    parallel = next(
        int(each["value"])
        for each in container(target, "ollama")["env"]
        if each["name"] == "OLLAMA_NUM_PARALLEL"
    )
    assert most_processors(target) * settings.sentiment_concurrency <= servers * parallel


def most_processors(target: str) -> int:
    found = [each["spec"] for each in resources(target) if each["kind"] == "ScaledObject"]
    if found:
        return int(found[0]["maxReplicaCount"])
    return int(one(target, "Deployment", "sentiment-processor")["spec"]["replicas"])


@EVERYWHERE
def test_the_processor_knows_every_model_server(target: str) -> None:
    servers = one(target, "StatefulSet", "ollama")["spec"]
    hosts = [f"http://ollama-{n}.{servers['serviceName']}:11434" for n in range(servers["replicas"])]
    assert shared(target)["OLLAMA_HOST"] == ",".join(hosts)


@pytest.mark.parametrize("target", TARGETS[1:])
def test_the_length_of_the_news_queue_decides_how_many_processors_there_are(target: str) -> None:
    scaled = one(target, "ScaledObject", "sentiment-processor")["spec"]
    assert scaled["scaleTargetRef"] == {"name": "sentiment-processor"}
    (trigger,) = scaled["triggers"]
    assert trigger["metadata"]["queueName"] == RAW_NEWS_DATA.name
    assert "replicas" not in one(target, "Deployment", "sentiment-processor")["spec"]
    assert 1 <= scaled["fallback"]["replicas"] <= scaled["maxReplicaCount"]


@pytest.mark.parametrize("target", TARGETS[1:])
def test_production_outlives_the_loss_of_a_rabbitmq_node(target: str) -> None:
    spec = one(target, "RabbitmqCluster", "rabbitmq")["spec"]
    assert spec["replicas"] == 3
    (rule,) = spec["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert rule["topologyKey"] == "kubernetes.io/hostname"


def shared(target: str) -> dict[str, str]:
    data: dict[str, Any] = one(target, "ConfigMap", "settings")["data"]
    return data
