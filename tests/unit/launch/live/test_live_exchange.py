"""What follows from the exchange's answers, and from none: about the clock and about the key."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import ccxt
import pytest

from services.common.settings.settings import Settings
from services.launch.live.exchange import clock_findings, exchange_findings, key_findings
from services.launch.live.findings import Severity


class Clock:
    """Time that passes only while an exchange answers."""

    def __init__(self, trips: Iterator[float], off: float) -> None:
        self.seconds, self._trips, self._off = 1_700_000_000.0, trips, off
        self.id, self.has = "exchange", {"fetchTime": True}

    def now(self) -> float:
        return self.seconds

    def fetch_time(self) -> int:
        trip = next(self._trips)
        self.seconds += trip
        return round((self.seconds - trip / 2 + self._off) * 1000)


def severities(clock: Clock) -> list[Severity]:
    return [each.severity for each in clock_findings(clock, str, clock.now, clock.now)]


@pytest.mark.parametrize(
    ("trips", "off", "expected"),
    [
        ([0.1, 0.1, 0.1], 0.0, []),
        ([0.1, 0.1, 0.1], 2.9, []),
        ([0.1, 0.1, 0.1], -2.9, []),
        ([0.1, 0.1, 0.1], 3.2, [Severity.FAULT]),
        ([0.1, 0.1, 0.1], -3.2, [Severity.FAULT]),
        ([9.0, 9.0, 0.2], 0.0, []),
        ([9.0, 9.0, 0.2], 3.5, [Severity.FAULT]),
        ([4.0, 4.0, 4.0], 4.5, []),
        ([8.0, 9.0, 8.0], 5.0, [Severity.AWAY]),
        ([8.0, 9.0, 8.0], 60.0, [Severity.FAULT]),
    ],
)
def test_half_of_the_quickest_way_is_taken_off_and_not_held_against_the_clock(
    trips: list[float], off: float, expected: list[Severity]
) -> None:
    assert severities(Clock(iter(trips), off)) == expected


def test_an_exchange_that_does_not_tell_its_time_is_told_of() -> None:
    clock = Clock(iter(()), 0.0)
    clock.has = {"fetchTime": None}  # type: ignore[dict-item]  # as ccxt has it
    assert severities(clock) == [Severity.NOTE]


class Refuses:
    """An exchange with the question, which answers with an error."""

    id = "binance"

    def __init__(self, error: Exception) -> None:
        self._error = error

    def sapi_get_account_apirestrictions(self) -> Any:
        raise self._error


class binance(Refuses):  # noqa: N801 - as ccxt names its classes
    """See `Refuses`."""


@pytest.mark.parametrize(
    ("error", "expected", "vouched"),
    [
        (ccxt.RequestTimeout("x"), Severity.AWAY, Severity.NOTE),
        (ccxt.ExchangeNotAvailable("404"), Severity.AWAY, Severity.NOTE),
        (ccxt.InvalidNonce("-1021"), Severity.FAULT, Severity.FAULT),
        (ccxt.AuthenticationError("-2015"), Severity.FAULT, Severity.FAULT),
        (ccxt.PermissionDenied("may not ask"), Severity.FAULT, Severity.NOTE),
        (ccxt.NotSupported("x"), Severity.FAULT, Severity.NOTE),
        (ccxt.BadRequest("x"), Severity.FAULT, Severity.NOTE),
        (RuntimeError("x"), Severity.FAULT, Severity.NOTE),
    ],
)
def test_an_error_is_never_taken_for_a_key_that_cannot_withdraw(
    error: Exception, expected: Severity, vouched: Severity
) -> None:
    for is_sure, severity in ((False, expected), (True, vouched)):
        (found,) = key_findings(binance(error), str, is_sure=is_sure)
        assert found.severity is severity
        assert found.step


def test_without_ccxt_its_installation_is_the_advice_and_not_another_configuration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "ccxt", None)
    (found,) = exchange_findings(Settings.load({}, None), is_sure=False)
    assert found.severity is Severity.FAULT
    assert "ccxt is not installed here" in str(found)
    assert "./cryptoboy trade --help installs it" in str(found)
    assert "EXCHANGE_CONFIG" not in str(found)
