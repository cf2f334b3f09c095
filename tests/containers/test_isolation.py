"""Each container reaches those that deploy/connections.toml names, and no other at any of its addresses.

Leaves production as it was.
"""

from __future__ import annotations

import tomllib

import pytest

from services.common.settings.settings import PROJECT_ROOT
from tests.support.containers.reach import Target, addresses, gateways, reach_all
from tests.support.containers.stack import PRODUCTION, SERVICES, Stack

WORLD_PORT = 8000
OUT = {"news-poller", "market-streamer", "freqtrade", "alertmanager"}
"""Those that have to call out: the only ones that reach the world."""
PUBLISHED = (3000, 8080, 8110, 9090, 9093, 15672)
CONNECTIONS = [
    each
    for each in tomllib.loads((PROJECT_ROOT / "deploy" / "connections.toml").read_text())["connection"]
    if each.get("only", PRODUCTION) == PRODUCTION and {each["from"], each["to"]} <= set(SERVICES)
]
PORTS = {(each["to"], each["port"]) for each in CONNECTIONS} | {("freqtrade", 8080), ("world", WORLD_PORT)}
MEETINGS = {frozenset({each["from"], each["to"]}) for each in CONNECTIONS} | {
    frozenset({name, "world"}) for name in OUT
}

Found = dict[str, dict[Target, str]]
each_service = pytest.mark.parametrize("service", SERVICES)


@pytest.fixture(scope="module")
def found(production: Stack) -> Found:
    """Service -> what it reaches: every port that somebody may connect to, at each address, and the host's ports."""
    containers = production.running()
    targets = [
        Target(name, network, address, port)
        for name, port in sorted(PORTS)
        for network, address in addresses(containers[name]).items()
    ]
    wanted = {}
    for service in SERVICES:
        container = containers[service]["Name"].lstrip("/")
        host = [
            Target("host", network, address, port)
            for network, address in gateways(containers[service]).items()
            for port in PUBLISHED
        ]
        wanted[container] = [target for target in targets if target.service != service] + host
    tried = reach_all(production.engine, wanted)
    return dict(zip(SERVICES, tried.values(), strict=True))


@pytest.mark.parametrize(
    "connection", CONNECTIONS, ids=lambda each: f"{each['from']}-{each['to']}-{each['port']}"
)
def test_a_connection_that_is_listed_can_be_made(connection: dict[str, object], found: Found) -> None:
    results = found[str(connection["from"])]
    wanted = {
        result
        for target, result in results.items()
        if (target.service, target.port) == (connection["to"], connection["port"])
    }
    assert "open" in wanted


@pytest.mark.parametrize("service", sorted(OUT))
def test_those_who_call_out_reach_the_world(service: str, found: Found) -> None:
    assert "open" in {result for target, result in found[service].items() if target.service == "world"}


@each_service
def test_there_is_no_way_to_any_other_at_any_address(service: str, found: Found) -> None:
    """A refused connection counts as a way: it has reached the other container."""
    unlisted = {
        target: result
        for target, result in found[service].items()
        if target.service != "host" and frozenset({service, target.service}) not in MEETINGS
    }
    assert unlisted
    assert {
        target for target, result in unlisted.items() if result in {"open", "ConnectionRefusedError"}
    } == set()


@each_service
def test_what_the_host_publishes_is_not_reached_from_a_container(service: str, found: Found) -> None:
    assert {
        target for target, result in found[service].items() if target.service == "host" and result == "open"
    } == set()


def test_ports_are_published_on_loopback_only(production: Stack) -> None:
    published = {
        (binding["HostIp"], int(binding["HostPort"]))
        for container in production.containers()
        for bindings in (container["NetworkSettings"]["Ports"] or {}).values()
        for binding in bindings or ()
    }
    assert {port for _, port in published} == set(PUBLISHED)
    assert {address for address, _ in published} == {"127.0.0.1"}
