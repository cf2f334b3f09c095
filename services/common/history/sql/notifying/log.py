"""Writes what the notifier keeps: each batch in one transaction, and again without effect."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select

from services.common.history.notifying.port import NotifierBatch, NotifierWritten
from services.common.history.notifying.rows import Lease, MuteKind, NoticeRow, NoticeState
from services.common.history.sql.inserts import Kept, added, last_of, put, replace
from services.common.history.sql.mapping import values_of
from services.common.history.sql.migrate import lock_writers
from services.common.history.sql.notifying.rows import notice_of
from services.common.history.sql.schema import notifier_tables as tables
from services.common.history.sql.schema.columns import from_us, to_us
from services.common.history.sql.schema.tables import cursors
from services.common.history.sql.writing import Writing

R = TypeVar("R")
_NOTICES = Kept(tables.notifications, ("event_key", "channel"), None)
_BRIEFS = Kept(tables.briefs, ("kind", "day"), None)
_PRICE_ALERTS = Kept(tables.price_alerts, ("alert_id",), None)
_MUTES = Kept(tables.mutes, ("what", "value"), None)
_CONTROLS = Kept(tables.controls, ("at", "who", "command"), None)
_UNFINISHED = [state.value for state in NoticeState if not state.is_final]
_FIRST = ("made", "set_at")
"""The columns of which the value that was written first stays."""
_KEYS_AT_ONCE = 500
_LEASE = "notifier_lease"
"""The name of the cursor that says which notifier is the one: its position is [holder, microseconds]."""


class SqlNotifierLog(Writing):
    """A `NotifierLog`."""

    def write(self, batch: NotifierBatch) -> NotifierWritten:
        """Write all rows and cursors of the batch, or nothing."""
        with self.begin() as connection:
            lock_writers(connection)
            notices = _replace(connection, _NOTICES, batch.notices, _is_progress)
            briefs = _add(connection, _BRIEFS, batch.briefs)
            _replace(connection, _PRICE_ALERTS, batch.price_alerts, _is_told_now)
            _replace(connection, _MUTES, batch.mutes, _is_not_older)
            _add(connection, _CONTROLS, batch.controls)
            for name, position in batch.cursors.items():
                put(connection, cursors, {"name": name, "position": position})
        return NotifierWritten(notices, briefs)

    def unfinished(self) -> list[NoticeRow]:
        """The notices that are WAITING, SENDING or DELAYED, oldest first."""
        columns = tables.notifications.c
        statement = (
            select(tables.notifications)
            .where(columns.state.in_(_UNFINISHED))
            .order_by(columns.at, columns.id)
        )
        with self.begin() as connection:
            return [notice_of(line) for line in connection.execute(statement)]

    def notices_by_key(self, event_keys: Collection[str]) -> dict[tuple[str, str], NoticeRow]:
        """The notices of these events, by event key and channel."""
        keys, found = list(dict.fromkeys(event_keys)), {}
        with self.begin() as connection:
            for start in range(0, len(keys), _KEYS_AT_ONCE):
                some = tables.notifications.c.event_key.in_(keys[start : start + _KEYS_AT_ONCE])
                for line in connection.execute(select(tables.notifications).where(some)):
                    found[line.event_key, line.channel] = notice_of(line)
        return found

    def position(self, name: str) -> str | None:
        """The last position that was written under this name."""
        with self.begin() as connection:
            return _position(connection, name)

    def remove_price_alert(self, alert_id: str) -> bool:
        """Remove an open price alert. Returns whether there was one."""
        alerts = tables.price_alerts
        which = and_(alerts.c.alert_id == alert_id, alerts.c.told_at.is_(None))
        with self.begin() as connection:
            return connection.execute(delete(alerts).where(which)).rowcount > 0

    def remove_mute(self, what: MuteKind, value: str) -> bool:
        """Remove a mute. Returns whether there was one."""
        which = and_(tables.mutes.c.what == what.value, tables.mutes.c.value == value)
        with self.begin() as connection:
            return connection.execute(delete(tables.mutes).where(which)).rowcount > 0

    def take_lease(
        self, holder: str, now: datetime, until: datetime, *, instead_of: Lease | None = None
    ) -> Lease:
        """Take the lease or renew one's own, unless another holder has it until after `now`."""
        with self.begin() as connection:
            lock_writers(connection)
            lease = _lease(connection)
            if lease is None or lease.holder == holder or lease.until <= now or lease == instead_of:
                lease = Lease(holder, until)
                put(connection, cursors, {"name": _LEASE, "position": json.dumps([holder, to_us(until)])})
            return lease

    def release_lease(self, holder: str) -> None:
        """Give the lease back, if `holder` has it."""
        with self.begin() as connection:
            lock_writers(connection)
            lease = _lease(connection)
            if lease is not None and lease.holder == holder:
                connection.execute(delete(cursors).where(cursors.c.name == _LEASE))


def _position(connection: Connection, name: str) -> str | None:
    return connection.scalar(select(cursors.c.position).where(cursors.c.name == name))


def _lease(connection: Connection) -> Lease | None:
    found = _position(connection, _LEASE)
    if found is None:
        return None
    holder, until = json.loads(found)
    return Lease(holder, from_us(until))


def _add(connection: Connection, kept: Kept, rows: Sequence[R]) -> tuple[R, ...]:
    """Insert the rows whose keys are not there yet, and return them."""
    if not rows:
        return ()
    return _those_of(kept, rows, added(connection, kept, [values_of(row) for row in rows]))


def _replace(
    connection: Connection, kept: Kept, rows: Sequence[R], where: Callable[[Any], ColumnElement[bool]]
) -> tuple[R, ...]:
    """Insert the rows, or replace those with the same keys where `where` says so; return those that took effect."""
    if not rows:
        return ()
    values = last_of(kept, [values_of(row) for row in rows])
    return _those_of(kept, rows, replace(connection, kept, values, where, but=_FIRST))


def _those_of(kept: Kept, rows: Sequence[R], written: Sequence[dict[str, Any]]) -> tuple[R, ...]:
    by_key = {tuple(getattr(row, name) for name in kept.key): row for row in rows}
    return tuple(by_key[tuple(row[name] for name in kept.key)] for row in written)


def _is_progress(new: Any) -> ColumnElement[bool]:  # noqa: ANN401 - the columns of the new values
    state = tables.notifications.c.state
    is_open = or_(
        *(state == each for each in _UNFINISHED)
    )  # not `in`, which cannot be executed for many rows at once
    return and_(is_open, new.state != state, new.state != NoticeState.WAITING.value)


def _is_told_now(new: Any) -> ColumnElement[bool]:  # noqa: ANN401 - as above
    return and_(tables.price_alerts.c.told_at.is_(None), new.told_at.is_not(None))


def _is_not_older(new: Any) -> ColumnElement[bool]:  # noqa: ANN401 - as above
    column: ColumnElement[bool] = new.at >= tables.mutes.c.at
    return column
