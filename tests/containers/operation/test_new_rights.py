"""An upgrade to a version that has one more queue, one more key of Redis and fewer users, and the way back.

Leaves production as it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.containers.news import headlines, no_dead_letters, publish
from tests.support.containers.next_version import (
    IN_FORCE,
    KEY,
    LOST_BROKER_USER,
    LOST_STORE_USER,
    QUEUE,
    become_next_version,
)
from tests.support.containers.stack import Stack
from tests.support.waiting import eventually

SERVERS = ("rabbitmq", "redis", "ollama", "prometheus", "alertmanager", "grafana")
OURS = (
    *("news-poller", "market-streamer", "sentiment-processor", "signal-cacher"),
    *("history-recorder", "api", "freqtrade"),
)
WAITING = 30
FORGET = f"""
for queue in {QUEUE} {QUEUE}.retry {QUEUE}.dlq; do
    rabbitmqctl --quiet delete_queue $queue
    rabbitmqctl --quiet list_policies --no-table-headers | grep -qF "$queue" && rabbitmqctl --quiet clear_policy $queue
done
rabbitmqctl --quiet delete_user operators_own
"""


def starts(system: Stack, services: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    """Service -> id and start time of its container."""
    running = system.running()
    return {name: (running[name]["Id"], running[name]["State"]["StartedAt"]) for name in services}


def rabbitmqctl(system: Stack, *arguments: str) -> str:
    return system.exec("trading-rabbitmq", "rabbitmqctl", "--quiet", *arguments)


def ready(system: Stack, queue: str) -> int:
    """The messages of a queue that wait for a reader."""
    lines = rabbitmqctl(system, "list_queues", "--no-table-headers", "name", "messages_ready").splitlines()
    counts = dict(line.split("\t") for line in lines)
    return int(counts[queue])


def may_look(system: Stack, user: str) -> str:
    return system.redis("dbsize", user=user)


def restarts(system: Stack) -> dict[str, int]:
    """Our services that ended and were started again by Docker."""
    running = system.running()
    return {name: count for name in OURS if (count := running[name]["RestartCount"])}


@dataclass(frozen=True)
class Upgraded:
    """What was before an upgrade, and the system after it.

    Attributes:
        servers, ours: the containers before, by service: id and start time.
        waiting: headlines of the articles that waited in the queue.
        former: the files of the former version.
    """

    system: Stack
    servers: dict[str, tuple[str, str]]
    ours: dict[str, tuple[str, str]]
    waiting: list[str]
    former: dict[Path, str]

    def go_back(self) -> None:
        """Run the former version."""
        for path, text in self.former.items():
            path.write_text(text)
        self.system.compose("up", "-d", "--build")


@pytest.fixture(scope="module")
def upgraded(production: Stack) -> Iterator[Upgraded]:
    """Production on the next version, which found articles in the queue; the last test goes back."""
    rabbitmqctl(production, "add_user", "operators_own", "a password of a test")
    production.compose("stop", "sentiment-processor")
    waiting = publish(production, WAITING)
    eventually(lambda: ready(production, "raw_news_data") >= WAITING, "the articles in the queue")
    servers = starts(production, SERVERS)
    ours = starts(production, tuple(name for name in OURS if name != "sentiment-processor"))
    former = become_next_version(production.folder)
    production.compose("up", "-d", "--build")
    production.wait_healthy()
    now = Upgraded(production, servers, ours, waiting, former)
    yield now
    if any(path.read_text() != text for path, text in former.items()):
        now.go_back()
    production.exec("trading-rabbitmq", "sh", "-c", FORGET, check=False)


def test_no_server_is_recreated_or_restarted(upgraded: Upgraded) -> None:
    assert starts(upgraded.system, SERVERS) == upgraded.servers


def test_our_services_run_the_new_version(upgraded: Upgraded) -> None:
    now = starts(upgraded.system, OURS)
    assert all(now[name][0] != upgraded.ours[name][0] for name in upgraded.ours)


def test_the_rights_are_in_force_before_a_service_starts(upgraded: Upgraded) -> None:
    """The new cacher reads the new queue and writes the new key first of all, and ends if it may not."""
    assert restarts(upgraded.system) == {}
    assert IN_FORCE in upgraded.system.log("trading-signal-cacher")


def test_the_new_queue_is_there_with_its_retries_and_dead_letters(upgraded: Upgraded) -> None:
    assert [ready(upgraded.system, name) for name in (QUEUE, f"{QUEUE}.retry", f"{QUEUE}.dlq")] == [0, 0, 0]


def test_the_new_key_is_the_cachers_alone(upgraded: Upgraded) -> None:
    assert upgraded.system.redis("exists", KEY, user="signal_cacher") == "1"
    assert "NOPERM" in upgraded.system.redis("get", KEY, user="strategy")


def test_users_that_the_version_lacks_lose_their_rights(upgraded: Upgraded) -> None:
    users = rabbitmqctl(upgraded.system, "list_users", "--no-table-headers")
    assert LOST_BROKER_USER not in users
    assert "news_poller\t[cryptoboy]" in users.splitlines()
    assert "NOAUTH" in may_look(upgraded.system, LOST_STORE_USER)


def test_a_user_of_the_operators_own_stays(upgraded: Upgraded) -> None:
    assert (
        "operators_own\t[]" in rabbitmqctl(upgraded.system, "list_users", "--no-table-headers").splitlines()
    )


def test_no_article_that_waited_is_lost_or_scored_twice(upgraded: Upgraded) -> None:
    eventually(lambda: set(upgraded.waiting) <= set(headlines(upgraded.system)), "signals of all that waited")
    eventually(lambda: ready(upgraded.system, "sentiment_signals_queue") == 0, "all signals written")
    written = Counter(headlines(upgraded.system))
    assert {title: written[title] for title in upgraded.waiting if written[title] != 1} == {}
    assert no_dead_letters(upgraded.system)


def test_what_puts_rights_into_force_shows_no_secret(upgraded: Upgraded) -> None:
    system = upgraded.system
    logs = [system.log(f"trading-{name}-rights-1") for name in ("rabbitmq", "redis")]
    secrets = [file.read_text().strip() for file in (system.folder / "secrets").iterdir()]
    assert "Redis has the users" in logs[1]
    assert not [secret for secret in secrets if secret and any(secret in log for log in logs)]


def test_a_return_to_the_former_version_gives_the_users_their_rights_again(upgraded: Upgraded) -> None:
    upgraded.go_back()
    system = upgraded.system
    system.wait_healthy()
    assert starts(system, SERVERS) == upgraded.servers
    assert restarts(system) == {}
    assert LOST_BROKER_USER in rabbitmqctl(system, "list_users", "--no-table-headers")
    assert may_look(system, LOST_STORE_USER).isdigit()
    assert "NOPERM" in system.redis("get", KEY, user="signal_cacher")
