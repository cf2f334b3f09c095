"""How fast messages come and go: RabbitMQ's management API tells it, the embedded queue counts."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from services.common.broker import embedded_statements as sql
from services.common.broker.embedded import FILE_NAME
from services.common.broker.embedded_file import QueueFile
from services.common.settings import Settings
from services.common.tls import TlsFiles, client_context

TIMEOUT_SECONDS = 3.0
LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Rates:
    """Of one queue: messages a second published to it and handed out, and those handed out but not ended.

    None where it is not known.
    """

    incoming: float | None = None
    outgoing: float | None = None
    unacknowledged: int | None = None


def read_rates(settings: Settings) -> dict[str, Rates]:
    """Rates by queue; empty if the API does not answer or refuses, for it is an extra."""
    import httpx

    tls = TlsFiles.of_rabbitmq(settings)
    scheme = "https" if tls else "http"
    url = f"{scheme}://{settings.rabbitmq_host}:{settings.rabbitmq_management_port}/api/queues/"
    try:
        answer = httpx.get(
            url + quote(settings.rabbitmq_vhost, safe=""),
            auth=(settings.rabbitmq_user, settings.rabbitmq_pass.get_secret_value()),
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
            verify=client_context(tls) if tls else True,
        )
        answer.raise_for_status()
        return rates_in(answer.json())
    except (httpx.HTTPError, ValueError):
        return {}


def rates_in(queues: list[dict[str, Any]]) -> dict[str, Rates]:
    """Rates by queue from the decoded answer; a queue that was never used has none and counts as 0."""

    def rate(queue: dict[str, Any], name: str) -> float:
        return float(queue.get("message_stats", {}).get(f"{name}_details", {}).get("rate", 0.0))

    return {
        queue["name"]: Rates(
            rate(queue, "publish"), rate(queue, "deliver_get"), queue.get("messages_unacknowledged")
        )
        for queue in queues
    }


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
