from __future__ import annotations

from datetime import UTC, datetime

from services.replay_exchange.request_log import RequestLog

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)


def note(log: RequestLog, path: str) -> None:
    log.add(at=NOON, method="GET", path=path, query={"symbol": "BTCUSDT"}, status=200, duration_ms=1.23456)


def test_requests_are_kept_in_order_and_numbered() -> None:
    log = RequestLog()
    note(log, "/a")
    note(log, "/b")
    assert [entry.as_json() for entry in log.entries()][1] == {
        "number": 2,
        "at": "2026-04-01T12:00:00+00:00",
        "method": "GET",
        "path": "/b",
        "query": {"symbol": "BTCUSDT"},
        "status": 200,
        "duration_ms": 1.235,
    }


def test_the_oldest_are_forgotten_and_still_counted() -> None:
    log = RequestLog(capacity=3)
    for path in "abcde":
        note(log, path)
    assert [entry.path for entry in log.entries()] == ["c", "d", "e"]
    assert log.total == 5


def test_entries_can_be_chosen_by_path_number_and_limit() -> None:
    log = RequestLog()
    for path in ("/x", "/y", "/xa", "/x"):
        note(log, path)
    assert [entry.number for entry in log.entries(path="/x")] == [1, 3, 4]
    assert [entry.number for entry in log.entries(path="/x", after=1)] == [3, 4]
    assert [entry.number for entry in log.entries(limit=2)] == [3, 4]
    assert log.entries(limit=0) == []
