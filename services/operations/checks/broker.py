"""Is the broker there, with its queues?"""

from __future__ import annotations

from contextlib import closing
from functools import partial

from services.common.broker.open import open_broker
from services.common.clock import SystemClock
from services.common.network.compose_names import explain_compose_name
from services.common.settings.settings import BrokerKind, Settings
from services.operations.checks.check import Question


def broker_question(settings: Settings) -> Question:
    """For the broker of the settings."""
    if settings.broker is BrokerKind.EMBEDDED:
        remedy = f"make {settings.state_dir} writable (STATE_DIR), or free some space on its disk"
    else:
        remedy = explain_compose_name("RABBITMQ_HOST", settings.rabbitmq_host) or (
            "docker compose up -d, or apt-get install rabbitmq-server; check RABBITMQ_HOST, RABBITMQ_PORT, "
            "RABBITMQ_USER, RABBITMQ_PASS, RABBITMQ_VHOST; or use the embedded broker: --broker embedded"
        )
    return Question(f"broker ({settings.broker.value})", partial(_queues, settings), remedy)


def _queues(settings: Settings) -> str:
    with closing(open_broker(settings, SystemClock())) as broker:
        broker.start()
        states = broker.queues()
    return f"{len(states)} queues, {sum(state.ready for state in states)} messages ready"
