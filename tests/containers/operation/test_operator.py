"""The operator's container: what its commands say there, and the first aid for an exchange that is away."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.containers.engine import said
from tests.support.containers.stack import Stack
from tests.support.waiting import eventually

WORLD, FREQTRADE, STREAMER = "trading-world-1", "trading-freqtrade", "trading-market-streamer"
UNKNOWN = {"exchange", "feeds", "freqtrade"}
SECONDS = 180.0

Answer = tuple[bool, dict[str, dict[str, str]]]
"""Whether no check has failed, and the checks by name."""


def doctor(production: Stack) -> Answer:
    shown = production.operator("doctor", "--json", check=False)
    (line,) = [each for each in shown.splitlines() if each.startswith("{")]
    answer: dict[str, Any] = json.loads(line)
    return answer["ok"], {check["name"]: check for check in answer["checks"]}


def status_of(production: Stack, container: str) -> str:
    """What the service in this container says of itself."""
    answer = production.exec(container, "python", "-m", "services.common.probe", check=False)
    status: str = json.loads(answer.splitlines()[0])["status"]
    return status


@pytest.fixture(scope="module")
def healthy(production: Stack) -> Answer:
    """What doctor says of the healthy system."""
    return doctor(production)


def restarts_of(production: Stack, container: str) -> int:
    return int(production.engine.docker("inspect", "--format", "{{.RestartCount}}", container))


@contextmanager
def away(production: Stack, *services: str) -> Iterator[None]:
    """Stop services for the block; then start them again, and wait until everything is healthy."""
    production.compose("stop", "-t", "3", *services)
    try:
        yield
    finally:
        production.compose("start", *services)
        production.wait_healthy(SECONDS)


def test_doctor_passes_on_a_healthy_system_and_names_what_it_cannot_check(
    healthy: Answer,
) -> None:
    ok, checks = healthy
    assert ok
    assert {name for name, check in checks.items() if check["state"] == "unknown"} == UNKNOWN
    others = {name: check["state"] for name, check in checks.items() if name not in UNKNOWN}
    assert others == dict.fromkeys(others, "ok")
    assert {"broker (rabbitmq)", "redis", "scorer (ollama)", "scored pairs"} <= others.keys()


def test_the_commands_that_doctor_names_instead_show_the_state(production: Stack, healthy: Answer) -> None:
    _, checks = healthy
    remedies = " ".join(checks[name]["remedy"] for name in UNKNOWN)
    commands = set(re.findall(r"docker (exec [\w.-]+ python -m [\w.]+|logs --tail \d+ [\w-]+)", remedies))
    assert len(commands) == 3
    shown = {
        command: said(["sh", "-c", f"docker {command} 2>&1"], production.environ) for command in commands
    }
    healths = [json.loads(text) for command, text in shown.items() if command.startswith("exec")]
    assert {health["service"] for health in healths} == {"news_poller", "market_streamer"}
    assert all(health["status"] in {"ok", "degraded"} for health in healths)
    assert all(text.strip() for text in shown.values())


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            ("up",),
            "this needs the extra 'up', of which freqtrade is not installed here. Run it in a checkout",
        ),
        (
            ("why", "--last"),
            "this needs the extra 'serve', of which fastapi is not installed here. In containers the page and the API",
        ),
        (
            ("history", "fetch", "--out", "candles", "--from", "2026-01-01"),
            "this container has no connection to the exchange (OUT_OF_REACH): run this on a machine that has one",
        ),
    ],
)
def test_a_command_that_does_not_work_there_says_why_and_where_it_does(
    production: Stack, command: tuple[str, ...], message: str
) -> None:
    assert message in production.operator(*command, check=False)


def test_doctor_fails_on_a_fault_that_it_can_see(production: Stack) -> None:
    with away(production, "ollama"):
        ok, checks = doctor(production)
    assert not ok
    assert {name for name, check in checks.items() if check["state"] == "failed"} == {"scorer (ollama)"}


def test_a_bot_that_starts_while_the_exchange_is_away_is_started_until_it_is_back(production: Stack) -> None:
    with away(production, "world"):
        before = restarts_of(production, FREQTRADE)
        production.engine.docker("restart", "-t", "20", FREQTRADE)
        deadline = time.monotonic() + SECONDS
        while restarts_of(production, FREQTRADE) == before:
            assert time.monotonic() < deadline, production.log(FREQTRADE)
            time.sleep(0.5)
        assert "Could not load markets, therefore cannot start" in production.log(FREQTRADE)
    # Docker takes three failed looks before it says "unhealthy": the streamer itself may still say that nothing comes.
    eventually(lambda: status_of(production, STREAMER) != "down", "candles come again", SECONDS, look=0.5)
