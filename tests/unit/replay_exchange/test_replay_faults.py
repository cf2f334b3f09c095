from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from services.common.clock import to_ms
from services.replay_exchange.faults import Channel, Faults, FaultSwitches, RecurringGap

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)


def test_at_first_nothing_is_wrong() -> None:
    switches = FaultSwitches()
    assert switches.current == Faults()
    assert switches.take_rest_error("/api/v3/klines") is None
    assert not switches.current.hides("BTCUSDT", 0, Channel.REST)


def test_a_limited_error_ends_after_so_many_requests_and_an_unlimited_one_does_not() -> None:
    switches = FaultSwitches()
    switches.switch(rest_errors=[{"status": 502, "times": 2}])
    assert [switches.take_rest_error("/x") for _ in range(4)] == [502, 502, None, None]
    switches.switch(rest_errors=[{"status": 500}])
    assert {switches.take_rest_error("/x") for _ in range(50)} == {500}


def test_an_error_meets_only_its_path_and_the_first_that_fits_counts() -> None:
    switches = FaultSwitches()
    switches.switch(
        rest_errors=[
            {"status": 504, "path": "/api/v3/klines", "times": 1},
            {"status": 503, "path": "/api/v3/k"},
        ]
    )
    asked = ["/api/v3/time", "/api/v3/klines", "/api/v3/klines", "/api/v3/time"]
    assert [switches.take_rest_error(path) for path in asked] == [None, 504, 503, None]


def test_switching_one_fault_keeps_the_others_and_clearing_ends_all() -> None:
    switches = FaultSwitches()
    switches.switch(latency_seconds=1.5)
    switches.switch(silent_websockets=True)
    assert (switches.current.latency_seconds, switches.current.silent_websockets) == (1.5, True)
    switches.switch(latency_seconds=0)
    assert (switches.current.latency_seconds, switches.current.silent_websockets) == (0, True)
    switches.clear()
    assert switches.current == Faults()


@pytest.mark.parametrize(
    ("symbol", "offset", "channel", "hidden"),
    [
        ("BTCUSDT", 0, Channel.REST, True),
        ("BTCUSDT", 119_999, Channel.REST, True),
        ("BTCUSDT", 120_000, Channel.REST, False),
        ("BTCUSDT", -1, Channel.REST, False),
        ("ETHUSDT", 0, Channel.REST, False),
        ("BTCUSDT", 0, Channel.WEBSOCKET, False),
    ],
)
def test_a_gap_hides_candles_by_symbol_opening_time_and_channel(
    symbol: str, offset: int, channel: Channel, hidden: bool
) -> None:
    gap = {"start": NOON, "end": NOON + timedelta(minutes=2), "symbol": "BTCUSDT", "channel": "rest"}
    switches = FaultSwitches()
    switches.switch(missing_candles=[gap])
    assert switches.current.hides(symbol, to_ms(NOON) + offset, channel) is hidden


@pytest.mark.parametrize(
    "changes",
    [
        {"latency": 1},
        {"latency_seconds": -1},
        {"latency_seconds": "soon"},
        {"rest_errors": [{"status": 200}]},
        {"rest_errors": [{"times": 0}]},
        {"rest_errors": {"status": 500}},
        {"missing_candles": [{"start": NOON, "end": NOON}]},
        {"missing_candles": [{"start": "2026-04-01T12:00:00", "end": "2026-04-01T13:00:00"}]},
        {"missing_candles": [{"start": NOON, "end": NOON + timedelta(1), "channel": "telepathy"}]},
    ],
)
def test_what_is_no_fault_is_refused_and_changes_nothing(changes: dict[str, Any]) -> None:
    switches = FaultSwitches()
    with pytest.raises(ValidationError):
        switches.switch(**changes)
    assert switches.current == Faults()


def test_a_recurring_gap_hides_the_candles_that_open_at_the_end_of_each_period() -> None:
    faults = Faults(recurring_gap=RecurringGap(every_seconds=600, length_seconds=120))
    hidden = [minute for minute in range(20) if faults.hides("BTCUSDT", minute * 60_000, Channel.REST)]
    assert hidden == [8, 9, 18, 19]


def test_a_recurring_gap_has_to_leave_candles() -> None:
    with pytest.raises(ValidationError):
        RecurringGap(every_seconds=60, length_seconds=60)
