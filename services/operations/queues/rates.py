"""Rates of queues: from RabbitMQ's management API, or from the counters of the embedded broker."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from services.common.broker.embedded import statements as sql
from services.common.broker.embedded.broker import FILE_NAME
from services.common.broker.embedded.file import QueueFile
from services.common.broker.topology import QUEUES
from services.common.settings.settings import Settings
from services.common.tls import TlsFiles, client_context

TIMEOUT_SECONDS = 3.0
LOOK_SECONDS = 1.0
REMEMBERED = {"msg_rates_age": 3600, "msg_rates_incr": 60}
"""The samples requested from RabbitMQ: those of the last hour, one per minute."""


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates of one queue: messages published and delivered per second, and messages delivered but not settled.

    A field is None if its value is unknown.

    Attributes:
        oldest_seconds: age of the oldest message, estimated where the broker does not report it; see `oldest_age`.
    """

    incoming_per_second: float | None = None
    outgoing_per_second: float | None = None
    unacknowledged: int | None = None
    oldest_seconds: float | None = None


def read_rates(settings: Settings) -> dict[str, Rates]:
    """Rates by queue; empty if RabbitMQ's management API, which is optional, does not answer or refuses."""
    import httpx

    tls = TlsFiles.of_rabbitmq(settings)
    scheme = "https" if tls else "http"
    url = f"{scheme}://{settings.rabbitmq_host}:{settings.rabbitmq_management_port}/api/queues/"
    try:
        with httpx.Client(
            auth=(settings.rabbitmq_user, settings.rabbitmq_pass.get_secret_value()),
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
            verify=client_context(tls) if tls else True,
        ) as client:
            url += quote(settings.rabbitmq_vhost, safe="")
            # Samples of the last hour are a minute old, so rates are taken from an answer without them.
            now, hour = (client.get(url, params=asked).raise_for_status() for asked in ({}, REMEMBERED))
        moment = parsedate_to_datetime(hour.headers["date"]).timestamp()
        return rates_in(now.json(), oldest_in(hour.json(), moment))
    except (httpx.HTTPError, ValueError, KeyError):
        return {}


def rates_in(queues: list[dict[str, Any]], oldest: Mapping[str, float | None]) -> dict[str, Rates]:
    """Rates by queue from the decoded answer; a queue without rates there was never used, and gets 0.

    Args:
        queues: the management API's answer for each queue.
        oldest: by queue, seconds since its oldest message was published; see `oldest_in`.
    """

    def rate(queue: dict[str, Any], name: str) -> float:
        return float(queue.get("message_stats", {}).get(f"{name}_details", {}).get("rate", 0.0))

    return {
        queue["name"]: Rates(
            rate(queue, "publish"),
            rate(queue, "deliver_get"),
            queue.get("messages_unacknowledged"),
            oldest.get(queue["name"]),
        )
        for queue in queues
    }


def oldest_in(queues: list[dict[str, Any]], moment: float) -> dict[str, float | None]:
    """`oldest_age` of each queue, from the decoded answer with samples that RabbitMQ gave at `moment` (seconds).

    The age is None for dead letters, because they are not consumed in order.
    """
    dead = {queue.dead_letter_name for queue in QUEUES}
    return {queue["name"]: None if queue["name"] in dead else _oldest_in(queue, moment) for queue in queues}


def _oldest_in(queue: dict[str, Any], moment: float) -> float | None:
    published = queue.get("message_stats", {})
    samples = published.get("publish_details", {}).get("samples", [])
    counts = [(each["timestamp"] / 1000, each["sample"]) for each in samples]
    return oldest_age([*counts, (moment, published.get("publish", 0))], queue.get("messages", 0))


def oldest_age(published: Sequence[tuple[float, int]], waiting: int) -> float | None:
    """The estimated age in seconds of the oldest message in a queue.

    A queue is first in, first out, so its oldest message was the first one published after all messages that no
    longer wait. The moment lies between two samples; the earlier one is used. For a quorum queue RabbitMQ reports
    nothing more exact unless it delivers messages.

    Args:
        published: moments in seconds, and how many messages had been published to the queue by then.
        waiting: messages in the queue, delivered or not.

    Returns:
        At most the time since the first sample; None if no message is waiting, or if more are waiting than were
        counted, because RabbitMQ was restarted in between. Messages that return for another attempt make the estimate
        too old, and messages that a full queue refused make it too young.
    """
    counts = sorted(published)
    if not waiting or not counts or counts[-1][1] < waiting:
        return None
    before = [moment for moment, count in counts if count <= counts[-1][1] - waiting]
    return counts[-1][0] - max(before, default=counts[0][0])


def watch_embedded(settings: Settings, queues: Iterable[str]) -> dict[str, Rates]:
    """Rates by queue of the embedded broker; this function reads the broker's counters twice, a second apart.

    Raises:
        TryLater, StopProgram: the embedded broker's file cannot be used.
    """
    with closing(QueueFile(settings.state_dir / FILE_NAME)) as file:
        before, begun = _traffic(file), time.monotonic()
        time.sleep(LOOK_SECONDS)
        return rates_between(before, _traffic(file), time.monotonic() - begun, queues)


def _traffic(file: QueueFile) -> dict[str, tuple[int, int]]:
    with file.reading() as db:
        return sql.traffic(db)


def rates_between(
    before: Mapping[str, tuple[int, int]],
    after: Mapping[str, tuple[int, int]],
    seconds: float,
    queues: Iterable[str],
) -> dict[str, Rates]:
    """Rates by queue from two readings of the counts of stored and delivered messages; 0 for a queue in neither."""

    def rate(queue: str, which: int) -> float:
        return (after.get(queue, (0, 0))[which] - before.get(queue, (0, 0))[which]) / seconds

    return {queue: Rates(rate(queue, 0), rate(queue, 1)) for queue in queues}
