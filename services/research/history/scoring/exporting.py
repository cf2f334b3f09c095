"""Exports the signals of a running system as a sentiment CSV, with the times at which the strategy received them."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import redis

from services.common.errors import StopProgram
from services.common.settings.settings import Settings
from services.common.store.keys import signals_key
from services.common.store.redis.client import address_of, redis_client
from services.common.store.redis.errors import reaction_to
from services.research.history.output import StepwiseCsv
from services.research.history.scoring.signal_rows import COLUMNS, row_of

if TYPE_CHECKING:
    from cryptoboy_sentiment import Signal

PAGE = 1_000
"""The number of members read from Redis in one answer, and of rows written in one step."""

Scored = tuple[float, bytes]
"""The score of a member of a sorted set, and the member."""


@dataclass(slots=True)
class ExportReport:
    """The report of an export: signals by pair, and members that are not signals. Times are UTC."""

    sentiment: Path
    signals: Counter[str]
    unreadable: Counter[str]
    problems: dict[str, str]
    available_from: datetime | None = None
    available_until: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON values, for `--json`."""
        first, last = self.available_from, self.available_until
        return {
            "sentiment": str(self.sentiment),
            "signals": dict(self.signals),
            "unreadable": dict(self.unreadable),
            "problems": self.problems,
            "available_from": first.isoformat() if first else None,
            "available_until": last.isoformat() if last else None,
        }

    def count(self, signal: Signal) -> None:
        """Count a signal that is written; signals must come in the order of availability."""
        self.signals[signal.pair] += 1
        self.available_from = self.available_from or signal.available_at
        self.available_until = signal.available_at


def export_signals(settings: Settings, pairs: Sequence[str], out: Path) -> ExportReport:
    """Write all signals that Redis has of these pairs; `out` appears when it is complete.

    A member that is not a signal is left out and counted; the report has the first problem of each pair.

    Raises:
        TryLater: Redis is not available.
        StopProgram: Redis refuses the connection, or there is no signal.
    """
    report = ExportReport(out, Counter(), Counter(), {})
    with (
        closing(redis_client(settings, decode_responses=False)) as client,
        StepwiseCsv(out, COLUMNS, ["export"], resume=False) as file,
    ):
        try:
            signals = heapq.merge(*(_signals(client, pair, report) for pair in pairs), key=file_order)
            while some := list(islice(signals, PAGE)):
                for signal in some:
                    report.count(signal)
                file.step(map(row_of, some), None)
        except redis.RedisError as error:
            raise reaction_to(error, address_of(settings)) from error
        if not report.signals:
            raise StopProgram(
                f"Redis at {address_of(settings)} has no signals of {', '.join(pairs)}; it keeps those of the last "
                "SIGNAL_HISTORY_HOURS while the system runs: start it with ./cryptoboy up"
            )
        file.finish()
    return report


def file_order(signal: Signal) -> tuple[datetime, datetime, str, str]:
    """Return the key by which the rows of a sentiment CSV are sorted."""
    return signal.available_at, signal.published, signal.article_id, signal.pair


def _signals(client: redis.Redis, pair: str, report: ExportReport) -> Iterator[Signal]:
    """Yield a pair's signals in file order. Redis orders by millisecond only, so ties are sorted here."""
    from cryptoboy_sentiment import SignalError, decode_member

    for _, together in groupby(_members(client, signals_key(pair)), key=lambda member: member[0]):
        found = []
        for _, member in together:
            try:
                found.append(decode_member(member, pair))
            except SignalError as error:
                report.unreadable[pair] += 1
                report.problems.setdefault(pair, str(error))
        yield from sorted(found, key=file_order)


def _members(client: redis.Redis, key: str) -> Iterator[Scored]:
    """Yield the members of a sorted set, page by page. Members added or expired meanwhile cause no error."""
    cursor, done = "-inf", set[bytes]()  # read: all members before the cursor, and `done` at it
    while True:
        # Reads one page more than the members at the cursor, to get past any number of members with the same score.
        answer = client.zrangebyscore(key, cursor, "+inf", start=0, num=PAGE + len(done), withscores=True)
        page = cast("list[tuple[bytes, float]]", answer)
        fresh = [(score, member) for member, score in page if member not in done]
        if not fresh:
            return
        yield from fresh
        last = fresh[-1][0]
        done = {member for member, score in page if score == last}
        cursor = repr(last)
