"""Reads what the notifier keeps."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import and_, select

from services.common.history.notifying.rows import (
    BriefKind,
    BriefRow,
    ControlRow,
    MuteRow,
    NoticeRow,
    NoticeState,
    PriceAlertRow,
)
from services.common.history.queries import DEFAULT_LIMIT, Page
from services.common.history.sql.notifying.rows import (
    brief_of,
    control_of,
    mute_of,
    notice_of,
    price_alert_of,
)
from services.common.history.sql.questions import Questions
from services.common.history.sql.readers.conditions import alternatives, between
from services.common.history.sql.readers.paging import NewestFirst
from services.common.history.sql.schema import notifier_tables as tables

_NOTICES = NewestFirst(tables.notifications, "at", notice_of)
_BRIEFS = NewestFirst(tables.briefs, "at", brief_of)
_CONTROLS = NewestFirst(tables.controls, "at", control_of)


class NotifierLists(Questions):
    """The methods of a `NotifierReader`."""

    def notices(
        self,
        *,
        states: Collection[NoticeState] = (),
        channel: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = DEFAULT_LIMIT,
        after: str | None = None,
    ) -> Page[NoticeRow]:
        """Notices by `at`, newest first."""
        columns = tables.notifications.c
        conditions = alternatives(
            [(columns.state, states), (columns.channel, () if channel is None else (channel,))],
            list(between(columns.at, since, until)),
        )
        return self.ask(Page(), lambda db: _NOTICES.page(db, conditions, limit, after))

    def briefs(
        self, *, kind: BriefKind | None = None, limit: int = DEFAULT_LIMIT, after: str | None = None
    ) -> Page[BriefRow]:
        """Briefs by `at`, newest first."""
        conditions = alternatives([(tables.briefs.c.kind, (kind,) if kind else ())], [])
        return self.ask(Page(), lambda db: _BRIEFS.page(db, conditions, limit, after))

    def brief(self, kind: BriefKind, day: date) -> BriefRow | None:
        """The brief of a day."""
        columns = tables.briefs.c
        statement = select(tables.briefs).where(and_(columns.kind == kind.value, columns.day == day))
        line = self.ask(None, lambda db: db.execute(statement).first())
        return None if line is None else brief_of(line)

    def price_alerts(self, *, is_open: bool = True) -> tuple[PriceAlertRow, ...]:
        """The price alerts that are open, or those that were told, the one set first first."""
        columns = tables.price_alerts.c
        which = columns.told_at.is_(None) if is_open else columns.told_at.is_not(None)
        statement = select(tables.price_alerts).where(which).order_by(columns.set_at, columns.id)
        return self.ask((), lambda db: tuple(map(price_alert_of, db.execute(statement))))

    def mutes(self, now: datetime) -> tuple[MuteRow, ...]:
        """The mutes that are in force at `now`, the one that ends first first."""
        columns = tables.mutes.c
        statement = select(tables.mutes).where(columns.until > now).order_by(columns.until, columns.id)
        return self.ask((), lambda db: tuple(map(mute_of, db.execute(statement))))

    def controls(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = DEFAULT_LIMIT,
        after: str | None = None,
    ) -> Page[ControlRow]:
        """Controls by `at`, newest first."""
        conditions = [list(between(tables.controls.c.at, since, until))]
        return self.ask(Page(), lambda db: _CONTROLS.page(db, conditions, limit, after))
