"""The performance of the usual periods as it is kept in the history, measured beforehand."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from services.common.history.port import HistoryReader
from services.common.history.rows import SummaryRow
from services.history_recorder.performance.report import Cell, Performance

PERIODS = (1, 7, 30, 365)
"""The lengths, in days until now, that are measured beforehand."""


def summary_of(days: int, found: Performance) -> SummaryRow:
    """The row of the history for a period of so many days."""
    body = json.loads(json.dumps(asdict(found), default=datetime.isoformat))
    return SummaryRow(name=_name(days), computed=found.computed, body=body)


def kept_performance(history: HistoryReader, days: int) -> Performance | None:
    """What was measured last for the period of so many days; None if it was never, or by a release of other fields.

    Raises:
        TryLater, StopProgram: as the reader does.
    """
    row = history.summary(_name(days)) if days in PERIODS else None
    try:
        return None if row is None else _performance_of(dict(row.body))
    except (KeyError, TypeError, ValueError):
        return None


def _performance_of(body: dict[str, Any]) -> Performance:
    instants = {name: datetime.fromisoformat(body[name]) for name in ("start", "end", "computed")}
    return Performance(**{**body, **instants, "cells": tuple(Cell(**each) for each in body["cells"])})


def _name(days: int) -> str:
    return f"performance:{days}d"
