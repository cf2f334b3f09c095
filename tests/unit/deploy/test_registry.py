"""A service of the registry stands wherever something has to know it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from services.common.broker.topology import QUEUES, RAW_MARKET_DATA
from services.common.services import API, SERVICES, Deployment, Service, deployed_by
from services.common.settings.settings import PROJECT_ROOT
from tests.support.monitoring.dashboards import DASHBOARDS, expressions
from tests.support.monitoring.prometheus_tools import rules

DEPLOY = PROJECT_ROOT / "deploy"
PROMETHEUS = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
CONNECTIONS = tomllib.loads((DEPLOY / "connections.toml").read_text())["connection"]
each_in_containers = pytest.mark.parametrize(
    "service", deployed_by(Deployment.COMPOSE), ids=lambda each: each.name
)
each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)


def connections_of(service: Service) -> set[tuple[str, str, int]]:
    ends = {(each["from"], each["to"], each["port"]) for each in CONNECTIONS}
    return {end for end in ends if service.container in end[:2]}


@each_service
def test_its_module_is_an_entry_point_in_a_folder_of_its_own(service: Service) -> None:
    source = Path(PROJECT_ROOT, *service.module.split(".")).with_suffix(".py").read_text()
    assert '__name__ == "__main__"' in source
    assert service.module.rpartition(".")[2] == service.name


@each_service
def test_its_port_is_no_other_services(service: Service) -> None:
    assert [each.name for each in SERVICES.values() if each.port == service.port] == [service.name]


@each_in_containers
def test_prometheus_scrapes_it_on_its_port(service: Service) -> None:
    (job,) = [each for each in PROMETHEUS["scrape_configs"] if each["job_name"] == service.container]
    static = [target for each in job.get("static_configs", ()) for target in each["targets"]]
    found = [f"{each['names'][0]}:{each['port']}" for each in job.get("dns_sd_configs", ())]
    assert [*static, *found] == [f"{service.container}:{service.port}"]


@each_in_containers
def test_it_may_connect_to_the_servers_that_it_uses_and_prometheus_to_it(service: Service) -> None:
    wanted = {("prometheus", service.container, service.port)}
    wanted |= {(service.container, "rabbitmq", 5672)} if service.uses_broker else set()
    wanted |= {(service.container, "redis", 6379)} if service.uses_store else set()
    wanted |= {(API, "rabbitmq", 15672)} if service.name == API else set()  # the rates of queues
    of_servers = {end for end in connections_of(service) if end[1] in {"rabbitmq", "redis"}}
    assert of_servers <= wanted <= connections_of(service)


@each_service
def test_an_alert_tells_when_it_is_down_if_it_runs_wherever_we_deploy(service: Service) -> None:
    (rule,) = [rule for _, rule in rules() if rule.get("alert") == "ServiceDown"]
    runs_everywhere = service.deployed_by == set(Deployment) and not service.is_optional
    assert (f'absent(up{{job="{service.container}"}})' in rule["expr"]) == runs_everywhere


def test_every_queue_but_that_of_candles_is_read_by_one_service() -> None:
    read = [queue for service in SERVICES.values() for queue in service.reads]
    assert sorted(read, key=str) == sorted(set(QUEUES) - {RAW_MARKET_DATA}, key=str)


def test_every_key_that_a_queue_is_bound_to_is_published_by_a_service() -> None:
    published = {key for service in SERVICES.values() for key in service.publishes}
    assert published == {key for queue in QUEUES for key in queue.routing_keys}


def job_lists() -> Iterator[list[str]]:
    """Every list of jobs, ours among them, in a rule or on a dashboard."""
    texts = [rule["expr"] for _, rule in rules()]
    texts += [asked for dashboard in DASHBOARDS.values() for asked in expressions(dashboard)]
    for text in texts:
        yield from (found.split("|") for found in re.findall(r'job=~"([^"]*\|[^"]*)"', text))


@each_service
def test_rules_and_dashboards_count_it_among_ours_if_it_runs_wherever_we_deploy(service: Service) -> None:
    lists = list(job_lists())
    assert len(lists) > 5
    runs_everywhere = service.deployed_by == set(Deployment) and not service.is_optional
    assert {service.container in jobs for jobs in lists} == {runs_everywhere}
