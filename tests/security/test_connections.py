"""Nobody shares a network with what he has no business with: Compose and Kubernetes against deploy/connections.toml.

Whoever takes over what reads the outside world (a feed's parser, a model's answer) goes on from there to whatever that
container can reach. Freqtrade's API, which opens trades, is not to be there.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest

from services.common.settings.reach import Part
from services.common.settings.settings import PROJECT_ROOT, Settings
from tests.support.deploy.kubernetes_files import TARGETS, one, resources
from tests.support.deploy.strict_yaml import load
from tests.unit.deploy.test_kubernetes_references import PART, labels_of_pods

CONNECTIONS = tomllib.loads((PROJECT_ROOT / "deploy" / "connections.toml").read_text())["connection"]
BASE, TLS = "docker-compose.production.yml", "docker-compose.tls.yml"
ELSEWHERE = ("docker-compose.openai.yml", "docker-compose.remote-ollama.yml")
"""Overlays for a model server that is not in Compose."""
SIDECAR = "docker-compose.sidecar.yml"
COMBINATIONS = (
    (BASE,),
    (BASE, TLS),
    (BASE, SIDECAR),
    (BASE, TLS, SIDECAR),
    *((BASE, overlay) for overlay in ELSEWHERE),
    *((BASE, TLS, overlay) for overlay in ELSEWHERE),
)
OUTSIDE = ("news-poller", "news-poller-2", "market-streamer", "sentiment-processor", "ollama-model")
"""What reads what strangers write, or may be made to call out."""
OLLAMAS = {"ollama", "ollama-gpu", "ollama-model"}

each_combination = pytest.mark.parametrize("files", COMBINATIONS, ids="+".join)


def composed(files: tuple[str, ...]) -> dict[str, set[str]]:
    """The networks of each service that is started, the files laid over one another as Compose does."""
    networks: dict[str, set[str]] = {}
    replicas: dict[str, object] = {}
    for file in files:
        for name, service in load((PROJECT_ROOT / file).read_text())["services"].items():
            networks.setdefault(name, set()).update(service.get("networks", ()))
            replicas[name] = service.get("deploy", {}).get("replicas", replicas.get(name))
    return {name: found for name, found in networks.items() if replicas[name] != 0}


def meetings(files: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    networks = composed(files)
    for one_of_them, other in combinations(sorted(networks), 2):
        if networks[one_of_them] & networks[other]:
            yield one_of_them, other


def reasons(files: tuple[str, ...]) -> set[tuple[str, str]]:
    return {
        (min(each["from"], each["to"]), max(each["from"], each["to"]))
        for each in CONNECTIONS
        if each.get("only", BASE) in files
    }


@each_combination
def test_who_shares_a_network_has_a_reason(files: tuple[str, ...]) -> None:
    assert set(meetings(files)) - reasons(files) == set()


@each_combination
def test_who_has_a_reason_shares_a_network(files: tuple[str, ...]) -> None:
    here = composed(files)
    wanted = {pair for pair in reasons(files) if set(pair) <= here.keys()}
    assert wanted - set(meetings(files)) == set()


@each_combination
def test_freqtrade_meets_nothing_that_reads_the_outside_world(files: tuple[str, ...]) -> None:
    beside = {name for pair in meetings(files) if "freqtrade" in pair for name in pair} - {"freqtrade"}
    expected = {"prometheus", "redis", "history-recorder"} | ({"api-proxy"} if TLS in files else set())
    assert beside == (set() if SIDECAR in files else expected)


@each_combination
def test_what_reads_the_outside_world_meets_only_whom_it_works_for(files: tuple[str, ...]) -> None:
    networks = composed(files)
    for name in networks.keys() & set(OUTSIDE):
        beside = {each for pair in meetings(files) if name in pair for each in pair} - {name}
        # The API asks for its health, and answers nobody without a key.
        assert beside <= {"rabbitmq", "prometheus", "api", "ollama", "ollama-gpu", "proxy"}, name


@each_combination
def test_what_talks_to_the_outside_world_meets_no_part_that_trades_or_publishes(
    files: tuple[str, ...],
) -> None:
    beside = {name for pair in meetings(files) if "notifier" in pair for name in pair} - {"notifier"}
    assert beside == {"redis", "postgres", "prometheus", "alertmanager"}


@each_combination
def test_the_operator_is_told_exactly_what_it_has_no_connection_to(files: tuple[str, ...]) -> None:
    told: dict[str, str] = {}
    for file in files:
        told |= load((PROJECT_ROOT / file).read_text())["services"].get("operator", {}).get("environment", {})
    networks = composed(files)
    met = {name for name in networks if networks["operator"] & networks[name]}
    outside = {Part.EXCHANGE: "internet-exchange", Part.FEEDS: "internet-news"}
    no_connection = {part for part, network in outside.items() if network not in networks["operator"]}
    no_connection |= {Part.FREQTRADE} - {Part(name) for name in met & set(Part)}
    if "ollama" not in met and "internet-operator" not in networks["operator"]:
        no_connection.add(Part.SCORER)
    assert set(Settings.load({"OUT_OF_REACH": told["OUT_OF_REACH"]}).out_of_reach or ()) == no_connection


def test_a_second_poller_is_where_the_first_is() -> None:
    more = (PROJECT_ROOT / "docker-compose.more.yml").read_text()
    assert f"extends: {{file: {BASE}, service: news-poller}}" in more
    assert "networks:" not in more


@pytest.mark.parametrize("overlay", ELSEWHERE)
def test_with_a_model_server_elsewhere_none_is_kept_running_here(overlay: str) -> None:
    assert composed((BASE,)).keys() - composed((BASE, overlay)).keys() == OLLAMAS
    # What is in a profile that is not asked for goes on running if it runs.
    services = load((PROJECT_ROOT / overlay).read_text())["services"]
    assert services["ollama-gpu"]["profiles"] is None
    assert "profiles" not in services["ollama"] | services["ollama-model"]


def test_a_model_server_elsewhere_is_reached_by_those_who_ask_it_and_by_no_others() -> None:
    def ways_out(overlay: str) -> dict[str, set[str]]:
        before, now = composed((BASE,)), composed((BASE, overlay))
        return {name: now[name] - before[name] for name in now if now[name] - before[name]}

    openai, ollama = (ways_out(overlay) for overlay in ELSEWHERE)
    assert openai == {"sentiment-processor": {"internet-models"}}
    # An Ollama needs no key, so a person may ask it as well.
    assert ollama == {**openai, "operator": {"internet-operator"}}


def test_bots_of_others_meet_redis_alone() -> None:
    """The network that they join is the one in which this project's bot reads the signals."""
    networks = composed((BASE, SIDECAR))
    assert {name for name, found in networks.items() if "store-read" in found} == {"redis"}


