from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from services.common.history.port import HistoryWriter
from services.common.history.writing import open_notifier_log
from services.common.settings.settings import Settings
from tests.support.notifier.running import recorded
from tests.support.notifier.watching import Looker


@pytest.fixture
def recorder(sqlite_history: Settings) -> Iterator[HistoryWriter]:
    """The writer of the history that the watches read."""
    with recorded(sqlite_history) as writer:
        yield writer


@pytest.fixture
def looker(sqlite_history: Settings, recorder: HistoryWriter) -> Iterator[Looker]:
    """Looks with watches at the history of `recorder`."""
    with closing(open_notifier_log(sqlite_history)) as log:
        yield Looker(sqlite_history, log)
