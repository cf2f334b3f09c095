"""A history on SQLite for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from services.common.history.open import open_reader
from services.common.history.port import HistoryReader, HistoryWriter
from services.common.history.writing import open_history
from services.common.settings.settings import Settings
from tests.support.history.tables import with_tables


@pytest.fixture
def writer(sqlite_history: Settings) -> Iterator[HistoryWriter]:
    with closing(open_history(with_tables(sqlite_history))) as opened:
        yield opened


@pytest.fixture
def reader(sqlite_history: Settings, writer: HistoryWriter) -> Iterator[HistoryReader]:
    with closing(open_reader(sqlite_history)) as opened:
        yield opened
