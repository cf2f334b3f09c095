"""What a container can connect to, tried from its own network, by address."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.support.containers.engine import WORLD_IMAGE, Engine

WAIT_SECONDS = 3
_TRIED_AT_ONCE = 3
_PROBE = f"""
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def tried(target):
    try:
        socket.create_connection(tuple(target), {WAIT_SECONDS}).close()
        return "open"
    except OSError as problem:
        return type(problem).__name__
targets = json.load(sys.stdin)
with ThreadPoolExecutor(max(len(targets), 1)) as pool:
    print(json.dumps(list(pool.map(tried, targets))))
"""


@dataclass(frozen=True)
class Target:
    """A port of a service at the address that it has in one of its networks."""

    service: str
    network: str
    address: str
    port: int


def addresses(container: dict[str, Any]) -> dict[str, str]:
    """Network -> address, of what `docker inspect` says of a container."""
    networks = container["NetworkSettings"]["Networks"]
    return {name: each["IPAddress"] for name, each in networks.items() if each["IPAddress"]}


def gateways(container: dict[str, Any]) -> dict[str, str]:
    """Network -> address of the host in it."""
    networks = container["NetworkSettings"]["Networks"]
    return {name: each["Gateway"] for name, each in networks.items() if each["Gateway"]}


def reach(engine: Engine, container: str, targets: list[Target]) -> dict[Target, str]:
    """Target -> `open`, or the name of the error, tried from within the container's network.

    The probe is a program in a container of its own, so that it needs nothing of the image. If it does not run, the
    test fails: no answer is no proof that there is no way.
    """
    asked = json.dumps([[each.address, each.port] for each in targets])
    network = f"container:{container}"
    ran = engine.docker(
        "run",
        "--rm",
        "-i",
        "--network",
        network,
        "--entrypoint",
        "python",
        WORLD_IMAGE,
        "-c",
        _PROBE,
        stdin=asked,
    )
    return dict(zip(targets, json.loads(ran), strict=True))


def reach_all(engine: Engine, wanted: dict[str, list[Target]]) -> dict[str, dict[Target, str]]:
    """`reach` for several containers, some at once."""
    with ThreadPoolExecutor(_TRIED_AT_ONCE) as pool:
        found = pool.map(lambda container: reach(engine, container, wanted[container]), wanted)
        return dict(zip(wanted, found, strict=True))
