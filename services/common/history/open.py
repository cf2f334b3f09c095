"""Opens the history that the settings name, for reading."""

from __future__ import annotations

from services.common.history.port import HistoryReader
from services.common.history.sql.engine import readable
from services.common.history.sql.reader import SqlReader
from services.common.settings.history import url_of
from services.common.settings.settings import Settings


def open_reader(settings: Settings) -> HistoryReader:
    """Open the history for reading. It connects when it is first used, and never creates or migrates tables."""
    return SqlReader(readable(url_of(settings.history_url, settings.state_dir)))
