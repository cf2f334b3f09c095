"""The notifier by the guide's lines: it is started, tells a webhook and a chat, and is ended again.

Leaves production without it, as it was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
import yaml

from services.common.settings.settings import PROJECT_ROOT
from tests.containers.test_hardening import MOST_AT_REST, in_bytes
from tests.support.containers.guide_shell import run
from tests.support.containers.progress import Progress
from tests.support.containers.reach import Target, addresses, reach
from tests.support.containers.stack import SERVICES, Stack
from tests.support.docs.guide import typed
from tests.support.waiting import eventually

NAME = "trading-notifier"
START = typed("echo COMPOSE_PROFILES=notify >> .env").splitlines()
TRY = typed("docker exec trading-notifier python -m services.notifier.trial NAME")
HEALTH = typed("docker exec trading-notifier python -m services.common.probe")
LOG = typed("docker logs --tail 50 trading-notifier")
RESTART = typed("compose restart notifier")
RECREATE = typed("compose up -d --force-recreate notifier")
NEW_TOKEN = typed("compose up -d --force-recreate alertmanager")
END = typed("compose --profile notify rm --stop --force notifier")
RULES = """preset = "none"
[[rules]]
name = "what this test does"
kinds = ["hold_set", "hold_lifted", "operator_alert"]
"""
WORLD_PORT = 8000
TOKEN, CHAT = "4242:AA-a_token-of-these-tests-0123456789abc", "7"  # the world takes any
PORTS = {"rabbitmq": 5672, "freqtrade": 8080, "ollama": 11434, "api": 8110, "grafana": 3000, "postgres": 5432}
REACHED = {("redis", 6379), ("world", WORLD_PORT)}
ALERTMANAGER = "http://localhost:9093"


@pytest.fixture(scope="module")
def notifying(production: Stack) -> Iterator[Stack]:
    """Production with a notifier that has a webhook and a chat."""
    assert "notifier" not in production.running()
    others = started(production)
    rules = production.folder / "deploy/notify.toml"
    usual = rules.read_text()
    rules.write_text(RULES)
    (production.folder / "secrets/notify_urls").write_text("hook=json://world:8000/notices\n")
    (production.folder / "secrets/notify_telegram_token").write_text(f"{TOKEN}\n")
    production.env(NOTIFY_TELEGRAM_CHATS=CHAT, NOTIFY_TELEGRAM_API=f"http://world:{WORLD_PORT}")
    line, up, _ = START
    run(production, f"{line}\n{up}")
    network, world = f"{production.project}_internet-notices", production.name_of("world")
    production.engine.docker("network", "connect", "--alias", "world", network, world)
    production.wait_healthy()
    assert others.items() <= started(production).items(), "only the notifier is new"
    yield production
    production.engine.docker("network", "disconnect", network, world)
    production.env(
        COMPOSE_PROFILES=None, NOTIFY_TELEGRAM_CHATS=None, NOTIFY_TELEGRAM_API=None, NOTIFY_WEBHOOK_PORT=None
    )
    run(production, END)
    rules.write_text(usual)
    production.wait_healthy()
    assert "notifier" not in production.running()


def started(stack: Stack) -> dict[str, str]:
    """Container of a service -> when it was started."""
    running = stack.running()
    return {name: running[name]["State"]["StartedAt"] for name in running}


def sent(stack: Stack, to: str) -> list[str]:
    """What the world got at a path, one text a message."""
    posted = [each for each in json.loads(stack.world("/webhooks")) if to in each["path"]]
    if to == "/sendMessage":
        return [parse_qs(each["body"])["text"][0] for each in posted]
    bodies = [json.loads(each["body"]) for each in posted]
    return [f"{body['title']}\n{body['message']}" for body in bodies]


def arrives(stack: Stack, words: str, *, times: int = 1) -> None:
    """Wait until the webhook and the chat have a message with these words, each so often."""
    for to in ("/notices", "/sendMessage"):
        eventually(
            lambda to=to: sum(words in text for text in sent(stack, to)) == times,  # type: ignore[misc]  # bound now
            lambda to=to: f"{words!r} {times} times at {to}: {sent(stack, to)}\n{stack.log(NAME, 30)}",  # type: ignore[misc]  # bound now
            look=0.5,
        )


def test_each_channel_gets_a_test(notifying: Stack) -> None:
    assert run(notifying, START[2]).splitlines() == ["hook: accepted", "telegram: accepted"]
    assert run(notifying, TRY, NAME="telegram").splitlines() == ["telegram: accepted"]
    assert [len(sent(notifying, to)) for to in ("/notices", "/sendMessage")] == [1, 2]


def test_a_hold_is_told_once_to_each_channel_and_so_is_its_end(notifying: Stack) -> None:
    notifying.operator("pause", "--reason", "held in a test")
    arrives(notifying, "held in a test")
    notifying.operator("resume")
    eventually(lambda: any("is lifted" in text for text in sent(notifying, "/notices")), "the end", look=0.5)
    arrives(notifying, "held in a test")


def test_the_chat_answers_from_redis_and_the_history(notifying: Stack) -> None:
    notifying.world("/say/sentiment", post=True)
    eventually(
        lambda: any(
            "BTC/USDT" in text and "very bullish" in text for text in sent(notifying, "/sendMessage")
        ),
        lambda: f"an answer: {sent(notifying, '/sendMessage')[-2:]}",
        look=0.5,
    )
    notifying.world("/say/sources", post=True)
    eventually(
        lambda: any("coindesk" in text for text in sent(notifying, "/sendMessage")),
        lambda: f"an answer: {sent(notifying, '/sendMessage')[-2:]}",
        look=0.5,
    )


def test_what_the_guide_looks_at_says_that_every_part_works(notifying: Stack) -> None:
    health = json.loads(run(notifying, HEALTH).splitlines()[0])
    assert health["status"] == "ok", health
    assert {"history", "telegram", "channel hook", "channel telegram"} <= health["dependencies"].keys()
    assert "service_starting" in notifying.log(NAME)
    assert run(notifying, f"{LOG} 2>&1").strip()


def test_it_has_no_rights_that_it_does_not_need_and_room_below_its_limit(
    notifying: Stack, progress: Progress
) -> None:
    container = notifying.running()["notifier"]
    status = notifying.exec(NAME, "cat", "/proc/1/status")
    lines = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert lines["Uid"].split()[0] == "10001"
    assert {lines[f"Cap{kind}"] for kind in ("Prm", "Eff", "Bnd")} == {"0" * 16}
    assert lines["NoNewPrivs"] == "1"
    assert "Read-only file system" in notifying.exec(NAME, "touch", "/etc/written", check=False)
    shown = json.dumps(container["Config"]) + notifying.exec(NAME, "sh", "-c", "cat /proc/[0-9]*/cmdline")
    assert TOKEN not in shown
    listed = notifying.engine.docker("stats", "--no-stream", "--format", "{{.MemUsage}}", NAME)
    used, limit = in_bytes(listed.split(" / ")[0]), container["HostConfig"]["Memory"]
    progress.say(f"the notifier uses {used / 2**20:.0f} MiB of {limit / 2**20:.0f}")
    assert 0 < used < MOST_AT_REST * limit


def test_it_reaches_redis_and_the_internet_and_no_other_part(notifying: Stack) -> None:
    containers = notifying.running()
    targets = [
        Target(name, network, address, port)
        for name, port in (*sorted(PORTS.items()), *sorted(REACHED))
        if name in containers
        for network, address in addresses(containers[name]).items()
    ]
    found = reach(notifying.engine, NAME, targets)
    ways = {target for target, result in found.items() if result in {"open", "ConnectionRefusedError"}}
    assert {(target.service, target.port) for target in ways} == REACHED
    own = set(addresses(containers["notifier"]))
    sharing = {name for name in SERVICES if own & set(addresses(containers[name]))}
    assert sharing == {"redis", "prometheus", "alertmanager"}


def test_redis_refuses_it_what_it_does_not_need(notifying: Stack) -> None:
    commands = (
        *("zadd sentiment_signals:BTC/USDT 1 x", "hset sentiment:BTC/USDT score 1", "del trading:holds"),
        *("set trading:entries paused", "flushall", "acl whoami", "config get maxmemory"),
    )
    answers = {each: notifying.redis(*each.split(), user="notifier") for each in commands}
    assert {each for each, answer in answers.items() if "NOPERM" not in answer} == set()


def test_prometheus_scrapes_it(notifying: Stack) -> None:
    def told() -> list[Any]:
        answer = notifying.http("http://localhost:9090/api/v1/query?query=cryptoboy_channel_up")
        return [
            (each["metric"]["channel"], each["value"][1]) for each in json.loads(answer)["data"]["result"]
        ]

    eventually(lambda: sorted(told()) == [("hook", "1"), ("telegram", "1")], lambda: f"{told()}", look=1)


@pytest.fixture(scope="module")
def with_alertmanager(notifying: Stack) -> Iterator[Stack]:
    """Alertmanager has the receiver and the route that docs/notifications.md shows."""
    page = (PROJECT_ROOT / "docs/notifications.md").read_text()
    (block,) = re.findall(r"^```yaml\n(.+?)^```", page, re.MULTILINE | re.DOTALL)
    further = yaml.safe_load(block)
    file = notifying.folder / "deploy/alertmanager/alertmanager.yml"
    before = file.read_text()
    whole = yaml.safe_load(before)
    whole["receivers"] += further["receivers"]
    route = {**further["route"]["routes"][0], "group_wait": "1s"}
    whole["route"]["routes"] = [route, *whole["route"]["routes"]]
    file.write_text(yaml.safe_dump(whole))
    notifying.env(NOTIFY_WEBHOOK_PORT="8109")
    run(notifying, f"compose up -d notifier\n{typed('compose restart alertmanager')}")
    notifying.wait_healthy()
    yield notifying
    file.write_text(before)
    run(notifying, typed("compose restart alertmanager"))


def fire(stack: Stack, name: str) -> None:
    alert = {
        "labels": {"alertname": name, "severity": "critical"},
        "annotations": {"summary": f"the summary of {name}"},
    }
    stack.http(f"{ALERTMANAGER}/api/v2/alerts", posted=[alert])


def test_an_alert_of_alertmanager_arrives_also_with_new_passwords(with_alertmanager: Stack) -> None:
    fire(with_alertmanager, "BeforeTheRotation")
    arrives(with_alertmanager, "the summary of BeforeTheRotation")
    names = ("notify_webhook", "redis_notifier")
    before = [with_alertmanager.secret(name) for name in names]
    files = " ".join(f"secrets/{name}" for name in names)
    run(with_alertmanager, f"rm -f {files}\n./cryptoboy secrets init")
    run(with_alertmanager, f"{NEW_TOKEN}\n{RECREATE}")
    with_alertmanager.wait_healthy()
    assert all(with_alertmanager.secret(name) != old for name, old in zip(names, before, strict=True))
    fire(with_alertmanager, "AfterTheRotation")
    arrives(with_alertmanager, "the summary of AfterTheRotation")
    arrives(with_alertmanager, "the summary of BeforeTheRotation")


def test_faulty_rules_end_it_with_the_reason_and_mended_ones_count(notifying: Stack) -> None:
    rules = notifying.folder / "deploy/notify.toml"
    rules.write_text('preset = "loud"\n')
    run(notifying, RESTART)
    fault = "/etc/cryptoboy/notify.toml:1: preset"
    eventually(lambda: fault in run(notifying, f"{LOG} 2>&1"), "the fault in the log", look=0.5)
    rules.write_text(RULES)
    run(notifying, RESTART)
    notifying.wait_healthy()
    arrives(notifying, "held in a test")
