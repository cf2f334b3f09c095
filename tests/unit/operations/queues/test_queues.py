"""A report of the queues is what the broker says, completed by what is known besides."""

from __future__ import annotations

from typing import cast

import pytest

from services.common.broker.port import Broker, QueueState
from services.common.settings.settings import BrokerKind, Settings
from services.operations.queues.rates import Rates
from services.operations.queues.report import QueueReport, read_queues

SETTINGS = Settings(broker=BrokerKind.RABBITMQ)


class Queues:
    def __init__(self, *states: QueueState) -> None:
        self.states = list(states)

    def queues(self) -> list[QueueState]:
        return self.states


def read(monkeypatch: pytest.MonkeyPatch, state: QueueState, rates: dict[str, Rates]) -> QueueReport:
    monkeypatch.setattr("services.operations.queues.report.read_rates", lambda _settings: rates)
    (report,) = read_queues(cast("Broker", Queues(state)), SETTINGS)
    return report


def test_what_the_broker_does_not_say_comes_from_its_management_api(monkeypatch: pytest.MonkeyPatch) -> None:
    state = QueueState("news", "quorum", 4, None, 2, None)
    report = read(monkeypatch, state, {"news": Rates(3.0, 1.5, 7, 60.0)})
    assert report == QueueReport("news", "quorum", 4, 7, 2, 60.0, 3.0, 1.5)


def test_what_the_broker_says_itself_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    state = QueueState("news", "quorum", 0, 0, 0, 5.0)
    report = read(monkeypatch, state, {"news": Rates(0.0, 0.0, 7, 60.0)})
    assert (report.ready, report.unacknowledged, report.oldest_seconds) == (0, 0, 5.0)


def test_where_the_api_does_not_answer_rates_are_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    report = read(monkeypatch, QueueState("news", "quorum", 4, None, 2), {})
    assert report == QueueReport("news", "quorum", 4, None, 2, None, None, None)
