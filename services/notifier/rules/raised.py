"""A story that becomes urgent after it was noted as less is a second event: it is told once more, as urgent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.common.history.notifying.port import NotifierLog
from services.common.history.notifying.rows import NoticeRow
from services.notifier.happening import Importance, Kind
from services.notifier.notice import Notice, notice_from_json

URGENT_NOW = "It has become urgent since it was first noted."


def raised(notices: Sequence[Notice], log: NotifierLog) -> tuple[Notice, ...]:
    """These notices; urgent ones of stories that were noted as less for their channel have a key of their own.

    Raises:
        TryLater, StopProgram: as the history does.
    """
    urgent = {each.event_key for each in notices if each.kind is Kind.STORY and _is_urgent(each)}
    if not urgent:
        return tuple(notices)
    noted = log.notices_by_key(urgent)
    return tuple(_raised(each, noted.get((each.event_key, each.channel))) for each in notices)


def urgent_key(event_key: str) -> str:
    """The key of a story that became urgent after it was noted under this key."""
    return f"{event_key}:urgent"


def _raised(notice: Notice, noted: NoticeRow | None) -> Notice:
    if noted is None or not _is_urgent(notice) or _is_urgent(notice_from_json(noted.text)):
        return notice
    message = replace(notice.message, lines=(*notice.message.lines, URGENT_NOW))
    return replace(notice, event_key=urgent_key(notice.event_key), message=message)


def _is_urgent(notice: Notice) -> bool:
    return notice.importance is Importance.URGENT
