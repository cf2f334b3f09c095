"""What RabbitMQ's management API tells of queues beyond AMQP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from services.common.settings import Settings
from services.common.tls import TlsFiles, client_context

TIMEOUT_SECONDS = 3.0


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
