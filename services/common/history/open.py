"""Opens the history that the settings name; no other module makes this choice."""

from __future__ import annotations

from services.common.history.port import HistoryReader, HistoryWriter
from services.common.settings.history import url_of
from services.common.settings.settings import Settings


def open_history(settings: Settings, *, scored: bool = False) -> HistoryWriter:
    """Open the history for its writer. It connects, and creates or migrates its tables, when it is first used.

    Args:
        settings: says where the history is.
        scored: whether it is filled from an archive, with what no bot has seen. Such a history is never also that of a
            running system: whoever opens one as the other gets a StopProgram.
    """
    from services.common.history.sql.engine import writable
    from services.common.history.sql.writer import SqlWriter

    return SqlWriter(writable(url_of(settings.history_url, settings.state_dir)), scored=scored)


def open_reader(settings: Settings) -> HistoryReader:
    """Open the history for reading. It connects when it is first used, and never creates or migrates tables."""
    from services.common.history.sql.engine import readable
    from services.common.history.sql.reader import SqlReader

    return SqlReader(readable(url_of(settings.history_url, settings.state_dir)))
