"""The outbox: every notice stands in the history before it is sent, and again when it is known what came of it.

A notice is claimed (SENDING) in a transaction of its own just before it is handed to the channel. Of two notifiers
only one can claim it. A notice that is found claimed at the start may have arrived, so it becomes UNSURE and is named
in the channel's next digest, but never sent again.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import structlog

from services.common.clock import Clock
from services.common.errors import TryLater
from services.common.history.notifying.port import NotifierBatch, NotifierLog
from services.common.history.notifying.rows import NoticeRow, NoticeState
from services.common.history.port import HistoryReader
from services.common.history.queries import MAX_LIMIT
from services.common.runtime.metrics import NOTICES
from services.notifier.channels.port import channel_label
from services.notifier.delivery.digest import Left
from services.notifier.happening import Kind
from services.notifier.message import Message
from services.notifier.notice import Notice, notice_from_json

NOTHING = NotifierBatch()
_MOMENT = timedelta(microseconds=1)
_LEFT = (NoticeState.DIGESTED, NoticeState.DROPPED, NoticeState.UNSURE)

log = structlog.get_logger(__name__)


def digested_cursor(channel: str) -> str:
    """The name under which the history keeps up to which instant a channel's digests have told what was left."""
    return f"notifier:digested:{channel}"


class Outbox:
    """Writes the states of notices. All methods may be called from any thread, and raise as `NotifierLog`."""

    def __init__(self, store: NotifierLog, reader: HistoryReader, clock: Clock) -> None:
        self._log, self._reader, self._clock = store, reader, clock
        self._lock = threading.Lock()
        self._last = datetime.min.replace(tzinfo=UTC)
        self._in_doubt: set[tuple[str, str]] = set()

    def accept(self, notices: Sequence[Notice], also: NotifierBatch = NOTHING) -> tuple[Notice, ...]:
        """Write new notices, with what belongs to them, and return those that nobody has decided before.

        A write that failed may stand in the history all the same, because only its answer was lost. Its notices are
        therefore returned when it is repeated, and their claim finds out which of them are settled.
        """
        if not notices and _is_empty(also):
            return ()
        rows = [_row(notice, NoticeState.WAITING, "", self._stamp()) for notice in notices]
        keys = {_key(notice) for notice in notices}
        try:
            written = self._log.write(replace(also, notices=rows))
        except TryLater:
            with self._lock:
                self._in_doubt |= keys
            raise
        new = {(row.event_key, row.channel) for row in written.notices}
        with self._lock:
            new |= self._in_doubt & keys
            self._in_doubt -= keys
        return tuple(notice for notice in notices if _key(notice) in new)

    def claim(self, notice: Notice) -> bool:
        """Note that a notice is about to be sent. False: another one has claimed it, or it is settled."""
        row = _row(notice, NoticeState.SENDING, "", self._stamp())
        return bool(self._log.write(NotifierBatch(notices=(row,))).notices)

    def settle(self, notices: Sequence[Notice], state: NoticeState, reason: str = "") -> list[Left]:
        """Note what came of notices, and return them as a digest lists them."""
        left = [Left(_short(notice), state, reason, self._stamp()) for notice in notices]
        rows = [_row(notice, state, reason, each.at) for notice, each in zip(notices, left, strict=True)]
        self._log.write(NotifierBatch(notices=rows))
        for notice in notices:
            NOTICES.labels(channel_label(notice.channel), state.value).inc()
            if state in {NoticeState.DROPPED, NoticeState.UNSURE}:
                log.warning(
                    "notice_not_told",
                    state=state.value,
                    channel=channel_label(notice.channel),
                    event_key=notice.event_key,
                    title=notice.message.title,
                    reason=reason,
                )
        return left

    def begin_digest(self, notice: Notice) -> None:
        """Write a digest together with the position up to which it tells what was left."""
        row = _row(notice, NoticeState.WAITING, "", self._stamp())
        cursors = {digested_cursor(notice.channel): notice.happened.isoformat()}
        self._log.write(NotifierBatch(notices=(row,), cursors=cursors))

    def told(self, event_keys: Collection[str]) -> list[Notice]:
        """The notices of these events that were told or will be; those that were dropped are left out."""
        rows = self._log.notices_by_key(event_keys).values()
        return [notice_from_json(row.text) for row in rows if row.state is not NoticeState.DROPPED]

    def unfinished(self) -> list[tuple[Notice, NoticeState]]:
        """The notices whose fate an earlier run has not noted, oldest first. What cannot be read is dropped."""
        rows = self._log.unfinished()
        found = [(_notice_of(row), row) for row in rows]
        unreadable = [
            replace(row, state=NoticeState.DROPPED, reason="it cannot be read", at=self._stamp())
            for notice, row in found
            if notice is None
        ]
        if unreadable:
            self._log.write(NotifierBatch(notices=unreadable))
        return [(notice, row.state) for notice, row in found if notice is not None]

    def left(self, channels: Collection[str]) -> dict[str, list[Left]]:
        """What is left for the next digest of each of these channels."""
        since = {channel: self._log.position(digested_cursor(channel)) for channel in channels}
        with (
            self._lock
        ):  # a clock that was set back while the notifier was off does not put stamps before a digest
            digested = [datetime.fromisoformat(position) for position in since.values() if position]
            self._last = max([self._last, *digested])
        return {channel: self._left(channel, position) for channel, position in since.items()}

    def _left(self, channel: str, position: str | None) -> list[Left]:
        """What is left of one channel since a position, oldest first."""
        begin = datetime.fromisoformat(position) + _MOMENT if position else None
        found: list[Left] = []
        after: str | None = None
        while True:
            page = self._reader.notices(
                states=_LEFT, channel=channel, since=begin, limit=MAX_LIMIT, after=after
            )
            for row in page.rows:
                notice = _notice_of(row)
                if notice is not None:
                    found.append(Left(_short(notice), row.state, row.reason, row.at))
            after = page.next
            if after is None:
                return found[::-1]

    def _stamp(self) -> datetime:
        """The present time, but always after the stamp before: digests are made of what was left after an instant."""
        with self._lock:
            self._last = max(self._clock.now(), self._last + _MOMENT)
            return self._last


def _key(notice: Notice) -> tuple[str, str]:
    return notice.event_key, notice.channel


def _is_empty(batch: NotifierBatch) -> bool:
    return not any(getattr(batch, each.name) for each in fields(batch))


def _notice_of(row: NoticeRow) -> Notice | None:
    """The notice of a row; None if a later release wrote it, or something else that is none."""
    try:
        return notice_from_json(row.text)
    except (ValueError, KeyError, TypeError):
        log.warning(
            "notice_unreadable", channel=channel_label(row.channel), event_key=row.event_key, title=row.title
        )
        return None


def _short(notice: Notice) -> Notice:
    """The notice with no more of its text than a digest tells, since there may be many."""
    if notice.kind is Kind.DIGEST:
        return notice
    return replace(notice, rich=(), message=Message(notice.message.title))


def _row(notice: Notice, state: NoticeState, reason: str, at: datetime) -> NoticeRow:
    return NoticeRow(
        event_key=notice.event_key,
        channel=notice.channel,
        rule=notice.rule,
        state=state,
        title=notice.message.title,
        text=notice.as_json(),
        made=notice.made,
        at=at,
        kind=notice.kind.value,
        pair=",".join(notice.pairs[:10]),
        source=",".join(notice.sources[:10]),
        reason=reason,
    )
