"""Programs that the tests of the embedded broker start as processes of their own, and kill.

Usage: embedded_worker.py publish|hold|drain STATE_DIR
"""

from __future__ import annotations

import itertools
import sys
import threading
from pathlib import Path

from services.common.broker.open import open_broker
from services.common.broker.port import Broker, OutgoingMessage
from services.common.broker.topology import NEWS_ARTICLE
from services.common.clock import SystemClock
from services.common.settings.settings import BrokerKind, Settings


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def publish(broker: Broker) -> None:
    """Publish for ever; say each number after it was confirmed."""
    for number in itertools.count():
        broker.publish([OutgoingMessage(NEWS_ARTICLE, b"%d" % number, f"id-{number}")])
        _say(str(number))


def hold(broker: Broker) -> None:
    """Take messages, say so, and never end them."""
    subscription = broker.subscribe("raw_news_data", 10)
    while True:
        for delivery in subscription.receive(10, 1.0):
            _say(delivery.body.decode())


def drain(broker: Broker) -> None:
    """Take and acknowledge messages, say each, until the input ends."""
    subscription = broker.subscribe("raw_news_data", 5)
    ended = threading.Thread(target=sys.stdin.read, daemon=True)
    ended.start()
    _say("ready")
    while ended.is_alive():
        deliveries = subscription.receive(5, 0.2)
        for delivery in deliveries:
            _say(delivery.body.decode())
        subscription.ack(deliveries)


if __name__ == "__main__":
    what, folder = sys.argv[1:]
    own = open_broker(Settings(broker=BrokerKind.EMBEDDED, state_dir=Path(folder)), SystemClock())
    own.start()
    {"publish": publish, "hold": hold, "drain": drain}[what](own)
    own.close()
