"""The program that measures the usual periods: reads an `Order` from standard input, and writes the rows to the output.

It is a process of its own with the lowest priority, so that the recorder keeps its speed and gets the memory back.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import closing
from datetime import datetime, timedelta
from typing import TypedDict

from services.common.errors import CryptoBoyError
from services.common.history.port import HistoryReader
from services.common.history.rows import SummaryRow
from services.common.history.sql.engine import readable
from services.common.history.sql.reader import SqlReader
from services.common.runtime.children import end_with_parent
from services.history_recorder.performance.measure import measure
from services.history_recorder.performance.summary import PERIODS, summary_of

LOWEST_PRIORITY = 19


class Order(TypedDict):
    """What the program is given: the URL of the history, which may have a password, and the present instant.

    `recorder` is the id of the process that waits for the answer.
    """

    url: str
    now: str
    recorder: int


def main() -> None:
    """Measure once, unless the recorder ends before.

    The exit status is 1, with the reason on standard error, if the history cannot be read.
    """
    os.nice(LOWEST_PRIORITY)
    end_with_parent(signal.SIGKILL)
    order: Order = json.load(sys.stdin)
    if os.getppid() != order["recorder"]:  # it ended before this process asked to end with it
        return
    try:
        with closing(SqlReader(readable(order["url"]))) as history:
            rows = summaries(history, datetime.fromisoformat(order["now"]))
    except CryptoBoyError as error:
        sys.exit(str(error))
    json.dump(
        [{"name": row.name, "computed": row.computed.isoformat(), "body": row.body} for row in rows],
        sys.stdout,
    )


def summaries(history: HistoryReader, now: datetime) -> list[SummaryRow]:
    """Measure all pairs together over each usual period. Raises TryLater if the history cannot be read."""
    return [
        summary_of(days, measure(history, start=now - timedelta(days=days), end=now, now=now))
        for days in PERIODS
    ]


if __name__ == "__main__":
    main()
