"""How fast messages come and go: RabbitMQ's management API tells it, the embedded queue counts."""

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
"""What RabbitMQ is asked for of the counts that it keeps: an hour, a minute apart."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Of one queue: messages a second published to it and handed out, and those handed out but not ended.

    None where it is not known.

    Attributes:
        oldest_seconds: since the oldest message was published, where the broker itself does not tell; see `oldest_age`.
    """

    incoming_per_second: float | None = None
    outgoing_per_second: float | None = None
    unacknowledged: int | None = None
    oldest_seconds: float | None = None


def read_rates(settings: Settings) -> dict[str, Rates]:
    """Rates by queue; empty if the API does not answer or refuses, for it is an extra."""
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
            # What it says of the last hour comes a minute late: the rates are those that it gives unasked.
            now, hour = (client.get(url, params=asked).raise_for_status() for asked in ({}, REMEMBERED))
        moment = parsedate_to_datetime(hour.headers["date"]).timestamp()
        return rates_in(now.json(), oldest_in(hour.json(), moment))
    except (httpx.HTTPError, ValueError, KeyError):
        return {}


def rates_in(queues: list[dict[str, Any]], oldest: Mapping[str, float | None]) -> dict[str, Rates]:
    """Rates by queue from the decoded answer; a queue that was never used has none and counts as 0.

    Args:
        queues: what the management API says of each queue.
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
    """`oldest_age` by queue from the decoded answer with counts, given at a moment in seconds.

    None of dead letters: they go one by one, the newest before the oldest if somebody likes.
    """
    dead = {queue.dead_letter_name for queue in QUEUES}
    return {queue["name"]: None if queue["name"] in dead else _oldest_in(queue, moment) for queue in queues}


def _oldest_in(queue: dict[str, Any], moment: float) -> float | None:
    published = queue.get("message_stats", {})
    samples = published.get("publish_details", {}).get("samples", [])
    counts = [(each["timestamp"] / 1000, each["sample"]) for each in samples]
    return oldest_age([*counts, (moment, published.get("publish", 0))], queue.get("messages", 0))


def oldest_age(published: Sequence[tuple[float, int]], waiting: int) -> float | None:
    """About how many seconds ago the oldest of the messages was published that are in a queue.

    A queue is first in, first out, so it came when all but those that wait had been published: between two of the
    counts, of which the earlier is taken. RabbitMQ tells no more of a quorum queue without handing messages out.

    Args:
        published: moments in seconds, and how many messages had been published to the queue by then.
        waiting: how many are there, handed out or not.

    Returns:
        At most the time since the first count; None without messages, and where more are there than were
        counted, for RabbitMQ was started since. What comes back to be tried again was published once: it makes the
        others look as old as itself. Those that a full queue refused are counted too, and make it look younger.
    """
    counts = sorted(published)
    if not waiting or not counts or counts[-1][1] < waiting:
        return None
    before = [moment for moment, count in counts if count <= counts[-1][1] - waiting]
    return counts[-1][0] - max(before, default=counts[0][0])


def watch_embedded(settings: Settings, queues: Iterable[str]) -> dict[str, Rates]:
    """Rates by queue of the embedded broker, whose file is looked at twice, a second apart.

    Raises:
        TryLater, StopProgram: the file cannot be used.
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
    """Rates by queue from two counts of what was stored and handed out; a queue in neither was never used."""

    def rate(queue: str, which: int) -> float:
        return (after.get(queue, (0, 0))[which] - before.get(queue, (0, 0))[which]) / seconds

    return {queue: Rates(rate(queue, 0), rate(queue, 1)) for queue in queues}
