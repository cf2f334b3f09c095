"""Opens the history for its writers. The packages of migrations are needed here, and by no reader."""

from __future__ import annotations

from services.common.history.notifying.port import NotifierLog
from services.common.history.port import HistoryWriter
from services.common.history.sql.engine import writable
from services.common.history.sql.notifying.log import SqlNotifierLog
from services.common.history.sql.writer import SqlWriter
from services.common.settings.history import url_of
from services.common.settings.settings import Settings


def open_history(settings: Settings, *, scored: bool = False) -> HistoryWriter:
    """Open the history. It connects, and creates or migrates its tables, when it is first used.

    Args:
        settings: says where the history is.
        scored: whether it is filled from an archive, with what no bot has seen. Such a history is never also that of a
            running system: whoever opens one as the other gets a StopProgram.
    """
    return SqlWriter(writable(url_of(settings.history_url, settings.state_dir)), scored=scored)


def open_notifier_log(settings: Settings) -> NotifierLog:
    """Open what the notifier keeps in the history. It connects, and migrates the tables, when it is first used."""
    return SqlNotifierLog(writable(url_of(settings.history_url, settings.state_dir)))