def test_the_servers_of_development_do_not_meet() -> None:
    services = load((PROJECT_ROOT / "docker-compose.yml").read_text())["services"]
    networks = [name for service in services.values() for name in service["networks"]]
    assert len(networks) == len(set(networks)) == len(services)


def test_every_line_says_why() -> None:
    for each in CONNECTIONS:
        assert each["why"], each
        assert each.keys() <= {"from", "to", "port", "why", "only"}
    pairs = [(each["from"], each["to"], each["port"]) for each in CONNECTIONS]
    assert len(pairs) == len(set(pairs))


# Kubernetes: what one's rules let out and the other's let in.


def ports_of(rule: dict[str, Any]) -> set[int]:
    return {
        port for each in rule["ports"] for port in range(each["port"], each.get("endPort", each["port"]) + 1)
    }


def open_ports(target: str, labels: dict[str, str], direction: str, other: dict[str, str]) -> set[int]:
    """The ports on which a pod may begin towards (egress), or be reached from (ingress), a pod with those labels."""
    side = "to" if direction == "egress" else "from"
    found: set[int] = set()
    for policy in (each["spec"] for each in resources(target) if each["kind"] == "NetworkPolicy"):
        selected = policy["podSelector"].get("matchLabels", {})
        if direction.capitalize() not in policy["policyTypes"] or not selected.items() <= labels.items():
            continue
        for rule in policy.get(direction, ()):
            peers = rule.get(side)
            if peers is None or any(_means(peer, other) for peer in peers):
                found |= ports_of(rule)
    return found


def _means(peer: dict[str, Any], labels: dict[str, str]) -> bool:
    if "namespaceSelector" in peer or "podSelector" not in peer:
        return False
    return bool(peer["podSelector"].get("matchLabels", {}).items() <= labels.items())


@pytest.mark.parametrize("target", TARGETS)
def test_in_a_cluster_the_same_reach_one_another(target: str) -> None:
    pods = labels_of_pods(target)
    reached = {
        (begins[PART], listens[PART], port)
        for begins in pods
        for listens in pods
        if begins[PART] != listens[PART]
        for port in open_ports(target, begins, "egress", listens)
        & open_ports(target, listens, "ingress", begins)
    }
    here = {labels[PART] for labels in pods}
    wanted = {
        (each["from"], each["to"], each["port"])
        for each in CONNECTIONS
        if "only" not in each and {each["from"], each["to"]} <= here
    }
    assert reached == wanted


@pytest.mark.parametrize("target", TARGETS)
def test_in_a_cluster_only_the_recorder_reaches_freqtrades_api(target: str) -> None:
    (freqtrade,) = [labels for labels in labels_of_pods(target) if labels[PART] == "freqtrade"]
    reach = {
        labels[PART]
        for labels in labels_of_pods(target)
        if 8080 in open_ports(target, freqtrade, "ingress", labels)
    }
    assert reach == {"history-recorder"}
    assert 8080 not in ports_of(one(target, "NetworkPolicy", "metrics")["spec"]["ingress"][0])


# systemd: one machine, one loopback; what has no business with the API is kept from its address.


def _unit(name: str) -> str:
    return (PROJECT_ROOT / "deploy" / "systemd" / f"cryptoboy-{name}.service").read_text()


def test_on_one_machine_the_api_has_an_address_that_the_other_units_are_kept_from() -> None:
    assert "Environment=FREQTRADE_API_HOST=127.0.0.2\n" in _unit("freqtrade")
    assert "IPAddressDeny" not in _unit("freqtrade") + _unit("history-recorder")
    for name in ("news-poller", "market-streamer", "sentiment-processor@", "signal-cacher", "api"):
        assert "\nIPAddressDeny=127.0.0.2\n" in _unit(name)
        assert "IPAddressAllow" not in _unit(name), "that would lift it"
